"""The differing cells that are kept: a few of each kind, the same ones however the rows were ordered.

Among the cells of one column and kind (with a drill-down: and one segment) those come first whose key has
the smallest number (`draw`). Values are text as the engine prints them; NULL stays NULL. A sensitive column
is masked inside the engine: only whether it is NULL, how long its text is and a keyed mark leave it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import draw, masking
from recon.compare import trees as t
from recon.compare.kinds import BASELINE_NULL, CANDIDATE_NULL
from recon.compare.queries import CLASSIFIED, SIDES, WORK, Which
from recon.compare.types import Family
from recon.model import TableRef
from recon.model_result import WHOLE_ROW, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recon.compare.pairing import Paired
    from recon.compare.plan import Plan

CELLS = TableRef(WORK, "sampled_cells")
MASK: Final = masking.MASK
_SPARE: Final = 50  # cells beyond those kept, so that chance leaves enough
_MOST_SMALL: Final = 100  # groups that one condition names


def shown(plan: Plan, i: int, which: Which) -> exp.Expr:
    """The value `b{i}` or `c{i}` as text, masked if its column is sensitive."""
    value = t.column(f"{which}{i}")
    pair = plan.compared[i]
    type_ = pair.baseline if which == "b" else pair.candidate
    binary = type_.family is Family.BINARY and not type_.read
    printed = t.joined(t.text("0x"), d.hexadecimal(value)) if binary else d.as_text(value)
    if not pair.rule.sensitive:
        return printed
    return masking.masked(plan, i, which, value, printed)


def key_json(plan: Plan, columns: Sequence[int]) -> exp.Expr:
    """The row's values in these columns as a JSON object: the baseline's where it has the row."""
    names = [plan.compared[i].name for i in columns]
    one, other = (d.json_of(names, [shown(plan, i, which) for i in columns]) for which in SIDES)
    return t.case((t.column("in_b"), one), otherwise=other)


@dataclass(frozen=True, slots=True)
class Near:
    """How many cells a column has of each kind and segment, and which of them are worth ranking."""

    sizes: Mapping[tuple[str, str], int]
    condition: exp.Expr = field(default_factory=exp.true)


def _kind(i: int) -> exp.Expr:
    stored = t.column(f"d{i}")
    one_sided = t.one_of(stored, [BASELINE_NULL, CANDIDATE_NULL])
    return t.case((one_sided, t.text(Kind.NULL_VS_VALUE)), otherwise=stored)


def groups(i: int, *, by_segment: bool) -> exp.Select:
    """How many cells `n` the column has of each kind and segment (without: of each kind, segment '')."""
    seg = t.column("seg") if by_segment else t.text("")
    columns = [t.named(_kind(i), "kind"), t.named(seg, "seg")]
    cell = t.select(columns, t.table(CLASSIFIED), where=t.not_null(t.column(f"d{i}")))
    names = [t.column("kind"), t.column("seg")]
    return t.select([*names, t.named(t.rows_counted(), "n")], t.inner(cell, "r"), group=names)


def near(i: int, sizes: Mapping[tuple[str, str], int], most: int) -> Near:
    """Of large groups about twice as many cells as are kept, by their number; small ones whole."""
    enough = 4 * most + _SPARE
    large = [size for size in sizes.values() if size > enough]
    small = [group for group, size in sizes.items() if size <= enough]
    if not large or len(small) > _MOST_SMALL:
        return Near(sizes)
    whole: list[exp.Expr] = []
    for kind, segment in small:
        inside = [t.equals(t.column("seg"), t.text(segment))] if segment else []
        whole.append(t.all_of(t.equals(_kind(i), t.text(kind)), *inside))
    return Near(sizes, t.any_of(draw.below(min(large), 2 * most + _SPARE), *whole))


def kept_counts(*, by_segment: bool) -> exp.Select:
    """How many cells `n` are kept of each column, kind and segment (without: segment '')."""
    seg = t.column("seg") if by_segment else t.text("")
    cell = t.select([t.column("col"), t.column("kind"), t.named(seg, "seg")], t.table(CELLS))
    names = [t.column(n) for n in ("col", "kind", "seg")]
    return t.select([*names, t.named(t.rows_counted(), "n")], t.inner(cell, "r"), group=names)


def cells(plan: Plan, paired: Paired, most: int, near: Mapping[int, Near], *, by_segment: bool) -> exp.Query:
    """The kept cells of the columns that have differences, and the kept missing and extra rows."""
    parts = [
        _column_cells(plan, i, most, near[i].condition if i in near else exp.true(), by_segment=by_segment)
        for i in paired.touched
    ]
    # rows that are not kept whole all have a partner: then nothing of a whole row is shown
    columns = range(len(plan.compared)) if paired.wide else plan.keys
    return t.union([*parts, _row_cells(plan, columns, most, by_segment=by_segment)])


def no_cells() -> exp.Select:
    """The kept cells where no row is different."""
    numbers, texts = ("col", "h"), ("seg", "kind", "key", "b", "c")
    columns = [t.named(d.as_type(exp.null(), "BIGINT"), name) for name in numbers]
    columns += [t.named(d.as_text(exp.null()), name) for name in texts]
    return exp.Select(expressions=columns).where(exp.false())


def _column_cells(plan: Plan, i: int, most: int, near: exp.Expr, *, by_segment: bool) -> exp.Select:
    columns = {
        "col": t.number(i),
        "seg": t.column("seg"),
        "kind": _kind(i),
        "h": t.column("h"),
        "key": key_json(plan, plan.keys),
        "b": shown(plan, i, "b"),
        "c": shown(plan, i, "c"),
    }
    return _first(columns, t.all_of(t.not_null(t.column(f"d{i}")), near), most, by_segment=by_segment)


def _row_cells(plan: Plan, kept: Sequence[int], most: int, *, by_segment: bool) -> exp.Select:
    row = key_json(plan, kept)
    here, nothing = t.column("in_b"), d.as_text(exp.null())
    columns = {
        "col": t.number(len(plan.compared)),
        "seg": t.column("seg"),
        "kind": t.case((here, t.text(Kind.MISSING)), otherwise=t.text(Kind.EXTRA)),
        "h": t.column("h"),
        "key": key_json(plan, plan.keys),
        "b": t.case((here, row), otherwise=nothing),
        "c": t.case((here, nothing), otherwise=row),
    }
    alone = t.negate(t.all_of(here, t.column("in_c")))
    return _first(columns, alone, most, by_segment=by_segment)


_ORDER: Final = ("h", "key", "b", "c")


def _first(columns: Mapping[str, exp.Expr], where: exp.Expr, most: int, *, by_segment: bool) -> exp.Select:
    """The first `most` of each kind (and segment), by number, then by what they show.

    Numbers alone rank first, so that text is made only of the few that remain.
    """
    groups = [columns["kind"], *([columns["seg"]] if by_segment else [])]
    ranks = t.select(
        [t.everything(), t.named(t.rank(groups, [columns["h"]]), "near")], t.table(CLASSIFIED), where=where
    )
    near = t.select([t.everything()], t.inner(ranks, "n"), where=_at_most("near", most))
    found = t.select([t.named(v, name) for name, v in columns.items()], t.inner(near, "f"))
    partition = [t.column(name) for name in (("kind", "seg") if by_segment else ("kind",))]
    number = t.row_number(partition, [t.column(name) for name in _ORDER])
    ranked = t.select([t.everything(), t.named(number, "place")], t.inner(found, "r"))
    return t.select([t.column(n) for n in columns], t.inner(ranked, "q"), where=_at_most("place", most))


def _at_most(name: str, most: int) -> exp.Expr:
    return t.operator(exp.LTE, t.column(name), t.number(most))


def kept(most: int) -> exp.Select:
    """The kept cells, at most so many of each column and kind, in order."""
    names = ("col", "kind", *_ORDER)
    number = t.row_number([t.column("col"), t.column("kind")], [t.column(n) for n in _ORDER])
    ranked = t.select([*(t.column(n) for n in names), t.named(number, "place")], t.table(CELLS))
    query = t.select([t.column(n) for n in names], t.inner(ranked, "r"), where=_at_most("place", most))
    return t.sorted_by(query, [t.ordered(t.column(n)) for n in names])


def drill_down(plan: Plan, labels: Sequence[str]) -> exp.Select:
    """What the differences file holds, in the order of columns, then segments, then numbers."""
    names = [*(p.name for p in plan.compared), WHOLE_ROW]
    column = [(t.equals(t.column("col"), t.number(n)), t.text(name)) for n, name in enumerate(names)]
    place = [(t.equals(t.column("seg"), t.text(label)), t.number(n)) for n, label in enumerate(labels)]
    columns = {
        "segment": t.column("seg"),
        "column": t.case(*column, otherwise=t.text("")),
        "kind": t.column("kind"),
        "key": t.column("key"),
        "baseline": t.column("b"),
        "candidate": t.column("c"),
    }
    order = [t.column("col"), t.case(*place, otherwise=t.number(len(labels)))]
    order += [t.column(n) for n in ("kind", *_ORDER)]
    named = [exp.Alias(this=v, alias=exp.to_identifier(name, quoted=True)) for name, v in columns.items()]
    return t.sorted_by(t.select(named, t.table(CELLS)), [t.ordered(o) for o in order])
