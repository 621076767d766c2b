"""DuckDB's names, types and errors as ours, for the engine that stands in for Databricks."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from recon.errors import EngineError, ProgramError
from recon.model import Column

if TYPE_CHECKING:
    from collections.abc import Generator

    from recon.model import TableRef
    from recon.sqlscript.databricks_text import Statement

_CODES = ("DIVIDE_BY_ZERO", "CAST_INVALID_INPUT")
_VALUES = (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException)


def named(table: TableRef) -> exp.Table:
    """The name in a tree, quoted."""
    return exp.table_(table.name, db=table.schema or None, quoted=True)


def describe(db: duckdb.DuckDBPyConnection, table: TableRef) -> tuple[Column, ...]:
    """A table's columns in order, with Databricks' spelling of their types."""
    rows = db.execute(exp.Describe(this=named(table)).sql("duckdb")).fetchall()
    return tuple(Column(name, spelled(kind)) for name, kind, *_ in rows)


def portable(db: duckdb.DuckDBPyConnection, table: TableRef) -> tuple[exp.Select, list[str]]:
    """The query of a table's rows in types that Parquet keeps; a note for each column that becomes text."""
    rows = db.execute(exp.Describe(this=named(table)).sql("duckdb")).fetchall()
    values: list[exp.Expr] = []
    notes: list[str] = []
    for name, kind, *_ in rows:
        column = exp.column(name, quoted=True)
        to = _WIDE.get(kind) or ("VARCHAR" if kind in _AS_TEXT else "")
        if to == "VARCHAR":
            notes.append(f"{name}: {kind.lower()} is compared as text")
        value = exp.Cast(this=column, to=exp.DataType.build(to, dialect="duckdb")) if to else column
        values.append(exp.alias_(value, name, quoted=True))
    return exp.select(*values).from_(named(table)), notes


_WIDE = {"HUGEINT": "DECIMAL(38,0)", "UHUGEINT": "DECIMAL(38,0)"}  # Parquet has no wider integer than 64 bits
_AS_TEXT = {"INTERVAL", "TIME", "TIME WITH TIME ZONE", "UUID", "BIT", '"NULL"'}
_SPELLED = {
    "INTEGER": "INT", "VARCHAR": "STRING", "BLOB": "BINARY", "HUGEINT": "DECIMAL(38,0)",
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INT", "UINTEGER": "BIGINT", "UBIGINT": "DECIMAL(20,0)", "UHUGEINT": "DECIMAL(38,0)",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "UUID": "STRING", "TIME": "STRING", '"NULL"': "VOID",
}  # fmt: skip


def spelled(kind: str) -> str:
    """A DuckDB type as Databricks would spell it."""
    return _SPELLED.get(kind.upper(), kind)


@contextmanager
def ours(what: str) -> Generator[None]:
    """DuckDB's exceptions as EngineError."""
    try:
        yield
    except duckdb.Error as error:
        raise EngineError(f"{what}: {_sentence(error)}") from error


@contextmanager
def blamed(statement: Statement) -> Generator[None]:
    """DuckDB's exceptions as ProgramError with the statement's place."""
    try:
        yield
    except duckdb.Error as error:
        code = next((c for c in _CODES if c in str(error)), type(error).__name__)
        raise ProgramError(_sentence(error), file=statement.file, line=statement.line, code=code) from error


def _sentence(error: duckdb.Error) -> str:
    """The first line, with quoted values taken out where rows were at work."""
    text = str(error).strip().split("\n", 1)[0]
    return re.sub(r"'[^']*'|\"[^\"]*\"|\b\d[\d.]*\b", "…", text) if isinstance(error, _VALUES) else text
