"""Running a variant's SQL on Spark, statement by statement.

What Spark understands runs as the author wrote it. Only what belongs to Delta Lake or Unity Catalog is
changed: catalog names, CREATE OR REPLACE TABLE, MERGE, UPDATE, DELETE, and overwriting what is being read.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pyspark.errors import PySparkException
from sqlglot import exp

from recon.connectors.spark.types import declared
from recon.model import TableRef
from recon.sqlscript.databricks_meaning import Kind, Meaning, meaning
from recon.sqlscript.databricks_now import pinned
from recon.sqlscript.databricks_replace import run_delete, run_merge, run_update
from recon.sqlscript.databricks_tree import catalogs
from recon.sqlscript.databricks_words import Edit, edited

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pyspark.sql import DataFrame

    from recon.connectors.ledger import Ledger
    from recon.connectors.spark.workshop import Workshop
    from recon.model import Column
    from recon.sqlscript.databricks_text import Statement
    from recon.sqlscript.databricks_words import Name

_NEW = "recon_new_table"
_READ = "recon_read_first"


class Statements:
    """Runs statements in one world for one variant. Spark's own exceptions pass through."""

    def __init__(self, shop: Workshop, ledger: Ledger, params: Mapping[str, Any]) -> None:
        self._shop = shop
        self._ledger = ledger
        self._params = {name.casefold(): value for name, value in params.items()}
        self._catalog = ""

    def run(self, written: Statement, args: Mapping[str, Any] | None = None) -> DataFrame | None:
        """Run one statement; the rows of a query, not yet computed. ProgramError for what is refused.

        `args` are the parameters of a program's own call, in place of the variant's.
        """
        statement = self._without_catalogs(pinned(written, self._shop.now))
        what = meaning(statement)
        if what.note:
            self._shop.notes.append(f"{_place(written)}{what.note}")
        return self._acts[what.kind](self, statement, what, self._args(statement) if args is None else args)

    def _args(self, statement: Statement) -> dict[str, Any]:
        """The variant's parameters that the statement names, in its own spelling."""
        words = statement.words
        named = [b.text for a, b in itertools.pairwise(words) if a.key == ":" and b.name]
        return {name: self._params[name.casefold()] for name in named if name.casefold() in self._params}

    def _without_catalogs(self, statement: Statement) -> Statement:
        edits, tables = catalogs(statement)
        for table in tables:
            other = self._ledger.meet(table)
            if other:
                raise statement.refuse(
                    f"{table} and {other}.{table.schema}.{table.name} would be one table here",
                    hint="Only one catalog at a time can be stood in for.",
                )
        return replace(statement, text=edited(statement.text, edits))

    # --- One method a kind ---

    def _query(self, statement: Statement, _: Meaning, args: Mapping[str, Any]) -> DataFrame | None:
        return self._shop.sql(statement.text, args)

    def _setting(self, statement: Statement, what: Meaning, args: Mapping[str, Any]) -> None:
        self._shop.sql(edited(statement.text, what.edits), args)

    def _idle(self, _: Statement, __: Meaning, ___: Mapping[str, Any]) -> None:
        """Nothing to do; the note is taken already."""

    def _insert(self, statement: Statement, what: Meaning, args: Mapping[str, Any]) -> None:
        table = self._written(what.table)
        if what.overwrite and self._shop.dynamic:
            raise statement.refuse(
                "dynamic partition overwrite needs Delta Lake, which this engine lacks",
                hint="DELETE the old rows and INSERT the new ones, or run it on Databricks.",
            )
        try:
            self._shop.sql(statement.text, args)
        except PySparkException as error:
            if not (error.getCondition() or "").startswith("UNSUPPORTED_OVERWRITE") or what.query < 0:
                raise
            self._overwrite_what_is_read(statement, what, args)
        self._changed(table, statement)

    def _overwrite_what_is_read(self, statement: Statement, what: Meaning, args: Mapping[str, Any]) -> None:
        """Delta Lake reads a snapshot, Parquet cannot: so the query's rows are computed first."""
        rows = self._shop.sql(statement.text[what.query :], args).localCheckpoint()
        rows.createOrReplaceTempView(_READ)
        picked = exp.select("*").from_(exp.table_(_READ, quoted=True)).sql("databricks")
        try:
            self._shop.sql(f"{statement.text[: what.query]} {picked}")
        finally:
            self._shop.spark.catalog.dropTempView(_READ)

    def _create_table(self, statement: Statement, what: Meaning, args: Mapping[str, Any]) -> None:
        table = self._written(what.table)
        if what.replace and what.query >= 0 and what.table:
            self._replace_by_query(statement, what, args, table)
        else:
            if what.replace:
                self._shop.drop(table)
            self._shop.sql(edited(statement.text, what.edits), args)
        self._shop.require(table, what.required)
        self._changed(table, statement)

    def _replace_by_query(
        self, statement: Statement, what: Meaning, args: Mapping[str, Any], table: TableRef
    ) -> None:
        """The new table is complete before the old one goes: the query may read the old one."""
        fresh = TableRef(schema=table.schema, name=_NEW)
        name = _present(what.table)
        renamed = Edit(name.start, name.end, self._shop.sql_name(fresh))
        self._shop.sql(edited(statement.text, (*what.edits, renamed)), args)
        self._shop.drop(table)
        rename = exp.AlterRename(this=self._shop.node(table))
        self._shop.run(exp.Alter(this=self._shop.node(fresh), kind="TABLE", actions=[rename]))

    def _create_view(self, statement: Statement, what: Meaning, args: Mapping[str, Any]) -> None:
        if what.temporary:
            self._shop.sql(statement.text, args)
            return
        view = self._written(what.table)
        self._shop.sql(statement.text, args)
        self._ledger.wrote(view)

    def _change(self, statement: Statement, what: Meaning, args: Mapping[str, Any]) -> None:
        table = self._written(what.table)
        _CHANGES[what.kind](Bench(self._shop, args), statement)
        self._changed(table, statement)

    def _native(self, statement: Statement, what: Meaning, args: Mapping[str, Any]) -> None:
        table = self._written(what.table)
        self._shop.sql(statement.text, args)
        self._ledger.wrote(table)

    def _drop(self, statement: Statement, what: Meaning, args: Mapping[str, Any]) -> None:
        table = self._written(what.table)
        self._shop.sql(statement.text, args)
        self._ledger.dropped(table)

    def _rename(self, statement: Statement, what: Meaning, args: Mapping[str, Any]) -> None:
        old = self._shop.local(_present(what.table).ref)
        ref = _present(what.renamed).ref
        new = self._shop.local(replace(ref, schema=ref.schema or old.schema))
        self._shop.sql(statement.text, args)
        self._shop.require(new, self._shop.required(old))
        self._ledger.dropped(old)
        self._ledger.wrote(new)

    def _create_schema(self, _: Statement, what: Meaning, __: Mapping[str, Any]) -> None:
        self._shop.make_schema(what.schema)

    def _use(self, statement: Statement, what: Meaning, _: Mapping[str, Any]) -> None:
        if what.catalog:
            if self._catalog and self._catalog.casefold() != what.catalog.casefold():
                raise statement.refuse(
                    f"uses the catalog {what.catalog} after {self._catalog}",
                    hint="A conversion may work in one catalog only.",
                )
            self._catalog = what.catalog
        if what.schema:
            self._shop.make_schema(what.schema)
            self._shop.spark.catalog.setCurrentDatabase(what.schema)

    def _block(self, statement: Statement, what: Meaning, args: Mapping[str, Any]) -> DataFrame | None:
        for inner in what.inner:
            if inner.table is not None and not inner.temporary:
                self._written(inner.table)
        rows = self._shop.sql(statement.text, args)
        for inner in what.inner:
            if inner.table is not None and not inner.temporary:
                table = self._shop.local((inner.renamed or inner.table).ref)
                if inner.kind is Kind.INSERT:
                    self._shop.enforce(table, statement.file, statement.line)
                (self._ledger.dropped if inner.kind is Kind.DROP else self._ledger.wrote)(table)
        return rows if rows.columns else None

    def _changed(self, table: TableRef, statement: Statement) -> None:
        self._shop.enforce(table, statement.file, statement.line)
        self._ledger.wrote(table)

    def _written(self, name: Name | None) -> TableRef:
        ref = _present(name).ref
        self._shop.need_schema(ref)
        return self._shop.local(ref)

    _acts: dict[Kind, Callable[..., DataFrame | None]] = {  # noqa: RUF012 (never changed)
        Kind.QUERY: _query,
        Kind.INSERT: _insert,
        Kind.MERGE: _change,
        Kind.UPDATE: _change,
        Kind.DELETE: _change,
        Kind.TRUNCATE: _native,
        Kind.CREATE_TABLE: _create_table,
        Kind.CREATE_VIEW: _create_view,
        Kind.ALTER: _native,
        Kind.RENAME: _rename,
        Kind.DROP: _drop,
        Kind.CREATE_SCHEMA: _create_schema,
        Kind.USE: _use,
        Kind.SETTING: _setting,
        Kind.IDLE: _idle,
        Kind.BLOCK: _block,
    }


_CHANGES = {Kind.MERGE: run_merge, Kind.UPDATE: run_update, Kind.DELETE: run_delete}


class Bench:
    """Spark's hands for `recon.sqlscript.databricks_replace`."""

    def __init__(self, shop: Workshop, args: Mapping[str, Any]) -> None:
        self._shop = shop
        self._args = args

    @property
    def row_id(self) -> exp.Expr:
        return exp.Anonymous(this="monotonically_increasing_id")

    def leaf(self, text: str) -> exp.Expr:
        """The author's own words, untouched."""
        return exp.Var(this=text)

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        return self._shop.columns(table)

    def keep(self, name: str, query: exp.Query) -> tuple[Column, ...]:
        rows = self._shop.run(query, self._args).localCheckpoint()
        rows.createOrReplaceTempView(name)
        return declared(rows)

    def some(self, query: exp.Query) -> bool:
        return bool(self._shop.run(query, self._args).take(1))

    def replace(self, table: TableRef, query: exp.Query) -> None:
        into = self._shop.node(self._shop.local(table))
        self._shop.run(exp.Insert(this=into, expression=query, overwrite=True), self._args)

    def forget(self, names: Sequence[str]) -> None:
        for name in names:
            self._shop.spark.catalog.dropTempView(name)


def _present(name: Name | None) -> Name:
    """The name that a statement of this kind always has."""
    if name is None:
        raise ValueError("the statement was read without its table")
    return name


def _place(statement: Statement) -> str:
    return f"{statement.file}:{statement.line}: " if statement.file else ""
