"""What lives while a script runs: the DuckDB connection, variables, the last error, notes, transactions."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import ErrorLevel, exp
from sqlglot.errors import UnsupportedError

from recon.connectors.local.tsql.catalog import Catalog, key_of
from recon.connectors.local.tsql.duck import cast, constant
from recon.errors import ProgramError, SourceError
from recon.sqlscript import tsql_types as types

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa

    from recon.connectors.local.tsql.catalog import TableDef
    from recon.connectors.local.tsql.duck import Tree, Value
    from recon.sqlscript.tsql_function import FunctionTree
    from recon.sqlscript.tsql_types import SqlType

DOOMED = -2  # XACT_STATE() of a failed transaction in a dedicated pool, see `Session.xact_state`
_MARK = "recon:"


class Failure(Exception):  # noqa: N818 (what SQL Server calls an error, and CATCH catches)
    """A T-SQL error while a statement ran. `exact`: the number and text are Synapse's own."""

    def __init__(
        self, number: int, message: str, *, severity: int = 16, state: int = 1, exact: bool = True
    ) -> None:
        super().__init__(message)
        self.number, self.message = number, message
        self.severity, self.state, self.exact = severity, state, exact
        self.line = 0
        self.file = ""
        self.procedure = ""

    def at(self, file: str, line: int, procedure: str) -> None:
        """Remember where it happened, once."""
        if not self.line:
            self.file, self.line, self.procedure = file, line, procedure


@dataclass(slots=True)
class Frame:
    """The variables of a batch or of one call of a procedure, by name in lower case."""

    variables: dict[str, tuple[SqlType, Value]] = field(default_factory=dict[str, "tuple[SqlType, Value]"])
    procedure: str = ""
    cursors: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class Sequence:
    """A sequence: the number that comes next, and the step to the one after it."""

    type: SqlType
    following: int
    step: int
    least: int
    most: int
    start: int

    def taken(self, count: int) -> None:
        """So many numbers are given. Failure 11728 when it had not that many."""
        if count and not self.least <= self.following + self.step * (count - 1) <= self.most:
            raise Failure(11728, "The sequence object has reached its minimum or maximum value.", exact=False)
        self.following += self.step * count


@dataclass(frozen=True, slots=True)
class Routine:
    """A user-defined function and the file that it was read from; `fill` runs the statements of a table."""

    tree: FunctionTree
    file: str
    number: int
    fill: Callable[[Mapping[str, tuple[SqlType, Value]]], TableDef] | None = None

    @property
    def letters(self) -> str:
        """Its type for OBJECT_ID: scalar, inline table, or a table that statements fill."""
        return "FN" if self.tree.returns else "TF" if self.tree.table else "IF"


@dataclass(slots=True)
class Session:
    """One connection's state."""

    con: duckdb.DuckDBPyConnection
    collation: str
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))
    pinned: bool = False  # whether the project says what time it is
    catalog: Catalog = field(default_factory=Catalog)
    routines: dict[str, Routine] = field(default_factory=dict[str, Routine])
    frames: list[Frame] = field(default_factory=lambda: [Frame()])
    notes: list[str] = field(default_factory=list[str])
    datefirst: int = 7
    rowcount: int = 0
    identity: int | None = None
    identities: dict[int, int] = field(default_factory=dict[int, int])  # table number -> next value
    sequences: dict[str, Sequence] = field(default_factory=dict[str, Sequence])
    identity_insert: set[int] = field(default_factory=set[int])
    error: Failure | None = None
    last_error: int = 0
    trancount: int = 0
    doomed: bool = False
    saved: Catalog | None = None
    kept: dict[str, pa.Table] = field(default_factory=dict[str, "pa.Table"])  # rows of table variables
    fetch_status: int = -1
    loops: int = 0  # how many WHILE are open
    _calculator: duckdb.DuckDBPyConnection | None = None
    _has_sha512: bool = False
    _changed: dict[str, exp.Table] = field(default_factory=dict[str, "exp.Table"])  # table variables

    # --- what functions ask ---------------------------------------------------------------

    @property
    def frame(self) -> Frame:
        """The innermost call."""
        return self.frames[-1]

    @property
    def procedure(self) -> str:
        """The procedure that is running."""
        return self.frame.procedure

    @property
    def xact_state(self) -> int:
        """https://learn.microsoft.com/en-us/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-develop-transactions"""
        return DOOMED if self.doomed else min(self.trancount, 1)

    def note(self, file: str, line: int, message: str) -> None:
        """Say once that something is only approximated."""
        place = f"{file}:{line}: " if file else f"line {line}: " if line else ""
        said = f"{place}{message}"
        if said not in self.notes:
            self.notes.append(said)

    def object_id(self, name: str, kind: str) -> int | None:
        """The number of a table or view, None if there is none of that kind."""
        parts = tuple(p.strip().strip('[]"') for p in name.split("."))
        routine = self.routines.get(key_of(parts)) if parts[-1] else None
        if routine is not None:
            return routine.number if kind.strip().upper() in {"", routine.letters} else None
        found = self.catalog.get(parts) if parts[-1] else None
        letter = "V" if found is not None and hasattr(found, "query") else "U"
        return found.number if found is not None and kind.strip().upper() in {"", letter} else None

    def get(self, name: str) -> tuple[SqlType, Value] | None:
        """A variable, or one of the @@ functions."""
        if name.startswith("@@"):
            return self._system(name[2:].upper())
        return self.frame.variables.get(name.casefold())

    def _system(self, name: str) -> tuple[SqlType, Value] | None:
        known: dict[str, Value] = {
            "ROWCOUNT": self.rowcount,
            "ERROR": self.last_error,
            "TRANCOUNT": self.trancount,
            "FETCH_STATUS": self.fetch_status,
            "DATEFIRST": self.datefirst,
            "SPID": 1,
            "NESTLEVEL": len(self.frames) - 1,
        }
        if name == "IDENTITY":
            return types.decimal(38, 0), self.identity
        if name in {"SERVERNAME", "VERSION"}:
            return types.varchar(128, national=True), "recon"
        return (types.INT, known[name]) if name in known else None

    # --- what DuckDB does -----------------------------------------------------------------

    def evaluate(self, tree: Tree) -> Value:
        """The value of an expression without tables. It also works while a transaction is doomed."""
        if self._calculator is None:
            self._calculator = self.con.cursor()
        try:
            row = self._calculator.execute(spelled(exp.select(tree))).fetchone()
        except duckdb.Error as error:
            raise failure_of(error) from error
        return row[0] if row else None

    def folded(self, tree: Tree, kind: SqlType) -> Tree:
        """A constant expression as its value. Where it has none it stays; the error comes when it is used. An
        instant stays too: no value of Python's own keeps it.
        """
        if kind.family is types.Family.OFFSET:
            return tree
        try:
            found = self.evaluate(cast(tree, kind))
        except Failure:
            return tree
        return constant(found, kind)

    def sha512(self) -> str:
        """The name of a function over bytes that DuckDB has not by itself."""
        if not self._has_sha512:
            # On a connection of its own, so that no ROLLBACK takes it away.
            self.con.cursor().create_function("recon_sha512", _sha512, ["BLOB"], "BLOB")
            self._has_sha512 = True
        return "recon_sha512"

    def execute(self, tree: Tree) -> duckdb.DuckDBPyConnection:
        """Run a statement. Failure for what T-SQL would report too, ProgramError for what it would not."""
        if self.doomed:
            raise Failure(3930, "The current transaction cannot be committed. Roll back the transaction.")
        self.keep_changed()
        try:
            found = self.con.execute(spelled(tree))
        except duckdb.Error as error:
            self.doomed = self.trancount > 0
            raise failure_of(error) from error
        target = tree.this.find(exp.Table) if self.trancount and isinstance(tree, _CHANGES) else None
        if target is not None and target.name.startswith("@"):
            self._changed[target.name] = target
        return found

    def keep_changed(self) -> None:
        """Read out the table variables that the last statement in a transaction has changed."""
        for real, table in self._changed.items():
            every = exp.Select(expressions=[exp.Star()], from_=exp.From(this=table.copy()))
            self.kept[real] = self.con.sql(spelled(every)).to_arrow_table()
        self._changed.clear()

    def stream(self, tree: Tree, rows: int) -> pa.RecordBatchReader:
        """The rows of a query as Arrow batches of at most `rows`."""
        try:
            return self.con.sql(spelled(tree)).to_arrow_reader(rows)
        except duckdb.Error as error:
            raise failure_of(error) from error

    def changed(self, tree: Tree) -> int:
        """Run a statement that changes rows; how many."""
        row = self.first(tree)
        return int(row[0]) if row else 0

    def first(self, tree: Tree) -> tuple[Any, ...] | None:
        """The first row of a small query; nothing of it stays unread on the connection."""
        rows = self.execute(tree).fetchall()
        return rows[0] if rows else None

    # --- transactions -----------------------------------------------------------------------

    def begin(self) -> None:
        """BEGIN TRAN."""
        if self.trancount == 0:
            self.saved = self.catalog.copy()
            self.kept.clear()
            self.con.begin()
        self.trancount += 1

    def commit(self) -> None:
        """COMMIT; only the outermost one does."""
        if self.trancount == 0:
            raise Failure(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        if self.doomed:
            raise Failure(3930, "The current transaction cannot be committed. Roll back the transaction.")
        self.trancount -= 1
        if self.trancount == 0:
            self.con.commit()

    def rollback(self) -> None:
        """ROLLBACK: everything since the outermost BEGIN TRAN, table variables too."""
        if self.trancount == 0:
            raise Failure(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        self.con.rollback()
        self.trancount, self.doomed = 0, False
        self._changed.clear()
        if self.saved is not None:
            self.catalog.restore(self.saved)

    def drop_temporary(self, frame_tables: dict[str, Any]) -> None:
        """Forget the #temp tables of a call that is over."""
        for table in frame_tables.values():
            if not self.doomed:
                self.execute(exp.Drop(tables=[table.tree], kind="TABLE", exists=True))


_BY_CLASS: tuple[tuple[type[duckdb.Error], int, str], ...] = (
    (duckdb.ConversionException, 8114, "A value cannot be converted to the data type it needs."),
    (duckdb.OutOfRangeException, 8115, "Arithmetic overflow error."),
    (
        duckdb.ConstraintException,
        515,
        "Cannot insert the value NULL into a column that does not allow nulls.",
    ),
)
# Errors whose text at Synapse names the value, a column or a row; recon's text never does.
# https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors
_NAMES_A_VALUE = frozenset({220, 232, 244, 245, 248, 8114, 8115, 8152, 2628, 515})
# Whole numbers out of range. Published: `DECLARE @i tinyint SET @i = 260` is 220, a float for a tinyint and
# POWER(2, 31) are 232, and digits for an int 248; an expression for an int, or a bigint, stays 8115.
_BY_RANGE = (
    (re.compile(r"Type INT32 with value .* destination type (UINT8|INT16)\b"), 220),
    (re.compile(r"Type (DOUBLE|FLOAT) with value .* destination type (UINT8|INT16|INT32)\b"), 232),
    (re.compile(r"Could not convert string '[+-]?\d+' to (UINT8|INT16)\b"), 244),
    (re.compile(r"Could not convert string '[+-]?\d+' to INT32\b"), 248),
)
_BY_TEXT = (
    ("Division by zero", 8134, "Divide by zero error encountered."),
    ("More than one row returned by a subquery", 512, "Subquery returned more than 1 value."),
    (
        "MERGE INTO command cannot affect the same target row",
        8672,
        "The MERGE statement attempted to UPDATE or DELETE the same row more than once.",
    ),
)


_CHANGES = (exp.Insert, exp.Update, exp.Delete, exp.Merge, exp.Create)


def _sha512(data: bytes) -> bytes:
    return hashlib.sha512(data).digest()


def spelled(tree: Tree) -> str:
    """DuckDB's text of a tree. ProgramError for a part that the printer would leave out."""
    try:
        return tree.sql("duckdb", unsupported_level=ErrorLevel.RAISE)
    except UnsupportedError as error:
        raise ProgramError(f"this has no counterpart in DuckDB: {error}") from error


def _out_of_range(said: str) -> int:
    """The number of T-SQL's error for a value out of the range of its type; 0 where that is not it."""
    found = next((number for pattern, number in _BY_RANGE if pattern.search(said)), 0)
    return found or (0 if "convert string" in said else 8115)


def failure_of(error: duckdb.Error) -> Exception:
    """DuckDB's error as T-SQL's where there is one. No text of DuckDB's that could hold a value is kept."""
    said = str(error)
    if _MARK in said:
        number, _, message = said.partition(_MARK)[2].splitlines()[0].partition(":")
        exact = int(number) not in _NAMES_A_VALUE
        return Failure(int(number), message, exact=exact) if int(number) else ProgramError(message)
    for part, number, message in _BY_TEXT:
        if part in said:
            return Failure(number, message)
    if isinstance(error, duckdb.ConversionException) and (number := _out_of_range(said)):
        return Failure(number, "Arithmetic overflow error converting a value to its data type.", exact=False)
    for kind, number, message in _BY_CLASS:
        if isinstance(error, kind):
            return Failure(number, message, exact=False)
    if isinstance(error, duckdb.InterruptException):
        return SourceError("the statement was interrupted", retryable=True)
    if isinstance(error, (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)):
        return ProgramError(f"DuckDB does not accept this statement: {said.splitlines()[0]}")
    return SourceError(
        f"DuckDB failed with {type(error).__name__}", hint="Is the disk full, or memory short?"
    )
