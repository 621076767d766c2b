"""The seams. Everything that differs between a laptop and Azure is behind one of these.

Tables cross a seam as Arrow batches and lie at rest as Parquet. Adapters raise only the errors of
`recon.errors`; a driver's exception becomes ours at the driver's line, `from error`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pyarrow as pa
    from sqlglot import exp

    from recon.model import Column, Scalar, Script, TableRef, Variant


@dataclass(frozen=True, slots=True)
class Rows:
    """A relation on its way: its declared columns, and its rows in no promised order.

    `batches` has the same columns in the same order. The taker closes it.
    """

    columns: tuple[Column, ...]
    batches: pa.RecordBatchReader


class Source(Protocol):
    """Where stored procedures live: Synapse, or DuckDB standing in for it."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was only approximated so far, in words for a reviewer; empty on the real Synapse."""
        ...

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        """The table's columns in declared order, with T-SQL types. SourceError if there is no such table."""
        ...

    def call(self, script: Script, procedure: str, params: Mapping[str, Scalar]) -> None:
        """Run the script to its end and, when `procedure` names one, execute it with `params`.

        Without a procedure the params are the script's variables. ProgramError with the line when a
        statement fails or is not understood.
        """
        ...

    def query(self, script: Script, params: Mapping[str, Scalar], where: str = "") -> Rows:
        """Run the script and return the rows of its last SELECT, filtered by a T-SQL predicate.

        ProgramError in the file "filter" when that is not understood; so in `read`.
        """
        ...

    def read(self, table: TableRef, where: str = "", *, split_by: str = "") -> Rows:
        """Stream the table, filtered by a T-SQL predicate.

        `split_by` names a column whose ranges may be read side by side, where that is worth it.
        """
        ...

    def cancel(self) -> None:
        """Interrupt the statement at work, from another thread."""
        ...


class Lake(Protocol):
    """Where Parquet waits between the two systems: ADLS, or a folder."""

    def put(self, file: Path, key: str) -> str:
        """Store `file` under `key`, replacing it; return the URL that an engine reads."""
        ...

    def get(self, key: str, into: Path) -> Path:
        """Fetch one object to a local file. LakeError if there is none."""
        ...

    def keys(self, prefix: str) -> tuple[str, ...]:
        """All keys under `prefix`, sorted."""
        ...

    def drop(self, prefix: str) -> None:
        """Delete all keys under `prefix`."""
        ...


class Comparer(Protocol):
    """A SQL engine in which both sides of a comparison lie."""

    @property
    def dialect(self) -> str:
        """The name that sqlglot gives to its SQL."""
        ...

    def attach(self, table: TableRef, urls: Sequence[str]) -> None:
        """Make Parquet (or CSV) files readable as `table`. Types come from the files."""
        ...

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        """The table's columns in order, with the engine's own types."""
        ...

    def save(self, query: exp.Query, table: TableRef) -> int:
        """Write the query's rows as `table`, replacing it; return how many."""
        ...

    def query(self, query: exp.Query) -> list[dict[str, Any]]:
        """Run a query whose answer is small enough to hold: its rows in order, values by column name."""
        ...

    def write(self, query: exp.Query, file: Path) -> int:
        """Write the query's rows to one Parquet file, in the query's order; return how many."""
        ...

    def cancel(self) -> None:
        """Interrupt the statement at work, from another thread."""
        ...


class Engine(Protocol):
    """A world: a fresh, empty place in which one variant runs. Databricks, local Spark, or DuckDB."""

    @property
    def name(self) -> str:
        """What ran, with its version, for the report: "Spark 4.3.0", "DuckDB 2.0.0"."""
        ...

    @property
    def approximate(self) -> bool:
        """Whether it only stands in for Spark's semantics."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was only approximated so far, in words for a reviewer."""
        ...

    def attach(self, table: TableRef, urls: Sequence[str]) -> None:
        """Make Parquet files readable as `table`. What a variant does to it stays in the world."""
        ...

    def create(self, table: TableRef, columns: Sequence[Column], urls: Sequence[str] = ()) -> None:
        """Make a writable table with the T-SQL `columns` translated; fill it from the files, if any."""
        ...

    def run(self, variant: Variant, params: Mapping[str, Scalar], target: TableRef | None) -> TableRef:
        """Run the conversion and return where its rows are.

        That is `target` when it is given and was written; else the one table that the variant wrote, the
        result of a variant that is one SELECT, or a DataFrame called `result`. ProgramError when the code
        fails, would escape from its world, or leaves no single relation.
        """
        ...

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        """The table's columns in declared order, with Databricks' types."""
        ...

    def count(self, table: TableRef) -> int:
        """How many rows the engine itself finds in an attached or created table."""
        ...

    def export(self, table: TableRef, folder: Path, where: str = "") -> tuple[Path, ...]:
        """Write the table's rows as Parquet files into `folder`; at least one file, also when empty.

        `where` is a predicate in Spark SQL; ProgramError in the file "filter" when it is not understood.
        """
        ...

    def cancel(self) -> None:
        """Interrupt the statement at work, from another thread."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """One of each, chosen together by `wiring`.

    `mask_key` is the secret with which values of sensitive columns are told apart; empty where none is.
    `lake_name` is what people call the lake.
    """

    source: Callable[[], AbstractContextManager[Source]]
    lake: Lake
    world: Callable[[str], AbstractContextManager[Engine]]  # a fresh, empty engine by that name
    comparer: Callable[[], AbstractContextManager[Comparer]]
    mask_key: str = ""
    lake_name: str = "the lake"
