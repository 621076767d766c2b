"""What a search for keys asks the engine, as trees. A compared column goes by its number. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import queries
from recon.compare import trees as t
from recon.compare.forms import Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.model import TableRef

_REPEATED_KEYS: Final = 20  # of a set that is not unique, to learn from
_REPEATED_ROWS: Final = 100  # more than the keys, so that two of them share a key


def usable(plan: Plan) -> tuple[int, ...]:
    """The numbers of the columns that can be in a key: the compared ones that are not nested."""
    return tuple(i for i in range(len(plan.compared)) if plan.common(i).form is not Form.NESTED)


def some_rows(plan: Plan, which: Which, table: TableRef, most: int) -> exp.Select:
    """Any rows of a side, at most so many, with the usable columns as text."""
    query = t.select(_as_texts(plan, which), t.inner(queries.side(plan, which, table), which))
    query.set("limit", exp.Limit(expression=t.number(most)))
    return query


def uniqueness(plan: Plan, which: Which, table: TableRef, columns: Sequence[int]) -> exp.Select:
    """One row: `rows`, `distinct`, `null_rows` and `duplicated_keys` of these columns."""
    n, zero = t.column("n"), t.number(0)
    nulls = t.any_of(*(t.is_null(t.column(f"k{i}")) for i in columns))
    repeated = t.operator(exp.GT, n, t.number(1))
    counts = {
        "rows": exp.Sum(this=t.own(n)),
        "distinct": t.rows_counted(),
        "null_rows": exp.Sum(this=t.case((nulls, n), otherwise=zero)),
        "duplicated_keys": t.count_if(repeated),
    }
    keys = _keys(plan, which, table, columns)
    return t.select([_called(v, name) for name, v in counts.items()], t.inner(keys, "g"))


def _called(value: exp.Expr, name: str) -> exp.Expr:
    """Value AS a name of ours that is also a word of SQL."""
    return exp.Alias(this=t.own(value), alias=exp.to_identifier(name, quoted=True))


def _keys(
    plan: Plan, which: Which, table: TableRef, columns: Sequence[int], having: exp.Expr | None = None
) -> exp.Select:
    """The different keys of a side, `k{i}`, and in how many rows each occurs, `n`."""
    named = [t.named(queries.normal(plan, i, which), f"k{i}") for i in columns]
    return t.select(
        [*named, t.named(t.rows_counted(), "n")],
        t.inner(queries.side(plan, which, table), which),
        group=queries.normals(plan, columns, which),
        having=having,
    )


def repeated_rows(plan: Plan, which: Which, table: TableRef, columns: Sequence[int]) -> exp.Select:
    """A few rows whose key occurs more than once, the usable columns as text. At least two share a key."""
    often = t.operator(exp.GT, t.rows_counted(), t.number(1))
    keys = _keys(plan, which, table, columns, often)
    keys.set("limit", exp.Limit(expression=t.number(_REPEATED_KEYS)))
    on = t.all_of(*(t.same(queries.normal(plan, i, which), t.column(f"k{i}", "k")) for i in columns))
    rows = t.inner(queries.side(plan, which, table), which)
    query = t.select(_as_texts(plan, which), rows, joins=[t.join(t.inner(keys, "k"), on)])
    query.set("limit", exp.Limit(expression=t.number(_REPEATED_ROWS)))
    return query


def shared_keys(plan: Plan, tables: tuple[TableRef, TableRef], columns: Sequence[int]) -> exp.Select:
    """One row, `keys`: how many different keys both sides have. INTERSECT takes NULL for equal to NULL."""
    one, other = (
        t.select(
            [t.named(queries.normal(plan, i, which), f"k{i}") for i in columns],
            t.inner(queries.side(plan, which, table), which),
        )
        for which, table in zip(queries.SIDES, tables, strict=True)
    )
    both = exp.Intersect(this=one, expression=other, distinct=True)
    return t.select([_called(t.rows_counted(), "keys")], t.inner(both, "i"))


def _as_texts(plan: Plan, which: Which) -> list[exp.Expr]:
    """Equal values give equal texts and different ones different texts; NULL stays NULL."""
    columns: list[exp.Expr] = []
    for i in usable(plan):
        value = queries.normal(plan, i, which)
        binary = plan.common(i).form is Form.BINARY
        columns.append(t.named(d.hexadecimal(value) if binary else d.as_text(value), f"s{i}"))
    return columns
