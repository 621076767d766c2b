"""One-time runs of Python files on the rig's Spark: the file really runs, against the tables of the warehouse.

For as long as one runs, PySpark's doors take what Databricks takes (three-level names, Delta's words), as a
session of the warehouse does.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyspark.sql import DataFrame, DataFrameReader, DataFrameWriter, SparkSession
from pyspark.sql.catalog import Catalog

from recon.errors import ReconError
from tests.rig.databricks_spark import SparkSessionOfRig, SparkWarehouse


class JobRun:
    """One run. `life` and `result` are the words of the interface."""

    def __init__(self, number: int, source: str, lost: bool) -> None:
        self.number = number
        self._tag = uuid.uuid4().hex  # Spark remembers for ever which tags were cancelled
        self.life = "PENDING"
        self.result = ""
        self.message = ""
        self._source = source
        self._lost = lost
        self._out = io.StringIO()
        self._thread: threading.Thread | None = None
        self._cancelled = False
        self._session: SparkSessionOfRig | None = None

    def printed(self) -> str:
        """What the file has printed so far."""
        return self._out.getvalue()

    def start(self, warehouse: SparkWarehouse, turn: threading.Lock) -> None:
        """Run it in a thread of its own; one run after another."""
        self._thread = threading.Thread(target=self._run, args=(warehouse, turn), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Until it is over."""
        if self._thread:
            self._thread.join(60)

    def cancel(self) -> None:
        """Stop Spark's jobs, and Python at its next line."""
        self._cancelled = True
        if self._session:
            self._session.cancel(self._tag)
        if self._thread and self._thread.ident and self._thread.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._thread.ident), ctypes.py_object(SystemExit)
            )

    def _run(self, warehouse: SparkWarehouse, turn: threading.Lock) -> None:
        if self._lost:
            self.life, self.message = "INTERNAL_ERROR", "Cannot read the python file: it does not exist."
            return
        with turn:
            self.life = "RUNNING"
            try:
                self._session = SparkSessionOfRig(warehouse)
                self._session.shop.spark.sparkContext.setJobGroup(self._tag, "rig", interruptOnCancel=True)
                with _databricks(self._session), contextlib.redirect_stdout(self._out):
                    exec(compile(self._source, "<job>", "exec"), {"__name__": "__main__"})
                self.result = "SUCCESS"
            except SystemExit as error:
                self.result = "SUCCESS" if error.code in (None, 0) else "FAILED"
            except Exception as error:  # noqa: BLE001 (whatever the file raises fails the run)
                self.result, self.message = "FAILED", f"{type(error).__name__}: {error}"
            if self._cancelled:
                self.result, self.message = "CANCELED", "Run cancelled."
            self.life = "TERMINATED"


class SparkJobs:
    """Starts runs on one warehouse."""

    def __init__(self, warehouse: SparkWarehouse) -> None:
        self._warehouse = warehouse
        self._turn = threading.Lock()
        self.started: list[JobRun] = []

    def start(self, number: int, source: str, lost: bool) -> JobRun:
        """A new run; `lost` when its file is not there."""
        run = JobRun(number, source, lost)
        self.started.append(run)
        run.start(self._warehouse, self._turn)
        return run

    def close(self) -> None:
        """End what still runs."""
        for run in self.started:
            if run.life not in {"TERMINATED", "INTERNAL_ERROR"}:
                run.cancel()
            run.wait()


@contextmanager
def _databricks(session: SparkSessionOfRig) -> Iterator[None]:
    """PySpark's doors with Databricks' words, on the thread's one session."""
    sessions: Any = SparkSession
    doors = _doors(session)
    before = {(owner, name): owner.__dict__[name] for owner, name in doors}
    instantiated, argv = sessions._instantiatedSession, sys.argv
    sessions._instantiatedSession = session.shop.spark
    session.activate()
    for (owner, name), method in doors.items():
        setattr(owner, name, method)
    try:
        yield
    finally:
        for (owner, name), method in before.items():
            setattr(owner, name, method)
        sessions._instantiatedSession, sys.argv = instantiated, argv


def _doors(session: SparkSessionOfRig) -> dict[tuple[type, str], Any]:
    plain = {
        (owner, name): owner.__dict__[name]
        for owner, name in (
            (SparkSession, "sql"), (SparkSession, "table"), (DataFrameReader, "table"),
            (DataFrameWriter, "saveAsTable"), (DataFrameWriter, "insertInto"), (DataFrameWriter, "format"),
            (Catalog, "tableExists"), (type(session.shop.spark.range(0)), "writeTo"),
        )
    }  # fmt: skip
    off = session.plain_name

    def sql(self: SparkSession, text: str, args: Any = None, **named: Any) -> DataFrame:
        if self is not session.shop.spark or named or isinstance(args, list):
            return plain[SparkSession, "sql"](self, session.without_catalog(text), args, **named)
        try:
            frame = session.frame(text, args or {}, [])
        except ReconError as error:
            raise RuntimeError(f"rig: {error}") from error
        return frame if frame is not None else self.range(0).select()

    def formatted(self: DataFrameWriter, source: str) -> DataFrameWriter:
        kind = "parquet" if source.casefold() == "delta" else source
        return plain[DataFrameWriter, "format"](self, kind)

    def named(key: tuple[type, str]) -> Any:
        return lambda self, name, *given, **more: plain[key](self, off(name), *given, **more)

    found: dict[tuple[type, str], Any] = {key: named(key) for key in plain if key[1] not in {"sql", "format"}}
    return found | {(SparkSession, "sql"): sql, (DataFrameWriter, "format"): formatted}
