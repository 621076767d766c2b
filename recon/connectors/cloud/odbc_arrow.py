"""Rows of a query over ODBC as Arrow batches, whatever the database: by arrow-odbc, or row by row by pyodbc.

The schema is always given, never guessed from the rows. Measured on 1 M rows x 20 columns, arrow-odbc is
about three times as fast (benchmarks/extract.py), but it cannot log in with a token, it sends the text of a
statement in a code page, and where a text is longer than its buffer FreeTDS cuts it without a word. So it
reads where nothing of that can happen, and pyodbc reads the rest.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from recon.connectors.cloud.odbc import Interrupt, again, connect_once, driver
from recon.connectors.cloud.odbc_errors import failed
from recon.connectors.cloud.odbc_feed import fed
from recon.errors import Cancelled, SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    import pyodbc

    from recon.connectors.cloud.odbc import Login
    from recon.errors import ReconError

logger = logging.getLogger(__name__)

BATCH_ROWS: Final = 10_000  # of pyodbc: more only costs memory
FAST_ROWS: Final = 20_000
FAST_BYTES: Final = 32 * 1024 * 1024  # of arrow-odbc's buffer, which holds the longest texts there may be


@dataclass(frozen=True, slots=True)
class Cell:
    """One column of a query: its name, the type in which it is fetched, and what is made of it then.

    `slowly` says why arrow-odbc cannot fetch it exactly; empty when it can.
    """

    name: str
    fetched: pa.DataType
    finish: Callable[[pa.Array], pa.Array] | None = None
    made: pa.DataType | None = None  # what `finish` makes
    slowly: str = ""

    @property
    def type(self) -> pa.DataType:
        """The column's type in the batches."""
        return self.made or self.fetched


@dataclass(frozen=True, slots=True)
class Reading:
    """A query that returns exactly `cells`, in this order. `what` names it in errors.

    `translate` makes an error of a driver ours. `prepare` is done on a connection of pyodbc before the query.
    """

    sql: str
    cells: tuple[Cell, ...]
    what: str
    translate: Callable[[Exception, str], ReconError] = failed
    prepare: Callable[[pyodbc.Connection], None] | None = None
    batches: bool = False  # several statements, of which the first with columns has the rows


@dataclass(slots=True)
class Opened:
    """What a read holds open, so that it can be interrupted and closed from outside."""

    connection: pyodbc.Connection | None = None
    interrupt: Interrupt = field(default_factory=Interrupt)

    @property
    def stopped(self) -> bool:
        """Whether somebody has asked to stop."""
        return self.interrupt.stopped

    def cancel(self) -> None:
        """Interrupt the statement, from another thread; no further batch is handed out."""
        self.interrupt.stop()

    def close(self) -> None:
        """Close the connection; more than once is fine."""
        connection, self.connection = self.connection, None
        self.interrupt.close(connection)


def why_slowly(login: Login, reading: Reading) -> str:
    """Why pyodbc has to read; empty when arrow-odbc may."""
    if login.token is not None:
        return "a token logs in"
    if not reading.sql.isascii():
        return "the statement is not ASCII"
    if reading.batches:
        return "the rows follow other statements"
    return next((f"{c.name}: {c.slowly}" for c in reading.cells if c.slowly), "")


def read(login: Login, reading: Reading, opened: Opened | None = None) -> pa.RecordBatchReader:
    """Stream the rows. The query has begun when this returns, and what may pass was tried anew until then.

    Raises what `reading.translate` makes of an error, also while batches are taken; then it is for the caller
    to begin again, since rows have been handed out.
    """
    held = opened or Opened()
    slowly = why_slowly(login, reading)
    logger.info("%s is read by %s", reading.what, f"pyodbc ({slowly})" if slowly else "arrow-odbc")

    def begin() -> tuple[list[pa.RecordBatch], Iterator[pa.RecordBatch]]:
        _check(reading, held)
        made = plainly(login, reading, held) if slowly else quickly(login, reading, held)
        first = next(made, None)
        return ([] if first is None else [first]), made

    first, rest = again(begin, reading.what, held.interrupt)
    schema = pa.schema([pa.field(c.name, c.type) for c in reading.cells])

    def batches() -> Generator[pa.RecordBatch]:
        try:
            for batch in first:
                yield _finished(batch, reading.cells, schema)
            first.clear()
            for batch in rest:
                yield _finished(batch, reading.cells, schema)
        finally:
            held.close()

    return pa.RecordBatchReader.from_batches(schema, batches())


def quickly(login: Login, reading: Reading, held: Opened) -> Generator[pa.RecordBatch]:
    """The rows by arrow-odbc, over a connection of its own."""
    try:
        from arrow_odbc import Error, TextEncoding, read_arrow_batches_from_odbc
    except (ImportError, OSError) as error:
        raise SettingsError(
            "arrow-odbc is not installed, which reads tables", hint="pip install -r requirements.txt"
        ) from error
    driver()  # the message about a driver manager that is not installed is better there

    def rows() -> Iterable[pa.RecordBatch]:
        return read_arrow_batches_from_odbc(
            reading.sql,
            login.conn_str,
            batch_size=FAST_ROWS,
            max_bytes_per_batch=FAST_BYTES,
            login_timeout_sec=login.login_seconds,
            query_timeout_sec=login.query_seconds,
            schema=_fetched(reading.cells),
            payload_text_encoding=TextEncoding.UTF16,
            fetch_concurrently=False,  # the feed's thread fetches while the taker works
        )

    patience = login.query_seconds and login.query_seconds + login.login_seconds
    problem: ReconError | None = None
    try:
        yield from fed([rows], (Error,), reading.what, stopped=lambda: held.stopped, patience=patience)
    except Error as error:
        problem = reading.translate(error, reading.what)
    if problem is not None:  # outside, for the driver's error holds its text and its connection
        raise problem


def plainly(login: Login, reading: Reading, held: Opened) -> Generator[pa.RecordBatch]:
    """The rows by pyodbc."""
    module = driver()
    held.close()
    held.connection = connect_once(login)
    problem: ReconError | None = None
    try:
        if reading.prepare is not None:
            reading.prepare(held.connection)
        cursor = held.interrupt.watch(held.connection.cursor())
        cursor.execute(reading.sql)
        yield from _taken(cursor, reading, held)
    except module.Error as error:
        problem = reading.translate(error, reading.what)
    finally:
        held.close()
    if problem is not None:  # outside, for the driver's error holds its text, which may hold a value
        raise problem


def _taken(cursor: pyodbc.Cursor, reading: Reading, held: Opened) -> Generator[pa.RecordBatch]:
    """The batches of the first result that has columns. SourceError when there is none."""
    while not cursor.description and cursor.nextset():
        pass  # a statement before the SELECT
    _check(reading, held)  # a cancelled statement may look like one without rows
    if not cursor.description:
        raise SourceError(f"{reading.what} returned no rows at all, not even their columns")
    schema = _fetched(reading.cells)
    while rows := cursor.fetchmany(BATCH_ROWS):
        _check(reading, held)
        yield _batch(rows, schema, reading.what)
    while cursor.nextset():
        pass  # an error behind the rows comes to light here
    _check(reading, held)


def _check(reading: Reading, held: Opened) -> None:
    """Cancelled when the read is to stop: an interrupted driver does not always say so."""
    if held.stopped:
        raise Cancelled(f"cancelled during {reading.what}")


def _fetched(cells: Iterable[Cell]) -> pa.Schema:
    return pa.schema([pa.field(c.name, c.fetched) for c in cells])


def _batch(rows: Sequence[Any], schema: pa.Schema, what: str) -> pa.RecordBatch:
    """Rows as columns of their types. SourceError, without the value, for one that does not fit."""
    made: list[pa.Array] = []
    for each, values in zip(schema, zip(*rows, strict=True), strict=True):
        try:
            made.append(pa.array(values, type=each.type))
        except (pa.ArrowException, OverflowError) as error:
            raise SourceError(
                f"{what}: column {each.name} holds a value that is no {each.type} ({type(error).__name__})",
                hint="Does the ODBC driver name the column's type rightly? Use Microsoft's own.",
            ) from None
    return pa.RecordBatch.from_arrays(made, schema=schema)


def _finished(batch: pa.RecordBatch, cells: tuple[Cell, ...], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [c.finish(a) if c.finish else a for c, a in zip(cells, batch.columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
