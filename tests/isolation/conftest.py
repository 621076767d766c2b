"""A world on Spark with one input, and a folder outside of it that must stay as it is."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon.connectors.spark.worlds import SparkWorlds
from recon.model import Language, Script, Session, TableRef, Variant

FOLDER = "tables/t/variants"


@pytest.fixture(scope="session")
def spark_worlds(tmp_path_factory):
    worlds = SparkWorlds(Session(), tmp_path_factory.mktemp("spark"), memory="1g")
    reason = worlds.available()
    if reason:
        pytest.skip(reason)
    worlds.start()
    return worlds


@pytest.fixture
def outside(tmp_path):
    """A folder that stands for production: one file, which nobody may touch."""
    folder = tmp_path / "production"
    folder.mkdir()
    (folder / "kept.txt").write_text("kept", encoding="utf-8")
    yield folder
    assert [p.name for p in folder.iterdir()] == ["kept.txt"]
    assert (folder / "kept.txt").read_text(encoding="utf-8") == "kept"


@pytest.fixture
def world(spark_worlds, tmp_path):
    """An open world in which `silver.t` (id 1, 2, 3) is attached."""
    file = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": [1, 2, 3]}), file)
    with spark_worlds.world("w", tmp_path / "worlds") as engine:
        engine.attach(TableRef(schema="silver", name="t"), [str(file)])
        yield engine


@pytest.fixture
def run(world, outside):
    """`run(text, language)`: a variant; `{out}` in it is the folder outside."""

    def ran(text, language=Language.PYSPARK, target="gold.t"):
        name = "v.py" if language is Language.PYSPARK else "v.sql"
        script = Script(path=f"{FOLDER}/{name}", text=text.replace("{out}", str(outside)))
        goal = TableRef(schema="gold", name=target.split(".")[1]) if target else None
        return world.run(Variant(name="v", language=language, script=script), {}, goal)

    return ran
