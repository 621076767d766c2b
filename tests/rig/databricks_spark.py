"""Real local Spark behind the rig's warehouse: what Databricks has and open-source Spark lacks is rewritten.

Three-level names lose their catalog, `USING DELTA` becomes Parquet, MERGE, UPDATE and DELETE run through the
product's own machinery for local Spark. `abfss://` is mapped to a folder by Hadoop's ViewFs overlay, so that
the very addresses of the product are read.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from recon.connectors.ledger import Ledger
from recon.connectors.spark.statements import Statements
from recon.connectors.spark.workshop import Workshop
from recon.errors import ReconError
from recon.sqlscript.databricks_text import Statement, statements
from recon.sqlscript.databricks_tree import catalogs
from recon.sqlscript.databricks_words import Edit, Reader, edited
from tests.rig.thrift_columns import Rows, StatementError, nullable

_SETTINGS = {
    "ansi_mode": "spark.sql.ansi.enabled",
    "timezone": "spark.sql.session.timeZone",
    "statement_timeout": "",  # known, and not kept here
    "use_cached_result": "",
}


class SparkWarehouse:
    """Opens sessions on a Spark that runs already; `catalog` is the one catalog that it has."""

    def __init__(self, spark: SparkSession, folder: Path, catalog: str = "main") -> None:
        self.spark = spark
        self.folder = folder
        self.catalog = catalog

    def lake(self, container: str, account: str, root: Path) -> None:
        """From now on `abfss://container@account.dfs.core.windows.net/` is the folder `root`."""
        java: Any = self.spark
        conf = java.sparkContext._jsc.hadoopConfiguration()
        local = "org.apache.hadoop.fs.LocalFileSystem"
        conf.set("fs.abfss.impl", "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme")
        conf.set("fs.abfss.impl.disable.cache", "true")
        for scheme in ("abfss", "file"):
            conf.set(f"fs.viewfs.overload.scheme.target.{scheme}.impl", local)
        authority = f"{container}@{account}.dfs.core.windows.net"
        conf.set(f"fs.viewfs.mounttable.{authority}.linkFallback", root.resolve().as_uri())

    def open(self, configuration: dict[str, str], catalog: str, schema: str) -> SparkSessionOfRig:
        session = SparkSessionOfRig(self)
        for key, value in configuration.items():
            if key.casefold() in _SETTINGS and _SETTINGS[key.casefold()]:
                session.shop.spark.conf.set(_SETTINGS[key.casefold()], value)
            elif key.casefold() not in _SETTINGS and not key.startswith("spark."):
                raise StatementError(f"[CONFIG_NOT_AVAILABLE] Configuration {key} is not available.", "42K0I")
        if catalog and catalog.casefold() != self.catalog:
            raise StatementError(f"[NO_SUCH_CATALOG_EXCEPTION] Catalog '{catalog}' was not found.", "42704")
        if schema:
            session.shop.spark.catalog.setCurrentDatabase(schema)
        return session

    @property
    def schemas(self) -> set[str]:
        """The schemas that exist, but for the default one."""
        return {d.name for d in self.spark.catalog.listDatabases()} - {"default"}


class _Shop(Workshop):
    """Schemas are made by CREATE SCHEMA alone: a name in another one is an error, as on Databricks."""

    def make_schema(self, name: str) -> None:
        """Nothing."""


class SparkSessionOfRig:
    """One session of the warehouse."""

    def __init__(self, warehouse: SparkWarehouse) -> None:
        self._warehouse = warehouse
        self.shop = _Shop(warehouse.spark.newSession(), warehouse.folder, "UTC")
        self._lock = threading.Lock()

    def close(self) -> None:
        """Nothing is kept."""

    def cancel(self, tag: str) -> None:
        """Also a job that the statement has not begun yet."""
        java: Any = self.shop.spark
        java.sparkContext._jsc.sc().cancelJobGroupAndFutureJobs(tag)

    def run(self, sql: str, named: dict[str, object], positional: list[object], tag: str) -> Rows:
        with self._lock:
            self.shop.spark.sparkContext.setJobGroup(tag, "rig", interruptOnCancel=True)
            try:
                frame = self.frame(sql, named, positional)
                return _rows(frame) if frame is not None and frame.columns else Rows()
            except PySparkException as error:
                text = str(error).split("\nJVM stacktrace")[0]
                raise StatementError(
                    text, error.getSqlState() or "HY000", error.getCondition() or ""
                ) from error
            except Py4JError as error:
                raise StatementError(f"[INTERNAL_ERROR] {type(error).__name__}", "XX000") from error
            except ReconError as error:
                code = getattr(error, "code", "") or "RIG_UNSUPPORTED"
                raise StatementError(f"[{code}] {error}", "0A000", code) from error

    def activate(self) -> None:
        """Make it the session that Spark's Java side finds for this thread."""
        java: Any = self.shop.spark
        jvm = java.sparkContext._jvm
        jvm.org.apache.spark.sql.classic.SparkSession.setActiveSession(java._jsparkSession)

    def plain_name(self, name: str) -> str:
        """A dotted name without the one catalog."""
        return re.sub(rf"^`?{re.escape(self._warehouse.catalog)}`?\.(?=.+\.)", "", name)

    def without_catalog(self, sql: str) -> str:
        """A statement without the one catalog."""
        (statement,) = statements(sql)
        return self._catalog_off(statement).text

    def frame(self, sql: str, named: Mapping[str, Any], positional: list[object]) -> DataFrame | None:
        """The rows of one statement, not yet computed; None when it has none."""
        shown = self._shown(sql)
        if shown:
            return self.shop.sql(shown)
        parts = statements(sql)
        if len(parts) != 1:
            raise StatementError("[PARSE_SYNTAX_ERROR] Syntax error: one statement expected.", "42601")
        statement = self._catalog_off(parts[0])
        if positional:
            return self.shop.sql(statement.text, positional)
        if _is_platforms(statement):
            return self.shop.sql(_plain(statement), dict(named))
        return Statements(self.shop, Ledger(), named).run(statement, dict(named))

    def _shown(self, sql: str) -> str:
        """A listing without its catalog, as sqlglot's tokenizer cannot read one; empty for the rest."""
        if not sql.lstrip().upper().startswith("SHOW "):
            return ""
        return re.sub(rf"\sIN `?{re.escape(self._warehouse.catalog)}`?(\.|(?=\s)|$)", " ", sql)

    def _catalog_off(self, statement: Statement) -> Statement:
        """Three-level names without the one catalog; another catalog is an error."""
        edits, tables = catalogs(statement)
        if not edits:
            edits = tuple(_prefixes(statement, self._warehouse.catalog))
        for table in tables:
            if table.catalog.casefold() != self._warehouse.catalog:
                raise StatementError(
                    f"[TABLE_OR_VIEW_NOT_FOUND] The table or view {table} cannot be found.", "42P01"
                )
        return replace(statement, text=edited(statement.text, edits))


def _prefixes(statement: Statement, catalog: str) -> list[Edit]:
    """`catalog.` before names that sqlglot does not see: of schemas, and in statements that it cannot read."""
    words = statement.words
    return [
        Edit(a.start, b.end)
        for before, a, b in zip((None, *words), words, words[1:], strict=False)
        if a.name and a.text.casefold() == catalog and b.key == "." and (before is None or before.key != ".")
    ]


def _is_platforms(statement: Statement) -> bool:
    """What only a platform's own tools say: schemas, listings, tables over files."""
    words = statement.words
    keys = [w.key for w in words]
    listing = keys[0] in {"SHOW", "DESCRIBE", "DESC"} or (keys[0] == "USE" and keys[1] != "CATALOG")
    schema = keys[:2] in (["CREATE", "SCHEMA"], ["DROP", "SCHEMA"])
    files = any(
        a.text.upper() == "PARQUET" and b.key == "." and ":" in c.text
        for a, b, c in zip(words, words[1:], words[2:], strict=False)
    )
    return listing or schema or files or "LOCATION" in keys


def _plain(statement: Statement) -> str:
    """`USING DELTA` and table properties are Databricks'."""
    if "TBLPROPERTIES" not in [w.key for w in statement.words]:
        return statement.text
    reader = Reader(statement)
    reader.until("TBLPROPERTIES")
    start = reader.place
    reader.take("TBLPROPERTIES")
    reader.skip()
    return edited(statement.text, (Edit(start, reader.last),))


def _rows(frame: DataFrame) -> Rows:
    types = [(f.name, f.dataType.simpleString()) for f in frame.schema.fields]
    return Rows(nullable(frame.toArrow()), types)
