"""DuckDB's hands for `recon.sqlscript.databricks_replace`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from recon.connectors.local.databricks_names import named
from recon.model import TableRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model import Column
    from recon.sqlscript.databricks_text import Statement

ROWS = "recon_rows"


class Work(Protocol):
    """What the bench needs of the statements' runner."""

    def local(self, table: TableRef) -> TableRef: ...
    def described(self, table: TableRef) -> tuple[Column, ...]: ...
    def execute(self, query: exp.Expr, statement: Statement) -> None: ...
    def first(self, query: exp.Expr, statement: Statement) -> bool: ...
    def plain(self, made: exp.Expr, statement: Statement) -> None: ...


class Bench:
    """A `Bench` for one statement."""

    def __init__(self, work: Work, statement: Statement) -> None:
        self._work = work
        self._statement = statement

    @property
    def row_id(self) -> exp.Expr:
        return exp.Window(this=exp.RowNumber())

    def leaf(self, text: str) -> exp.Expr:
        """The author's words as a tree; behind USING they are a relation."""
        try:
            if re.search(r" AS `[^`]*`(\(.*\))?$", text):
                found = sqlglot.parse_one(f"SELECT * FROM {text}", read="databricks")  # noqa: S608 (parsed, not run)
                return found.args["from_"].this
            return sqlglot.parse_one(text, read="databricks")
        except SqlglotError as error:
            raise self._statement.refuse("an expression is not understood") from error

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        return self._work.described(self._work.local(table))

    def keep(self, name: str, query: exp.Query) -> tuple[Column, ...]:
        self._work.execute(temporary(name, query), self._statement)
        return self._work.described(TableRef(schema="", name=name))

    def some(self, query: exp.Query) -> bool:
        return self._work.first(query, self._statement)

    def replace(self, table: TableRef, query: exp.Query) -> None:
        stored = named(self._work.local(table))
        self._work.execute(temporary(ROWS, query), self._statement)
        self._work.plain(exp.Delete(this=stored), self._statement)
        rows = exp.select("*").from_(exp.table_(ROWS, quoted=True))
        self._work.plain(exp.Insert(this=stored.copy(), expression=rows), self._statement)

    def forget(self, names: Sequence[str]) -> None:
        for name in (*names, ROWS):
            drop = exp.Drop(tables=[exp.table_(name, quoted=True)], kind="TABLE", exists=True)
            self._work.plain(drop, self._statement)


def temporary(name: str, query: exp.Expr) -> exp.Create:
    """The statement that keeps a query's rows as a temporary table."""
    temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
    return exp.Create(
        this=exp.table_(name, quoted=True), kind="TABLE", replace=True, properties=temporary, expression=query
    )
