"""Signs: conditions on a differing cell by which a reason is recognised, and the choice among them.

A cell of the column at hand has its baseline value in `y`, its candidate value in `z`, both in their form,
and the kind of its difference in `kind`. Several reasons may hold for one column: each takes the cells that
it explains, the others see what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import draw, queries
from recon.compare import trees as t
from recon.compare.queries import CLASSIFIED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from recon.compare.forms import Common
    from recon.compare.plan import Plan

Y, Z, KIND = "y", "z", "kind"
PARTNER: Final = {"b": "py", "c": "pz"}
FEW: Final = 3  # fewer cells may agree by chance
LEAST: Final = 5  # percent of a column's mismatches that a reason explains at least
MOST_CELLS: Final = 20_000  # cells that are looked at closely; the rest is only counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the cells of one sign have in common; the ends are text, None where withheld or NULL."""

    cells: int
    distinct: int = 0  # baseline values
    low: str | None = None  # least and greatest value of the baseline, then of the candidate
    high: str | None = None
    other_low: str | None = None
    other_high: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """How a reason shows in a cell, and how many cells it takes to believe it.

    `alone`: one cell is proof. Else at least `few` cells must show it, with at least `distinct` values in the
    baseline. `least`: percent of the cells not explained before that must show it. `rows`: percent of all
    paired rows that must. Of its cells, `proof_least` percent must also fulfil each of `proofs`. `generic`:
    it says no more of its cells than a reviewer sees, so it does not come before one that explains more.
    """

    code: str
    holds: exp.Expr
    words: Callable[[Evidence], Mapping[str, str]] = field(default=lambda _: {})
    confidence: str = ""  # where it is another than the catalogue's
    alone: bool = False
    few: int = FEW
    distinct: int = 0
    least: int = 0
    rows: int = 0
    proofs: tuple[exp.Expr, ...] = ()
    proof_least: int = 1
    generic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """The differing cells of one column: how many of each kind, of how many paired rows.

    `partner` is another column by number whose values are at hand too; `exchanged`: this one is its partner
    as well. `derived` are more columns, computed from `y` and `z` once for all signs that need them.
    """

    plan: Plan
    number: int
    count: int
    paired: int
    kinds: Mapping[str, int]
    partner: int | None = None
    exchanged: bool = False
    derived: Mapping[str, exp.Expr] = field(default_factory=dict[str, exp.Expr])

    @property
    def common(self) -> Common:
        return self.plan.common(self.number)

    @property
    def name(self) -> str:
        return self.plan.compared[self.number].name

    @property
    def sensitive(self) -> bool:
        return self.plan.compared[self.number].rule.sensitive

    @property
    def sampled(self) -> bool:
        """Whether only a part of the cells is looked at closely, chosen by the hash of the key."""
        return self.count > MOST_CELLS

    def query(self, *, every: bool, extra: Sequence[exp.Expr] = ()) -> exp.Select:
        """The cells, or the part of them that is looked at: `y`, `z`, `kind` and the partner's values."""
        columns = self._values(self.number, {"b": Y, "c": Z})
        if self.partner is not None:
            columns += self._values(self.partner, PARTNER)
        columns.append(t.named(t.column(f"d{self.number}"), KIND))
        here = t.not_null(t.column(f"d{self.number}"))
        if self.sampled and not every:
            here = t.all_of(here, below(self.count, MOST_CELLS))
        cells = t.select([*columns, *extra], t.table(CLASSIFIED), where=here)
        if not self.derived:
            return cells
        derived = [t.named(value, name) for name, value in self.derived.items()]
        return t.select([t.everything(), *derived], t.inner(cells, "e"))

    def _values(self, i: int, names: Mapping[str, str]) -> list[exp.Expr]:
        return [
            t.named(queries.in_form(self.plan, i, which, t.column(f"{which}{i}")), names[which])
            for which in queries.SIDES
        ]


def below(total: int, most: int) -> exp.Expr:
    """Whether a row is among about `most` of `total`, by its number `h`."""
    return draw.below(total, most)


@dataclass(frozen=True, slots=True)
class Pattern:
    """So many cells show these signs and, by sign, these proofs."""

    shows: tuple[bool, ...]
    proves: tuple[tuple[bool, ...], ...]
    cells: int


def choose(
    signs: Sequence[Sign], patterns: Sequence[Pattern], differing: float, refused: Collection[int] = ()
) -> list[int]:
    """The signs by number, in the order in which they take their cells.

    The first that explains 95 of 100 cells that are left; if there is none, the one that explains most.
    Before it comes what is narrower, preferred, and explains half of them: '' beside NULL before any NULL;
    but no generic sign: not any NULL before a day and month exchanged, of which only some became NULL.
    `differing` is the part of the paired rows that differ in the column.
    """
    total = sum(p.cells for p in patterns)
    rest = list(patterns)
    chosen: list[int] = []
    while left := sum(p.cells for p in rest):
        able = {
            n: count
            for n, sign in enumerate(signs)
            if n not in refused
            and n not in chosen
            and (count := sum(p.cells for p in rest if p.shows[n]))
            and _enough(sign, count, left, total)
            and 100 * count * differing >= sign.rows * total
            and _proven(sign, n, count, rest)
        }
        if not able:
            break
        nearly_all = [n for n, count in able.items() if 100 * count >= 95 * left]
        taken = nearly_all[0] if nearly_all else max(able, key=lambda n: (able[n], -n))
        narrow = (n for n in able if n < taken and 2 * able[n] >= left and not signs[n].generic)
        taken = next((n for n in narrow if _within(n, taken, rest)), taken)
        chosen.append(taken)
        rest = [p for p in rest if not p.shows[taken]]
    return chosen


def _within(one: int, other: int, rest: Sequence[Pattern]) -> bool:
    """Whether every cell that shows one sign shows the other too."""
    return all(p.shows[other] for p in rest if p.shows[one])


def _enough(sign: Sign, count: int, left: int, total: int) -> bool:
    return (
        (sign.alone or count >= sign.few)
        and 100 * count >= LEAST * total
        and 100 * count >= sign.least * left
    )


def _proven(sign: Sign, n: int, count: int, rest: Sequence[Pattern]) -> bool:
    proven = [sum(p.cells for p in rest if p.shows[n] and p.proves[n][k]) for k in range(len(sign.proofs))]
    return all(100 * cells >= sign.proof_least * count for cells in proven)
