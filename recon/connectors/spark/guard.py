"""The guard around a PySpark variant: its calls of Spark stay in the world and are kept in the ledger.

While a variant runs, a few methods of PySpark's classes are ours: SQL goes the way of SQL scripts, tables
are written as Parquet where Delta Lake is asked for, and writes to paths are refused. Afterwards the methods
are PySpark's again. That is safe because one world at a time is open in a process.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from py4j.java_gateway import JavaMember
from pyspark import RDD, SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, DataFrameReader, DataFrameWriter, SparkSession
from pyspark.sql.catalog import Catalog
from pyspark.sql.conf import RuntimeConfig

from recon.connectors.spark.writer import TableWriter
from recon.errors import ProgramError
from recon.sqlscript.databricks_escapes import OWN_FORMATS, setting_leaves
from recon.sqlscript.databricks_meaning import Kind, meaning
from recon.sqlscript.databricks_text import Statement, statements
from recon.sqlscript.databricks_words import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from recon.connectors.ledger import Ledger
    from recon.connectors.spark.fence import Brake, Fence
    from recon.connectors.spark.statements import Statements
    from recon.connectors.spark.workshop import Workshop
    from recon.model import TableRef

_INSERT = DataFrameWriter.insertInto
_SAVE = DataFrameWriter.saveAsTable
_MODE = DataFrameWriter.mode
_FORMAT = DataFrameWriter.format
_OPTION = DataFrameWriter.option
_PATHS = ("parquet", "json", "csv", "orc", "text", "xml", "jdbc")
_SAVES = (
    *("saveAsTextFile", "saveAsPickleFile", "saveAsSequenceFile", "saveAsHadoopFile", "saveAsHadoopDataset"),
    *("saveAsNewAPIHadoopFile", "saveAsNewAPIHadoopDataset"),
)
_READS = ("load", "parquet", "json", "csv", "orc", "text", "xml", "jdbc")
_MERGE = "Use spark.sql('MERGE INTO ...')."
_CALL = JavaMember.__call__
_SAVE_PATH = DataFrameWriter.save
_SET = RuntimeConfig.set
_CONFIG = SparkSession.Builder.config
_REFUSED_OPTIONS = {"replacewhere", "path", "partitionoverwritemode", "txnappid", "txnversion"}


class Guard:
    """The replaced methods of one variant's run."""

    def __init__(self, shop: Workshop, ledger: Ledger, sql: Statements, fence: Fence, brake: Brake) -> None:
        self._shop = shop
        self._fence = fence
        self._brake = brake
        self._ledger = ledger
        self._sql = sql

    @contextmanager
    def on(self) -> Generator[None]:
        """PySpark's methods are ours inside."""
        ours = self._methods()
        theirs = [(owner, name, owner.__dict__[name]) for owner, name in ours]
        sessions: Any = SparkSession  # builder.getOrCreate() returns what it keeps here
        mine = sessions._instantiatedSession
        sessions._instantiatedSession = self._shop.spark
        for (owner, name), method in ours.items():
            setattr(owner, name, method)
        try:
            yield
        finally:
            sessions._instantiatedSession = mine
            for owner, name, method in theirs:
                setattr(owner, name, method)

    def _methods(self) -> dict[tuple[type, str], Callable[..., Any]]:
        guard, frame_class = self, type(self._shop.spark.range(0))
        found: dict[tuple[type, str], Callable[..., Any]] = {
            (SparkSession, "sql"): _method(guard.sql),
            (SparkSession, "table"): _method(guard.read),
            (SparkSession, "stop"): lambda _: guard.note("spark.stop() left out"),
            (SparkContext, "stop"): lambda _: guard.note("SparkContext.stop() left out"),
            (DataFrameReader, "table"): _method(guard.read),
            (frame_class, "writeTo"): lambda frame, table: TableWriter(guard, frame, table),
            (frame_class, "writeStream"): property(lambda _: guard.refuse("writeStream")),  # type: ignore[dict-item]
            (DataFrameWriter, "mode"): _method(guard.mode),
            (DataFrameWriter, "format"): _method(guard.format),
            (DataFrameWriter, "option"): _method(guard.option),
            (DataFrameWriter, "options"): _method(guard.options),
            (DataFrameWriter, "partitionBy"): _method(guard.partition_by),
            (DataFrameWriter, "clusterBy"): lambda writer, *_: writer,
            (DataFrameWriter, "saveAsTable"): _method(guard.save_as_table),
            (DataFrameWriter, "insertInto"): _method(guard.insert_into),
            (JavaMember, "__call__"): _method(guard.java),
            (frame_class, "mergeInto"): lambda *_, **__: guard.refuse("mergeInto", _MERGE),
            (frame_class, "checkpoint"): lambda frame, *_, **__: frame.localCheckpoint(),
            (RuntimeConfig, "set"): _method(guard.set_option),
            (SparkSession.Builder, "config"): _method(guard.configure),
            (SparkContext, "setCheckpointDir"): lambda *_: guard.note("setCheckpointDir left out"),
            (Catalog, "createTable"): lambda *_, **__: guard.refuse("spark.catalog.createTable"),
            (Catalog, "createExternalTable"): lambda *_, **__: guard.refuse("createExternalTable"),
        }
        for name in _PATHS:
            found[DataFrameWriter, name] = lambda *_, what=name, **__: guard.refuse(f"write.{what}")
        found[DataFrameWriter, "save"] = _method(guard.save_path)
        for name in _SAVES:
            found[RDD, name] = lambda *_, what=name, **__: guard.refuse(what)
        for name in _READS:
            found[DataFrameReader, name] = _reading(guard, name, DataFrameReader.__dict__[name])
        return found

    # --- What programs call ---

    def sql(self, _: object, sqlQuery: str, args: Any = None, **named: Any) -> DataFrame:  # noqa: ANN401, N803
        """`spark.sql`, by the way of SQL scripts. A statement without rows gives an empty DataFrame."""
        text = sqlQuery
        parts = statements(text)
        if len(parts) != 1:
            raise ProgramError(f"spark.sql takes one statement, this text has {len(parts)}")
        kind = self._kind(parts[0])
        if named or isinstance(args, (list, tuple)):
            if kind is not Kind.QUERY:
                raise ProgramError("spark.sql with {names} or ? is supported for queries only")
            return self._shop.sql(text, args, **named)
        rows = self._sql.run(parts[0], args)
        return rows if rows is not None else self._shop.spark.range(0).select()

    def java(self, member: JavaMember, *args: Any) -> Any:  # noqa: ANN401 (as py4j)
        """Every call of Spark: none begins once somebody has cancelled."""
        self._brake.check()
        return _CALL(member, *args)

    def _kind(self, statement: Statement) -> Kind:
        try:
            return meaning(statement).kind
        except ProgramError as error:
            message = str(error).removeprefix(f"line {error.line}: ")
            raise self._fence.refuse(message, error.hint) from error

    def read(self, _: object, tableName: str) -> DataFrame:  # noqa: N803 (PySpark's)
        """`spark.table` and `spark.read.table`."""
        return self.table(tableName)

    def table(self, name: str) -> DataFrame:
        """The rows of the table of that dotted name."""
        return self._shop.table(self.ref(name))

    def ref(self, name: str) -> TableRef:
        """The table that a dotted text names, catalog and all."""
        reader = Reader(Statement(name, "", 0))
        ref = reader.name().ref
        if not reader.done:
            raise ProgramError(f"{name!r} is no table's name")
        return ref

    def written(self, name: str) -> TableRef:
        """The table to write, in this world; its schema exists afterwards."""
        ref = self.ref(name)
        other = self._ledger.meet(ref) if ref.catalog else ""
        if other:
            raise ProgramError(f"{ref} and {other}.{ref.schema}.{ref.name} would be one table here")
        self._shop.need_schema(ref)
        return self._shop.local(ref)

    def note(self, text: str) -> None:
        self._shop.notes.append(text)

    def refuse(self, what: str, hint: str = "Use saveAsTable or insertInto.") -> None:
        raise self._fence.refuse(f"{what} is refused: a variant reads inputs and writes tables", hint)

    def set_option(self, conf: RuntimeConfig, key: str, value: Any) -> None:  # noqa: ANN401
        """`spark.conf.set`; what opens other catalogs or file systems is refused."""
        self._check_option(key)
        _SET(conf, key, value)

    def configure(self, builder: SparkSession.Builder, *given: Any, **named: Any) -> Any:  # noqa: ANN401
        """`SparkSession.builder.config`; settings of a session that runs already are as good as `set`."""
        for name in (*given[:1], named.get("key"), *(named.get("map") or {})):
            if isinstance(name, str):
                self._check_option(name)
        return _CONFIG(builder, *given, **named)

    def _check_option(self, key: str) -> None:
        if setting_leaves(key):
            raise self._fence.refuse(f"the setting {key} reaches out of the run", "Leave it out.")

    def mode(self, writer: DataFrameWriter, saveMode: str | None) -> DataFrameWriter:  # noqa: N803 (PySpark's)
        if saveMode is not None:
            writer._recon_mode = saveMode  # type: ignore[attr-defined]
        return _MODE(writer, saveMode)

    def format(self, writer: DataFrameWriter, source: str) -> DataFrameWriter:
        if source.upper() not in OWN_FORMATS | {"NOOP"}:
            self.refuse(f"write.format({source!r})")
        writer._recon_format = source.casefold()  # type: ignore[attr-defined]
        return _FORMAT(writer, "parquet" if source.casefold() == "delta" else source)

    def save_path(self, writer: DataFrameWriter, *given: Any, **named: Any) -> None:  # noqa: ANN401
        """`save`: only to nowhere, which computes the rows, as `display` does."""
        if getattr(writer, "_recon_format", "") != "noop" or given or named:
            self.refuse("write.save")
        _SAVE_PATH(writer)

    def option(self, writer: DataFrameWriter, key: str, value: Any) -> DataFrameWriter:  # noqa: ANN401
        if key.casefold() == "mergeschema":
            writer._recon_merge = str(value).casefold() == "true"  # type: ignore[attr-defined]
        elif key.casefold() in _REFUSED_OPTIONS:
            raise ProgramError(
                f"the write option {key} is not supported here",
                hint="Write the whole table, or run this variant on Databricks.",
            )
        return _OPTION(writer, key, value)

    def options(self, writer: DataFrameWriter, **options: Any) -> DataFrameWriter:  # noqa: ANN401
        for key, value in options.items():
            self.option(writer, key, value)
        return writer

    def partition_by(self, writer: DataFrameWriter, *_: Any) -> DataFrameWriter:  # noqa: ANN401
        """Partitions of a Delta table change no row and no column's place; those of Parquet would."""
        writer._recon_partitioned = True  # type: ignore[attr-defined]
        return writer

    def save_as_table(
        self,
        writer: DataFrameWriter,
        name: str,
        format: str | None = None,
        mode: str | None = None,
        partitionBy: Any = None,  # noqa: ANN401, N803
        **options: Any,  # noqa: ANN401
    ) -> None:
        self.options(writer, **options)
        if format is not None:
            self.format(writer, format)
        if mode is not None:
            self.mode(writer, mode)
        if partitionBy is not None:
            self.partition_by(writer)
        table = self.written(name)
        self._refuse_evolution(writer, table)
        self._write(writer, lambda w: _SAVE(w, self._shop.sql_name(table)))
        self._shop.enforce(table)
        self._ledger.wrote(table)

    def insert_into(self, writer: DataFrameWriter, tableName: str, overwrite: bool | None = None) -> None:  # noqa: N803
        table = self.written(tableName)
        if getattr(writer, "_recon_partitioned", False):
            raise ProgramError("insertInto cannot be used with partitionBy", hint="Leave partitionBy out.")
        if overwrite is not None:
            self.mode(writer, "overwrite" if overwrite else "append")
        self._write(writer, lambda w: _INSERT(w, self._shop.sql_name(table)))
        self._shop.enforce(table)
        self._ledger.wrote(table)

    def _refuse_evolution(self, writer: DataFrameWriter, table: TableRef) -> None:
        merge = getattr(writer, "_recon_merge", False) and getattr(writer, "_recon_mode", "") == "append"
        if merge and self._shop.spark.catalog.tableExists(self._shop.sql_name(table)):
            ours = {name.casefold() for name in self._shop.table(table).columns}
            if ours != {name.casefold() for name in _frame(writer).columns}:
                raise ProgramError(
                    "schema evolution is not supported", hint="Create the table in full first."
                )

    def _write(self, writer: DataFrameWriter, write: Callable[[DataFrameWriter], None]) -> None:
        """Delta Lake reads a snapshot, Parquet cannot overwrite what it reads: then the rows come first."""
        self._shop.check()
        if self._shop.dynamic and getattr(writer, "_recon_mode", "") == "overwrite":
            raise ProgramError(
                "dynamic partition overwrite needs Delta Lake, which this engine lacks",
                hint="Delete the old rows and append the new ones, or run it on Databricks.",
            )
        try:
            write(writer)
        except PySparkException as error:
            if not (error.getCondition() or "").startswith("UNSUPPORTED_OVERWRITE"):
                raise
            again = _frame(writer).localCheckpoint().write
            write(_MODE(again, getattr(writer, "_recon_mode", "error")))

    def save(self, frame: DataFrame, name: str, mode: str) -> None:
        """For `writeTo`: the same through the older interface."""
        writer = frame.write
        self.mode(writer, mode)
        self.save_as_table(writer, name)

    def fill(self, frame: DataFrame, name: str) -> None:
        """For `writeTo`: replace the rows of a table, whose columns stay as they are."""
        columns = self.table(name).columns
        self.insert_into(frame.select(*(frame[f"`{c}`"] for c in columns)).write, name, overwrite=True)

    def exists(self, name: str) -> bool:
        """Whether there is such a table."""
        return self._shop.spark.catalog.tableExists(self._shop.sql_name(self._shop.local(self.ref(name))))


def _reading(guard: Guard, name: str, theirs: Callable[..., Any]) -> Callable[..., Any]:
    """A reader of files or of another system; only what lies in memory (an RDD) is read."""

    def read(reader: DataFrameReader, source: Any = None, *rest: Any, **named: Any) -> Any:  # noqa: ANN401
        if isinstance(source, RDD):
            return theirs(reader, source, *rest, **named)
        return guard.refuse(
            f"read.{name}", "Name what is read as an input in table.toml, and read its table."
        )

    return read


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    """A bound method of ours as a method of another class."""
    return lambda this, *args, **named: function(this, *args, **named)


def _frame(writer: DataFrameWriter) -> DataFrame:
    theirs: Any = writer  # there is no public way
    return theirs._df
