"""The comparer on local Spark: the same trees as DuckDB runs, in Spark's spelling.

DuckDB reads the files of both sides first: it knows their names and types, and what Spark would read
otherwise (CSV, and types that Spark lacks) it writes out as Parquet that Spark reads exactly.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pyarrow.parquet as pq
from pyspark.sql import SparkSession
from sqlglot import exp

from recon.compare.spark import Kind, held_as, kind_of, preparations, spelled
from recon.connectors.local.comparer import DuckDBComparer, duckdb_comparer, local_files
from recon.connectors.spark.faults import SPARK_ERRORS, condition
from recon.errors import EngineError
from recon.model import Column, TableRef

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from recon.compare.spark import Columns
    from recon.connectors.spark.worlds import SparkWorlds

_SQL = SparkSession.sql  # a program's own calls go through a guard; ours do not
_READ: Final = TableRef("", "sides")
_SETTINGS: Final = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",  # more digits than 38 are an error, not a loss
    "spark.sql.codegen.wholeStage": "false",  # compiling a wide query takes longer than running it
    "spark.sql.constraintPropagation.enabled": "false",  # it goes through all pairs of a wide query's columns
    "spark.sql.optimizer.maxIterations": "100",
}
_SMALL: Final = 8_000_000  # bytes of both sides' files, up to which a query's making outweighs its running
_FOR_SMALL: Final = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",  # expressions are interpreted, not compiled to Java first
}
_FOR_LARGE: Final = {
    "spark.sql.shuffle.partitions": "32",
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.codegen.factoryMode": "FALLBACK",
}
_DIRECT: Final = {  # DuckDB's types that Spark reads from Parquet as what `held_as` says, and pyarrow's types
    exp.DType.BOOLEAN: {"bool"}, exp.DType.TINYINT: {"int8"}, exp.DType.SMALLINT: {"int16"},
    exp.DType.INT: {"int32"}, exp.DType.BIGINT: {"int64"}, exp.DType.FLOAT: {"float"},
    exp.DType.DOUBLE: {"double"}, exp.DType.TEXT: {"string", "large_string"}, exp.DType.DATE: {"date32[day]"},
    exp.DType.TIMESTAMPNTZ: {"timestamp[us]"}, exp.DType.TIMESTAMPTZ: {"timestamp[us, tz=UTC]"},
    exp.DType.VARBINARY: {"binary", "large_binary"},
}  # fmt: skip


class SparkComparer:
    """Both sides of a comparison in one Spark session. Tables are temporary views over files in `folder`.

    Names and types are those that DuckDB gives to the files. Columns are called `c0`, `c1` ... in Spark, so
    no user's name has to be one that Spark takes.
    """

    def __init__(self, root: SparkSession, folder: Path, reader: DuckDBComparer) -> None:
        self._spark = root.newSession()
        self._set(_SETTINGS)
        self._folder = folder
        self._reader = reader
        self._views: dict[tuple[str, ...], tuple[str, Columns]] = {}
        self._given: dict[tuple[str, ...], tuple[Column, ...]] = {}
        self._bytes: dict[tuple[str, ...], int] = {}
        self._numbers = count()
        self._group = f"recon-compare-{os.getpid()}-{id(self)}"
        with self._working():
            for statement in preparations():
                _SQL(self._spark, statement)

    @property
    def dialect(self) -> str:
        """Queries come in DuckDB's words; what Spark gets is `recon.compare.spark`'s."""
        return "duckdb"

    def attach(self, table: TableRef, urls: Sequence[str]) -> None:
        """As the comparer on DuckDB: the same files, names, types and errors."""
        self._reader.attach(_READ, urls)
        given = self._reader.columns(_READ)
        kinds = tuple(kind_of(c.type) for c in given)
        columns = tuple((f"c{n}", kind) for n, kind in enumerate(kinds))
        folder = self._new_folder()
        files = local_files(urls)
        if not _directly(files, kinds):
            self._reader.write(_staged(given, kinds), folder / "part-00000.parquet")
        else:
            for number, file in enumerate(files):
                _linked(file, folder / f"part-{number:05d}.parquet")
        self._view(table, folder, columns)
        self._given[table.key] = given
        self._bytes[table.key] = sum(f.stat().st_size for f in files)
        self._set(_FOR_SMALL if sum(self._bytes.values()) <= _SMALL else _FOR_LARGE)

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        given = self._given.get(table.key)
        if given is not None:
            return given
        return tuple(Column(name=name, type=str(kind)) for name, kind in self._place(table)[1])

    def save(self, query: exp.Query, table: TableRef) -> int:
        statement, columns = spelled(query, self._table)
        folder = self._new_folder()
        with self._working():
            frame = _SQL(self._spark, statement)
            frame.write.mode("overwrite").parquet(folder.as_uri())
        rows = sum(pq.read_metadata(f).num_rows for f in folder.glob("*.parquet"))
        self._view(table, folder, columns, frame.schema)
        self._given.pop(table.key, None)
        return rows

    def query(self, query: exp.Query) -> list[dict[str, Any]]:
        statement, _ = spelled(query, self._table)
        with self._working():
            return _SQL(self._spark, statement).toArrow().to_pylist()

    def write(self, query: exp.Query, file: Path) -> int:
        statement, _ = spelled(query, self._table)
        folder = self._new_folder()
        with self._working():
            ordered: DataFrame = _SQL(self._spark, statement)
            ordered.coalesce(1).write.mode("overwrite").parquet(folder.as_uri())
        file.parent.mkdir(parents=True, exist_ok=True)
        [part] = folder.glob("*.parquet")
        shutil.move(part, file)
        shutil.rmtree(folder, ignore_errors=True)
        return pq.read_metadata(file).num_rows

    def cancel(self) -> None:
        self._spark.sparkContext.cancelJobGroup(self._group)

    def close(self) -> None:
        """Forget the views; the files go with the folder."""
        with self._working():
            for name, _ in self._views.values():
                self._spark.catalog.dropTempView(name)
        self._views.clear()

    def _set(self, settings: Mapping[str, str]) -> None:
        for name, value in settings.items():
            self._spark.conf.set(name, value)

    def _new_folder(self) -> Path:
        folder = self._folder / f"t{next(self._numbers)}"
        folder.mkdir(parents=True)
        return folder

    def _view(
        self, table: TableRef, folder: Path, columns: Columns, schema: StructType | None = None
    ) -> None:
        """Make the files readable; what the table held before goes. Without a schema Spark looks for it."""
        name = f"recon_{folder.name}"
        with self._working():
            reader = self._spark.read.schema(schema) if schema else self._spark.read
            frame = reader.parquet(folder.as_uri())
            frame = frame.toDF(*(column for column, _ in columns))
            frame.createOrReplaceTempView(name)
            old = self._views.pop(table.key, None)
            if old is not None:
                self._spark.catalog.dropTempView(old[0])
                shutil.rmtree(self._folder / old[0].removeprefix("recon_"), ignore_errors=True)
        self._views[table.key] = name, columns

    def _place(self, table: TableRef) -> tuple[str, Columns]:
        found = self._views.get(table.key)
        if found is None:
            raise EngineError(f"Spark could not compare: there is no table {table}")
        return found

    def _table(self, table: TableRef) -> tuple[exp.Table, Columns]:
        name, columns = self._place(table)
        return exp.Table(this=exp.to_identifier(name)), columns

    @contextmanager
    def _working(self) -> Generator[None]:
        """Errors of Spark as ours, without any row's value; jobs under a name that `cancel` knows."""
        self._spark.sparkContext.setJobGroup(self._group, "recon compare", interruptOnCancel=True)
        try:
            yield
        except SPARK_ERRORS as error:
            raise EngineError(f"Spark could not compare: {condition(error)}") from error


@contextmanager
def spark_comparer(worlds: SparkWorlds, folder: Path) -> Generator[SparkComparer]:
    """A comparer whose work lies in `folder`, on the process's Spark. Its files are deleted at the end.

    SettingsError when there is no Spark here.
    """
    root = worlds.start()
    work = folder.resolve() / "spark"
    work.mkdir(parents=True, exist_ok=True)
    try:
        with duckdb_comparer(folder / "reader") as reader:
            engine = SparkComparer(root, work, reader)
            try:
                yield engine
            finally:
                engine.close()
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _directly(files: Sequence[Path], kinds: Sequence[Kind]) -> bool:
    """Whether Spark reads the files' columns as they are, and as DuckDB does."""
    if any(f.suffix.lower() != ".parquet" for f in files):
        return False
    for file in files:
        metadata, schema = pq.read_metadata(file), pq.read_schema(file)
        legacy = any(b"legacy" in key for key in metadata.metadata or {})
        physical = {metadata.schema.column(n).physical_type for n in range(metadata.num_columns)}
        if legacy or "INT96" in physical or len(set(schema.names)) != len(schema.names):
            return False
        pairs = zip(kinds, schema, strict=True)
        if not all(
            str(field.type) in _DIRECT.get(k.type, ()) or _same_decimal(k, field.type) for k, field in pairs
        ):
            return False
    return True


def _same_decimal(kind: Kind, type_: Any) -> bool:  # noqa: ANN401 (an Arrow type)
    return kind.decimal and str(type_) == f"decimal128({kind.digits}, {kind.scale})"


def _linked(file: Path, there: Path) -> None:
    try:
        os.link(file, there)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(file, there)


def _staged(given: Sequence[Column], kinds: Sequence[Kind]) -> exp.Select:
    """The rows with each column as Spark holds it. EngineError by name for what Spark cannot hold.

    A column of a type that nothing here compares comes as NULL: its type says so, and a query that reads it
    is refused.
    """
    names = [exp.to_identifier(f"c{n}") for n in range(len(given))]
    rows = exp.Table(this=exp.to_identifier(_READ.name, quoted=True))
    rows.set("alias", exp.TableAlias(this=exp.to_identifier("t"), columns=names))
    columns = [
        exp.alias_(_as_held(exp.column(f"c{n}", table="t"), kind, column), f"c{n}")
        for n, (column, kind) in enumerate(zip(given, kinds, strict=True))
    ]
    return exp.Select(expressions=columns, from_=exp.From(this=rows))


def _as_held(value: exp.Expr, kind: Kind, column: Column) -> exp.Expr:
    if kind.type is exp.DType.UNKNOWN:
        return exp.cast(exp.null(), "VARCHAR", dialect="duckdb")
    if kind.nested:
        _check_parts(kind, column)
        return value
    if kind.type is exp.DType.TIME:
        return exp.Anonymous(this="epoch_us", expressions=[value])
    if kind.type in {exp.DType.TIME_NS, exp.DType.TIMESTAMP_NS}:
        count_ = exp.Anonymous(this="epoch_ns", expressions=[value])
        return _with_infinity(value, count_) if kind.type is exp.DType.TIMESTAMP_NS else count_
    held = held_as(kind).sql("databricks")
    duck = {"STRING": "VARCHAR", "TIMESTAMP_NTZ": "TIMESTAMP", "TIMESTAMP": "TIMESTAMPTZ", "BINARY": "BLOB"}
    return exp.cast(value, duck.get(held, held), dialect="duckdb")


def _with_infinity(value: exp.Expr, nanos: exp.Expr) -> exp.Expr:
    """Infinite timestamps, of which DuckDB counts no nanoseconds, as the greatest or the smallest number."""
    late = exp.GT(
        this=value.copy(),
        expression=exp.cast(exp.Literal.string("2000-01-01"), "TIMESTAMP_NS", dialect="duckdb"),
    )
    ends = (exp.Literal.number(2**63 - 1), exp.Neg(this=exp.Literal.number(2**63 - 1)))
    infinite = exp.Case(
        ifs=[exp.If(this=late, true=ends[0]), exp.If(this=exp.Not(this=late.copy()), true=ends[1])]
    )
    return exp.Coalesce(this=nanos, expressions=[infinite])


def _check_parts(kind: Kind, column: Column) -> None:
    for _, part in kind.parts:
        if part.nested:
            _check_parts(part, column)
        elif part.type not in _DIRECT and not part.decimal:
            raise EngineError(
                f"the column {column.name}: Spark cannot hold {part} inside {column.type} exactly",
                hint="Compare with --engine duckdb.",
            )
