"""What Synapse says of its tables and queries: columns with their declared types.

INFORMATION_SCHEMA.COLUMNS and sp_describe_first_result_set exist in dedicated pools:
https://learn.microsoft.com/azure/synapse-analytics/sql/reference-tsql-system-views
https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-describe-first-result-set-transact-sql
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlglot import exp

from recon.connectors.cloud.synapse_words import as_written, named
from recon.errors import SourceError
from recon.model import Column

if TYPE_CHECKING:
    from recon.model import Scalar, TableRef

Fetch: TypeAlias = Callable[[str, Sequence[Any], str], list[Any]]

_LENGTHS: Final = frozenset({"char", "varchar", "nchar", "nvarchar", "binary", "varbinary"})
_CLOCKS: Final = frozenset({"datetime2", "time", "datetimeoffset"})
_ASKED: Final = (
    *("COLUMN_NAME", "DATA_TYPE", "CHARACTER_MAXIMUM_LENGTH", "NUMERIC_PRECISION", "NUMERIC_SCALE"),
    *("DATETIME_PRECISION", "IS_NULLABLE", "COLLATION_NAME"),
)


def columns_of(table: TableRef, fetch: Fetch) -> tuple[tuple[Column, ...], dict[str, str]]:
    """A table's columns in declared order, and the collation of each text column.

    SourceError when there is no such table or view, or the login may not see it.
    """
    schema = table.schema or "dbo"
    asked = exp.select(*(exp.column(name, quoted=True) for name in _ASKED)).from_(_view("COLUMNS"))
    asked = asked.where(_is("TABLE_SCHEMA"), _is("TABLE_NAME"))
    asked = asked.order_by(exp.column("ORDINAL_POSITION", quoted=True))
    rows = fetch(asked.sql("tsql"), (schema, table.name), f"the catalogue of {table}")
    if not rows:
        near = _nearest(table, schema, fetch)
        hint = f"Did you mean {near}?" if near else "Check the name, and that the login may SELECT from it."
        raise SourceError(f"there is no table {table} in Synapse, or the login may not see it", hint=hint)
    columns = tuple(Column(r[0], _spelled(r), r[6] != "NO") for r in rows)
    return columns, {r[0]: r[7] for r in rows if r[7]}


def described(sql: str, fetch: Callable[[str, Sequence[Any]], list[Any]]) -> tuple[Column, ...]:
    """The columns of a batch's first result, without running it; a column without a name has ''."""
    call = exp.Execute(
        this=exp.to_table("sp_describe_first_result_set"),
        expressions=[exp.EQ(this=as_written("@tsql"), expression=exp.Placeholder())],
    )
    rows = fetch(call.sql("tsql"), (sql,))
    shown = [r for r in rows if not r.is_hidden]
    return tuple(Column(r.name or "", r.system_type_name, bool(r.is_nullable)) for r in shown)


def procedure_call(name: Sequence[str], arguments: Mapping[str, Scalar]) -> exp.Expr:
    """EXEC of a procedure; a question mark for the value of each argument, in their order."""
    pairs = [exp.EQ(this=as_written(key), expression=exp.Placeholder()) for key in arguments]
    return exp.Execute(this=named(name), expressions=pairs)


def _spelled(row: Sequence[Any]) -> str:
    """The declared type as T-SQL spells it."""
    kind, length, precision, scale, clock = str(row[1]).lower(), row[2], row[3], row[4], row[5]
    if kind in _LENGTHS:
        return f"{kind}({'max' if length == -1 else length})"
    if kind in {"decimal", "numeric"}:
        return f"decimal({precision},{scale})"
    return f"{kind}({clock})" if kind in _CLOCKS else kind


def _nearest(table: TableRef, schema: str, fetch: Fetch) -> str:
    """The most similar name among the tables and views that the login sees."""
    asked = exp.select(*(exp.column(n, quoted=True) for n in ("TABLE_SCHEMA", "TABLE_NAME"))).from_(
        _view("TABLES")
    )
    known = [f"{r[0]}.{r[1]}" for r in fetch(asked.sql("tsql"), (), "the list of tables")]
    return next(iter(difflib.get_close_matches(f"{schema}.{table.name}", known, 1)), "")


def _view(name: str) -> exp.Table:
    return named(("INFORMATION_SCHEMA", name))


def _is(column: str) -> exp.Expr:
    return exp.EQ(this=exp.column(column, quoted=True), expression=exp.Placeholder())
