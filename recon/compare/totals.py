"""Control totals: per column and side the sum, smallest and largest value, and how many distinct and NULL.

They rest on no pairing of rows, so they are a second opinion on what the comparison says, and they say by
which amount a column is off. Values are taken in the form in which the comparison holds them equal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import queries, reading, rules, segments, totals_sums
from recon.compare import trees as t
from recon.compare.forms import FLOATS, INSTANTS, NUMBERS, TIMES, Form
from recon.compare.pairing import one_row
from recon.compare.plan import make_plan
from recon.compare.queries import SIDES
from recon.compare.samples import MASK
from recon.compare.totals_sums import Answer, Binary, Exact, Numbers, Read
from recon.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.compare.spec import Side, Spec
    from recon.compare.totals_sums import Adder, Number
    from recon.ports import Comparer

_AT_ONCE: Final = 20  # columns in one query
_FEW: Final = 5  # distinct values whose sum could give one of them away


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What one side holds in one column; values are text, None where there are none.

    `sum`, only of numbers, is exact: booleans count as 0 and 1, decimals keep their scale, the sum of floats
    is the double nearest to the exact sum. When `unread` values cannot be read as the other side's type,
    `sum`, `min` and `max` are not known and None.
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
    that are not exactly equal, tolerances aside: rows, nulls, distinct, sum, min, max. `note` says what could
    not be totalled, or that values are masked because the column is sensitive.
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
        """Whether every total that is known is equal; this never says that the rows are."""
        return not self.differs


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
    tables = {"b": baseline.table, "c": candidate.table}
    sides: dict[Which, exp.Select] = {which: queries.side(plan, which, tables[which]) for which in SIDES}
    labels, label = _segments(engine, plan, sides)
    found: list[ColumnTotals] = []
    for start in range(0, len(plan.compared), _AT_ONCE):
        columns = range(start, min(start + _AT_ONCE, len(plan.compared)))
        found += _totalled(engine, plan, sides, columns, labels, label)
    return tuple(found)


def _segments(
    engine: Comparer, plan: Plan, sides: Mapping[Which, exp.Select]
) -> tuple[tuple[str, ...], Callable[[Which], exp.Expr] | None]:
    """The segments in order and each row's, or one nameless segment."""
    if not plan.segment:
        return ("",), None
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


@dataclass(frozen=True, slots=True)
class _Ordered:
    """Dates, times and texts: the ends of their order. `value` is NULL where `normal` cannot be read."""

    normal: exp.Expr
    value: exp.Expr
    show: Callable[[exp.Expr], exp.Expr]

    def asks(self) -> Mapping[str, exp.Expr]:
        unread = t.all_of(t.not_null(self.normal), t.is_null(self.value))
        ends = {"least": exp.Min(this=t.own(self.value)), "most": exp.Max(this=t.own(self.value))}
        return {"unread": t.count_if(unread), **{name: self.show(end) for name, end in ends.items()}}

    def ends(self, answer: Answer) -> tuple[str | None, str | None, int]:
        unread = int(answer["unread"] or 0)
        return (None, None, unread) if unread else (answer["least"], answer["most"], 0)


@dataclass(frozen=True, slots=True)
class _Uncounted:
    """Nested values have no order."""

    def asks(self) -> Mapping[str, exp.Expr]:
        return {}

    def ends(self, answer: Answer) -> tuple[str | None, str | None, int]:
        return None, None, 0


_Asker = Exact | Read | Binary | _Ordered | _Uncounted


def _totalled(
    engine: Comparer,
    plan: Plan,
    sides: Mapping[Which, exp.Select],
    columns: Sequence[int],
    labels: Sequence[str],
    label: Callable[[Which], exp.Expr] | None,
) -> Iterator[ColumnTotals]:
    """The totals of some columns."""
    askers: dict[Which, dict[int, _Asker]] = {which: _askers(engine, plan, which, sides[which], columns) for which in SIDES}
    answers = {
        which: _answers(engine, plan, which, sides[which], askers[which], label(which) if label else t.text(""))
        for which in SIDES
    }
    for i in columns:
        for name in labels:
            one, other = (
                _found(askers[which][i], answers[which].get(name), i, floating=queries.type_on(plan, i, which).floating, scale=queries.type_on(plan, i, which).scale)
                for which in SIDES
            )
            yield _beside(plan, i, name, one, other)
