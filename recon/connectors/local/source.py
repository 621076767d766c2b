"""Synapse on a laptop: a fresh DuckDB database in which T-SQL runs with T-SQL's types and rules."""

from __future__ import annotations

import difflib
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from recon.connectors.local.tsql.catalog import ViewDef, key_of
from recon.connectors.local.tsql.context import fresh
from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import cast, column, constant, name, subquery
from recon.connectors.local.tsql.exec import constant_tokens
from recon.connectors.local.tsql.load import load
from recon.connectors.local.tsql.predicate import filtering
from recon.connectors.local.tsql.query import query
from recon.connectors.local.tsql.run import Runner
from recon.connectors.local.tsql.scope import Query, Source, Typed
from recon.connectors.local.tsql.session import Failure, Session
from recon.connectors.local.tsql.statements import run_leaf
from recon.errors import Cancelled, ProgramError, SourceError, SpecError
from recon.model import Column
from recon.ports import Rows
from recon.sqlscript import tsql_types as types
from recon.sqlscript.extract import extract, is_procedure
from recon.sqlscript.tokens import Kind, solid, tokenize
from recon.sqlscript.tsql_header import object_name
from recon.sqlscript.tsql_parse import condition
from recon.sqlscript.tsql_split import split
from recon.sqlscript.tsql_tree import Leaf
from recon.sqlscript.tsql_types import Family, SqlType

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from recon.connectors.local.tsql.duck import Tree, Value
    from recon.connectors.local.tsql.run import Registered
    from recon.model import Project, Scalar, Script, Table, TableRef
    from recon.sqlscript.tsql_tree import ScriptTree

_BATCH_ROWS = 100_000
_MEMORY = "2GB"
_REFUSED = (
    'Write it in another way, or compare the table as Synapse has loaded it: mode = "table" under [baseline]'
    " in table.toml."
)


@contextmanager
def local_source(project: Project, table: Table, scratch: Path) -> Generator[LocalSource]:
    """A fresh stand-in for Synapse with the table's DDL run and its input files loaded.

    It lies in `scratch` and is gone afterwards. SpecError when DDL and files do not fit together.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    file = scratch / "synapse.duckdb"
    file.unlink(missing_ok=True)
    spill = str(scratch / "synapse.tmp")
    try:
        con = duckdb.connect(str(file), config={"temp_directory": spill, "memory_limit": _MEMORY})
    except duckdb.Error as error:
        raise SourceError(f"DuckDB cannot make a database in {scratch}", hint="Is the disk full?") from error
    try:
        con.execute("SET TimeZone = 'UTC'")
        source = LocalSource(con, project.session.collation)
        if project.session.now is not None:
            source.session.now, source.session.pinned = project.session.now, True
        if table.ddl is not None:
            source.run(table.ddl)
        for item in table.inputs:
            if item.file:
                load(source.session, item, project.folder / item.file)
        yield source
    finally:
        con.close()
        file.unlink(missing_ok=True)


class LocalSource:
    """`recon.ports.Source` on DuckDB. Use `local_source`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, collation: str) -> None:
        self._con = con
        self._stopped = False
        self.session = Session(con, collation)
        self._runner = Runner(self.session, run_leaf, self._check)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was only approximated so far, each with its line."""
        return tuple(self.session.notes)

    # --- running --------------------------------------------------------------------------------

    def run(self, script: Script) -> None:
        """Run a script without parameters: the project's DDL."""
        with _advised():
            self._guarded(split(script.text, script.path), {})

    def call(self, script: Script, procedure: str, params: Mapping[str, Scalar]) -> None:
        """Run the script, then the procedure if one is named. ProgramError with the line of what fails."""
        with _advised():
            tree = split(script.text, script.path)
            if not procedure:
                self._guarded(tree, self._variables(tree, params))
                return
            self._guarded(tree, {})
            found = self._procedure(procedure, script)
            values = self._parameters(found, params, script)
            self._in_words(script.path, lambda: self._call(found, values))

    def query(self, script: Script, params: Mapping[str, Scalar], where: str = "") -> Rows:
        """Run the script and return the rows of its last SELECT, filtered by a T-SQL predicate.

        Of a procedure it is the query behind its target; the procedure itself is not run.
        """
        with _advised():
            tree = split(script.text, script.path)
            if is_procedure(tree):
                tree = self._behind(tree, script)
            self._runner.result = None
            self._guarded(tree, self._variables(tree, params))
        made = self._runner.result
        if made is None:
            raise ProgramError("the script has no SELECT that returns rows", file=script.path)
        for at, output in enumerate(made.outputs):
            if not output.name:
                message = f"column {at + 1} of the last SELECT has no name"
                raise ProgramError(message, file=script.path, hint="Give it one with AS.")
        return self._rows(self._filtered(made, where) if where else made)

    def _filtered(self, made: Query, where: str) -> Query:
        """The rows of a query for which the predicate holds."""
        env = fresh(self.session, "filter", 1)
        rows = Source(env.ctx.alias(), (), made.fields())
        kept = exp.select(*(column(rows.alias, f.real) for f in rows.fields))
        kept = kept.from_(subquery(made.tree, rows.alias))
        return Query(kept.where(filtering(env.see((rows,)), _predicate(where))), made.outputs)

    def _behind(self, tree: ScriptTree, script: Script) -> ScriptTree:
        """The script that reads what a procedure writes, with a note of what it is."""
        columns: tuple[str, ...] = ()
        found = extract(tree)
        table = self.session.catalog.table(tuple(found.target.split(".")))
        if table is not None:
            columns = tuple(c.name for c in table.columns if not c.identity)
            found = extract(tree, columns)
        said = f"the rows are those of the query that fills {found.target}; the procedure was not run"
        more = ", and the rows that the table held before are not among them" if found.adds else ""
        self.session.note(script.path, found.line, said + more)
        return split(found.text, f"{script.path} (extracted)")

    def _call(self, found: Registered, values: dict[str, tuple[SqlType, Value]]) -> None:
        self._runner.call(found, values)

    def _guarded(self, tree: ScriptTree, given: Mapping[str, tuple[SqlType, Value]]) -> None:
        self._runner.given = given
        try:
            self._in_words(tree.file, lambda: self._runner.script(tree))
        finally:
            self._runner.given = {}

    def _in_words(self, file: str, work: Callable[[], None]) -> None:
        """Run, and say a T-SQL error that nothing caught as a ProgramError."""
        self._runner.pending = None
        try:
            work()
            if self._runner.pending is not None:
                raise self._runner.pending
            if self.session.trancount:
                raise ProgramError("a transaction is still open at the end", file=file, code="266")
        except Failure as error:
            place = error.file or file
            where = f" (in {error.procedure})" if error.procedure else ""
            message = f"{error.message}{where}"
            raise ProgramError(message, file=place, line=error.line, code=str(error.number)) from error
        finally:
            self._unwind()

    def _unwind(self) -> None:
        if self.session.trancount:
            self.session.rollback()

    def _procedure(self, procedure: str, script: Script) -> Registered:
        parts, _ = object_name(solid(tokenize(procedure)), 0)
        found = self._runner.procedures.get(key_of(parts)) if parts else None
        if found is not None:
            return found
        known = [".".join(r.tree.name) for r in self._runner.procedures.values()]
        near = difflib.get_close_matches(procedure, known, 1, cutoff=0.4)
        hint = f"Did you mean {near[0]}?" if near else "The script creates no procedure."
        raise SpecError(f"{script.path} does not create the procedure {procedure}", hint=hint)

    # --- parameters -------------------------------------------------------------------------------

    def _parameters(
        self, found: Registered, params: Mapping[str, Scalar], script: Script
    ) -> dict[str, tuple[SqlType, Value]]:
        """The values of a procedure's parameters: given ones converted, the rest by default."""
        declared = {p.name.lstrip("@").casefold(): p for p in found.tree.parameters}
        given = {k.lstrip("@").casefold(): (k, v) for k, v in params.items()}
        for key, (written, _) in given.items():
            if key not in declared:
                near = difflib.get_close_matches(key, declared, 1, cutoff=0.4)
                hint = f"Did you mean {near[0]}?" if near else "Remove it from [params] in table.toml."
                title = ".".join(found.tree.name)
                raise SpecError(f"{script.path}: {title} has no parameter {written}", hint=hint)
        values: dict[str, tuple[SqlType, Value]] = {}
        for key, parameter in declared.items():
            kind = self._runner.type_of(parameter.type, parameter.line)
            at = parameter.name.casefold()
            if key in given:
                values[at] = (kind, self._converted(script, parameter.name, given[key][1], kind))
            elif parameter.default is not None:
                tokens = constant_tokens(parameter.default)
                values[at] = self._runner.compute(tokens, parameter.line, kind)
            else:
                message = f"{script.path}: the parameter {parameter.name} has neither a value nor a default"
                raise SpecError(message, hint="Give it a value under [params] in table.toml.")
        return values

    def _variables(self, tree: ScriptTree, params: Mapping[str, Scalar]) -> dict[str, tuple[SqlType, Value]]:
        """Parameters of a script without a procedure: its variables of those names."""
        used = {t.text.casefold() for t in tokenize(tree.text, tree.file) if t.kind is Kind.VARIABLE}
        made: dict[str, tuple[SqlType, Value]] = {}
        for written, value in params.items():
            key = "@" + written.lstrip("@").casefold()
            if key not in used:
                near = difflib.get_close_matches(key, used, 1, cutoff=0.4)
                hint = f"Did you mean {near[0]}?" if near else "Remove it from [params] in table.toml."
                raise SpecError(f"{tree.file} has no variable {key}", hint=hint)
            made[key] = (scalar_type(value), value)
        return made

    def _converted(self, script: Script, named: str, value: Scalar, kind: SqlType) -> Value:
        env = fresh(self.session, script.path, 0)
        source = scalar_type(value)
        try:
            made = convert(env, exp.Null(), Typed(constant(value, source), source), kind)
            return self.session.evaluate(made.tree)
        except Failure as error:
            raise SpecError(
                f"{script.path}: the value of {named} does not fit its type {kind}: {error.message}",
                hint="Correct it under [params] in table.toml.",
            ) from error

    # --- reading ------------------------------------------------------------------------------------

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        """The table's columns with their declared types. SourceError if there is no such table."""
        parts = tuple(p for p in (table.schema, table.name) if p)
        found = self.session.catalog.get(parts)
        if found is None:
            near = difflib.get_close_matches(str(table), self.session.catalog.near(parts), 1)
            hint = f"Did you mean {near[0]}?" if near else "Declare it in ddl.sql, or name it as an input."
            raise SourceError(f"there is no table {table} in the stand-in for Synapse", hint=hint)
        if isinstance(found, ViewDef):
            made = query(fresh(self.session, str(table), 0), found.query)
            names = found.columns or tuple(o.name for o in made.outputs)
            return tuple(Column(n, str(o.type)) for n, o in zip(names, made.outputs, strict=True))
        return tuple(Column(c.name, str(c.type), c.nullable) for c in found.columns)

    def read(self, table: TableRef, where: str = "", *, split_by: str = "") -> Rows:
        """Stream the table's rows, filtered by a T-SQL predicate; in one piece, whatever `split_by`."""
        self.columns(table)
        parts = [p for p in (table.schema, table.name) if p]
        named = exp.Table(
            this=exp.to_identifier(parts[-1], quoted=True),
            db=exp.to_identifier(parts[0], quoted=True) if len(parts) > 1 else None,
        )
        chosen = exp.Select(expressions=[exp.Star()], from_=exp.From(this=named))
        if where:
            chosen.set("where", exp.Where(this=_predicate(where)))
        made = query(fresh(self.session, f"filter of {table}", 1), chosen)
        return self._rows(made)

    def _rows(self, made: Query) -> Rows:
        cells: list[Tree] = []
        for at, output in enumerate(made.outputs):
            cell = self._portable(column("q", f"c{at}"), output.type)
            cells.append(exp.alias_(cell, output.name, quoted=True))
        source = exp.Subquery(this=made.tree, alias=exp.TableAlias(this=name("q")))
        try:
            batches = self.session.stream(exp.select(*cells).from_(source), _BATCH_ROWS)
        except Failure as error:
            raise SourceError(f"reading failed: {error.message}") from error
        columns = tuple(Column(o.name, str(o.type)) for o in made.outputs)
        return Rows(columns, batches)

    def _portable(self, cell: Tree, kind: SqlType) -> Tree:
        """What Parquet and Spark can hold: a time becomes text."""
        if kind.family is Family.TIME:
            env = fresh(self.session, "", 0)
            return convert(env, exp.Null(), Typed(cell, kind), types.varchar(16)).tree
        return cast(cell, kind)

    # --- stopping -------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Interrupt the statement at work, from another thread; no further one begins."""
        self._stopped = True
        self._con.interrupt()

    def _check(self) -> None:
        if self._stopped:
            raise Cancelled("cancelled while the procedure ran")


def _predicate(where: str) -> Tree:
    """A filter of the project. ProgramError when it is not understood."""
    tokens = tuple(solid(tokenize(where, "filter")))
    return condition(Leaf("CONDITION", where, 1, tokens), "filter")


@contextmanager
def _advised() -> Generator[None]:
    """What recon itself refuses (it has no error number of SQL Server's) comes with a way on."""
    try:
        yield
    except ProgramError as error:
        if not error.code and not error.hint:
            error.hint = _REFUSED
        raise


def scalar_type(value: Scalar) -> SqlType:
    """The T-SQL type of a parameter as table.toml gives it."""
    if isinstance(value, bool):
        return types.BIT
    if isinstance(value, int):
        return types.BIGINT if -(2**63) <= value < 2**63 else types.decimal(38, 0)
    if isinstance(value, Decimal):
        digits, scale = len(value.as_tuple().digits), max(-int(value.as_tuple().exponent), 0)
        return types.decimal(max(digits, scale, 1), scale)
    if isinstance(value, float):
        return types.FLOAT
    if isinstance(value, datetime):
        return types.DATETIME2
    if isinstance(value, date):
        return types.DATE
    return types.varchar(max(len(value or ""), 1), national=True)
