"""Ask the engine for the totals of some columns of one side, all in one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import queries, rules, totals_sums
from recon.compare import trees as t
from recon.compare.forms import FLOATS, INSTANTS, NUMBERS, TIMES, Form
from recon.compare.totals_sums import Binary, Ends, Exact, Ordered, Read, Unordered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.compare.totals_sums import Answer, Asker
    from recon.ports import Comparer


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One side of one column in one segment."""

    rows: int
    nulls: int
    distinct: int
    ends: Ends


NOTHING = Found(rows=0, nulls=0, distinct=0, ends=Ends(total=None, least=None, most=None))


def found(
    engine: Comparer, plan: Plan, which: Which, rows: exp.Select, numbers: Sequence[int], label: exp.Expr
) -> dict[tuple[int, str], Found]:
    """The totals of these columns by number and segment; a segment without rows is not in it."""
    spans = _spans(engine, plan, which, rows, numbers)
    askers = {i: _asker(plan, which, i, spans.get(i, (0, 1))) for i in numbers}
    aggregates: dict[str, exp.Expr] = {"rows": t.rows_counted()}
    for i, asker in askers.items():
        value = queries.normal(plan, i, which)
        aggregates[f"{i} nulls"] = t.count_if(t.is_null(value))
        aggregates[f"{i} distinct"] = exp.Count(this=exp.Distinct(expressions=t.each([value])))
        aggregates |= {f"{i} {name}": aggregate for name, aggregate in asker.asks().items()}
    answers = engine.query(_by_segment(which, rows, aggregates, label)).to_pylist()
    return {
        (i, str(answer["seg"])): _one(asker, _of_column(answer, i), int(answer["rows"]))
        for answer in answers
        for i, asker in askers.items()
    }


def _by_segment(
    which: Which, rows: exp.Select, aggregates: dict[str, exp.Expr], label: exp.Expr
) -> exp.Select:
    """Every answer leaves as text, because no Arrow type holds all integers of 38 digits and more."""
    labelled = t.select([t.everything(which), t.named(label, "seg")], t.inner(rows, which))
    asked = [t.column("seg")]
    for name, aggregate in aggregates.items():
        asked.append(exp.Alias(this=d.as_text(aggregate), alias=exp.to_identifier(name, quoted=True)))
    return t.select(asked, t.inner(labelled, which), group=[t.column("seg")])


def _of_column(answer: Answer, i: int) -> Answer:
    start = f"{i} "
    return {name.removeprefix(start): text for name, text in answer.items() if name.startswith(start)}


def _one(asker: Asker, answer: Answer, rows: int) -> Found:
    nulls, distinct = (int(answer[name] or 0) for name in ("nulls", "distinct"))
    return Found(rows=rows, nulls=nulls, distinct=distinct, ends=asker.ends(answer))


def _asker(plan: Plan, which: Which, i: int, span: tuple[int, int]) -> Asker:
    common, type_ = plan.common(i), queries.type_on(plan, i, which)
    normal, raw = queries.normal(plan, i, which), queries.raw(i, which)
    if common.form in NUMBERS:
        double = _double(plan, which, i)
        if double is not None:
            unread = t.all_of(t.not_null(normal), t.is_null(double)) if type_.read else exp.false()
            return Binary(double, unread, span)
        if type_.read:
            return Read(normal)
        return Exact(d.as_type(raw, "INT") if type_.boolean else raw, type_.digits, type_.scale)
    if common.form in INSTANTS | TIMES:
        value = normal if common.form is Form.DATE else rules.as_microsecond_type(common, normal)
        return Ordered(normal, value, t.own)
    if common.form is Form.NESTED:
        return Unordered()
    return Ordered(normal, normal, _hexadecimal if common.form is Form.BINARY else t.own)


def _hexadecimal(value: exp.Expr) -> exp.Expr:
    return t.joined(t.text("0x"), d.hexadecimal(value))


def _double(plan: Plan, which: Which, i: int) -> exp.Expr | None:
    """The column's value as a double, if a float is what it holds on this side."""
    common, type_ = plan.common(i), queries.type_on(plan, i, which)
    if common.form in FLOATS:
        return rules.as_double(common, queries.normal(plan, i, which))
    return d.as_type(queries.raw(i, which), "DOUBLE") if type_.floating else None


def _spans(
    engine: Comparer, plan: Plan, which: Which, rows: exp.Select, numbers: Sequence[int]
) -> dict[int, tuple[int, int]]:
    """Which powers of two the doubles of each column of floats need."""
    doubles = {i: double for i in numbers if (double := _double(plan, which, i)) is not None}
    if not doubles:
        return {}
    asked = [
        t.named(aggregate, f"{name}{i}")
        for i, double in doubles.items()
        for name, aggregate in totals_sums.span_asks(double).items()
    ]
    [row] = engine.query(t.select(asked, t.inner(rows, which))).to_pylist()
    return {i: totals_sums.span(row[f"smallest{i}"] or 0.0, row[f"greatest{i}"] or 0.0) for i in doubles}
