"""Find likely reasons for the differing cells of each column, by looking at all of them.

Signs are looked for in up to 20,000 cells of a column; those that hold there are then counted over all cells,
in one query. A column may have several reasons, each with its own cells. What nothing explains is said to be
unexplained.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import trees as t
from recon.compare.answers import one_row
from recon.compare.causes import CATALOGUE, POSSIBLE
from recon.compare.detect_columns import other_column, partners
from recon.compare.detect_number import early_number_signs, number_signs
from recon.compare.detect_text import costly_signs, text_signs
from recon.compare.detect_time import early_time_signs, time_signs
from recon.compare.forms import Form
from recon.compare.kinds import BASELINE_NULL, CANDIDATE_NULL
from recon.compare.signs import (
    FEW,
    KIND,
    LEAST,
    Cells,
    Evidence,
    Pattern,
    Sign,
    Y,
    Z,
    choose,
)
from recon.compare.verdict import percentage
from recon.model_result import Cause, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from recon.compare.plan import Plan
    from recon.model_result import ColumnResult
    from recon.ports import Comparer

_MOST_SORTED: Final = 2_000_000  # cells whose values are counted for a permutation
_REST: Final = -1  # stands for the cells that no sign explains
_LONGEST: Final = 60  # characters of a value in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Cells of a column with one reason. `mine` says of a cell of `Cells.query` whether it is one of them."""

    cells: Cells
    code: str
    confidence: str
    words: Mapping[str, str]
    count: int
    mine: exp.Expr
    where: str = ""

    def cause(self) -> Cause:
        """As the result says it."""
        said = cause(self.code, self.cells.name, self.count, **{"where": self.where, **self.words})
        share = percentage(self.count, self.cells.count)
        return replace(said, confidence=self.confidence or said.confidence, share=share, where=self.where)


def cause(code: str, scope: str, cells: int = 0, **words: str) -> Cause:
    """A reason of the catalogue with its hint filled in."""
    entry = CATALOGUE[code]
    hint = entry.hint.format(**words) + (f" See {entry.link}" if entry.link else "")
    return Cause(
        cause=code, scope=scope, confidence=entry.confidence, hint=hint, cells=cells, severity=entry.severity
    )


def findings(
    engine: Comparer, plan: Plan, touched: Sequence[int], columns: Sequence[ColumnResult], paired: int
) -> Iterator[Finding]:
    """For each column that has differing cells its reasons, and what is left without one, in that order."""
    by_name = {c.name: c for c in columns}
    counts = {i: by_name[plan.compared[i].name] for i in touched}
    others = partners(engine, plan, {i: c.mismatches for i, c in counts.items()})
    for i in touched:
        cells = Cells(
            plan=plan,
            number=i,
            count=counts[i].mismatches,
            paired=paired,
            kinds={k.cause: k.cells for k in counts[i].causes},
            partner=others.get(i),
            exchanged=others.get(others.get(i, i)) == i,
        )
        yield from _explained(engine, cells)


def _explained(engine: Comparer, cells: Cells) -> Iterator[Finding]:
    signs = list(_signs(engine, cells))
    chosen, found = _chosen(engine, cells, signs)
    if 100 * found[_REST].cells >= LEAST * sum(e.cells for e in found.values()):
        cells, more = costly_signs(cells)
        if more:
            signs += more
            chosen, found = _chosen(engine, cells, signs)
    if cells.sampled:
        found = _evidence(engine, cells, signs, chosen, every=True)
        chosen = [n for n in chosen if _holds_up(signs[n], found[n].cells, cells.count)]
        found = _evidence(engine, cells, signs, chosen, every=True)
    taken: list[exp.Expr] = []
    for n in chosen:
        sign, evidence = signs[n], found[n]
        free = t.all_of(t.definitely(sign.holds), *(t.negate(t.definitely(h)) for h in taken))
        yield Finding(
            cells=cells,
            code=sign.code,
            confidence=POSSIBLE if evidence.cells < FEW else sign.confidence,
            words=sign.words(evidence),
            count=evidence.cells,
            mine=free,
        )
        taken.append(sign.holds)
    rest = cells.count - sum(found[n].cells for n in chosen)
    if rest > 0:
        others = t.all_of(*(t.negate(t.definitely(h)) for h in taken))
        yield _unexplained(engine, cells, rest, others)


def _holds_up(sign: Sign, count: int, total: int) -> bool:
    return (sign.alone or count >= sign.few) and 100 * count >= LEAST * total


def _unexplained(engine: Comparer, cells: Cells, rest: int, others: exp.Expr) -> Finding:
    drawn = 2 * rest >= cells.count and _permuted(engine, cells, rest, others)
    return Finding(
        cells=cells,
        code="NONDETERMINISTIC_ORDER" if drawn else "VALUE_DIFF",
        confidence="",
        words={},
        count=rest,
        mine=others,
    )


# --- Which signs there are, and which of them hold ----------------------------------------


def _signs(engine: Comparer, cells: Cells) -> Iterator[Sign]:
    """All that may be seen in the column, in the order of preference."""
    if cells.partner is not None:
        yield other_column(cells)
    yield from early_number_signs(cells)
    yield from early_time_signs(cells)
    yield from _nulls(cells)
    if set(cells.kinds) <= {Kind.NULL_VS_VALUE}:
        return
    yield from number_signs(engine, cells)
    yield from text_signs(engine, cells)
    yield from time_signs(engine, cells)
    pair = cells.plan.compared[cells.number]
    types = {"value": pair.baseline.spelled, "column": pair.candidate.spelled}
    yield Sign(
        code="TYPE_CHANGED",
        holds=t.one_of(t.column(KIND), [Kind.UNREADABLE, Kind.TYPE]),
        words=lambda _: types,
        alone=True,
    )


def _nulls(cells: Cells) -> Iterator[Sign]:
    y, z = t.column(Y), t.column(Z)
    if cells.common.form is Form.TEXT:
        lost = [t.all_of(t.equals(a, t.text("")), t.is_null(b)) for a, b in ((y, z), (z, y))]
        yield Sign(
            code="EMPTY_STRING_NULL",
            holds=t.any_of(*lost),
            words=lambda e: {"also": "", "count": f"{e.cells:,} of {cells.count:,}"},
            alone=True,
        )
    for side, other, kind in (
        ("Databricks", "Synapse", CANDIDATE_NULL),
        ("Synapse", "Databricks", BASELINE_NULL),
    ):

        def words(e: Evidence, side: str = side, other: str = other) -> dict[str, str]:
            low, high = (e.low, e.high) if side == "Databricks" else (e.other_low, e.other_high)
            constant = (
                f" where {other} has {_said(low)} in every one" if low is not None and low == high else ""
            )
            return {"side": side, "value": constant}

        holds = t.equals(t.column(KIND), t.text(kind))
        yield Sign(code="NULL_NOT_HANDLED", holds=holds, words=words, alone=True, generic=True)


def _said(value: str) -> str:
    cut = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
    return cut or "the empty text"


def _chosen(engine: Comparer, cells: Cells, signs: Sequence[Sign]) -> tuple[list[int], dict[int, Evidence]]:
    """The signs that hold in the cells that are looked at, in order, with what their cells have in common."""
    patterns = _patterns(engine, cells, signs)
    refused: set[int] = set()
    while True:
        chosen = choose(signs, patterns, cells.count / max(1, cells.paired), refused)
        found = _evidence(engine, cells, signs, chosen, every=False)
        weak = {n for n in chosen if found[n].distinct < signs[n].distinct}
        if not weak:
            return chosen, found
        refused |= weak


def _patterns(engine: Comparer, cells: Cells, signs: Sequence[Sign]) -> list[Pattern]:
    shown = {f"s{n}": sign.holds for n, sign in enumerate(signs)}
    proven = {f"p{n}_{k}": p for n, sign in enumerate(signs) for k, p in enumerate(sign.proofs)}
    columns = [t.named(t.definitely(c), name) for name, c in {**shown, **proven}.items()]
    rows = t.select(columns, t.inner(cells.query(every=False), "r"))
    names = [t.column(name) for name in (*shown, *proven)]
    counted = t.select([*names, t.named(t.rows_counted(), "n")], t.inner(rows, "f"), group=names)
    return [
        Pattern(
            tuple(row[f"s{n}"] for n in range(len(signs))),
            tuple(tuple(row[f"p{n}_{k}"] for k in range(len(sign.proofs))) for n, sign in enumerate(signs)),
            row["n"],
        )
        for row in engine.query(counted)
    ]


def _evidence(
    engine: Comparer, cells: Cells, signs: Sequence[Sign], chosen: Sequence[int], *, every: bool
) -> dict[int, Evidence]:
    """What the cells of each chosen sign, and of the rest, have in common; of `every` cell without how many
    distinct values there are.
    """
    found = {n: Evidence(cells=0) for n in (*chosen, _REST)}
    branches = [(t.definitely(signs[n].holds), t.number(n)) for n in chosen]
    group = t.case(*branches, otherwise=t.number(_REST))
    columns = [t.named(group, "sign"), t.column(Y), t.column(Z)]
    rows = t.select(columns, t.inner(cells.query(every=every), "r"))
    measures = [t.column("sign"), t.named(t.rows_counted(), "n")]
    if not every:
        measures.append(t.named(exp.Count(this=exp.Distinct(expressions=[t.column(Y)])), "distinct_values"))
    if not cells.sensitive and cells.common.form not in {Form.NESTED, Form.BINARY}:
        measures += [
            t.named(d.as_text(end(this=t.column(name))), f"{word}_{name}")
            for name in (Y, Z)
            for word, end in (("low", exp.Min), ("high", exp.Max))
        ]
    for row in engine.query(t.select(measures, t.inner(rows, "a"), group=[t.column("sign")])):
        if row["sign"] in found:
            found[row["sign"]] = Evidence(
                cells=row["n"],
                distinct=row.get("distinct_values") or 0,
                low=row.get("low_y"),
                high=row.get("high_y"),
                other_low=row.get("low_z"),
                other_high=row.get("high_z"),
            )
    return found


# --- What more than one cell shows --------------------------------------------------------


def _permuted(engine: Comparer, cells: Cells, rest: int, others: exp.Expr) -> bool:
    """Whether these cells hold, on both sides, the very same values equally often, and at least five."""
    if not 5 <= rest <= _MOST_SORTED or cells.common.form is Form.NESTED:
        return False
    rows = t.select([t.column(Y), t.column(Z)], t.inner(cells.query(every=True), "r"), where=others)
    ones = [
        t.select([t.named(t.column(name), "v"), t.named(t.number(sign), "n")], t.inner(rows, "s"))
        for name, sign in ((Y, 1), (Z, -1))
    ]
    total = t.named(exp.Sum(this=t.column("n")), "n")
    values = t.select([t.column("v"), total], t.inner(t.union(ones), "u"), group=[t.column("v")])
    odd = t.count_if(t.operator(exp.NEQ, t.column("n"), t.number(0)))
    counted = t.select([t.named(odd, "odd"), t.named(t.rows_counted(), "n")], t.inner(values, "w"))
    answer = one_row(engine, counted)
    return answer["odd"] == 0 and answer["n"] >= 5
