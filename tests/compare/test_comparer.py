"""DuckDB as the comparer: files in, names and values unchanged, errors ours."""

from __future__ import annotations

import threading
import time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot

from recon.compare import Side, Spec, compare
from recon.connectors.local.comparer import duckdb_comparer
from recon.errors import EngineError
from recon.model import TableRef
from recon.model_result import Verdict

T = TableRef("sides", "t")


@pytest.fixture
def engine(tmp_path):
    with duckdb_comparer(tmp_path / "work") as comparer:
        yield comparer


def rows(engine, table="sides.t"):
    return [tuple(r.values()) for r in engine.query(sqlglot.parse_one(f"SELECT * FROM {table}"))]


def write(folder, data, name="a.parquet"):
    pq.write_table(data, folder / name)
    return str(folder / name)


def test_names_come_as_the_file_spells_them(engine, tmp_path):
    url = write(
        tmp_path, pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array(["x"])], ["a", "A", 'q"'])
    )
    engine.attach(T, [url])
    assert [(c.name, c.type) for c in engine.columns(T)] == [
        ("a", "BIGINT"),
        ("A", "BIGINT"),
        ('q"', "VARCHAR"),
    ]


def test_many_files_a_folder_and_file_urls(engine, tmp_path):
    folder = tmp_path / "with blank [1] *"
    folder.mkdir()
    for n in range(3):
        write(folder, pa.table({"a": [n]}), f"part-{n}.parquet")
    (folder / "_SUCCESS").touch()
    for urls in (
        [str(folder)],
        [folder.as_uri()],
        [(folder / f"part-{n}.parquet").as_uri() for n in range(3)],
    ):
        engine.attach(T, urls)
        assert sorted(rows(engine)) == [(0,), (1,), (2,)]


def test_files_of_different_shapes_are_refused(engine, tmp_path):
    one, other = write(tmp_path, pa.table({"a": [1]})), write(tmp_path, pa.table({"a": [1.5]}), "b.parquet")
    with pytest.raises(EngineError, match="other columns or types"):
        engine.attach(T, [one, other])


@pytest.mark.parametrize(
    "case", ["absent", "empty folder", "partitioned", "mixed", "broken", "twice", "none"]
)
def test_files_that_cannot_be_read(engine, tmp_path, case):
    good, folder = write(tmp_path, pa.table({"a": [1]})), tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "b.csv").write_text("a\n1\n")
    (tmp_path / "broken.parquet").write_text("no parquet")
    (tmp_path / "p" / "d=1").mkdir(parents=True)
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"])
    urls = {
        "absent": ["/nowhere/x.parquet"], "empty folder": [str(folder)], "partitioned": [str(tmp_path / "p")],
        "mixed": [good, str(tmp_path / "b.csv")], "broken": [str(tmp_path / "broken.parquet")],
        "twice": [write(tmp_path, twice, "twice.parquet")], "none": [],
    }[case]  # fmt: skip
    with pytest.raises(EngineError):
        engine.attach(T, urls)


def test_csv_is_text_and_tells_null_from_empty(engine, tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes(
        b'\xef\xbb\xbfid,"na,me",ID\r\n1,"",x\r\n2,,"two\r\nlines"\r\n3,\\N,007\r\n4,"\\N", padded \r\n5,NULL,"say ""x"""\r\n'
    )
    engine.attach(T, [str(file)])
    assert [(c.name, c.type) for c in engine.columns(T)] == [
        ("id", "VARCHAR"),
        ("na,me", "VARCHAR"),
        ("ID", "VARCHAR"),
    ]
    assert sorted(rows(engine)) == [
        ("1", "", "x"), ("2", None, "two\r\nlines"), ("3", None, "007"), ("4", "\\N", " padded "), ("5", "NULL", 'say "x"'),
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_csv_with_another_delimiter(engine, tmp_path, delimiter):
    file = tmp_path / "a.csv"
    file.write_text(f'a{delimiter}"b,c,d"\n1,5{delimiter}2\n')
    engine.attach(T, [str(file)])
    assert [c.name for c in engine.columns(T)] == ["a", "b,c,d"]
    assert rows(engine) == [("1,5", "2")]


def test_a_csv_row_of_another_width_is_an_error_without_its_values(engine, tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,2\ncanary,3,4\n")
    engine.attach(T, [str(file)])
    with pytest.raises(EngineError) as error:
        rows(engine)
    assert "canary" not in str(error.value)
    assert "line 3" in str(error.value)


def test_a_long_line_of_csv(engine, tmp_path):
    lines = [f'{n},"{"x" * 3_000_000},\n"' for n in range(5)]
    (tmp_path / "a.csv").write_text("k,v\n" + "\n".join(lines) + "\n")
    engine.attach(T, [str(tmp_path / "a.csv")])
    found = engine.query(sqlglot.parse_one("SELECT count(*) AS n, min(length(c1)) AS s FROM sides.t"))
    assert found == [{"n": 5, "s": 3_000_002}]
    (tmp_path / "b.csv").write_text("k,v\n1,secret" + "x" * 17_000_000 + "\n")
    engine.attach(T, [str(tmp_path / "b.csv")])
    with pytest.raises(EngineError, match=r"longer than 16 MB, at line 2 of a CSV file") as caught:
        rows(engine)
    assert "Parquet" in caught.value.hint and "secret" not in str(caught.value)


def test_csv_compares_with_parquet(engine, tmp_path):
    (tmp_path / "b.csv").write_text("ID,amount,name\n1,1.50,a\n2,,\n3,2.0000000000000000000000001,\n")
    amounts = pa.array([Decimal("1.5"), None, Decimal("2")], pa.decimal128(38, 10))
    url = write(tmp_path, pa.table({"id": [1, 2, 3], "amount": amounts, "name": ["a", None, None]}))
    one, other = TableRef("sides", "b"), TableRef("sides", "c")
    engine.attach(one, [str(tmp_path / "b.csv")])
    engine.attach(other, [url])
    result = compare(engine, Spec(keys=("id",)), Side(table=one), Side(table=other))
    assert [(c.name, c.mismatches) for c in result.columns] == [("ID", 0), ("amount", 1), ("name", 0)]
    assert [t.column for t in result.schema.type_changes] == ["ID", "amount"]


def test_save_replaces_and_counts(engine):
    assert engine.save(sqlglot.parse_one("SELECT 1 AS a UNION ALL SELECT 2"), TableRef("w", "x")) == 2
    assert engine.save(sqlglot.parse_one("SELECT 'q' AS b WHERE FALSE"), TableRef("w", "x")) == 0
    assert [c.name for c in engine.columns(TableRef("w", "x"))] == ["b"]


def test_three_part_and_hostile_names(engine, tmp_path):
    url = write(tmp_path, pa.table({"a": [1]}))
    for ref in (
        TableRef("gold", "t", "main catalog"),
        TableRef("", 'x"; DROP TABLE y;--'),
        TableRef("a.b", "select"),
    ):
        engine.attach(ref, [url])
        assert [c.name for c in engine.columns(ref)] == ["a"]
        result = compare(engine, Spec(keys=("a",)), Side(table=ref), Side(table=ref))
        assert result.verdict is Verdict.MATCH


def test_write_keeps_the_order_of_the_query(engine, tmp_path):
    query = sqlglot.parse_one(
        "SELECT x FROM RANGE(200000) AS t(x) ORDER BY (x * 7919) % 200000", dialect="duckdb"
    )
    file = tmp_path / "deep" / "it's.parquet"
    assert engine.write(query, file) == 200_000
    found = pq.read_table(file)["x"].to_pylist()
    assert found == sorted(range(200_000), key=lambda x: (x * 7919) % 200_000)


def test_the_zone_is_utc_whatever_the_machine_says(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        with duckdb_comparer(tmp_path / "other") as there:
            there.attach(T, [write(tmp_path, pa.table({"a": pa.array([0], pa.timestamp("us", "UTC"))}))])
            cast = sqlglot.parse_one("SELECT CAST(a AS TEXT) AS a FROM sides.t")
            assert there.query(cast) == [{"a": "1970-01-01 00:00:00+00"}]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_cancel_interrupts_a_statement(engine):
    forever = sqlglot.parse_one(
        "SELECT COUNT(*) AS n FROM RANGE(10000000) a(x), RANGE(10000000) b(y) WHERE (x * y) % 7 = 3",
        dialect="duckdb",
    )
    timer = threading.Timer(0.5, engine.cancel)
    timer.start()
    began = time.monotonic()
    with pytest.raises(EngineError):
        engine.query(forever)
    assert time.monotonic() - began < 30
    assert rows(engine, "(SELECT 1 AS a) AS x") == [(1,)]


def test_nothing_is_left_behind(tmp_path):
    with duckdb_comparer(tmp_path / "work") as comparer:
        comparer.save(sqlglot.parse_one("SELECT 1 AS a"), TableRef("w", "x"))
    assert list((tmp_path / "work").glob("*")) == []
