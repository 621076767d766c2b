"""Both engines that run conversions, one warm Spark for all tests."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon.connectors.local.engine import duckdb_world
from recon.connectors.spark.worlds import SparkWorlds
from recon.model import Language, Script, Session, TableRef, Variant


@pytest.fixture(scope="session")
def spark_worlds(tmp_path_factory):
    worlds = SparkWorlds(Session(), tmp_path_factory.mktemp("spark"), memory="1g")
    reason = worlds.available()
    if reason:
        pytest.skip(reason)
    worlds.start()
    return worlds


def ref(name):
    *schema, table = name.split(".")
    return TableRef(
        schema=schema[-1] if schema else "", name=table, catalog=schema[0] if len(schema) > 1 else ""
    )


def variant(text, name="v", path="tables/t/variants/v.sql"):
    language = Language.PYSPARK if path.endswith(".py") else Language.SQL
    return Variant(name=name, language=language, script=Script(path=path, text=text))


def python(text, name="v"):
    return variant(text, name, "tables/t/variants/v.py")


@dataclass
class Answer:
    table: TableRef
    columns: list
    rows: list
    notes: tuple = ()
    types: dict = field(default_factory=dict)


class Lab:
    """Opens worlds of one kind and runs variants in them."""

    def __init__(self, kind, folder, worlds=None):
        self.kind = kind
        self._folder = folder
        self._worlds = worlds
        self._files = 0

    @contextmanager
    def world(self, name="w", session=None):
        if self.kind == "spark":
            worlds = SparkWorlds(session, self._folder) if session else self._worlds
            with worlds.world(name, self._folder / "worlds") as engine:
                yield engine
        else:
            with duckdb_world(name, self._folder / "worlds", session or Session()) as engine:
                yield engine

    def file(self, table):
        """The URL of a Parquet file with these rows: an Arrow table or {column: values}."""
        self._files += 1
        path = self._folder / f"input{self._files}.parquet"
        pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), path)
        return str(path)

    def attach(self, engine, name, table):
        engine.attach(ref(name), [self.file(table)])

    def answer(self, engine, what, target=None, params=None):
        """Run a variant (or a text of SQL) and fetch its result's rows, sorted."""
        what = variant(what) if isinstance(what, str) else what
        table = engine.run(what, params or {}, ref(target) if target else None)
        return self.read(engine, table)

    def read(self, engine, table):
        table = ref(table) if isinstance(table, str) else table
        self._files += 1
        files = engine.export(table, self._folder / f"out{self._files}")
        data = pa.concat_tables(pq.read_table(f) for f in files)
        rows = sorted(
            (tuple(r.values()) for r in data.to_pylist()), key=lambda r: [(v is None, str(v)) for v in r]
        )
        columns = engine.columns(table)
        return Answer(table, data.column_names, rows, engine.notes, {c.name: c.type for c in columns})


@pytest.fixture
def spark(spark_worlds, tmp_path):
    return Lab("spark", tmp_path, spark_worlds)


@pytest.fixture
def duck(tmp_path):
    return Lab("duckdb", tmp_path)


@pytest.fixture(params=[pytest.param("spark", marks=pytest.mark.spark), "duckdb"])
def lab(request, tmp_path):
    worlds = request.getfixturevalue("spark_worlds") if request.param == "spark" else None
    return Lab(request.param, tmp_path, worlds)


@pytest.fixture
def script():
    """Makes variants of SQL."""
    return variant


@pytest.fixture
def pyspark_variant():
    return python


@pytest.fixture(scope="session")
def lab_class():
    return Lab
