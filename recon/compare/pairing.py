"""Pair the rows on the engine: what differs becomes one table, everything is counted from it.

Fingerprints first leave out the rows that cannot differ (`fingerprints`). Rows whose key occurs once on each
side join directly. Only rows of repeated keys take the longer way: equal rows first, the m-th with the m-th,
then the others in sorted order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from recon.compare import axis as axes
from recon.compare import fingerprints, queries, trees, uniqueness
from recon.compare.answers import one_row
from recon.compare.queries import CLASSIFIED, MANY, REPEATED, SIDES, Shape, Which

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlglot import exp

    from recon.compare.fingerprints import Open
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
    `same`: both sides have the same rows, and no table of different rows was written. `wide`: the different
    rows have the values of all compared columns, not only of the key and the touched.
    """

    rows: dict[Which, int]
    nulls: dict[Which, int]
    repeated: bool
    axis: Axis
    same: bool = False
    touched: tuple[int, ...] = ()  # the numbers of the columns that have differing cells
    wrong: dict[int, int] = field(default_factory=dict[int, int])  # by column number: its differing cells
    wide: bool = True
    totals: dict[str, int] = field(default_factory=dict[str, int])
    forgiven: dict[int, int] = field(default_factory=dict[int, int])


def pair(
    engine: Comparer, plan: Plan, baseline: TableRef, candidate: TableRef, *, exact: bool = False
) -> Paired:
    """Write the table of different rows, if there are any, and count what it does not hold. `exact`: without
    fingerprints.
    """
    tables: Tables = {"b": baseline, "c": candidate}
    hashed = bool(plan.compared) and not exact
    unique = hashed and uniqueness.unique(engine, plan, baseline, "b")
    found = (fingerprints.unlike if hashed else fingerprints.everything)(engine, plan, tables)
    axis, totals = axes.choose(engine, plan, tables, found.counts, same=found.rows == 0)
    repeated = _repeated(engine, plan, found, unique=unique)
    nulls: dict[Which, int] = {which: 0 if plan.whole else found.nulls[which] for which in SIDES}
    if hashed and found.rows == 0:
        return Paired(
            rows=dict(found.counts), nulls=nulls, repeated=repeated, axis=axis, same=True, totals=totals
        )
    joins = _joins(plan, found, range(len(plan.compared)), repeated=repeated)
    if hashed and not repeated:
        suspects, alone = fingerprints.suspects(engine, plan, found), False
    else:
        suspects, alone = _suspects(engine, plan, joins)
    shape = _shape(plan, found, axis, suspects, alone=alone)
    if set(shape.columns) < set(range(len(plan.compared))) and not repeated:
        joins = _joins(plan, found, shape.columns, repeated=False)
    label = axis.of(plan)
    different = [queries.different(plan, join, label, shape, repeated=n > 0) for n, join in enumerate(joins)]
    engine.save(trees.union(different), CLASSIFIED)
    wrong = one_row(engine, queries.kinds(suspects)) if suspects else {}
    return Paired(
        rows=dict(found.counts),
        nulls=nulls,
        repeated=repeated,
        axis=axis,
        touched=tuple(i for i in suspects if wrong[f"n{i}"]),
        wrong={i: wrong[f"n{i}"] for i in suspects},
        wide=len(shape.columns) == len(plan.compared),
        totals=totals,
        forgiven=_forgiven(engine, plan, found, repeated=repeated),
    )


def _repeated(engine: Comparer, plan: Plan, found: Open, *, unique: bool) -> bool:
    """Whether any key occurs more than once on a side; if so, all rows of such keys become work tables.

    `unique`: the baseline's keys are known to differ. Then so do the candidate's, if they are the same.
    """
    if unique:
        alike = found.rows == 0 or fingerprints.keys_alike(engine, plan, found)
        if alike or uniqueness.unique(engine, plan, found.tables["c"], "c"):
            return False
    sides: dict[Which, exp.Select] = {
        which: queries.side(plan, which, found.tables[which], plan.keys) for which in SIDES
    }
    if not engine.save(queries.repeated_keys(plan, sides), REPEATED):
        return False
    for which in SIDES:
        rows = queries.side(plan, which, found.tables[which])
        many = queries.split(plan, which, rows, repeated=True)
        engine.save(queries.numbered(plan, which, many), MANY[which])
    return True


def _joins(plan: Plan, found: Open, only: Iterable[int], *, repeated: bool) -> list[queries.Join]:
    """Open rows whose key occurs at most once on each side; then what is left of the repeated ones."""
    numbers = tuple(only)
    sides = {which: found.side(plan, which, numbers) for which in SIDES}
    if not repeated:
        return [(sides["b"], sides["c"], queries.on_keys(plan, nth=False))]
    one, other = (queries.split(plan, which, sides[which], repeated=False) for which in SIDES)
    rest = (queries.rest(plan, "b"), queries.rest(plan, "c"), queries.on_keys(plan, nth=True))
    return [(one, other, queries.on_keys(plan, nth=False)), rest]


def _suspects(engine: Comparer, plan: Plan, joins: list[queries.Join]) -> tuple[tuple[int, ...], bool]:
    """The columns that have differing cells, seen on the values, and whether any row has no partner."""
    found = dict.fromkeys(("alone", *(f"x{i}" for i in plan.values)), 0)
    for join in joins:
        for name, count in one_row(engine, queries.counted(plan, join, plan.values)).items():
            found[name] += count
    return tuple(i for i in plan.values if found[f"x{i}"]), found["alone"] > 0


def _shape(plan: Plan, found: Open, axis: Axis, suspects: tuple[int, ...], *, alone: bool) -> Shape:
    """All columns where that is cheap, or where rows without a partner are to be shown; else what is needed.

    Rows without a partner change the key and value pairs of every column: fingerprints then suspect them all.
    """
    every = tuple(range(len(plan.compared)))
    if found.small or alone or len(suspects) == len(plan.values):
        return Shape(every, suspects)
    needed = {*plan.keys, *suspects, *([] if axis.number is None else [axis.number])}
    return Shape(tuple(sorted(needed)), suspects)


def _forgiven(engine: Comparer, plan: Plan, found: Open, *, repeated: bool) -> dict[int, int]:
    """By column number, over all pairs: of unique keys, the rest of the others, and their equal rows."""
    numbers = queries.forgiving(plan)
    if not numbers:
        return {}
    joins = _joins(plan, found, (*plan.keys, *numbers), repeated=repeated)
    cells = dict.fromkeys(numbers, 0)
    for join in [*joins, queries.equal_many(plan)] if repeated else joins:
        for name, count in one_row(engine, queries.forgiven(plan, join)).items():
            cells[int(name[1:])] += count
    return cells
