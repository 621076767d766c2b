"""The heatmap's second axis: which column, how its values are merged, and each row's segment.

A segment is a label, a text computed from the column's value in its form, so that both sides say the same
label for the same value. Dates merge into days, months, quarters or years, the finest that gives at most
60 segments; other values into the 59 most frequent and the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import reading, rules
from recon.compare import trees as t
from recon.compare.forms import INSTANTS, NUMBERS, READ, Form
from recon.compare.queries import SIDES, Rows, Which, normal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from recon.compare.plan import Plan

MOST: Final = 60
NULL, OTHER, ALL = "NULL", "(other)", "(all rows)"
_YYYYMMDD: Final = r"(1[789]|2[01]|99)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_FIRST_DATE: Final = 17000101  # yyyymmdd
_LEVELS: Final = ("", "day", "month", "quarter", "year")
_LONGEST: Final = 80  # characters of a label
_SOME: Final = 20_000  # rows
_PLAIN: Final = {Form.TEXT, Form.GUID, Form.INTEGER, Form.DECIMAL, Form.NUMERAL}


@dataclass(frozen=True, slots=True)
class Axis:
    """The chosen column (None: none serves), how its values merge, and its labels in order."""

    number: int | None
    grouping: str = ""
    labels: tuple[str, ...] = (ALL,)
    label: Callable[[exp.Expr], exp.Expr] | None = None

    def of(self, plan: Plan) -> dict[Which, exp.Expr]:
        """The label of a row of each side."""
        if self.number is None or self.label is None:
            return {which: t.text(ALL) for which in SIDES}
        return {which: self.label(normal(plan, self.number, which)) for which in SIDES}


def largest(plan: Plan, which: Which, rows: exp.Select, numbers: Sequence[int]) -> exp.Select:
    """One row: the largest value, `m{i}`, of the integers among some columns."""
    whole = [i for i in numbers if plan.common(i).form is Form.INTEGER]
    columns = [t.named(exp.Max(this=normal(plan, i, which)), f"m{i}") for i in whole]
    return t.select(columns or [t.named(t.rows_counted(), "n")], t.inner(rows, which))


def never_dates(largest_: Mapping[str, int | None], i: int) -> bool:
    """Whether a column of integers has none that looks like a date."""
    return f"m{i}" in largest_ and (largest_[f"m{i}"] or 0) < _FIRST_DATE


def profile(plan: Plan, which: Which, rows: exp.Select, numbers: Sequence[int]) -> exp.Select:
    """One row about some columns of a side: how many values look like dates, `y{i}`."""
    values = {i: normal(plan, i, which) for i in numbers}
    columns = [t.named(t.count_if(_like_a_date(plan, i, value)), f"y{i}") for i, value in values.items()]
    return t.select(columns or [t.named(t.rows_counted(), "n")], t.inner(rows, which))


def like_dates(plan: Plan, i: int, values: exp.Query, size: str) -> exp.Select:
    """One row: `n`, how many rows have a value that looks like a date; `size` names their count a value."""
    like = _like_a_date(plan, i, t.column("x"))
    counted = t.case((like, t.column(size)), otherwise=t.number(0))
    return t.select([t.named(exp.Sum(this=counted), "n")], t.inner(values, "v"))


def some_distinct(plan: Plan, which: Which, rows: exp.Select, numbers: Sequence[int]) -> exp.Select:
    """One row: how many distinct values, `u{i}`, some rows have. All have at least as many."""
    some = t.sorted_by(rows, [], _SOME)
    return _distinct_counts(plan, which, some, numbers)


def all_distinct(plan: Plan, which: Which, rows: exp.Select, i: int) -> exp.Select:
    """One row: how many distinct values, `u{i}`, NULL aside."""
    return _distinct_counts(plan, which, rows, [i])


def _distinct_counts(plan: Plan, which: Which, rows: exp.Select, numbers: Sequence[int]) -> exp.Select:
    values = {i: exp.Distinct(expressions=[normal(plan, i, which)]) for i in numbers}
    counts = [t.named(exp.Count(this=value), f"u{i}") for i, value in values.items()]
    return t.select(counts, t.inner(rows, which))


def able(plan: Plan, *, keys: bool) -> list[int]:
    """The numbers of the key columns, or of the others, that can serve."""
    return [i for i in range(len(plan.compared)) if plan.compared[i].key is keys and _may_serve(plan, i)]


def asked(plan: Plan) -> list[int]:
    """The number of the column that the spec names, if it is compared."""
    return [i for i, p in enumerate(plan.compared) if plan.segment and p.name == plan.segment]


def _like_a_date(plan: Plan, i: int, value: exp.Expr) -> exp.Expr:
    """Whether it is a date, a timestamp, or digits yyyymmdd."""
    form = plan.common(i).form
    if form in INSTANTS:
        return exp.true()
    if form is not Form.INTEGER:
        keyed = (
            form in _PLAIN and plan.compared[i].key
        )  # a pattern over every text would cost more than it finds
        return d.matches(_plain_text(plan, i, value), _YYYYMMDD) if keyed else exp.false()
    hundred = t.number(100)
    month = t.operator(exp.Mod, t.operator(exp.IntDiv, value, hundred), hundred)
    bounds = ((value, _FIRST_DATE, 99991231), (month, 1, 12), (t.operator(exp.Mod, value, hundred), 1, 31))
    return t.all_of(
        *(
            t.operator(kind, what, t.number(bound))
            for what, low, high in bounds
            for kind, bound in ((exp.GTE, low), (exp.LTE, high))
        )
    )


def _may_serve(plan: Plan, i: int) -> bool:
    form = plan.common(i).form
    return not plan.compared[i].rule.sensitive and (form in _PLAIN or form in INSTANTS)


def _plain_text(plan: Plan, i: int, value: exp.Expr) -> exp.Expr:
    form = plan.common(i)
    return rules.as_numeral(form, value) if form.form in NUMBERS else d.as_text(value)


def dated(likely: int, rows: int) -> bool:
    """Whether nine tenths of the values look like dates."""
    return 10 * likely >= 9 * rows > 0


def level_counts(plan: Plan, i: int, values: exp.Query) -> exp.Select:
    """One row: for each way of merging dates, how many labels it gives (`l0` ...)."""
    labels = [_date_label(plan, i, t.column("x"), level) for level in _LEVELS]
    counts = [
        t.named(exp.Count(this=exp.Distinct(expressions=[label])), f"l{n}") for n, label in enumerate(labels)
    ]
    return t.select(counts, t.inner(values, "v"))


def value_rows(plan: Plan, i: int, sides: Rows) -> exp.Query:
    """The column's distinct values in its form, `x`, and in how many rows of the sides each occurs, `n`, and
    of the baseline, `nb`.
    """
    parts: list[exp.Query] = []
    for which in sides:
        value = normal(plan, i, which)
        ours = t.rows_counted() if which == "b" else t.number(0)
        columns = [t.named(value, "x"), t.named(t.rows_counted(), "n"), t.named(ours, "nb")]
        parts.append(t.select(columns, t.inner(sides[which], which), group=[value]))
    summed = [t.named(exp.Sum(this=t.column(name)), name) for name in ("n", "nb")]
    return t.select([t.column("x"), *summed], t.inner(t.union(parts), "u"), group=[t.column("x")])


def finest(counts: Mapping[str, int]) -> str | None:
    """The finest way of merging dates that gives few enough labels; None if none does."""
    return next((level for n, level in enumerate(_LEVELS) if counts[f"l{n}"] <= MOST), None)


def label_counts(
    label: Callable[[exp.Expr], exp.Expr], values: exp.Query, limit: int, *, by_size: bool
) -> exp.Select:
    """The labels: those of most rows first, or in the order of their values, NULL last."""
    order = [t.ordered(exp.Sum(this=t.column("n")), descending=True)] if by_size else []
    order.append(t.ordered(exp.Min(this=t.column("x")), nulls_first=False))
    order.append(t.ordered(t.column("label"), nulls_first=False))
    columns = [t.named(label(t.column("x")), "label"), t.column("x"), t.column("n")]
    labelled = t.select(columns, t.inner(values, "v"))
    grouped = t.select([t.column("label")], t.inner(labelled, "l"), group=[t.column("label")])
    return t.sorted_by(grouped, order, limit)


def date_label(plan: Plan, i: int, level: str) -> Callable[[exp.Expr], exp.Expr]:
    """Value to label at a level of dates."""
    return lambda value: _date_label(plan, i, value, level)


def plain_label(plan: Plan, i: int) -> Callable[[exp.Expr], exp.Expr]:
    """Value to label, one a value."""
    return lambda value: _label(plan, i, value, _plain_text(plan, i, value))


def top_label(plan: Plan, i: int, labels: tuple[str, ...]) -> Callable[[exp.Expr], exp.Expr]:
    """Value to label; all labels but these become the rest."""

    def label(value: exp.Expr) -> exp.Expr:
        own = plain_label(plan, i)(value)
        return t.case((t.one_of(own, labels), own), otherwise=t.text(OTHER))

    return label


def _label(plan: Plan, i: int, value: exp.Expr, shown: exp.Expr) -> exp.Expr:
    branches = [(t.is_null(value), t.text(NULL))]
    if plan.common(i).form in READ:
        branches.append((t.call("starts_with", value, t.text(reading.UNREADABLE)), t.text("(unreadable)")))
    branches.append((t.equals(shown, t.text("")), t.text("(empty)")))
    return t.case(*branches, otherwise=t.call("left", shown, t.number(_LONGEST)))


def _date_label(plan: Plan, i: int, value: exp.Expr, level: str) -> exp.Expr:
    """2024-01-31, 2024-01, 2024-Q1 or 2024 of a date, a timestamp or yyyymmdd; other digits as they are."""
    plain = _plain_text(plan, i, value)
    if not level:
        return _label(plan, i, value, plain)
    if plan.common(i).form in INSTANTS:
        return _label(plan, i, value, _cut(plain, level, gap=1))
    digits = t.case((d.matches(plain, _YYYYMMDD), _cut(plain, level, gap=0)), otherwise=plain)
    return _label(plan, i, value, digits)


def _cut(shown: exp.Expr, level: str, *, gap: int) -> exp.Expr:
    """A level of a text that starts yyyy-mm-dd (gap 1) or yyyymmdd (gap 0)."""
    year = t.call("left", shown, t.number(4))
    month = t.call("substr", shown, t.number(5 + gap), t.number(2))
    day = t.call("substr", shown, t.number(7 + 2 * gap), t.number(2))
    match level:
        case "day":
            return t.joined(year, t.text("-"), month, t.text("-"), day)
        case "month":
            return t.joined(year, t.text("-"), month)
        case "quarter":
            return t.joined(year, t.text("-"), _quarter(month))
        case _:
            return year


def totals(values: exp.Query, label: Callable[[exp.Expr], exp.Expr]) -> exp.Select:
    """How many of the baseline's rows lie in each segment."""
    labelled = t.select([t.named(label(t.column("x")), "seg"), t.column("nb")], t.inner(values, "v"))
    counted = [t.column("seg"), t.named(exp.Sum(this=t.column("nb")), "n")]
    return t.select(counted, t.inner(labelled, "l"), group=[t.column("seg")])


def _quarter(month: exp.Expr) -> exp.Expr:
    """Q1 to Q4 of a two-digit month in text."""
    quarters = {"Q1": ("01", "02", "03"), "Q2": ("04", "05", "06"), "Q3": ("07", "08", "09")}
    branches = [(t.one_of(month, months), t.text(name)) for name, months in quarters.items()]
    return t.case(*branches, otherwise=t.text("Q4"))


def labels_in(answer: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The labels of `label_counts`, NULL last."""
    found = [str(row["label"]) for row in answer]
    return tuple([v for v in found if v != NULL] + [v for v in found if v == NULL])
