"""Synapse itself, as `recon.ports.Source`: a dedicated SQL pool over ODBC.

Only `call` may write there, and only what the project's script says; `query` and `read` send nothing but
SELECT. A call is never sent twice; what only reads is tried anew until its first rows are here.
"""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.cloud import odbc_errors
from recon.connectors.cloud.odbc_arrow import Opened, Reading, read
from recon.connectors.cloud.synapse_catalogue import columns_of, described, procedure_call
from recon.connectors.cloud.synapse_cetas import Staging
from recon.connectors.cloud.synapse_query import asked
from recon.connectors.cloud.synapse_ranges import ranges, read_together, splitting
from recon.connectors.cloud.synapse_scripts import arguments, procedure_of, sent, written
from recon.connectors.cloud.synapse_session import SynapseSession, login_of
from recon.connectors.cloud.synapse_staged import Detour
from recon.connectors.cloud.synapse_types import Seventh, cells, selected, watch_offsets
from recon.connectors.cloud.synapse_words import predicate
from recon.connectors.cloud.synapse_words import table as table_name
from recon.errors import Cancelled, ProgramError, SourceError, SpecError
from recon.model import TableRef
from recon.ports import Rows
from recon.sqlscript.extract import extract, is_procedure
from recon.sqlscript.tokens import solid, tokenize
from recon.sqlscript.tsql_header import object_name
from recon.sqlscript.tsql_split import split

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    import pyodbc

    from recon.connections import Cloud
    from recon.errors import ReconError
    from recon.model import Column, Project, Scalar, Script, Table
    from recon.ports import Lake
    from recon.sqlscript.tsql_tree import ScriptTree

logger = logging.getLogger(__name__)


@contextmanager
def synapse_source(
    cloud: Cloud, project: Project, table: Table, scratch: Path, *, lake: Lake | None = None, place: str = ""
) -> Generator[SynapseSource]:
    """Synapse, connected and with its session settings pinned; every connection is closed at the end.

    With `extract = "cetas"` tables come by way of `place` in the lake and of files in `scratch`; else rows
    stream, and nothing is written. SettingsError when the environment does not say how to connect,
    SourceError when Synapse is not there.
    """
    said, detour = cloud.synapse, None
    if said.extract == "cetas" and lake is not None:
        staging = Staging(said.data_source, said.file_format, said.external_schema)
        detour = Detour(lake=lake, staging=staging, path=cloud.adls.path, place=place, folder=scratch)
    source = SynapseSource(
        SynapseSession(login_of(cloud)),
        connections=said.connections,
        collation=project.session.collation,
        detour=detour,
    )
    if project.session.now is not None:
        source.note("GETDATE() is the clock of Synapse: [session] now of recon.toml does not reach it")
    try:
        source.session.open()
        logger.info("Synapse is ready for %s", table.name)
        yield source
    finally:
        source.close()


class SynapseSource:
    """`recon.ports.Source` on a dedicated SQL pool. Use `synapse_source`.

    `collation` is what the project believes the database to have; columns of another one are noted.
    """

    def __init__(
        self,
        session: SynapseSession,
        *,
        connections: int = 1,
        collation: str = "",
        detour: Detour | None = None,
    ) -> None:
        self.session = session
        self._detour = detour
        self._connections = connections
        self._collation = collation
        self._reads: list[Opened] = []
        self._notes: list[str] = []
        self._sevenths: list[tuple[str, Seventh]] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reviewer has to know of what was read: cut digits, other collations, what was not run."""
        cut = [line for where, seventh in self._sevenths for line in seventh.notes(where)]
        return (*self._notes, *cut)

    def note(self, words: str) -> None:
        """Say something once."""
        if words not in self._notes:
            self._notes.append(words)

    def close(self) -> None:
        """Close every connection."""
        for opened in self._reads:
            opened.close()
        self._reads.clear()
        self.session.close()

    def cancel(self) -> None:
        """Interrupt the statements at work, from another thread; no further one begins."""
        self.session.cancel()
        for opened in tuple(self._reads):
            opened.cancel()

    # --- running ----------------------------------------------------------------------------------------

    def call(self, script: Script, procedure: str, params: Mapping[str, Scalar]) -> None:
        """Run the script, then the procedure if one is named. ProgramError with what fails.

        Procedures are not created: those run that Synapse has. Values go to a procedure as bound parameters.
        """
        tree = split(script.text, script.path)
        if not procedure:
            self._batches(tree, params)
            self.session.settle(script.path)
            return
        parts, _ = object_name(solid(tokenize(procedure)), 0)
        if not parts:
            raise SpecError(f"{procedure!r} is no name of a procedure", hint="Write schema.name.")
        given = arguments(procedure_of(tree, parts), params, script.path)
        if not is_procedure(tree):
            self._batches(tree, {}, without_procedures=True)
        self.note(f"{procedure} ran as Synapse has it; {script.path} was not deployed")
        call = written(procedure_call(parts, given))
        self.session.run(call, tuple(given.values()), procedure, script.path, 0)
        self.session.settle(script.path)

    def _batches(
        self, tree: ScriptTree, params: Mapping[str, Scalar], *, without_procedures: bool = False
    ) -> None:
        for batch in sent(tree, params, without_procedures=without_procedures):
            for _ in range(batch.count):
                self.session.run(batch.text, (), tree.file, tree.file, batch.line)

    # --- reading ------------------------------------------------------------------------------------------

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        """The table's columns in declared order. SourceError if there is no such table, or no right to it."""
        found, collations = columns_of(table, self.session.fetch)
        for other in sorted(set(collations.values()) - {self._collation} if self._collation else ()):
            mine = ", ".join(column for column, collation in collations.items() if collation == other)
            self.note(f"{table} has the collation {other}, and [session] says {self._collation}: {mine}")
        return found

    def query(self, script: Script, params: Mapping[str, Scalar], where: str = "") -> Rows:
        """Run a script that only reads and return the rows of its last SELECT, filtered by a T-SQL predicate.

        Of a procedure it is the query behind its target; the procedure itself is not run. ProgramError for
        a script that would write.
        """
        tree = split(script.text, script.path)
        if is_procedure(tree):
            tree = self._behind(tree, script)
        parts = asked(tree, params)
        columns = described(parts.plain, self._describing(script, parts.line))
        _all_named(columns, script)
        return self._read(
            columns,
            "result",
            f"the query of {script.path}",
            lambda expressions, _: parts.selecting(expressions, where),
            blame=(script.path, parts.line),
            batches=bool(parts.prelude),
        )

    def read(self, table: TableRef, where: str = "", *, split_by: str = "") -> Rows:
        """Stream the table's rows, filtered by a T-SQL predicate.

        `split_by` names a column of whole numbers, decimals or dates: its ranges are read side by side, each
        over a connection of its own.
        """
        columns = self.columns(table)
        if self._detour is not None:
            self.note(f"{table} came by way of the lake: Synapse wrote it there as Parquet")
            made = cells(columns, str(table), Seventh())
            return Rows(columns, self._detour.read(self.session, table, columns, made, where))
        source = table_name(table)
        filters = [predicate(where)] if where else []

        def sql(expressions: Sequence[exp.Expr], more: Sequence[exp.Expr]) -> str:
            chosen = exp.select(*expressions).from_(source.copy())
            kept = [*filters, *more]
            return written(chosen.where(*kept) if kept else chosen)

        pieces: list[exp.Expr] = []
        if split_by:
            column = splitting(columns, split_by, str(table))
            cell = exp.column(column.name, quoted=True)
            ends = sql([exp.Min(this=cell), exp.Max(this=cell.copy())], ())
            low, high = self.session.fetch(ends, (), f"the range of {table}.{column.name}")[0]
            pieces = ranges(column, low, high, self._connections)
        blame = ("filter", 1) if where else None
        return self._read(columns, str(table), f"reading {table}", sql, pieces=pieces, blame=blame)

    def _behind(self, tree: ScriptTree, script: Script) -> ScriptTree:
        """The script that reads what a procedure writes, with a note of what it is."""
        found = extract(tree)
        schema, _, name = found.target.rpartition(".")
        columns = self._columns_if_any(TableRef(schema or "dbo", name))
        found = extract(tree, tuple(c.name for c in columns))
        said = f"the rows are those of the query that fills {found.target}; the procedure was not run"
        more = ", and the rows that the table held before are not among them" if found.adds else ""
        self.note(f"{script.path}:{found.line}: {said}{more}")
        return split(found.text, f"{script.path} (extracted)")

    def _columns_if_any(self, table: TableRef) -> tuple[Column, ...]:
        try:
            return self.columns(table)
        except SourceError as error:
            if error.retryable:
                raise
            return ()  # the procedure makes the table itself

    def _describing(self, script: Script, line: int) -> Callable[[str, Sequence[Any]], list[Any]]:
        def translate(error: Exception, what: str) -> ReconError:
            return odbc_errors.program(error, what, script.path, first_line=line)

        what = f"the query of {script.path}"
        return lambda sql, values: self.session.fetch(sql, values, what, translate)

    def _read(
        self,
        columns: tuple[Column, ...],
        where: str,
        what: str,
        sql: Callable[[Sequence[exp.Expr], Sequence[exp.Expr]], str],
        *,
        pieces: Sequence[exp.Expr] = (),
        blame: tuple[str, int] | None = None,
        batches: bool = False,
    ) -> Rows:
        """Begin to read, in one piece or several. `blame`: the script and line that errors are laid at."""
        self.session.check()
        seventh = Seventh()
        self._sevenths.append((where, seventh))

        def translate(error: Exception, said: str) -> ReconError:
            if self.session.stopped:
                return Cancelled("cancelled while rows were read from Synapse")
            if blame is None:
                return odbc_errors.failed(error, said)
            return odbc_errors.program(error, said, blame[0], first_line=blame[1])

        def prepare(connection: pyodbc.Connection) -> None:
            self.session.pin(connection)
            watch_offsets(connection, columns, seventh)

        made = cells(columns, where, seventh)
        texts = [sql(selected(columns), [piece]) for piece in pieces] or [sql(selected(columns), ())]
        readings = [Reading(text, made, what, translate, prepare, batches) for text in texts]
        if len(readings) > 1:
            return Rows(columns, read_together(self.session.login, readings, self._reads))
        opened = Opened()
        self._reads.append(opened)
        return Rows(columns, read(self.session.login, readings[0], opened))


def _all_named(columns: tuple[Column, ...], script: Script) -> None:
    """ProgramError where a column of a query has no name, or not one of its own."""
    seen = Counter(c.name.casefold() for c in columns)
    for at, each in enumerate(columns):
        if not each.name or seen[each.name.casefold()] > 1:
            what = f"is one of several called {each.name}" if each.name else "has no name"
            message = f"column {at + 1} of the last SELECT {what}"
            raise ProgramError(message, file=script.path, hint="Give it one of its own with AS.")
