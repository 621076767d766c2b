"""One warm Spark in this process, and the worlds in it: one at a time, each empty at both its ends."""

from __future__ import annotations

import atexit
import importlib.util
import logging
import os
import shutil
import sys
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from recon.connectors.spark.java import java_home, missing_java
from recon.errors import EngineError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pyspark.sql import SparkSession

    from recon.model import Session
    from recon.ports import Engine

_LOG4J = """rootLogger.level = off
rootLogger.appenderRef.none.ref = none
appender.none.type = Null
appender.none.name = none
"""


class SparkWorlds:
    """Opens worlds on the process's Spark, which starts with the first of them and then stays warm.

    `home` is a folder of ours (`RECON_HOME`) for Spark's own files. `memory` is the JVM's heap; it counts
    only for the object that starts Spark.
    """

    _spark: ClassVar[SparkSession | None] = None
    _starting: ClassVar[threading.Lock] = threading.Lock()
    _world: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, session: Session, home: Path, *, memory: str = "2g") -> None:
        self._session = session
        self._home = home
        self._memory = memory

    def available(self) -> str:
        """Why Spark cannot be used here; empty when it can."""
        if importlib.util.find_spec("pyspark") is None:
            return "the package pyspark is not installed"
        return missing_java()

    def start(self, say: Callable[[str], None] = lambda _: None) -> SparkSession:
        """The warm Spark, started when it is not yet; `say` is told so, as that takes about ten seconds."""
        reason = self.available()
        if reason:
            raise SettingsError(
                f"Spark cannot start: {reason}",
                hint='pip install -r requirements-spark.txt, or set mode = "local" in recon.toml '
                "(an approximation on DuckDB).",
            )
        with self._starting:
            if SparkWorlds._spark is None:
                say("starting Spark (about ten seconds)")
                SparkWorlds._spark = self._new()
                say(f"Spark {SparkWorlds._spark.version} is ready")
            return SparkWorlds._spark

    def stop(self) -> None:
        """End the process's Spark, if it runs."""
        with self._starting:
            if SparkWorlds._spark is not None:
                SparkWorlds._spark.stop()
                SparkWorlds._spark = None

    def world(self, name: str, scratch: Path) -> AbstractContextManager[Engine]:
        """A fresh, empty Spark called `name`, with its files in a folder of its own below `scratch`.

        The catalog belongs to the process: a second world before the first is closed is an EngineError.
        """
        return self._open(name, scratch)

    @contextmanager
    def _open(self, name: str, scratch: Path) -> Generator[Engine]:
        from recon.connectors.spark.engine import SparkEngine

        spark = self.start()
        if not self._world.acquire(blocking=False):
            raise EngineError(
                f"{name}: another world is open on this process's Spark",
                hint="Run one variant after another.",
            )
        try:
            engine = SparkEngine(spark, name, scratch.resolve(), self._session)
            try:
                yield engine
            finally:
                engine.close()
        finally:
            self._world.release()

    def _new(self) -> SparkSession:
        from py4j.protocol import Py4JError
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkException
        from pyspark.java_gateway import launch_gateway
        from pyspark.sql import SparkSession

        home = self._home.resolve() / "spark"
        home.mkdir(parents=True, exist_ok=True)
        _quiet()
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
        java = java_home(self._home)
        if java:
            os.environ["JAVA_HOME"] = java
        conf = SparkConf().setMaster("local[*]").setAppName("recon")
        conf.setAll(list(_settings(home, self._memory).items()))
        atexit.register(shutil.rmtree, home / str(os.getpid()), ignore_errors=True)
        log = home / "jvm.log"
        try:
            with log.open("ab") as out:  # the JVM's own output, which is no answer to anybody's question
                gateway = launch_gateway(conf, {"stdout": out, "stderr": out})
            return SparkSession(SparkContext(conf=conf, gateway=gateway))
        except (PySparkException, Py4JError, OSError) as error:
            raise EngineError(
                f"Spark did not start: {str(error).splitlines()[0]}",
                hint=f"The JVM says why in {log}. Spark needs {self._memory} of memory.",
            ) from error


def _quiet() -> None:
    """Spark's Python side logs failing statements with their values: those belong to nobody's terminal."""
    from pyspark.logger import PySparkLogger

    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger"):
        logger = PySparkLogger.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)


def _settings(home: Path, memory: str) -> dict[str, str]:
    """Static settings: quiet, on loopback, all files below `home`, and as Databricks where it matters."""
    log4j = home / "log4j2.properties"
    log4j.write_text(_LOG4J, encoding="utf-8")
    folder = home / str(os.getpid())
    return {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": f"-Duser.timezone=UTC -Dlog4j2.configurationFile={log4j.as_uri()}",
        "spark.executorEnv.TZ": "UTC",
        "spark.local.dir": str(folder / "tmp"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.legacy.createHiveTableByDefault": "false",
        "spark.sql.sources.default": "parquet",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
    }
