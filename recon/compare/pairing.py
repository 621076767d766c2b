"""Pair the rows on the engine: what differs becomes one table, everything is counted from it.

Rows whose key occurs once on each side join directly. Only rows of repeated keys take the longer way:
equal rows first, the m-th with the m-th, then the others in sorted order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from recon.compare import queries, segments, trees
from recon.compare.queries import CLASSIFIED, DIFFERENT, MANY, REPEATED, SIDES, Which

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlglot import exp

    from recon.compare.plan import Plan
    from recon.compare.segments import Axis
    from recon.model import TableRef
    from recon.ports import Comparer


Tables: TypeAlias = "dict[Which, TableRef]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """What is known after pairing. `rows` and `nulls` count a side's rows and those with a NULL in a key.

    `repeated` says whether any key repeats, `axis` how rows fall into segments, `totals` how many
    baseline rows lie in each segment, `forgiven` the cells that only a rule makes equal, by column number.
    """

    rows: dict[Which, int]
    nulls: dict[Which, int]
    repeated: bool
    axis: Axis
    touched: tuple[int, ...]  # the numbers of the columns that have differing cells
    totals: dict[str, int] = field(default_factory=dict[str, int])
    forgiven: dict[int, int] = field(default_factory=dict[int, int])


def one_row(engine: Comparer, query: exp.Query) -> dict[str, int]:
    """The single row of an answer of counts; a sum of nothing is 0."""
    [row] = engine.query(query).to_pylist()
    return {str(name): int(value or 0) for name, value in row.items()}


def pair(engine: Comparer, plan: Plan, baseline: TableRef, candidate: TableRef) -> Paired:
    """Write the table of different rows and count what it does not hold."""
    tables: Tables = {"b": baseline, "c": candidate}
    keys = _sides(plan, tables, plan.keys)
    counts: dict[Which, dict[str, int]] = {
        which: one_row(engine, queries.side_counts(plan, which, keys[which])) for which in SIDES
    }
    rows: dict[Which, int] = {which: counts[which]["n"] for which in SIDES}
    axis = _axis(engine, plan, tables, rows)
    repeated = engine.save(queries.repeated_keys(plan, keys), REPEATED) > 0
    if repeated:
        _save_many(engine, plan, tables)
    joins = _joins(plan, tables, range(len(plan.compared)), repeated=repeated)
    label = axis.of(plan)
    different = [queries.different(plan, join, label, repeated=n > 0) for n, join in enumerate(joins)]
    engine.save(trees.union(different), DIFFERENT)
    wrong = one_row(engine, queries.mismatches(plan)) if plan.values else {}
    touched = tuple(i for i in plan.values if wrong[f"x{i}"])
    engine.save(queries.classified(plan, touched), CLASSIFIED)
    return Paired(
        rows=rows,
        nulls={which: 0 if plan.whole else counts[which]["nulls"] for which in SIDES},
        repeated=repeated,
        axis=axis,
        touched=touched,
        totals=_totals(engine, plan, axis, baseline),
        forgiven=_forgiven(engine, plan, tables, repeated=repeated),
    )


def _sides(plan: Plan, tables: Tables, only: Iterable[int]) -> dict[Which, exp.Select]:
    numbers = tuple(only)
    return {which: queries.side(plan, which, tables[which], numbers) for which in SIDES}


def _save_many(engine: Comparer, plan: Plan, tables: Tables) -> None:
    """The rows of repeated keys, numbered, as tables of their own."""
    for which, rows in _sides(plan, tables, range(len(plan.compared))).items():
        many = queries.split(plan, which, rows, repeated=True)
        engine.save(queries.numbered(plan, which, many), MANY[which])


def _joins(plan: Plan, tables: Tables, only: Iterable[int], *, repeated: bool) -> list[queries.Join]:
    """Rows whose key occurs at most once on each side; then what is left of the repeated ones."""
    sides = _sides(plan, tables, only)
    if not repeated:
        return [(sides["b"], sides["c"], queries.on_keys(plan, nth=False))]
    one, other = (queries.split(plan, which, sides[which], repeated=False) for which in SIDES)
    rest = (queries.rest(plan, "b"), queries.rest(plan, "c"), queries.on_keys(plan, nth=True))
    return [(one, other, queries.on_keys(plan, nth=False)), rest]


def _totals(engine: Comparer, plan: Plan, axis: Axis, baseline: TableRef) -> dict[str, int]:
    rows = queries.side(plan, "b", baseline, () if axis.number is None else (axis.number,))
    answer = engine.query(segments.totals(rows, axis.of(plan)["b"]))
    return {str(row["seg"]): int(row["n"]) for row in answer.to_pylist()}


def _forgiven(engine: Comparer, plan: Plan, tables: Tables, *, repeated: bool) -> dict[int, int]:
    """By column number, over all pairs: of unique keys, the rest of the others, and their equal rows."""
    numbers = queries.forgiving(plan)
    if not numbers:
        return {}
    joins = _joins(plan, tables, (*plan.keys, *numbers), repeated=repeated)
    found = dict.fromkeys(numbers, 0)
    for join in [*joins, queries.equal_many(plan)] if repeated else joins:
        for name, cells in one_row(engine, queries.forgiven(plan, join)).items():
            found[int(name[1:])] += cells
    return found


def _axis(engine: Comparer, plan: Plan, tables: Tables, rows: dict[Which, int]) -> Axis:
    """Choose the segment column, then the finest way of merging its values that gives few labels."""
    which: Which = "b" if rows["b"] else "c"
    chosen = None
    for numbers in (segments.asked(plan) or segments.able(plan, keys=True), segments.able(plan, keys=False)):
        if chosen is None and numbers:
            side = queries.side(plan, which, tables[which], numbers)
            facts = one_row(engine, segments.profile(plan, which, side, numbers))
            chosen = segments.choose(plan, facts)
    if chosen is None:
        return segments.Axis(None)
    number, dated = chosen
    values = segments.value_rows(plan, number, _sides(plan, tables, [number]))
    if dated:
        level = segments.finest(one_row(engine, segments.level_counts(plan, number, values)))
        if level is not None:
            return _labelled(engine, number, level, segments.date_label(plan, number, level), values)
    plain = segments.plain_label(plan, number)
    found = engine.query(segments.label_counts(plain, values, segments.MOST + 1, by_size=True))
    if found.num_rows <= segments.MOST:
        return _labelled(engine, number, "", plain, values)
    top = segments.labels_in(found.slice(0, segments.MOST - 1))
    grouping = f"top {len(top)} and the rest"
    return _labelled(engine, number, grouping, segments.top_label(plan, number, top), values)


def _labelled(
    engine: Comparer,
    number: int,
    grouping: str,
    label: Callable[[exp.Expr], exp.Expr],
    values: exp.Query,
) -> Axis:
    """The axis with its labels in the order of their values; NULL and the rest come last."""
    found = segments.labels_in(
        engine.query(segments.label_counts(label, values, segments.MOST, by_size=False))
    )
    ordered = [t for t in found if t != segments.OTHER] + [t for t in found if t == segments.OTHER]
    return segments.Axis(number, grouping, tuple(ordered), label)
