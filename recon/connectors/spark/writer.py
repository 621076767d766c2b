"""`DataFrame.writeTo(...)` for tables without Delta Lake, which Spark itself offers for Delta Lake only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from pyspark.sql import functions

from recon.errors import ProgramError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


class Tables(Protocol):
    """What the writer needs of the guard: `save` makes or extends a table, `fill` replaces its rows."""

    def save(self, frame: DataFrame, name: str, mode: str) -> None: ...
    def fill(self, frame: DataFrame, name: str) -> None: ...
    def exists(self, name: str) -> bool: ...
    def table(self, name: str) -> DataFrame: ...


class TableWriter:
    """As `pyspark.sql.DataFrameWriterV2`; columns pair by name, as there."""

    def __init__(self, tables: Tables, frame: DataFrame, name: str) -> None:
        self._tables = tables
        self._frame = frame
        self._name = name

    def _same(self, *_: Any, **__: Any) -> TableWriter:  # noqa: ANN401 (as PySpark)
        """Settings of a Delta table that change no row."""
        return self

    using = _same
    tableProperty = _same  # noqa: N815 (PySpark's)
    partitionedBy = _same  # noqa: N815
    clusterBy = _same  # noqa: N815

    def option(self, key: str, value: Any) -> TableWriter:  # noqa: ANN401 (as PySpark)
        """Refused: every option here changes what Delta Lake writes."""
        raise ProgramError(f"writeTo: the option {key} is not supported here", hint="Write the whole table.")

    def create(self) -> None:
        self._tables.save(self._frame, self._name, "error")

    def createOrReplace(self) -> None:  # noqa: N802 (PySpark's)
        self._tables.save(self._frame, self._name, "overwrite")

    def replace(self) -> None:
        self._must_exist()
        self.createOrReplace()

    def append(self) -> None:
        self._must_exist()
        self._tables.save(self._frame, self._name, "append")

    def overwrite(self, condition: Column) -> None:
        """Rows for which the condition is true give way to the new ones."""
        self._must_exist()
        old = self._tables.table(self._name)
        untrue = ~functions.coalesce(condition, functions.lit(False))
        kept = old.where(untrue)
        self._tables.fill(kept.unionByName(self._frame).localCheckpoint(), self._name)

    def overwritePartitions(self) -> None:  # noqa: N802 (PySpark's)
        raise ProgramError(
            "writeTo.overwritePartitions needs Delta Lake, which this engine lacks",
            hint="Use overwrite with a condition, or run this variant on Databricks.",
        )

    def _must_exist(self) -> None:
        if not self._tables.exists(self._name):
            raise ProgramError(f"writeTo: there is no table {self._name}")
