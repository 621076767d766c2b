"""A world on local Spark: real Databricks semantics for SQL and PySpark, without Delta Lake's files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlparse

from pyspark.errors import AnalysisException
from pyspark.sql import functions
from sqlglot import exp

from recon.connectors.spark.faults import SPARK_ERRORS, sentence
from recon.connectors.spark.fence import Brake
from recon.connectors.spark.program import run_program
from recon.connectors.spark.types import declared, portable
from recon.connectors.spark.workshop import Workshop
from recon.errors import EngineError, ProgramError
from recon.model import TableRef
from recon.sqlscript.databricks_types import databricks_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyspark.sql import DataFrame, SparkSession

    from recon.model import Column, Scalar, Session, Variant

_RESULT = TableRef(schema="", name="result of the script")


class SparkEngine:
    """An `Engine` (see `recon.ports`) in a session of its own. Files lie below `folder`."""

    def __init__(self, root: SparkSession, name: str, folder: Path, session: Session) -> None:
        self._folder = folder / name
        self._folder.mkdir(parents=True, exist_ok=True)
        spark = root.newSession()
        self._shop = Workshop(spark, self._folder, session.timezone)
        self._shop.now = session.now
        self._spark = spark
        self._session = session
        self._settle()
        self._brake = Brake()
        self._result: tuple[tuple[Column, ...], Path] | None = None
        self._shop.clean()

    def _settle(self) -> None:
        self._spark.conf.set("spark.sql.ansi.enabled", "true" if self._session.ansi else "false")
        self._spark.conf.set("spark.sql.session.timeZone", self._session.timezone)

    @property
    def name(self) -> str:
        return f"Spark {self._spark.version}"

    @property
    def approximate(self) -> bool:
        return False

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._shop.notes))

    def close(self) -> None:
        """Drop everything that the world holds, and its files. EngineError when Spark is gone."""
        try:
            self._shop.clean()
        except SPARK_ERRORS as error:
            raise EngineError(f"the world cannot be emptied: {sentence(error)}", retryable=True) from error
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def attach(self, table: TableRef, urls: Sequence[str]) -> None:
        """A managed table whose files are hard links (else copies): the originals can never change."""
        try:
            frame = self._files(urls)
            self._new_table(table, frame.limit(0))
            for number, url in enumerate(urls):
                _link(_local(url), self._shop.location(table), number)
            self._spark.catalog.refreshTable(self._shop.sql_name(table))
        except SPARK_ERRORS as error:
            raise EngineError(f"{table}: {sentence(error)}") from error

    def create(self, table: TableRef, columns: Sequence[Column], urls: Sequence[str] = ()) -> None:
        kinds = {column.name: databricks_type(column.type) for column in columns}
        try:
            none = [functions.lit(None).cast(kind).alias(name) for name, kind in kinds.items()]
            empty = self._spark.range(0).select(*none)
            rows = self._filled(table, kinds, self._files(urls)) if urls else empty
            self._new_table(table, rows)
        except SPARK_ERRORS as error:
            raise EngineError(f"{table}: {sentence(error)}") from error

    def run(self, variant: Variant, params: Mapping[str, Scalar], target: TableRef | None) -> TableRef:
        goal = self._shop.local(target) if target else None
        outcome = run_program(self._shop, variant, params, self._brake)
        chosen = outcome.ledger.candidate(
            goal, variant.script.path, rows=outcome.rows is not None, result=outcome.result is not None
        )
        if chosen is not None:
            return chosen
        frame = outcome.result if outcome.result is not None else outcome.rows
        if frame is None:
            raise ProgramError("it leaves no rows", file=variant.script.path)
        with outcome.blame():
            self._result = declared(frame), self._save(frame, self._folder / "result")
        return _RESULT

    def columns(self, table: TableRef) -> tuple[Column, ...]:
        if table == _RESULT and self._result:
            return self._result[0]
        try:
            return declared(self._shop.table(table))
        except SPARK_ERRORS as error:
            raise EngineError(f"{table}: {sentence(error)}") from error

    def count(self, table: TableRef) -> int:
        try:
            return self._shop.table(table).count()
        except SPARK_ERRORS as error:
            raise EngineError(f"{table}: {sentence(error)}") from error

    def export(self, table: TableRef, folder: Path, where: str = "") -> tuple[Path, ...]:
        folder.mkdir(parents=True, exist_ok=True)
        if table == _RESULT and self._result and not where:
            saved = self._result[1]
        else:
            try:
                rows = self._filtered(table, where) if where else self._shop.table(table)
                saved = self._save(rows, self._folder / "export")
            except SPARK_ERRORS as error:
                raise EngineError(f"{table}: {sentence(error)}") from error
        parts = sorted(saved.glob("*.parquet"))
        return tuple(_link(part, folder, number) for number, part in enumerate(parts))

    def _filtered(self, table: TableRef, where: str) -> DataFrame:
        """The rows for which the predicate holds, under our settings whatever the variant has set."""
        self._settle()
        stored = self._result[1] if table == _RESULT and self._result else None
        rows = self._spark.read.parquet(stored.as_uri()) if stored else self._shop.table(table)
        try:
            return rows.where(where)
        except AnalysisException as error:  # also what Spark cannot parse: no row has been read yet
            raise ProgramError(sentence(error), file="filter", line=1) from error

    def cancel(self) -> None:
        self._brake.stop()
        self._shop.cancel()

    def _save(self, frame: DataFrame, folder: Path) -> Path:
        rows, notes = portable(frame)
        self._shop.notes.extend(notes)
        rows.write.mode("overwrite").parquet(folder.as_uri())
        if not any(folder.glob("*.parquet")):
            rows.limit(0).repartition(1).write.mode("overwrite").parquet(folder.as_uri())
        return folder

    def _files(self, urls: Sequence[str]) -> DataFrame:
        return self._spark.read.parquet(*(_local(url).as_uri() for url in urls))

    def _filled(self, table: TableRef, kinds: Mapping[str, str], rows: DataFrame) -> DataFrame:
        theirs = {name.casefold(): name for name in rows.columns}
        lost = [name for name in kinds if name.casefold() not in theirs]
        if lost:
            raise EngineError(f"{table}: the files lack the column {', '.join(lost)}")
        plain = rows.toDF(*(name.casefold() for name in rows.columns))
        return plain.select(
            *(plain[_tick(name.casefold())].cast(kind).alias(name) for name, kind in kinds.items())
        )

    def _new_table(self, table: TableRef, rows: DataFrame) -> None:
        self._shop.need_schema(table)
        place = self._shop.sql_name(self._shop.local(table))
        self._shop.drop(self._shop.local(table))
        rows.write.saveAsTable(place, format="parquet")


def _tick(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql("databricks")


def _local(url: str) -> Path:
    parsed = urlparse(url)
    if parsed.scheme == "file":
        return Path(unquote(parsed.path))
    return Path(url).resolve()


def _link(file: Path, folder: Path, number: int) -> Path:
    there = folder / f"part-{number:05d}.parquet"
    there.unlink(missing_ok=True)
    try:
        os.link(file, there)
    except OSError:  # another disk, or a file system without links
        shutil.copyfile(file, there)
    return there
