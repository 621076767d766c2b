"""Ask the engine for the totals of some columns of one side, all in one query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import queries, rules, totals_sums
from recon.compare import trees as t
from recon.compare.forms import FLOATS, INSTANTS, NUMBERS, TIMES, Form
from recon.compare.totals_sums import Binary, Ends, Exact, Ordered, Read, Unordered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.compare.totals_sums import Answer, Asker
    from recon.ports import Comparer

Rows: TypeAlias = "Callable[[Sequence[int]], exp.Select]"  # a side's rows with some of its columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One side of one column in one segment."""

    rows: int
    nulls: int
    distinct: int | None  # None: not counted
    ends: Ends


NOTHING = Found(rows=0, nulls=0, distinct=0, ends=Ends(total=None, least=None, most=None))


def found(
    engine: Comparer,
    plan: Plan,
    which: Which,
    rows: Rows,
    numbers: Sequence[int],
    label: exp.Expr | None,
    *,
    distinct: bool,
) -> dict[tuple[int, str], Found]:
    """The totals of these columns by number and segment; a segment without rows is not in it."""
    spans = _spans(engine, plan, which, rows, numbers)
    askers = {i: _asker(plan, which, i, spans.get(i, (0, 1))) for i in numbers}
    aggregates: dict[str, exp.Expr] = {"rows": t.rows_counted()}
    for i, asker in askers.items():
        aggregates[f"{i} nulls"] = t.count_if(t.is_null(queries.normal(plan, i, which)))
        aggregates |= {f"{i} {name}": aggregate for name, aggregate in asker.asks().items()}
    answers = engine.query(_by_segment(which, rows(numbers), aggregates, label))
    different = {i: _distinct(engine, plan, which, rows, i, label) for i in numbers if distinct}
    return {
        (i, str(answer["seg"])): _one(
            asker,
            _of_column(answer, i),
            int(answer["rows"]),
            different[i].get(str(answer["seg"]), 0) if distinct else None,
        )
        for answer in answers
        for i, asker in askers.items()
    }


def _by_segment(
    which: Which, rows: exp.Select, aggregates: dict[str, exp.Expr], label: exp.Expr | None
) -> exp.Select:
    """Every answer leaves as text, because no Arrow type holds all integers of 38 digits and more."""
    asked: list[exp.Expr] = [t.text("") if label is None else t.column("seg")]
    asked[0] = t.named(asked[0], "seg")
    for name, aggregate in aggregates.items():
        asked.append(exp.Alias(this=d.as_text(aggregate), alias=exp.to_identifier(name, quoted=True)))
    if label is None:
        return t.select(asked, t.inner(rows, which))
    labelled = t.select([t.everything(which), t.named(label, "seg")], t.inner(rows, which))
    return t.select(asked, t.inner(labelled, which), group=[t.column("seg")])


def _distinct(
    engine: Comparer, plan: Plan, which: Which, rows: Rows, i: int, label: exp.Expr | None
) -> dict[str, int]:
    """How many different values by segment, NULL aside. One column at a time, as rows: that may spill to
    disk, which the sets of several COUNT(DISTINCT ...) in one query may not.
    """
    value = queries.normal(plan, i, which)
    named = [t.named(t.text("") if label is None else label, "seg"), t.named(value, "v")]
    group = [value] if label is None else [label, value]
    values = t.select(named, t.inner(rows([i]), which), group=group)
    counted = [t.column("seg"), t.named(exp.Count(this=t.column("v")), "n")]
    answer = engine.query(t.select(counted, t.inner(values, "x"), group=[t.column("seg")]))
    return {str(row["seg"]): int(row["n"]) for row in answer}


def _of_column(answer: Answer, i: int) -> Answer:
    start = f"{i} "
    return {name.removeprefix(start): text for name, text in answer.items() if name.startswith(start)}


def _one(asker: Asker, answer: Answer, rows: int, distinct: int | None) -> Found:
    return Found(rows=rows, nulls=int(answer["nulls"] or 0), distinct=distinct, ends=asker.ends(answer))


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
    engine: Comparer, plan: Plan, which: Which, rows: Rows, numbers: Sequence[int]
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
    [row] = engine.query(t.select(asked, t.inner(rows(list(doubles)), which)))
    return {i: totals_sums.span(row[f"smallest{i}"] or 0.0, row[f"greatest{i}"] or 0.0) for i in doubles}
