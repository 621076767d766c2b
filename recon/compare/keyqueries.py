"""What a search for keys asks the engine, as trees. A compared column goes by its number. Pure.

Rows to look at are given by a function: for some columns the rows with these columns in their form, `k{i}`.
They may be read from a side, or have been saved as a work table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import queries
from recon.compare import trees as t
from recon.compare.forms import Form

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from recon.compare.plan import Plan
    from recon.compare.queries import Which
    from recon.model import TableRef

Rows: TypeAlias = "Callable[[Sequence[int]], exp.Select]"

_REPEATED_KEYS: Final = 150  # of a set that is not unique, to learn from
_REPEATED_ROWS: Final = 600  # more than the keys, so that two of them share a key


def usable(plan: Plan) -> tuple[int, ...]:
    """The numbers of the columns that can be in a key: the compared ones that are not nested."""
    return tuple(i for i in range(len(plan.compared)) if plan.common(i).form is not Form.NESTED)


def every_row(plan: Plan, which: Which, table: TableRef) -> Rows:
    """All rows of a side, read anew by each query."""

    def rows(columns: Sequence[int]) -> exp.Select:
        named = [t.named(queries.normal(plan, i, which), f"k{i}") for i in columns]
        return t.select(named, t.inner(queries.side(plan, which, table, columns), which))

    return rows


def saved_rows(table: TableRef) -> Rows:
    """The rows of a work table that has the usable columns."""
    return lambda columns: t.select([t.column(f"k{i}") for i in columns], t.table(table))


def at_most(query: exp.Select, most: int) -> exp.Select:
    """Any of the query's rows, at most so many."""
    query.set("limit", exp.Limit(expression=t.number(most)))
    return query


def some_texts(plan: Plan, rows: Rows, most: int) -> exp.Select:
    """Any of the rows, at most so many, with the usable columns as text."""
    columns = usable(plan)
    return at_most(t.select(_as_texts(plan, "r"), t.inner(rows(columns), "r")), most)


def uniqueness(rows: Rows, columns: Sequence[int]) -> exp.Select:
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
    keys = _keys(rows, columns)
    return t.select([_called(v, name) for name, v in counts.items()], t.inner(keys, "g"))


def _called(value: exp.Expr, name: str) -> exp.Expr:
    """Value AS a name of ours that is also a word of SQL."""
    return exp.Alias(this=t.own(value), alias=exp.to_identifier(name, quoted=True))


def _keys(rows: Rows, columns: Sequence[int], having: exp.Expr | None = None) -> exp.Select:
    """The different keys, `k{i}`, and in how many rows each occurs, `n`."""
    named = [t.column(f"k{i}") for i in columns]
    return t.select(
        [*named, t.named(t.rows_counted(), "n")], t.inner(rows(columns), "r"), group=named, having=having
    )


def _repeated(rows: Rows, columns: Sequence[int]) -> exp.Select:
    """The keys that occur more than once."""
    return _keys(rows, columns, t.operator(exp.GT, t.rows_counted(), t.number(1)))


def _on(columns: Sequence[int]) -> exp.Expr:
    return t.all_of(*(t.same(t.column(f"k{i}", "r"), t.column(f"k{i}", "k")) for i in columns))


def repeated_texts(plan: Plan, rows: Rows, columns: Sequence[int]) -> exp.Select:
    """A few rows whose key occurs more than once, the usable columns as text: at least two share a key.

    None when each row has a key of its own.
    """
    keys = t.join(t.inner(at_most(_repeated(rows, columns), _REPEATED_KEYS), "k"), _on(columns))
    found = t.select(_as_texts(plan, "r"), t.inner(rows(usable(plan)), "r"), joins=[keys])
    return at_most(found, _REPEATED_ROWS)


def repeated_rows(plan: Plan, rows: Rows, columns: Sequence[int]) -> exp.Select:
    """All rows whose key occurs more than once, with the usable columns."""
    keys = t.join(t.inner(_repeated(rows, columns), "k"), _on(columns))
    wanted = usable(plan)
    return t.select([t.column(f"k{i}", "r") for i in wanted], t.inner(rows(wanted), "r"), joins=[keys])


def shared_keys(one: Rows, other: Rows, columns: Sequence[int]) -> exp.Select:
    """One row, `keys`: how many different keys both have. INTERSECT takes NULL for equal to NULL."""
    both = exp.Intersect(this=one(columns), expression=other(columns), distinct=True)
    return t.select([_called(t.rows_counted(), "keys")], t.inner(both, "i"))


def _as_texts(plan: Plan, alias: str) -> list[exp.Expr]:
    """Equal values give equal texts and different ones different texts; NULL stays NULL."""
    columns: list[exp.Expr] = []
    for i in usable(plan):
        value = t.column(f"k{i}", alias)
        binary = plan.common(i).form is Form.BINARY
        columns.append(t.named(d.hexadecimal(value) if binary else d.as_text(value), f"s{i}"))
    return columns
