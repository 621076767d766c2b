"""Running a variant's SQL on DuckDB, statement by statement, in the place of Spark."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp
from sqlglot.schema import MappingSchema

from recon.connectors.ledger import Ledger
from recon.connectors.local.databricks_bench import ROWS, Bench, temporary
from recon.connectors.local.databricks_duck import Translator
from recon.connectors.local.databricks_names import blamed, describe, named, spelled
from recon.model import TableRef
from recon.sqlscript.databricks_meaning import Kind, Meaning, meaning
from recon.sqlscript.databricks_now import pinned
from recon.sqlscript.databricks_replace import run_delete, run_merge, run_update
from recon.sqlscript.databricks_tree import catalogs, tree
from recon.sqlscript.databricks_words import edited

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import duckdb

    from recon.model import Column, Scalar, Session
    from recon.sqlscript.databricks_text import Statement
    from recon.sqlscript.databricks_words import Name

_REMEDY = 'Set mode = "spark" in recon.toml, or run it on Databricks.'


class DuckStatements:
    """One variant's statements in one world. `rows` is the last query, when the script ends in one."""

    def __init__(
        self,
        db: duckdb.DuckDBPyConnection,
        session: Session,
        params: Mapping[str, Scalar],
        notes: list[str],
    ) -> None:
        self._db = db
        self._ansi = session.ansi
        self._now = session.now
        self._params = {name.lstrip("@"): value for name, value in params.items()}
        self._notes = notes
        self._schema = "default"
        self._catalog = ""
        self.ledger = Ledger()
        self.rows: tuple[Statement, exp.Expr] | None = None

    def script(self, parts: Sequence[Statement]) -> None:
        """Run all statements. ProgramError with file and line at the first that fails."""
        for written in parts:
            if self.rows:  # a query that is not the last may still fail
                self._run(temporary(ROWS, self.rows[1]), self.rows[0])
            self.rows = None
            self._statement(written)

    def save_rows(self, table: TableRef) -> None:
        """Make the last query's rows the table."""
        if self.rows:
            made = exp.Create(this=named(table), kind="TABLE", replace=True, expression=self.rows[1])
            self._run(made, self.rows[0])

    def local(self, table: TableRef) -> TableRef:
        """The name without its catalog, and with the current schema where none is written."""
        return TableRef(schema=table.schema or self._schema, name=table.name)

    # --- One statement ---

    def _statement(self, written: Statement) -> None:
        if "${" in written.text:
            raise written.refuse("${...} is not supported by DuckDB", hint=_REMEDY)
        written = pinned(written, self._now)
        edits, tables = catalogs(written)
        for table in tables:
            if self.ledger.meet(table):
                raise written.refuse(f"{table}: two catalogs have this table", hint=_REMEDY)
        statement = replace(written, text=edited(written.text, edits))
        what = meaning(statement)
        if what.note:
            self._note(statement, what.note)
        act = self._acts.get(what.kind)
        if act is None:
            raise statement.refuse(f"{statement.words[0].key} is not supported by DuckDB", hint=_REMEDY)
        with blamed(statement):
            act(self, statement, what)

    def _note(self, statement: Statement, text: str, line: int = 1) -> None:
        self._notes.append(f"{statement.file}:{statement.line + line - 1}: {text}")

    def _translated(self, found: exp.Expr, statement: Statement) -> exp.Expr:
        translator = Translator(self._known(), ansi=self._ansi, params=self._params)
        made = translator.translate(found)
        for line, text in translator.notes:
            self._note(statement, text, line)
        return made

    def _known(self) -> MappingSchema:
        """The types of all tables and views, for the rules that depend on them."""
        schema = MappingSchema(dialect="databricks")
        described = self._db.execute(
            "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
        tables: dict[tuple[str, str], dict[str, str]] = {}
        for place, table, column, kind in described:
            tables.setdefault((place, table), {})[column] = spelled(kind)
        for (place, table), columns in tables.items():
            schema.add_table(
                exp.table_(table, db=place, quoted=True), columns, dialect="databricks", match_depth=False
            )
        return schema

    def _run(self, made: exp.Expr, statement: Statement) -> None:
        with blamed(statement):
            self._db.execute(made.sql("duckdb"))

    # --- One method a kind ---

    def _query(self, statement: Statement, _: Meaning) -> None:
        self.rows = statement, self._translated(tree(statement), statement)

    def _insert(self, statement: Statement, what: Meaning) -> None:
        """The rows first: an overwritten table may be among those that are read."""
        table = self._written(what.table)
        found = tree(statement)
        query = found.args.get("expression")
        if not isinstance(found, exp.Insert) or not isinstance(query, exp.Expr):
            raise statement.refuse("this INSERT is not supported by DuckDB", hint=_REMEDY)
        if found.args.get("with_"):
            query.set("with_", found.args["with_"].copy())
        rows = self._translated(query, statement)
        kept = exp.table_(ROWS, quoted=True)
        self._run(temporary(ROWS, rows), statement)
        if what.overwrite:
            self._run(exp.Delete(this=named(table)), statement)
        into: exp.Expr = named(table)
        if isinstance(found.this, exp.Schema):
            into = exp.Schema(this=into, expressions=[c.copy() for c in found.this.expressions])
        fill = exp.Insert(
            this=into, expression=exp.select("*").from_(kept), by_name=found.args.get("by_name")
        )
        self._run(fill, statement)
        self.ledger.wrote(table)

    def _create_table(self, statement: Statement, what: Meaning) -> None:
        table = self._written(what.table)
        found = tree(replace(statement, text=edited(statement.text, what.edits)))
        query, target = found.args.get("expression"), found.this
        columns = exp.Schema(this=named(table), expressions=_plain_columns(target))
        body = self._translated(query, statement) if isinstance(query, exp.Query) else None
        made = exp.Create(
            this=self._translated(columns, statement)
            if isinstance(target, exp.Schema) and not body
            else named(table),
            kind="TABLE",
            replace=what.replace,
            exists=found.args.get("exists"),
            expression=body,
        )
        self._run(made, statement)
        self.ledger.wrote(table)

    def _create_view(self, statement: Statement, what: Meaning) -> None:
        found = tree(statement)
        query = found.args.get("expression")
        if not isinstance(query, exp.Query) or what.table is None:
            raise statement.refuse("this CREATE VIEW is not supported by DuckDB", hint=_REMEDY)
        view = TableRef(schema="", name=what.table.parts[-1]) if what.temporary else self._written(what.table)
        name: exp.Expr = named(view)
        if isinstance(found.this, exp.Schema):
            name = exp.Schema(
                this=name,
                expressions=[exp.to_identifier(c.name, quoted=True) for c in found.this.expressions],
            )
        kind = exp.Properties(expressions=[exp.TemporaryProperty()]) if what.temporary else None
        made = exp.Create(
            this=name,
            kind="VIEW",
            replace=found.args.get("replace"),
            exists=found.args.get("exists"),
            properties=kind,
            expression=self._translated(query, statement),
        )
        self._run(made, statement)
        if not what.temporary:
            self.ledger.wrote(view)

    def _change(self, statement: Statement, what: Meaning) -> None:
        table = self._written(what.table)
        _CHANGES[what.kind](Bench(self, statement), statement)
        self.ledger.wrote(table)

    def _truncate(self, statement: Statement, what: Meaning) -> None:
        table = self._written(what.table)
        self._run(exp.Delete(this=named(table)), statement)
        self.ledger.wrote(table)

    def _drop(self, statement: Statement, what: Meaning) -> None:
        """A name without a schema may be a temporary view's."""
        found = tree(statement)
        table = self._written(what.table)
        if what.table is not None and len(what.table.parts) == 1:
            view = named(TableRef(schema="temp", name=table.name))
            if found.args.get("kind") == "VIEW" and self._has_temporary(table.name):
                self._run(exp.Drop(tables=[view], kind="VIEW"), statement)
                return
        drop = exp.Drop(tables=[named(table)], kind=found.args.get("kind"), exists=found.args.get("exists"))
        self._run(drop, statement)
        self.ledger.dropped(table)

    def _has_temporary(self, name: str) -> bool:
        views = self._db.execute("SELECT view_name FROM duckdb_views() WHERE temporary").fetchall()
        return any(view.casefold() == name.casefold() for (view,) in views)

    def _rename(self, statement: Statement, what: Meaning) -> None:
        old, new = self._written(what.table), self._written(what.renamed)
        rename = exp.AlterRename(this=exp.table_(new.name, quoted=True))
        self._run(exp.Alter(this=named(old), kind="TABLE", actions=[rename]), statement)
        self.ledger.dropped(old)
        self.ledger.wrote(TableRef(schema=old.schema, name=new.name))

    def _create_schema(self, _: Statement, what: Meaning) -> None:
        self._need_schema(what.schema)

    def _use(self, statement: Statement, what: Meaning) -> None:
        if what.catalog:
            if self._catalog and self._catalog.casefold() != what.catalog.casefold():
                raise statement.refuse(
                    f"uses the catalog {what.catalog} after {self._catalog}",
                    hint="A conversion may work in one catalog only.",
                )
            self._catalog = what.catalog
        if what.schema:
            self._need_schema(what.schema)
            self._schema = what.schema
            name = exp.Literal.string(what.schema)
            self._run(
                exp.Set(
                    expressions=[exp.SetItem(this=exp.EQ(this=exp.to_identifier("schema"), expression=name))]
                ),
                statement,
            )

    def _setting(self, statement: Statement, _: Meaning) -> None:
        verb = statement.words[0].key
        if verb in {"DECLARE", "CREATE", "DROP"} or (
            verb == "SET" and statement.words[1].key in {"VAR", "VARIABLE"}
        ):
            raise statement.refuse("variables and functions are not supported by DuckDB", hint=_REMEDY)
        self._note(statement, f"{verb} left out: DuckDB has nothing like it")

    def _idle(self, _: Statement, __: Meaning) -> None:
        """Nothing to do; the note is taken already."""

    def _need_schema(self, name: str) -> None:
        schema = exp.Table(db=exp.to_identifier(name, quoted=True))
        self._db.execute(exp.Create(this=schema, kind="SCHEMA", exists=True).sql("duckdb"))

    def _written(self, name: Name | None) -> TableRef:
        if name is None:
            raise ValueError("the statement was read without its table")
        table = self.local(name.ref)
        self._need_schema(table.schema)
        return table

    _acts: dict[Kind, Callable[..., None]] = {  # noqa: RUF012 (never changed)
        Kind.QUERY: _query,
        Kind.INSERT: _insert,
        Kind.MERGE: _change,
        Kind.UPDATE: _change,
        Kind.DELETE: _change,
        Kind.TRUNCATE: _truncate,
        Kind.CREATE_TABLE: _create_table,
        Kind.CREATE_VIEW: _create_view,
        Kind.RENAME: _rename,
        Kind.DROP: _drop,
        Kind.CREATE_SCHEMA: _create_schema,
        Kind.USE: _use,
        Kind.SETTING: _setting,
        Kind.IDLE: _idle,
    }

    # --- For the bench ---

    def described(self, table: TableRef) -> tuple[Column, ...]:
        """A table's columns."""
        return describe(self._db, table)

    def execute(self, query: exp.Expr, statement: Statement) -> None:
        """Translate and run."""
        self._run(self._translated(query, statement), statement)

    def first(self, query: exp.Expr, statement: Statement) -> bool:
        """Whether the query has a row."""
        self.execute(query, statement)
        return self._db.fetchone() is not None

    def plain(self, made: exp.Expr, statement: Statement) -> None:
        """Run what is DuckDB's already."""
        self._run(made, statement)


_CHANGES = {Kind.MERGE: run_merge, Kind.UPDATE: run_update, Kind.DELETE: run_delete}


def _required(column: exp.ColumnDef) -> list[exp.Expr]:
    found = [
        c for c in column.args.get("constraints") or [] if isinstance(c.kind, exp.NotNullColumnConstraint)
    ]
    return [c.copy() for c in found if not c.kind.args.get("allow_null")]


def _plain_columns(target: exp.Expr) -> list[exp.Expr]:
    """Column names, types and NOT NULL. Keys of Delta tables are informational."""
    return [
        exp.ColumnDef(
            this=exp.to_identifier(c.name, quoted=True), kind=c.args["kind"].copy(), constraints=_required(c)
        )
        for c in target.expressions
        if isinstance(c, exp.ColumnDef)
    ]
