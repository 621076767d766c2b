"""Control totals: per column and side the sum, smallest and largest value, and how many distinct and NULL.

They rest on no pairing of rows, so they are a second opinion on what the comparison says, and they say by
which amount a column is off. Values are taken in the form in which the comparison holds them equal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from recon.compare import queries, segments, totals_columns
from recon.compare import trees as t
from recon.compare.plan import make_plan
from recon.compare.queries import SIDES, type_on
from recon.compare.samples import MASK
from recon.compare.totals_columns import NOTHING
from recon.compare.totals_sums import as_decimal, as_double
from recon.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlglot import exp

    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.compare.spec import Side, Spec
    from recon.compare.totals_columns import Found
    from recon.compare.totals_sums import Value
    from recon.model import TableRef
    from recon.ports import Comparer

_AT_ONCE: Final = 20  # columns in one query
_FEW: Final = 5  # distinct values whose sum could give one of them away


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What one side holds in one column; values are text, None where there are none.

    `sum`, only of numbers, is exact: booleans count as 0 and 1, decimals keep their scale, the sum of floats
    is the double nearest to the exact sum. When `unread` values cannot be read as the other side's type, or
    are numbers of more than 54 digits before or after the point, `sum`, `min` and `max` are None: not known.
    """

    rows: int = 0
    nulls: int = 0
    distinct: int = 0
    sum: str | None = None
    min: str | None = None
    max: str | None = None
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnTotals:
    """Both sides of one column, over all rows or in one segment.

    `difference` is the candidate's sum less the baseline's, where both are known. `differs` names the totals
    that are known and not exactly equal, tolerances aside: rows, nulls, distinct, sum, min, max, and unread
    where one side has more such values. `note` says what could not be totalled, or that values are masked
    because the column is sensitive.
    """

    column: str
    baseline: Totals
    candidate: Totals
    segment: str = ""
    difference: str | None = None
    differs: tuple[str, ...] = ()
    note: str = ""

    @property
    def equal(self) -> bool:
        """Whether every total is known and equal; this never says that the rows are equal."""
        return not (self.differs or self.baseline.unread or self.candidate.unread)


def control_totals(
    engine: Comparer, spec: Spec, baseline: Side, candidate: Side, *, segment: str = ""
) -> tuple[ColumnTotals, ...]:
    """The totals of each compared column, in the baseline's order.

    With `segment`, a column of the baseline, one for each of its values within each column, in their order;
    only the 59 most frequent have their own, the rest of the rows is "(other)", so the segments of a column
    always add up. Texts order by code point. Text rules apply first: with "ignore case" min and max are lower
    case. A sensitive column shows no min and max, and no sum of fewer than five different values.

    SpecError when the spec or the segment names what is not compared; EngineError when the engine fails.
    """
    stored = engine.columns(baseline.table), engine.columns(candidate.table)
    plan = make_plan(replace(spec, segment=segment), baseline, candidate, stored)
    tables: dict[Which, TableRef] = {"b": baseline.table, "c": candidate.table}
    sides: dict[Which, exp.Select] = {which: queries.side(plan, which, tables[which]) for which in SIDES}
    labels, label = _segments(engine, plan, sides)
    found: list[ColumnTotals] = []
    for start in range(0, len(plan.compared), _AT_ONCE):
        columns = range(start, min(start + _AT_ONCE, len(plan.compared)))
        one, other = (
            totals_columns.found(engine, plan, which, sides[which], columns, label(which)) for which in SIDES
        )
        found += [
            _beside(plan, i, name, one.get((i, name), NOTHING), other.get((i, name), NOTHING))
            for i in columns
            for name in labels
        ]
    return tuple(found)


def _segments(
    engine: Comparer, plan: Plan, sides: Mapping[Which, exp.Select]
) -> tuple[tuple[str, ...], Callable[[Which], exp.Expr]]:
    """The segments in order and each row's, or one nameless segment."""
    if not plan.segment:
        return ("",), lambda _: t.text("")
    asked = segments.asked(plan)
    if not asked:
        raise SpecError(f"segment = {plan.segment!r} is not compared", hint="Name a compared column.")
    number, values = asked[0], segments.value_rows(plan, asked[0], sides)
    show = segments.plain_label(plan, number)
    frequent = engine.query(segments.label_counts(show, values, segments.MOST + 1, by_size=True))
    if frequent.num_rows > segments.MOST:
        top = segments.labels_in(frequent.slice(0, segments.MOST - 1))
        show = segments.top_label(plan, number, top)
    ordered = engine.query(segments.label_counts(show, values, segments.MOST, by_size=False))
    return segments.labels_in(ordered), lambda which: show(queries.normal(plan, number, which))


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
    yield from (name for name in ("rows", "nulls", "distinct") if getattr(one, name) != getattr(other, name))
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
    few = min(totals.baseline.distinct, totals.candidate.distinct) < _FEW

    def side(shown: Totals) -> Totals:
        hidden = {name: MASK for name in ("min", "max") if getattr(shown, name) is not None}
        return replace(shown, **hidden, sum=MASK if few and shown.sum is not None else shown.sum)

    return replace(
        totals,
        baseline=side(totals.baseline),
        candidate=side(totals.candidate),
        difference=MASK if few and totals.difference is not None else totals.difference,
        note="; ".join(n for n in (totals.note, "the column is sensitive: values are masked") if n),
    )
