"""Which rows a finding concerns, in words: "all 31 have income_amount < 0, and no other row has".

The condition is chosen on a part of the rows and counted over all of them before it is said. Sensitive
columns take no part.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import draw, queries
from recon.compare import trees as t
from recon.compare.answers import one_row
from recon.compare.forms import Form
from recon.compare.signs import below
from recon.compare.stump import SUPPORT, Condition, Known, propose, simplest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.compare.stump import Value
    from recon.model import TableRef
    from recon.ports import Comparer

MOST_ROWS: Final = 5_000  # rows that a condition is learned from
_MOST_COLUMNS: Final = 24
_TRIED: Final = 3  # proposals that are counted over all rows
_NUMBERS: Final = {Form.INTEGER, Form.DECIMAL, Form.FLOAT}
_DATES: Final = {Form.DATE, Form.INSTANT}
_ABLE: Final = _NUMBERS | _DATES | {Form.TEXT, Form.GUID, Form.NUMERAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A condition, counted: `here` of `these` rows fulfil it, and `there` of `every` row of the side."""

    condition: Condition
    said: str  # "income_amount < 0"
    here: int
    these: int
    there: int
    every: int

    @property
    def apart(self) -> bool:
        """Whether it tells these rows from the others: all of these, and hardly any other."""
        return self.here == self.these and 100 * self.here >= 95 * self.there

    @property
    def sentence(self) -> str:
        """Which rows, in words; the numbers are exact, percentages floored."""
        if self.here == self.these:
            head = f"all {self.these:,} have {self.said}"
        else:
            percent = 100 * self.here // self.these
            head = f"{percent} % of them ({self.here:,} of {self.these:,}) have {self.said}"
        if self.there <= self.here:
            return f"{head}, and no other row has"
        return f"{head}, against {_percent(self.there, self.every)} of all rows"


def _percent(part: int, whole: int) -> str:
    percent = 100 * part // max(1, whole)
    return f"{percent} %" if percent else "less than 1 %"


class Population:
    """All rows of one side, of which a part was read once to learn from."""

    def __init__(
        self, engine: Comparer, plan: Plan, which: Which, table: TableRef, rows: int, columns: Iterable[int]
    ) -> None:
        self.engine, self.plan, self.table, self.rows = engine, plan, table, rows
        self.which: Which = which
        self.columns = [i for i in columns if _may_serve(plan, i)][:_MOST_COLUMNS]
        self._known: dict[int, Known] = {}

    def known(self) -> Mapping[int, Known]:
        """The values of a part of the rows, by column."""
        if not self._known and self.columns:
            side = queries.side(self.plan, self.which, self.table, {*self.columns, *self.plan.keys})
            values = {i: queries.normal(self.plan, i, self.which, "s") for i in self.columns}
            columns = [t.named(_shown(self.plan, i, v), f"v{i}") for i, v in values.items()]
            rows = t.inner(side, "s")
            some = None
            if self.rows > MOST_ROWS:
                keys = [queries.normal(self.plan, i, self.which, "s") for i in self.plan.keys]
                some = draw.below(self.rows, MOST_ROWS, draw.draw(self.plan, exp.true(), keys, keys))
            query = t.select(columns, rows, where=some)
            answer = self.engine.query(query)
            self._known = {
                i: Known([row[f"v{i}"] for row in answer], _ordered(self.plan, i)) for i in self.columns
            }
        return self._known

    def find(self, rows: exp.Select, count: int, without: Iterable[int] = ()) -> Where | None:
        """What tells some of these rows from the others. `rows` has the columns `b{i}` or `c{i}` and `h`.

        None when they are too few, or more than half of all, or when nothing tells them apart.
        """
        if count < SUPPORT or 2 * count > self.rows:
            return None
        columns = [i for i in self.columns if i not in set(without)]
        if not columns:
            return None
        some = below(count, MOST_ROWS) if count > MOST_ROWS else None
        values = {i: self._value(i) for i in columns}
        shown = [t.named(_shown(self.plan, i, v), f"v{i}") for i, v in values.items()]
        answer = self.engine.query(t.select(shown, t.inner(rows, "r"), where=some))
        these = {i: [row[f"v{i}"] for row in answer] for i in columns}
        proposals = propose(these, self.known(), count / max(1, self.rows))
        for proposal in proposals[:_TRIED]:
            where = self._counted(proposal.condition, rows, count)
            if where is not None:
                return where
        return None

    def _value(self, i: int) -> exp.Expr:
        """The column of different rows in its form."""
        return queries.in_form(self.plan, i, self.which, t.column(f"{self.which}{i}"))

    def _counted(self, condition: Condition, rows: exp.Select, count: int) -> Where | None:
        """The condition counted over all rows; None if it is not as telling as in a part of them."""
        i = condition.column
        mine = t.count_if(self._tree(condition, self._value(i)))
        here = one_row(self.engine, t.select([t.named(mine, "n")], t.inner(rows, "r")))["n"]
        side = queries.side(self.plan, self.which, self.table, [i])
        value = queries.normal(self.plan, i, self.which, "s")
        columns = [t.named(t.count_if(self._tree(condition, value)), "n")]
        columns += self._neighbours(condition, value)
        [row] = self.engine.query(t.select(columns, t.inner(side, "s")))
        there = int(row["n"])
        if here < SUPPORT or 100 * here < 80 * count or here * self.rows < 2 * there * count:
            return None
        plainer = _plainer(condition, row.get("below"), row.get("above"))
        said = self._words(plainer)
        return Where(condition=condition, said=said, here=here, these=count, there=there, every=self.rows)

    def _neighbours(self, condition: Condition, value: exp.Expr) -> list[exp.Expr]:
        """The next values outside a bound, so that a rounder number can be said for it."""
        if self.plan.common(condition.column).form not in {Form.INTEGER, Form.DECIMAL}:
            return []
        if condition.relation == ">=":
            less = self._tree(replace(condition, relation="<"), value)
            below_it = exp.Max(this=t.case((less, value), otherwise=exp.null()))
            return [t.named(d.as_text(below_it), "below")]
        if condition.relation == "<=":
            more = self._tree(replace(condition, relation=">"), value)
            above_it = exp.Min(this=t.case((more, value), otherwise=exp.null()))
            return [t.named(d.as_text(above_it), "above")]
        return []

    def _tree(self, condition: Condition, value: exp.Expr) -> exp.Expr:
        values = [self._literal(condition.column, v) for v in condition.values]
        match condition.relation:
            case "null":
                return t.is_null(value)
            case "=" | "in":
                return t.any_of(*(t.equals(value, v) for v in values))
            case "between":
                bounds = ((exp.GTE, values[0]), (exp.LTE, values[1]))
                return t.all_of(*(t.operator(kind, value, bound) for kind, bound in bounds))
            case relation:
                return t.operator(_OPERATORS[relation], value, values[0])

    def _literal(self, i: int, value: Value) -> exp.Expr:
        common = self.plan.common(i)
        match common.form:
            case Form.INTEGER:
                return t.number(int(value or 0))
            case Form.DECIMAL:
                return d.as_type(t.text(f"{Decimal(str(value)):f}"), d.decimal(common.digits, common.scale))
            case Form.FLOAT:
                return d.as_type(t.text(str(value)), "DOUBLE")
            case Form.DATE:
                return d.as_type(t.text(str(value)), "DATE")
            case Form.INSTANT:
                return d.as_type(t.text(str(value)), "TIMESTAMP")
            case _:
                return t.text(str(value))

    def _words(self, condition: Condition) -> str:
        pair = self.plan.compared[condition.column]
        boolean = pair.baseline.boolean and pair.candidate.boolean

        def said(value: Value) -> str:
            if boolean:
                return "true" if value else "false"
            if isinstance(value, float):
                return f"{value:g}"
            return f"{value:f}" if isinstance(value, Decimal) else str(value) if value != "" else "'' (empty)"

        values = [said(v) for v in condition.values]
        match condition.relation:
            case "null":
                return f"{pair.name} = NULL"
            case "in":
                return f"{pair.name} = {', '.join(values[:-1])} or {values[-1]}"
            case "between":
                return f"{pair.name} from {values[0]} to {values[1]}"
            case relation:
                return f"{pair.name} {_SIGNS.get(relation, relation)} {values[0]}"


_OPERATORS: Final[dict[str, type[exp.Binary]]] = {
    "<": exp.LT, ">": exp.GT, "<=": exp.LTE, ">=": exp.GTE,
}  # fmt: skip
_SIGNS: Final = {"<=": "≤", ">=": "≥"}


def _plainer(condition: Condition, below_it: str | None, above_it: str | None) -> Condition:
    """The same rows by a rounder bound: > 1000 instead of >= 1000.01, where nothing lies between."""
    if below_it is not None:
        bound, strict = simplest(Decimal(below_it), Decimal(str(condition.values[0])))
        return replace(condition, relation=">" if strict else ">=", values=(bound,))
    if above_it is not None:
        bound, strict = simplest(-Decimal(above_it), -Decimal(str(condition.values[0])))
        return replace(condition, relation="<" if strict else "<=", values=(-bound,))
    return condition


def _may_serve(plan: Plan, i: int) -> bool:
    return plan.common(i).form in _ABLE and not plan.compared[i].rule.sensitive


def _ordered(plan: Plan, i: int) -> bool:
    pair = plan.compared[i]
    return plan.common(i).form in _NUMBERS | _DATES and not (pair.baseline.boolean and pair.candidate.boolean)


def _shown(plan: Plan, i: int, value: exp.Expr) -> exp.Expr:
    """Dates as text, which sorts as they do; long texts cut, which then equal none."""
    form = plan.common(i).form
    if form in _DATES:
        return d.as_text(value)
    return t.call("left", value, t.number(200)) if form in {Form.TEXT, Form.GUID} else t.own(value)


def joined(plan: Plan, rows: exp.Select, table: TableRef, others: Sequence[int]) -> exp.Select:
    """The rows of unique keys, which have `b{i}` of the keys, with the baseline's values of other columns."""
    side = queries.side(plan, "b", table, {*others, *plan.keys})
    on = [
        t.same(queries.in_form(plan, i, "b", t.column(f"b{i}", "m")), queries.normal(plan, i, "b", "s"))
        for i in plan.keys
    ]
    values = [t.named(queries.raw(i, "s"), f"b{i}") for i in others]
    return t.select(
        [t.everything("m"), *values], t.inner(rows, "m"), joins=[t.join(t.inner(side, "s"), t.all_of(*on))]
    )


def columns_at_hand(plan: Plan, touched: Sequence[int], *, wide: bool) -> list[int]:
    """The columns whose values different rows have: keys, those that differ, and all others if `wide`."""
    others = range(len(plan.compared)) if wide else ()
    return list(dict.fromkeys([*plan.keys, *touched, *others]))
