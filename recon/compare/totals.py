"""Control totals: per column and side the sum, smallest and largest value, and how many distinct and NULL.

They rest on no pairing of rows, so they are a second opinion on what the comparison says, and they say by
which amount a column is off. Values are taken in the form in which the comparison holds them equal.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from recon.compare import queries, segments, totals_columns
from recon.compare.plan import make_plan
from recon.compare.queries import SIDES, type_on
from recon.compare.samples import MASK
from recon.compare.totals_columns import NOTHING
from recon.compare.totals_sums import as_decimal, as_double
from recon.errors import SpecError
from recon.model_result import ColumnTotals, Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlglot import exp

    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.compare.spec import Side, Spec
    from recon.compare.totals_columns import Found, Rows
    from recon.compare.totals_sums import Value
    from recon.model import TableRef
    from recon.ports import Comparer

_AT_ONCE: Final = 20  # columns in one query
_FEW: Final = 5  # distinct values whose sum could give one of them away


def control_totals(
    engine: Comparer,
    spec: Spec,
    baseline: Side,
    candidate: Side,
    *,
    segment: str = "",
    distinct: bool = True,
) -> tuple[ColumnTotals, ...]:
    """The totals of each compared column, in the baseline's order.

    With `segment`, a column of the baseline, one for each of its values within each column, in their order;
    only the 59 most frequent have their own, the rest of the rows is "(other)", so the segments of a column
    always add up. Texts order by code point. Text rules apply first: with "ignore case" min and max are lower
    case. A sensitive column shows no min and max, and a sum only of five different values or more. Without
    `distinct`, which is most of the work, different values are not counted.

    SpecError when the spec or the segment names what is not compared; EngineError when the engine fails.
    """
    stored = engine.columns(baseline.table), engine.columns(candidate.table)
    plan = make_plan(replace(spec, segment=segment), baseline, candidate, stored)
    tables: dict[Which, TableRef] = {"b": baseline.table, "c": candidate.table}
    labels, label, by = _segments(engine, plan, tables)
    found: list[ColumnTotals] = []
    for start in range(0, len(plan.compared), _AT_ONCE):
        columns = range(start, min(start + _AT_ONCE, len(plan.compared)))
        one, other = (
            totals_columns.found(
                engine, plan, which, _rows(plan, which, tables, by), columns, label(which), distinct=distinct
            )
            for which in SIDES
        )
        found += [
            _beside(plan, i, name, one.get((i, name), NOTHING), other.get((i, name), NOTHING))
            for i in columns
            for name in labels
        ]
    return tuple(found)


def _rows(plan: Plan, which: Which, tables: Mapping[Which, TableRef], by: tuple[int, ...]) -> Rows:
    """A side's rows with the columns asked for and those that the segments hang on."""
    return lambda columns: queries.side(plan, which, tables[which], (*columns, *by))


def _segments(
    engine: Comparer, plan: Plan, tables: Mapping[Which, TableRef]
) -> tuple[tuple[str, ...], Callable[[Which], exp.Expr | None], tuple[int, ...]]:
    """The segments in order, each row's, and the column that decides; or one nameless segment."""
    if not plan.segment:
        return ("",), lambda _: None, ()
    asked = segments.asked(plan)
    if not asked:
        raise SpecError(f"segment = {plan.segment!r} is not compared", hint="Name a compared column.")
    number = asked[0]
    sides: dict[Which, exp.Select] = {
        which: queries.side(plan, which, tables[which], [number]) for which in SIDES
    }
    values = segments.value_rows(plan, number, sides)
    show = segments.plain_label(plan, number)
    frequent = engine.query(segments.label_counts(show, values, segments.MOST + 1, by_size=True))
    if len(frequent) > segments.MOST:
        top = segments.labels_in(frequent[: segments.MOST - 1])
        show = segments.top_label(plan, number, top)
    ordered = engine.query(segments.label_counts(show, values, segments.MOST, by_size=False))
    labels = segments.labels_in(ordered)
    return labels, lambda which: show(queries.normal(plan, number, which)), (number,)


def _beside(plan: Plan, i: int, segment: str, one: Found, other: Found) -> ColumnTotals:
    """Both sides of a column in a segment, and how they differ."""
    pair, unread = plan.compared[i], one.ends.unread + other.ends.unread
    totals = ColumnTotals(
        column=pair.name,
        segment=segment,
        baseline=_shown(plan, i, "b", one),
        candidate=_shown(plan, i, "c", other),
        difference=_difference(plan, i, one.ends.total, other.ends.total),
        differs=tuple(_differing(one, other)),
        note=f"cannot be totalled: {unread:,} unreadable or overlong values" if unread else "",
    )
    return _masked(totals) if pair.rule.sensitive else totals


def _differing(one: Found, other: Found) -> Iterator[str]:
    """The names of the totals that differ, among those that are known."""
    yield from (name for name in ("rows", "nulls") if getattr(one, name) != getattr(other, name))
    if one.distinct is not None and other.distinct is not None and one.distinct != other.distinct:
        yield "distinct"
    if one.ends.unread or other.ends.unread:
        yield from ("unread",) if one.ends.unread != other.ends.unread else ()
        return
    pairs = (("sum", "total"), ("min", "least"), ("max", "most"))
    yield from (name for name, field in pairs if getattr(one.ends, field) != getattr(other.ends, field))


def _shown(plan: Plan, i: int, which: Which, found: Found) -> Totals:
    def text(value: Value | None) -> str | None:
        return as_double(value) if type_.floating else as_decimal(value, type_.scale)

    type_, ends = type_on(plan, i, which), found.ends
    return Totals(
        rows=found.rows,
        nulls=found.nulls,
        distinct=found.distinct,
        sum=text(ends.total),
        min=text(ends.least),
        max=text(ends.most),
        unread=ends.unread,
    )


def _difference(plan: Plan, i: int, one: Value | None, other: Value | None) -> str | None:
    if not isinstance(one, Fraction) or not isinstance(other, Fraction):
        return None
    types = [type_on(plan, i, which) for which in SIDES]
    if any(x.floating for x in types):
        return as_double(other - one)
    return as_decimal(other - one, max(x.scale for x in types))


def _masked(totals: ColumnTotals) -> ColumnTotals:
    sides = (totals.baseline, totals.candidate)
    few = any(side.distinct is None or side.distinct < _FEW for side in sides)
    # of one row that is missing or wrong, two sums tell the value by their difference
    telling = few or totals.baseline.sum != totals.candidate.sum

    def side(shown: Totals) -> Totals:
        hidden = {name: MASK for name in ("min", "max") if getattr(shown, name) is not None}
        return replace(shown, **hidden, sum=MASK if telling and shown.sum is not None else shown.sum)

    return replace(
        totals,
        baseline=side(totals.baseline),
        candidate=side(totals.candidate),
        difference=MASK if telling and totals.difference is not None else totals.difference,
        note="; ".join(n for n in (totals.note, "the column is sensitive: values are masked") if n),
    )
