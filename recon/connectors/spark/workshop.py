"""A world's session, catalog and files: the small operations that engine, statements and programs share."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from pyspark.sql import SparkSession
from sqlglot import exp

from recon.connectors.spark.types import declared
from recon.errors import EngineError, ProgramError
from recon.model import TableRef

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pyspark.sql import DataFrame

    from recon.model import Column

_SQL = SparkSession.sql  # a program's own calls go through a guard; ours do not
_TABLE = SparkSession.table


class Workshop:
    """One world. `notes` collects what a reviewer must know; `current` is the thread-safe brake."""

    def __init__(self, spark: SparkSession, folder: Path, timezone: str) -> None:
        self.spark = spark
        self.folder = folder
        self.timezone = timezone
        self.now: datetime | None = None  # what the clock says, when the project says it
        self.notes: list[str] = []
        self._stopped = threading.Event()
        self._schemas: set[str] = set()
        self._required: dict[tuple[str, ...], tuple[str, ...]] = {}

    # --- Names ---

    def local(self, table: TableRef) -> TableRef:
        """The name without its catalog, and with the current schema where none is written."""
        return TableRef(schema=table.schema or self.spark.catalog.currentDatabase(), name=table.name)

    def node(self, table: TableRef) -> exp.Table:
        """The name in a tree, quoted."""
        return exp.table_(table.name, db=table.schema or None, quoted=True)

    def sql_name(self, table: TableRef) -> str:
        """The name as Spark's API wants it, quoted."""
        return self.node(table).sql("databricks")

    # --- SQL ---

    def sql(
        self, text: str, args: Mapping[str, Any] | Sequence[Any] | None = None, **frames: object
    ) -> DataFrame:
        """Run one statement of Spark SQL; lazy if it is a query."""
        self.check()
        given = dict(args) if isinstance(args, Mapping) else list(args or ())
        return _SQL(self.spark, text, given or None, **frames)

    def run(self, tree: exp.Expr, args: Mapping[str, Any] | None = None) -> DataFrame:
        """Run one statement of ours."""
        return self.sql(tree.sql("databricks"), args)

    def table(self, table: TableRef) -> DataFrame:
        """The table's rows."""
        return _TABLE(self.spark, self.sql_name(table))

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        """The table's columns in order."""
        return declared(self.table(table))

    @property
    def dynamic(self) -> bool:
        """Whether an overwrite is to replace only the partitions that it has rows for.

        Partitions are not kept here (see `recon.sqlscript.databricks_create`), so that cannot be done.
        """
        mode = str(self.spark.conf.get("spark.sql.sources.partitionOverwriteMode", "static"))
        return mode.casefold() == "dynamic"

    # --- Catalog ---

    def drop(self, table: TableRef) -> None:
        """Drop a table, if it exists."""
        self.run(exp.Drop(tables=[self.node(table)], kind="TABLE", exists=True))

    def need_schema(self, table: TableRef) -> None:
        """Make the table's schema, in the world's folder, when it does not exist."""
        self.make_schema(self.local(table).schema)

    def make_schema(self, name: str) -> None:
        """Make a schema, in the world's folder, when it does not exist."""
        if name.casefold() in self._schemas or name.casefold() in {"default", "global_temp"}:
            return
        place = self.folder / f"schema{len(self._schemas)}"
        self._schemas.add(name.casefold())
        where = exp.LocationProperty(this=exp.Literal.string(place.as_uri()))
        schema = exp.Table(db=exp.to_identifier(name, quoted=True))
        properties = exp.Properties(expressions=[where])
        self.run(exp.Create(this=schema, kind="SCHEMA", exists=True, properties=properties))

    def location(self, table: TableRef) -> Path:
        """The folder with a managed table's files."""
        described = self.run(exp.Describe(this=self.node(table), style="EXTENDED")).collect()
        found = [row["data_type"] for row in described if row["col_name"] == "Location"]
        if not found:
            raise EngineError(f"{table}: Spark does not say where its files are")
        return Path(unquote(urlparse(str(found[-1])).path))

    def tables(self) -> set[tuple[str, str]]:
        """All tables and lasting views, as folded schema and name."""
        return {
            (schema.casefold(), name.casefold())
            for schema in self._schemas_there()
            for name in self._names_in(schema)
        }

    def clean(self) -> None:
        """Drop every schema, table, view and cache of the process's catalog."""
        catalog = self.spark.catalog
        catalog.clearCache()
        catalog.setCurrentDatabase("default")
        for name in self._schemas_there():
            if name != "default":
                schema = exp.Table(db=exp.to_identifier(name, quoted=True))
                _SQL(self.spark, exp.Drop(tables=[schema], kind="SCHEMA", cascade=True).sql("databricks"))
        for name in self._names_in("default"):
            table = self._theirs.externalCatalog().getTable("default", name)
            kind = "VIEW" if table.tableType().name() == "VIEW" else "TABLE"
            node = exp.table_(name, db="default", quoted=True)
            _SQL(self.spark, exp.Drop(tables=[node], kind=kind).sql("databricks"))
        self._theirs.globalTempViewManager().clear()
        self._schemas.clear()

    @property
    def _theirs(self) -> Any:  # noqa: ANN401 (a Java object)
        """What all sessions of the process share. PySpark's own listing takes a second."""
        java: Any = self.spark
        return java._jsparkSession.sharedState()

    def _schemas_there(self) -> list[str]:
        return str(self._theirs.externalCatalog().listDatabases().mkString("\n")).split("\n")

    def _names_in(self, schema: str) -> list[str]:
        names = str(self._theirs.externalCatalog().listTables(schema).mkString("\n"))
        return names.split("\n") if names else []

    # --- NOT NULL ---

    def require(self, table: TableRef, columns: Sequence[str]) -> None:
        """From now on `enforce` looks at these columns of a table; none when it is made anew or dropped."""
        self._required[self.local(table).key] = tuple(columns)

    def required(self, table: TableRef) -> tuple[str, ...]:
        """The NOT NULL columns of a table that the variant declared."""
        return self._required.get(self.local(table).key, ())

    def enforce(self, table: TableRef, file: str = "", line: int = 0) -> None:
        """ProgramError, as Delta Lake's, when a NOT NULL column holds NULL. Parquet tables do not mind.

        https://docs.databricks.com/tables/constraints
        """
        columns = self.required(table)
        empty = [exp.column(name, quoted=True).is_(exp.null()) for name in columns]
        found = exp.select("*").from_(self.node(table)).where(exp.or_(*empty)).limit(1) if empty else None
        if found is not None and self.run(found).take(1):
            raise ProgramError(
                f"NULL in a NOT NULL column of {table} ({', '.join(columns)})",
                file=file,
                line=line,
                code="DELTA_NOT_NULL_CONSTRAINT_VIOLATED",
                hint="Fill the column, or declare it without NOT NULL.",
            )

    # --- Cancel ---

    def cancel(self) -> None:
        """Interrupt the jobs at work and refuse further statements. From any thread."""
        self._stopped.set()
        self.spark.sparkContext.cancelAllJobs()

    def check(self) -> None:
        """EngineError once somebody has cancelled."""
        if self._stopped.is_set():
            raise EngineError("the world was cancelled")
