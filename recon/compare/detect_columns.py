"""Columns in another order: two whose values are exchanged, or one that has another's values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import queries
from recon.compare import trees as t
from recon.compare.answers import one_row
from recon.compare.queries import CLASSIFIED
from recon.compare.signs import FEW, MOST_CELLS, PARTNER, Sign, Y, Z, below

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.compare.plan import Plan
    from recon.compare.signs import Cells
    from recon.ports import Comparer

_MOST_PAIRS: Final = 300  # of columns, that are looked at
_SEVERAL: Final = 5  # different values that do not agree with another column's by chance


def other_column(cells: Cells) -> Sign:
    """That the column has the values of its partner, and if they are exchanged, the partner has its own."""
    words = {"column": cells.plan.compared[cells.partner or 0].name}
    taken = t.same(t.column(Z), t.column(PARTNER["b"]))
    if cells.exchanged:
        both = t.all_of(t.same(t.column(Y), t.column(PARTNER["c"])), taken)
        return Sign(code="COLUMN_SWAPPED", holds=both, words=lambda _: words, distinct=2, least=50)
    return Sign(
        code="COLUMN_SWAPPED", holds=taken, words=lambda _: words, few=_SEVERAL, distinct=_SEVERAL, least=95
    )


def partners(engine: Comparer, plan: Plan, counts: Mapping[int, int]) -> dict[int, int]:
    """By column the one whose values it seems to have: each other's where two are exchanged.

    `counts` are the differing cells of the columns that have some.
    """
    able = [
        (i, j)
        for i in counts
        for j in counts
        if i < j
        and _alike(plan, i, j)
        and min(counts[i], counts[j]) >= FEW
        and 2 * min(counts[i], counts[j]) >= max(counts[i], counts[j])
    ][:_MOST_PAIRS]
    if not able:
        return {}
    columns = [t.named(exp.Count(this=t.column(f"d{i}")), f"of{i}") for i in {i for p in able for i in p}]
    for i, j in able:
        taken = {(n, m): _taken(plan, n, m) for n, m in ((i, j), (j, i))}
        here = t.not_null(t.column(f"d{i}"))
        columns.append(t.named(t.count_if(t.all_of(here, *taken.values())), f"both{i}_{j}"))
        for (n, m), has in taken.items():
            wrong = t.all_of(t.not_null(t.column(f"d{n}")), has)
            columns.append(t.named(t.count_if(wrong), f"n{n}_{m}"))
    most = max(max(counts[i], counts[j]) for i, j in able)
    where = below(most, MOST_CELLS) if most > MOST_CELLS else None
    found = one_row(engine, t.select(columns, t.table(CLASSIFIED), where=where))
    chosen: dict[int, int] = {}
    for i, j in able:
        if i not in chosen and j not in chosen and 2 * found[f"both{i}_{j}"] >= max(1, found[f"of{i}"]):
            chosen |= {i: j, j: i}
    moved = {
        n: m
        for i, j in able
        for n, m in ((i, j), (j, i))
        if n not in chosen and 100 * found[f"n{n}_{m}"] >= 95 * max(1, found[f"of{n}"])
    }
    return chosen | _telling(engine, plan, moved, where)


def _taken(plan: Plan, i: int, j: int) -> exp.Expr:
    """Whether the candidate has in column i what the baseline has in column j."""
    here = queries.in_form(plan, i, "c", t.column(f"c{i}"))
    there = queries.in_form(plan, j, "b", t.column(f"b{j}"))
    return t.same(here, there)


def _telling(
    engine: Comparer, plan: Plan, moved: Mapping[int, int], where: exp.Expr | None
) -> dict[int, int]:
    """Those that have several values: one default in both columns is no other order."""
    if not moved:
        return {}
    columns: list[exp.Expr] = []
    for i, j in moved.items():
        value = queries.in_form(plan, i, "c", t.column(f"c{i}"))
        wrong = t.all_of(t.not_null(t.column(f"d{i}")), _taken(plan, i, j))
        values = exp.Distinct(expressions=[t.case((wrong, value), otherwise=exp.null())])
        columns.append(t.named(exp.Count(this=values), f"u{i}"))
    found = one_row(engine, t.select(columns, t.table(CLASSIFIED), where=where))
    return {i: j for i, j in moved.items() if found[f"u{i}"] >= _SEVERAL}


def _alike(plan: Plan, i: int, j: int) -> bool:
    one, other = plan.common(i), plan.common(j)
    return (one.form, one.digits, one.scale) == (other.form, other.digits, other.scale)
