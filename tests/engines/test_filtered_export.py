"""Rows leave a world filtered by a predicate in Spark SQL; both engines say the same."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon.errors import ProgramError

ROWS = "create table gold.t as select * from values (1, 'a'), (2, 'B'), (3, null), (null, 'd') as v(id, name)"


def kept(engine, table, where, folder):
    files = engine.export(table, folder, where)
    return pa.concat_tables(pq.read_table(f) for f in files).column("id").to_pylist()


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ("id >= 2", [2, 3]),
        ("name <> 'a'", [None, 2]),  # NULL lets no row through
        ("not (name = 'a' or id = 3)", [2]),
        ("upper(name) in ('B', 'D')", [None, 2]),
        ("id = 7", []),
    ],
)
def test_only_rows_for_which_it_holds(lab, script, tmp_path, where, ids):
    with lab.world() as engine:
        table = engine.run(script(ROWS), {}, None)
        found = kept(engine, table, where, tmp_path / "out")
        assert sorted(found, key=lambda v: (v is not None, v)) == ids
        assert [c.name for c in engine.columns(table)] == ["id", "name"]


def test_the_result_of_a_select_is_filtered_too(lab, script, tmp_path):
    with lab.world() as engine:
        table = engine.run(script("select id, id * 2 as twice from values (1), (2), (3) as v(id)"), {}, None)
        assert sorted(kept(engine, table, "twice > 2", tmp_path / "some")) == [2, 3]
        assert sorted(kept(engine, table, "", tmp_path / "all")) == [1, 2, 3]


@pytest.mark.parametrize("where", ["nme = 'a'", "id >", "id > 1; drop table gold.t"])
def test_a_predicate_that_is_not_understood(lab, script, tmp_path, where):
    with lab.world() as engine:
        table = engine.run(script(ROWS), {}, None)
        with pytest.raises(ProgramError) as caught:
            engine.export(table, tmp_path / "out", where)
        assert caught.value.file == "filter"
        assert len(kept(engine, table, "", tmp_path / "all")) == 4


@pytest.mark.spark
def test_a_variants_settings_do_not_change_what_the_filter_means(spark, script, tmp_path):
    with spark.world() as engine:
        text = "set spark.sql.session.timeZone = America/New_York; create table gold.t as select 1 as id, timestamp'2024-01-01 00:30:00Z' as at"
        table = engine.run(script(text), {}, None)
        assert kept(engine, table, "hour(at) = 0", tmp_path / "out") == [1]
