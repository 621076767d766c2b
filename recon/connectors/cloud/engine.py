"""A world on Databricks: fresh schemas of its own, in which one variant runs; they are dropped at its end."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from sqlglot import exp

from recon.connectors.cloud import engine_names as ours
from recon.connectors.cloud.databricks_session import Warehouse
from recon.connectors.cloud.engine_janitor import Janitor, comment
from recon.connectors.cloud.engine_names import RESULT, Names, safe
from recon.connectors.cloud.engine_rows import declared, declared_by, portable, written
from recon.connectors.cloud.engine_script import Script
from recon.connectors.cloud.jobs import Job
from recon.errors import EngineError, ProgramError, ReconError, SettingsError
from recon.model import Column
from recon.sqlscript.databricks_text import CellKind, Statement, cells
from recon.sqlscript.databricks_types import databricks_type

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from recon.connections import Cloud
    from recon.connectors.cloud.engine_moves import Move
    from recon.connectors.cloud.engine_script import Query
    from recon.model import Scalar, Session, TableRef, Variant
    from recon.ports import Engine
    from recon.progress import Progress


@contextmanager
def databricks_world(
    cloud: Cloud, name: str, session: Session, progress: Progress, *, log: Path | None = None, keep: str = ""
) -> Generator[Engine]:
    """A world called `name` on the SQL warehouse. Its schemas are dropped at the end, whatever happened.

    SettingsError when the login, the warehouse or a permission is missing; EngineError when Databricks does
    not answer. Schemas that cannot be dropped are warned of by name, for `recon clean`. What a PySpark
    variant prints goes to the file `log`. What is exported is also kept as a table in the schema `keep`.
    """
    names = Names(cloud.databricks.catalog, f"{safe(cloud.databricks.schema_prefix)}_{safe(name)}")
    progress.say("Connecting to Databricks")
    warehouse = Warehouse(cloud, session, names.readable)
    janitor = Janitor(cloud, warehouse, names.catalog)
    folder = Path(tempfile.mkdtemp(prefix="recon-"))
    try:
        world = DatabricksEngine(cloud, warehouse, names, session, log or folder / "job.log", keep)
        with progress.interruptible(world.cancel):
            world.open()
        yield world
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        for left in janitor.drop(names.schemas):
            progress.warn(f"The schema {left} could not be dropped: `recon clean` finds and drops it.")
        warehouse.close()


class DatabricksEngine:
    """An `Engine` (see `recon.ports`) over one session of a SQL warehouse."""

    def __init__(
        self, cloud: Cloud, warehouse: Warehouse, names: Names, session: Session, log: Path, keep: str
    ) -> None:
        self._cloud = cloud
        self._warehouse = warehouse
        self._names = names
        self._session = session
        self._log = log
        self._keep = keep
        self._version = ""
        self._born = datetime.now(UTC)
        self._made: set[str] = set()
        self._external: dict[tuple[str, str], TableRef] = {}
        self._result: Query | None = None
        self._job: Job | None = None
        self._notes = [f"Databricks session: ANSI_MODE = {session.ansi}, TIMEZONE = {session.timezone}"]

    # --- What the walk asks ---

    @property
    def name(self) -> str:
        return f"Databricks SQL (Spark {self._version})"

    @property
    def approximate(self) -> bool:
        return False

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._notes))

    def open(self) -> None:
        """Make the world's own schema, which must not exist yet."""
        version = exp.select(exp.Anonymous(this="version"))
        self._version = str(self._warehouse.rows(version, "asking for the version")[0][0]).split(" ", 1)[0]
        self.make_schema("")
        self.enter("")

    def attach(self, table: TableRef, urls: Sequence[str]) -> None:
        """An external table over one address; where Databricks refuses that, or for several, a copy."""
        self.make_schema(table.schema)
        there, what = self._names.node(table), f"{table}: reading the staged files"
        if len(urls) == 1:
            try:
                self._warehouse.do(ours.over_files(there, urls[0]), what)
            except EngineError as error:
                if error.retryable:
                    raise
                self._notes.append(f"{table}: copied, as no external table can lie over its files")
            else:
                self._external[table.key[1:]] = table
                return
        self._warehouse.do(ours.copied(there, _all_files(urls)), what)

    def create(self, table: TableRef, columns: Sequence[Column], urls: Sequence[str] = ()) -> None:
        self.make_schema(table.schema)
        there = self._names.node(table)
        typed = [Column(column.name, databricks_type(column.type)) for column in columns]
        self._warehouse.do(ours.declared(there, typed), f"{table}: creating it")
        if urls:
            picked = [
                exp.Cast(
                    this=exp.column(column.name, quoted=True),
                    to=exp.DataType.build(column.type, dialect="databricks"),
                )
                for column in typed
            ]
            rows = exp.select(*picked).from_(_all_files(urls).subquery("staged"))
            self._warehouse.do(exp.Insert(this=there.copy(), expression=rows), f"{table}: filling it")

    def run(self, variant: Variant, params: Mapping[str, Scalar], target: TableRef | None) -> TableRef:
        goal = self._names.local(target) if target else None
        found = cells(variant.script.text, variant.language)
        script = Script(self, self._names, dict(params), self._session.now)
        if any(cell.kind is CellKind.PYTHON for cell in found):
            return self._run_job(variant, params, goal)
        for move in self._read(script, variant):
            self._compute(script.last)
            script.run(move)
        self._notes += script.notes
        chosen = script.ledger.candidate(
            goal, variant.script.path, rows=script.last is not None, result=False
        )
        if chosen is not None:
            return chosen
        self._result = script.last
        return RESULT

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        if table == RESULT and self._result is not None:
            return declared_by(self._warehouse, self._result)
        return declared(self._warehouse, self._names.node(table), f"{table}: asking for its columns")

    def count(self, table: TableRef) -> int:
        counted = exp.select(exp.Count(this=exp.Star())).from_(self._names.node(table))
        return int(self._warehouse.rows(counted, f"{table}: counting its rows")[0][0])

    def export(self, table: TableRef, folder: Path, where: str = "") -> tuple[Path, ...]:
        folder.mkdir(parents=True, exist_ok=True)
        self._settle()
        query = self._result if table == RESULT else None
        picked, notes = portable(self.columns(table))
        self._notes += notes
        rows = self._rows(table, query, picked, where)
        statement = query.statement if query else None
        params = query.params if query else {}
        what = f"{table}: reading its rows"

        def once() -> Path:
            with closing(self._warehouse.stream(rows, params, what=what, statement=statement)) as pieces:
                return written(pieces, folder / "part-00000.parquet")

        blame = Statement(where, "filter", 1) if where else None
        if blame is not None:
            self._try(rows, params, blame)
        file = once() if query else self._warehouse.again(once)
        fetched = pq.read_metadata(file).num_rows
        if query is None:
            self._all_here(table, where, fetched, what)
        if self._keep:
            self._notes.append(self._kept(table, query, where, blame or (query.statement if query else None)))
        return (file,)

    def cancel(self) -> None:
        self._warehouse.cancel()
        if self._job is not None:
            self._job.cancel()

    # --- What a script asks ---

    def send(self, text: str, params: Mapping[str, Any], statement: Statement) -> None:
        self._warehouse.script(text, params, statement)

    def make_schema(self, named: str) -> None:
        place = self._names.schema(named)
        if place in self._made:
            return
        what = f"creating the schema {place}"
        told = exp.Properties(
            expressions=[
                exp.SchemaCommentProperty(this=exp.Literal.string(comment(self._names.base, self._born)))
            ]
        )
        made = exp.Create(this=self._names.schema_node(named), kind="SCHEMA", properties=told)
        try:
            self._warehouse.do(made, what)
        except EngineError as error:
            if "SCHEMA_ALREADY_EXISTS" not in str(error):
                raise
            raise EngineError(
                f"{what}: it exists already, and a world must be fresh",
                hint="If no run is using it: `recon clean`.",
            ) from error
        self._made.add(place)

    def enter(self, named: str) -> None:
        schema = self._names.schema_node(named)
        self._warehouse.do(exp.Use(kind=exp.Var(this="SCHEMA"), this=schema), "entering the world")

    def own(self, table: TableRef) -> None:
        """A copy in place of an external table: the staged files are shared, and Parquet has no MERGE."""
        if self._external.pop(table.key[1:], None) is None:
            return
        old = self._names.node(table)
        fresh = exp.table_(f"{table.name}__own", db=old.db, catalog=old.catalog or None, quoted=True)
        what = f"{table}: copying it into the world"
        self._warehouse.do(ours.copied(fresh, exp.select("*").from_(old.copy())), what)
        self._warehouse.do(exp.Drop(tables=[old.copy()], kind="TABLE"), what)
        self._warehouse.do(ours.renamed(fresh.copy(), old.copy()), what)

    # --- Parts ---

    def _run_job(self, variant: Variant, params: Mapping[str, Scalar], goal: TableRef | None) -> TableRef:
        self._own_all()
        self._job = Job(self._cloud, self._warehouse, self._names, self._session)
        outcome = self._job.run(variant, params, goal, self._log)
        self._notes += outcome.notes
        return outcome.table

    def _own_all(self) -> None:
        """Python may write into any table, and nobody knows beforehand into which."""
        for table in tuple(self._external.values()):
            self.own(table)

    def _read(self, script: Script, variant: Variant) -> tuple[Move, ...]:
        """All statements, moved. Nothing has been sent when the last of them is refused."""
        moves: list[Move] = []
        for cell in cells(variant.script.text, variant.language):
            if cell.kind is CellKind.OTHER:
                raise ProgramError(
                    f"cells with {cell.magic} are not run",
                    file=variant.script.path,
                    line=cell.line,
                    hint="Take the cell out.",
                )
            if cell.kind is CellKind.SQL:
                moves += script.read(cell, variant.script.path)
        self._names.current = ""
        return tuple(moves)

    def _compute(self, query: Query | None) -> None:
        """A query that is not the script's last: nobody wants its rows, but it may fail."""
        if query is not None:
            for _ in self._warehouse.stream(query.text, query.params, what="", statement=query.statement):
                continue

    def _rows(
        self, table: TableRef, query: Query | None, picked: Sequence[exp.Expr], where: str
    ) -> exp.Expr | str:
        if query is not None and not picked and not where:
            return query.text
        origin: exp.Expr = self._names.node(table)
        if query is not None:
            origin = exp.paren(exp.Var(this=f"\n{query.text}\n"))
        rows = exp.select(*(picked or [exp.Star()])).from_(origin)
        return rows.where(exp.paren(exp.Var(this=f"\n{where}\n"))) if where else rows

    def _all_here(self, table: TableRef, where: str, fetched: int, what: str) -> None:
        """Rows that got lost between Databricks and here must not look like rows that nobody wrote."""
        counted = self._rows(table, None, [exp.Count(this=exp.Star())], where)
        there = int(self._warehouse.rows(counted, what)[0][0])
        if there != fetched:
            raise EngineError(
                f"transport fault at Databricks: {table} has {there:,} rows there, {fetched:,} were fetched",
                hint="Run again. A view whose rows change each time it is read has to become a table.",
                retryable=True,
            )

    def _kept(self, table: TableRef, query: Query | None, where: str, blame: Statement | None) -> str:
        """Copy what is compared into a table that stays; a note of where it is, or why it is nowhere."""
        there = ours.lasting(self._keep, f"{table.name}__{self._names.base}")
        rows = self._rows(table, query, [], where)
        shown = there.sql("databricks")
        tree = ours.copied(there, exp.Var(this=f"\n{rows}\n") if isinstance(rows, str) else rows)
        what = f"keeping the result as {shown}"
        try:
            if query is not None and blame is not None:
                self._warehouse.script(tree.sql("databricks"), query.params, blame)
            else:
                self._warehouse.do(tree, what)
        except ReconError as error:
            return f"{what} failed: {error}"
        return f"The candidate is kept on Databricks as {shown}."

    def _try(self, rows: exp.Expr | str, params: Mapping[str, Any], blame: Statement) -> None:
        """Let Databricks read a filter before any row: what is wrong with it is the filter's fault."""
        text = rows if isinstance(rows, str) else rows.sql("databricks")
        try:
            self._warehouse.script(f"DESCRIBE QUERY {text}", params, blame)
        except SettingsError as error:
            raise ProgramError(str(error), file=blame.file, line=1, hint=error.hint) from error

    def _settle(self) -> None:
        """Our settings, whatever the variant has set."""
        zone = exp.Literal.string(self._session.timezone).sql("databricks")
        self._warehouse.do(f"SET TIME ZONE {zone}", "setting the time zone")
        self._warehouse.do(f"SET ANSI_MODE = {str(self._session.ansi).lower()}", "setting ANSI_MODE")


def _all_files(urls: Sequence[str]) -> exp.Query:
    found: exp.Query = exp.select("*").from_(ours.files(urls[0]))
    for url in urls[1:]:
        found = exp.union(found, exp.select("*").from_(ours.files(url)), distinct=False)
    return found
