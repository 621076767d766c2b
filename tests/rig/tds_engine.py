"""What stands behind the TDS server: DuckDB, in which recon's own T-SQL runner carries out the statements.

The protocol, the drivers and the types are real here; T-SQL's meaning is the runner's (docs/decisions).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from recon.connectors.local.tsql.catalog import Catalog, ColumnDef, TableDef, ViewDef, key_of
from recon.connectors.local.tsql.ddl import create_table
from recon.connectors.local.tsql.run import Registered, Runner
from recon.connectors.local.tsql.session import Failure, Session
from recon.connectors.local.tsql.statements import run_leaf
from recon.errors import Cancelled, ProgramError, SourceError
from recon.sqlscript.tokens import Kind, solid, tokenize
from recon.sqlscript.tsql_header import declared
from recon.sqlscript.tsql_split import split
from recon.sqlscript.tsql_tree import Leaf
from recon.sqlscript.tsql_types import Family, SqlType, parse_type, varchar
from tests.rig.tds_external import external
from tests.rig.tds_tokens import TdsError

COLLATION = "SQL_Latin1_General_CP1_CI_AS"
_CHANGES = {"INSERT", "UPDATE", "DELETE", "MERGE"}
_NAME = varchar(128, national=True)
_CATALOGUE = ("INFORMATION_SCHEMA", "COLUMNS")
_CATALOGUE_COLUMNS = (
    *(("TABLE_CATALOG", _NAME), ("TABLE_SCHEMA", _NAME), ("TABLE_NAME", _NAME), ("COLUMN_NAME", _NAME)),
    *(("ORDINAL_POSITION", SqlType("int")), ("IS_NULLABLE", varchar(3)), ("DATA_TYPE", _NAME)),
    *(("CHARACTER_MAXIMUM_LENGTH", SqlType("int")), ("NUMERIC_PRECISION", SqlType("tinyint"))),
    *(("NUMERIC_SCALE", SqlType("int")), ("DATETIME_PRECISION", SqlType("smallint"))),
    ("COLLATION_NAME", _NAME),
)
DESCRIBED = (
    ("is_hidden", SqlType("bit")),
    ("column_ordinal", SqlType("int")),
    ("name", _NAME),
    ("is_nullable", SqlType("bit")),
    ("system_type_id", SqlType("int")),
    ("system_type_name", varchar(256, national=True)),
    ("max_length", SqlType("smallint")),
    ("precision", SqlType("tinyint")),
    ("scale", SqlType("tinyint")),
    ("collation_name", _NAME),
)


@dataclass(frozen=True)
class Result:
    """What one statement answers: rows with their columns, or without columns a count (None: not counted)."""

    columns: tuple[tuple[str, SqlType], ...] = ()
    rows: Iterable[Sequence[Sequence[Any]]] = ()
    count: int | None = None


@dataclass
class Database:
    """What all connections share. `odd` adds columns to the catalogue that the engine cannot hold:
    schema, table, column, the declared type. `lake` is where CREATE EXTERNAL TABLE writes.
    """

    con: duckdb.DuckDBPyConnection = field(default_factory=lambda: duckdb.connect(":memory:"))
    collation: str = COLLATION
    objects: dict[str, TableDef | ViewDef] = field(default_factory=dict)
    procedures: dict[str, Registered] = field(default_factory=dict)
    odd: list[tuple[str, str, str, str]] = field(default_factory=list)
    lake: Path | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)
    known: tuple[Any, ...] = ()  # what the catalogue was last filled from
    _numbers: int = 0

    def session(self) -> Connection:
        """A connection's own state."""
        with self.lock:
            self._numbers += 100_000  # tables are numbered apart, so that #temp names cannot collide
            return Connection(self, self._numbers)

    def run(self, text: str) -> None:
        """Set the database up with a T-SQL script."""
        connection = self.session()
        for batch in text.split("\nGO\n"):
            for result in connection.run(batch):
                for _ in result.rows:
                    pass

    def fill(self, schema: str, table: str, rows: Sequence[Sequence[Any]]) -> None:
        """Put values into a table as they are, past T-SQL's literals and conversions."""
        found = self.objects[key_of((schema, table))]
        assert isinstance(found, TableDef)
        marks = ", ".join("?" * len(found.columns))
        with self.lock:
            self.con.cursor().executemany(f"INSERT INTO {found.tree.sql('duckdb')} VALUES ({marks})", rows)


class Connection:
    """One connection's session."""

    def __init__(self, database: Database, first_number: int) -> None:
        self.database = database
        catalog = Catalog(objects=database.objects, made=first_number)
        self.session = Session(database.con.cursor(), database.collation, catalog=catalog)
        self.session.con.execute("SET TimeZone = 'UTC'")
        self.runner = Runner(self.session, self._leaf, self._check, procedures=database.procedures)
        self.stopped = threading.Event()
        self._emit: Callable[[Result], None] = lambda result: None
        self._counting = True
        self._inside = 0  # INSERT .. EXEC keeps its rows to itself

    def run(self, text: str, given: dict[str, tuple[SqlType, Any]] | None = None) -> Iterator[Result]:
        """Carry out a batch; its answers. TdsError for what a client is told.

        Each answer is read before the next statement runs.
        """
        made: list[Result] = []
        self._emit = made.append
        self._catalogue(text)
        self.runner.given, self.runner.pending = given or {}, None
        try:
            yield from self._statements(text, made)
        finally:
            self.runner.given = {}
            self._emit = lambda result: None
            self._shared()

    def _statements(self, text: str, made: list[Result]) -> Iterator[Result]:
        """All answers of a batch. They are made first: results lie in DuckDB's temporary tables."""
        with _Told():
            tree = split(text, "")
            self.runner.script(tree)
            if self.runner.pending is not None:
                raise self.runner.pending
        yield from made

    def interrupt(self) -> None:
        """Stop the statement at work, from another thread."""
        self.stopped.set()
        self.session.con.interrupt()

    def pause(self, seconds: float, *, deaf: bool = False) -> None:
        """Do nothing for a while; unless deaf, an interrupt ends it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and (deaf or not self.stopped.is_set()):
            time.sleep(0.02)

    def parameters(
        self, declaration: str, values: Sequence[tuple[str, Any]]
    ) -> dict[str, tuple[SqlType, Any]]:
        """The parameters of sp_executesql: types as declared, values by name or else by position."""
        if not declaration:
            return {}
        tokens = tuple(
            t for t in solid(tokenize(f"DECLARE {declaration}")) if t.word not in {"OUT", "OUTPUT"}
        )
        items = declared(Leaf("DECLARE", declaration, 1, tokens), "")
        named = {name.casefold(): value for name, value in values if name}
        made: dict[str, tuple[SqlType, Any]] = {}
        for at, item in enumerate(items):
            key = item.name.casefold()
            value = named[key] if key in named else values[at][1]
            made[key] = (parse_type(" ".join(t.text for t in item.type)), value)
        return made

    def described(self, text: str, given: dict[str, tuple[SqlType, Any]]) -> Result:
        """sp_describe_first_result_set: the columns of the first answer that has any."""
        first = next((r for r in self.run(text, given) if r.columns), Result())
        rows = []
        for at, (name, kind) in enumerate(first.columns):
            text_like = kind.family is Family.TEXT
            rows.append(
                (False, at + 1, name or None, True, 0, str(kind), kind.length, kind.precision, kind.scale)
                + (self.database.collation if text_like else None,)
            )
        return Result(DESCRIBED, iter([rows]))

    # --- inside -------------------------------------------------------------------------------

    def _leaf(self, runner: Runner, leaf: Leaf) -> None:
        words = [t.word for t in leaf.parts]
        if words[:2] == ["SET", "NOCOUNT"]:
            self._counting = words[2] == "OFF"
        if words[:2] == ["SET", "TEXTSIZE"]:
            return  # nothing is cut here
        if leaf.verb == "WAITFOR":
            clock = leaf.parts[2].text.strip("'").split(":")
            self.pause(sum(float(part) * factor for part, factor in zip(clock, (3600, 60, 1), strict=True)))
        if external(self, runner, leaf):
            return
        silent = leaf.verb == "INSERT" and bool({"EXEC", "EXECUTE"} & set(words))
        before = runner.results
        self._inside += silent
        try:
            run_leaf(runner, leaf)
        finally:
            self._inside -= silent
        if self._inside or leaf.verb == "EXEC":
            return
        if runner.results > before and runner.result is not None:
            self._answer(runner)
        elif leaf.verb in _CHANGES or (leaf.verb == "SELECT" and "INTO" in words):
            self._emit(Result(count=self.session.rowcount if self._counting else None))

    def _answer(self, runner: Runner) -> None:
        """The rows as they are now: the next statement may replace them."""
        assert runner.result is not None
        columns = tuple((o.name, o.type) for o in runner.result.outputs)
        table = self.session.stream(runner.result.tree, 5_000).read_all()
        batches = table.to_batches(max_chunksize=5_000)
        rows = (list(zip(*(c.to_pylist() for c in b.columns), strict=True)) for b in batches)
        self._emit(Result(columns, rows))

    def _check(self) -> None:
        if self.stopped.is_set():
            raise Cancelled("the client sent an attention")

    def _shared(self) -> None:
        """A ROLLBACK puts an older catalog in place: all connections have to see it."""
        objects = self.database.objects
        if self.session.catalog.objects is not objects:
            held = dict(self.session.catalog.objects)
            objects.clear()
            objects.update(held)
            self.session.catalog.objects = objects

    def _catalogue(self, text: str) -> None:
        """INFORMATION_SCHEMA.COLUMNS as it is now, for a batch that asks for it."""
        asks = any(
            t.kind in {Kind.NAME, Kind.QUOTED} and t.name.upper() == _CATALOGUE[0] for t in tokenize(text)
        )
        if not asks:
            return
        with self.database.lock:
            if self.session.catalog.table(_CATALOGUE) is None:
                columns = tuple(ColumnDef(name, kind) for name, kind in _CATALOGUE_COLUMNS)
                create_table(self.session, _CATALOGUE, columns)
            known = (tuple(self.database.objects.values()), tuple(self.database.odd))
            if known == self.database.known:
                return
            target = '"s_INFORMATION_SCHEMA"."COLUMNS"'
            marks = ", ".join("?" * len(_CATALOGUE_COLUMNS))
            rows = list(self._described_tables())
            self.session.con.execute(f"DELETE FROM {target}")
            if rows:
                self.session.con.executemany(f"INSERT INTO {target} VALUES ({marks})", rows)
            self.database.known = known

    def _described_tables(self) -> Iterator[tuple[Any, ...]]:
        for made in list(self.database.objects.values()):
            if made.schema.upper() == _CATALOGUE[0]:
                continue
            for at, (name, kind, nullable) in enumerate(self._columns(made)):
                yield (
                    "rig",
                    made.schema,
                    made.name,
                    name,
                    at + 1,
                    "YES" if nullable else "NO",
                    *_spelled(kind),
                )
        for at, (schema, table, column, kind) in enumerate(self.database.odd):
            yield ("rig", schema, table, column, 900 + at, "YES", kind, None, None, None, None, None)

    def _columns(self, made: TableDef | ViewDef) -> list[tuple[str, SqlType, bool]]:
        if isinstance(made, TableDef):
            return [(c.name, c.type, c.nullable) for c in made.columns]
        viewed = self.database.session()
        shown = next(iter(viewed.run(f"SELECT TOP 0 * FROM [{made.schema}].[{made.name}]")))
        return [(name, kind, True) for name, kind in shown.columns]


def _spelled(kind: SqlType) -> tuple[Any, ...]:
    """DATA_TYPE and what follows it in INFORMATION_SCHEMA.COLUMNS."""
    sized = kind.family in {Family.TEXT, Family.BINARY}
    digits = {"real": 24, "float": 53, "bigint": 19, "int": 10, "smallint": 5, "tinyint": 3}
    precision = digits.get(kind.name) or kind.precision or None
    scaled = kind.family in {Family.DECIMAL, Family.MONEY, Family.INTEGER}
    clock = kind.scale if kind.family in {Family.STAMP, Family.TIME, Family.OFFSET, Family.DATE} else None
    return (
        kind.name,
        kind.length if sized else None,
        precision,
        kind.scale if scaled else None,
        clock,
        COLLATION if kind.family is Family.TEXT else None,
    )


class _Told:
    """What the runner raises, as what a client is told."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Failure):
            raise TdsError(
                error.number,
                error.message,
                level=error.severity,
                line=error.line or 1,
                procedure=error.procedure,
            ) from error
        if isinstance(error, ProgramError):
            number = int(error.code) if error.code.isdigit() else 102
            raise TdsError(number, str(error), level=15, line=error.line or 1) from error
        if isinstance(error, (SourceError, Cancelled)):
            raise TdsError(3617, "Query canceled.", level=11) from error
