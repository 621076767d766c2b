"""The source's doors: files in, declared types kept, rows out, parameters, cancelling."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon.errors import Cancelled, ProgramError, SourceError, SpecError
from recon.model import Script, TableRef

D = Decimal

DDL = """CREATE TABLE stg.T (
    Id int NOT NULL, Name varchar(5) NULL, Code char(3) NULL, Amount decimal(9,2) NULL, Paid bit NULL,
    Born date NULL, Seen datetime NULL, At_ time(3) NULL, Big bigint NULL, Rate float NULL, Cash money NULL,
    Key_ uniqueidentifier NULL
) WITH (DISTRIBUTION = ROUND_ROBIN);"""
TYPES = "int varchar(5) char(3) decimal(9,2) bit date datetime time(3) bigint float money uniqueidentifier"


def parquet() -> pa.Table:
    return pa.table(
        {
            "id": pa.array([1, 2], pa.int32()),
            "NAME": ["ann", None],
            "code": ["x", "abc"],
            "amount": pa.array([D("1.50"), None], pa.decimal128(9, 2)),
            "paid": [True, None],
            "born": pa.array([date(2000, 1, 2), None]),
            "seen": pa.array([datetime(2024, 1, 31, 23, 59, 59, 999000), None], pa.timestamp("us")),
            "at_": pa.array([time(1, 2, 3, 456789), None], pa.time64("us")),
            "big": pa.array([2**40, None], pa.int64()),
            "rate": [0.1, None],
            "cash": pa.array([D("12.3456"), None], pa.decimal128(19, 4)),
            "key_": ["6f9619ff-8b86-d011-b42d-00c04fc964ff", None],
        }
    )


def test_parquet_goes_into_the_declared_types_by_name(open_synapse):
    with open_synapse(DDL, {"stg.t": parquet()}) as made:
        columns = made.source.columns(TableRef("STG", "t"))
        assert [c.type for c in columns] == TYPES.split()
        assert [c.name for c in columns][:3] == ["Id", "Name", "Code"]
        assert [c.nullable for c in columns][:2] == [False, True]
        assert made.table("stg.T") == [
            (
                *(1, "ann", "x  ", D("1.50"), True, date(2000, 1, 2), datetime(2024, 2, 1), "01:02:03.457"),
                *(2**40, 0.1, D("12.3456"), "6F9619FF-8B86-D011-B42D-00C04FC964FF"),
            ),
            (2, None, "abc", *[None] * 9),
        ]


def test_csv_is_read_as_text_and_converted_by_the_declared_types(open_synapse):
    header = "Id,Name,Code,Amount,Paid,Born,Seen,At_,Big,Rate,Cash,Key_\n"
    text = (
        header + '007,"",ab,1.005,1,20240131,2024-01-31 10:20:30.005,10:00,5,1e2,"1,234.5",\n8,,,,,,,,,,,\n'
    )
    with open_synapse(DDL, {"stg.T": text}) as made:
        assert made.table("stg.T") == [
            (
                *(7, "", "ab ", D("1.01"), True, date(2024, 1, 31), datetime(2024, 1, 31, 10, 20, 30, 7000)),
                *("10:00:00.000", 5, 100.0, D("1234.5000"), None),
            ),
            (8, *[None] * 11),
        ]


def test_without_ddl_the_file_gives_the_types(open_synapse):
    data = pa.table(
        {
            "i": pa.array([1], pa.int32()),
            "b": [True],
            "d": pa.array([D("1.5")], pa.decimal128(10, 3)),
            "t": ["x"],
            "s": pa.array([datetime(2024, 1, 1)], pa.timestamp("us")),
            "z": pa.array([datetime(2024, 1, 1, tzinfo=UTC)], pa.timestamp("us", tz="UTC")),
            "f": [0.5],
            "l": pa.array([1], pa.int64()),
            "y": [b"\x01"],
        }
    )
    with open_synapse("", {"new.t": data}) as made:
        rows = made.source.read(TableRef("new", "t"))
        assert [c.type for c in rows.columns] == [
            *("int", "bit", "decimal(10,3)", "varchar(max)", "datetime2(6)", "datetimeoffset(6)", "float"),
            *("bigint", "varbinary(max)"),
        ]
        with rows.batches as batches:
            assert batches.schema.types == [
                *(pa.int32(), pa.bool_(), pa.decimal128(10, 3), pa.string(), pa.timestamp("us")),
                *(pa.timestamp("us", tz="UTC"), pa.float64(), pa.int64(), pa.binary()),
            ]
            assert batches.read_all().num_rows == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\nx,1\n", "column a"),
        ("a,b\n1,31/31/2024\n", "column b"),
        ("a,b\n,2024-01-01\n", "column a"),
        ("a,c\n1,2024-01-01\n", "the file has c"),
        ("a\n1\n", "ddl.sql declares b"),
    ],
)
def test_a_file_that_does_not_fit_is_an_error_that_names_file_and_column(open_synapse, text, said):
    with (
        pytest.raises(SpecError) as caught,
        open_synapse("CREATE TABLE dbo.t (a int NOT NULL, b date)", {"dbo.t": text}),
    ):
        pass
    assert said in str(caught.value)
    assert "dbo.t.csv" in str(caught.value)
    assert "31/31" not in str(caught.value)  # no row value in a message
    assert caught.value.hint


def test_a_type_without_counterpart_is_refused(open_synapse):
    data = pa.table({"l": pa.array([[1]], pa.list_(pa.int32()))})
    with pytest.raises(SpecError, match="column l"), open_synapse("", {"dbo.t": data}):
        pass


def test_a_declared_table_without_a_file_is_empty(open_synapse):
    with open_synapse(DDL) as made:
        assert made.table("stg.T") == []


def test_read_filters_by_a_tsql_predicate(open_synapse):
    with open_synapse(
        "CREATE TABLE dbo.t (d date, n varchar(5)); INSERT dbo.t VALUES ('20240131', 'a'), ('20240201', 'B')"
    ) as made:
        assert made.table("t", "d <= '20240131' OR n = 'b'") == [
            (date(2024, 1, 31), "a"),
            (date(2024, 2, 1), "B"),
        ]
        assert made.table("t", "YEAR(d) = 2024 AND n LIKE '[b-c]'") == [(date(2024, 2, 1), "B")]
        with pytest.raises(ProgramError):
            made.table("t", "d <=")


def test_query_gives_names_and_derived_types(open_synapse):
    ddl = "CREATE TABLE dbo.t (a int, m decimal(9,2)); INSERT dbo.t VALUES (1, 2.5)"
    with open_synapse(ddl) as made:
        script = Script(
            "q.sql", "SELECT a / 2 AS half, SUM(m) AS total, N'x' AS [a b], AVG(m) m FROM dbo.t GROUP BY a"
        )
        rows = made.source.query(script, {})
        with rows.batches as batches:
            assert batches.read_all().to_pylist() == [
                {"half": 0, "total": D("2.50"), "a b": "x", "m": D("2.500000")}
            ]
        assert [(c.name, c.type) for c in rows.columns] == [
            ("half", "int"),
            ("total", "decimal(38,2)"),
            ("a b", "nvarchar(1)"),
            ("m", "decimal(38,6)"),
        ]


def test_query_takes_the_last_select(synapse):
    assert synapse.rows("SELECT 1 AS a; CREATE TABLE #t (b int); INSERT #t VALUES (7); SELECT b FROM #t") == [
        (7,)
    ]
    with pytest.raises(ProgramError, match="no SELECT"):
        synapse.rows("DECLARE @x int = 1")
    with pytest.raises(ProgramError, match="no name"):
        synapse.rows("SELECT 1 + 1")


PROCEDURE = """CREATE PROC dbo.p @Month date, @n tinyint = 3, @who varchar(3) = NULL AS
INSERT dbo.out_ VALUES (@Month, @n, @who)
"""


def test_parameters_bind_by_name_and_are_converted(open_synapse):
    with open_synapse("CREATE TABLE dbo.out_ (m date, n int, w varchar(10))") as made:
        made.run(PROCEDURE, "[dbo].[P]", **{"@month": "20240131"})
        made.run(PROCEDURE, "p", month=datetime(2024, 2, 1, 5), N=D("7"), WHO="abcdef")
        assert made.table("out_") == [(date(2024, 1, 31), 3, None), (date(2024, 2, 1), 7, "abc")]


@pytest.mark.parametrize(
    ("procedure", "params", "said"),
    [
        ("dbo.p", {}, "neither a value nor a default"),
        ("dbo.p", {"month": "2024-01-01", "moth": 1}, "no parameter moth"),
        ("dbo.p", {"month": "not a date"}, "does not fit its type date"),
        ("dbo.p", {"month": "2024-01-01", "n": 300}, "does not fit its type tinyint"),
        ("dbo.q", {"month": "2024-01-01"}, "does not create the procedure dbo.q"),
    ],
)
def test_parameters_that_do_not_fit_say_so(open_synapse, procedure, params, said):
    with open_synapse("CREATE TABLE dbo.out_ (m date, n int, w varchar(10))") as made:
        with pytest.raises(SpecError) as caught:
            made.run(PROCEDURE, procedure, **params)
        assert said in str(caught.value)
        assert caught.value.hint


def test_a_param_that_no_variable_has_is_an_error(synapse):
    with pytest.raises(SpecError, match="no variable @day") as caught:
        synapse.rows("DECLARE @date_ date; SELECT @date_ AS d", day=1)
    assert "@date_" in caught.value.hint


def test_an_unknown_table_suggests_the_nearest(open_synapse):
    with open_synapse(DDL) as made, pytest.raises(SourceError) as caught:
        made.source.columns(TableRef("stg", "TT"))
    assert "stg.T" in caught.value.hint


def test_cancel_stops_a_loop_and_a_long_statement(synapse):
    for script in (
        "DECLARE @i int = 0; WHILE 1 = 1 SET @i = @i + 1",
        "CREATE TABLE #t (a int); INSERT #t SELECT ROW_NUMBER() OVER (ORDER BY x.a) FROM"
        " (VALUES (1),(2),(3),(4),(5),(6),(7),(8),(9),(10)) x(a);"
        " SELECT COUNT(*) AS n FROM #t a, #t b, #t c, #t d, #t e, #t f, #t g, #t h, #t i, #t j, #t k, #t l",
    ):
        timer = threading.Timer(0.3, synapse.source.cancel)
        timer.start()
        with pytest.raises((Cancelled, SourceError)):
            synapse.run(script)
        timer.join()
        synapse.source._stopped = False


def test_the_database_is_gone_afterwards(open_synapse, tmp_path):
    with open_synapse(DDL):
        assert list((tmp_path / "scratch").iterdir())
    assert [f.name for f in (tmp_path / "scratch").iterdir() if f.suffix == ".duckdb"] == []


def test_an_open_transaction_at_the_end_is_an_error_and_undone(open_synapse):
    with open_synapse("CREATE TABLE dbo.t (a int)") as made:
        with pytest.raises(ProgramError) as caught:
            made.run("BEGIN TRAN INSERT dbo.t VALUES (1)")
        assert caught.value.code == "266"
        assert made.table("t") == []


def test_a_wide_parquet_streams_in_batches(open_synapse):
    data = pa.table({"i": pa.array(range(250_000), pa.int32())})
    with open_synapse("CREATE TABLE dbo.t (i bigint)", {"dbo.t": data}) as made:
        rows = made.source.read(TableRef("dbo", "t"))
        sizes = [b.num_rows for b in rows.batches]
        assert sum(sizes) == 250_000
        assert len(sizes) > 1


def test_a_truncated_parquet_is_a_spec_error(open_synapse, tmp_path):
    pq.write_table(parquet(), tmp_path / "x.parquet")
    broken = (tmp_path / "x.parquet").read_bytes()[:200]

    with pytest.raises(SpecError, match="cannot be read"):
        from recon.connectors.local.source import local_source
        from recon.model import Project, Table, TableInput

        (tmp_path / "y.parquet").write_bytes(broken)
        item = TableInput(synapse=TableRef("dbo", "t"), databricks=TableRef("x", "t"), file="y.parquet")
        table = Table(name="t", folder="t", inputs=(item,), original=Script("s.sql", ""))
        with local_source(Project(folder=tmp_path, name="t", tables=(table,)), table, tmp_path / "s"):
            pass


def test_a_lost_offset_holds_a_match_back_only_where_it_is_needed(open_synapse):
    ddl = "CREATE TABLE dbo.o (at datetimeoffset(3)); INSERT dbo.o VALUES ('2024-01-01 23:30:00')"
    unproven = {
        "SELECT CAST(at AS date) AS d FROM dbo.o": True,
        "SELECT DATEPART(hour, at) AS h FROM dbo.o": True,
        "SELECT CAST(at AS datetime2(0)) AS t FROM dbo.o": True,
        "SELECT at FROM dbo.o WHERE at > CAST('2023-01-01' AS datetimeoffset)": False,
        "SELECT CAST(SWITCHOFFSET(at, '+02:00') AS date) AS d FROM dbo.o": False,
        "SELECT CAST(at AT TIME ZONE 'UTC' AS date) AS d FROM dbo.o": False,
    }
    for sql, said in unproven.items():
        with open_synapse(ddl) as made:
            made.rows(sql)
            assert any(n.endswith("is not proven here") for n in made.notes) is said, sql
