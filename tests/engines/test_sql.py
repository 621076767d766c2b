"""One suite of SQL over both engines. What DuckDB is known to do otherwise is declared, and must carry a note."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from recon.errors import EngineError, ProgramError
from recon.model import Column, Session

D = Decimal
T = {
    "id": pa.array([1, 2, 3, 4], pa.int32()),
    "n": pa.array([7, -7, None, 0], pa.int32()),
    "amount": pa.array([D("1.50"), D("-2.25"), None, D("0.00")], pa.decimal128(18, 2)),
    "f": pa.array([2.7, -2.7, None, 0.0], pa.float64()),
    "s": pa.array(["a", "A ", None, ""], pa.string()),
    "d": pa.array([dt.date(2024, 1, 31), dt.date(2024, 2, 29), None, dt.date(2023, 12, 31)], pa.date32()),
    "ts": pa.array([dt.datetime(2024, 1, 31, 23, 59, 59, 999999), dt.datetime(2024, 2, 1), None, dt.datetime(9999, 12, 31)], pa.timestamp("us")),
    "b": pa.array([True, False, None, True], pa.bool_()),
}  # fmt: skip


@pytest.fixture(scope="module", params=[pytest.param("spark", marks=pytest.mark.spark), "duckdb"])
def world(request, tmp_path_factory):
    """One world for all probes, which only read."""
    lab_class = request.getfixturevalue("lab_class")
    worlds = request.getfixturevalue("spark_worlds") if request.param == "spark" else None
    lab = lab_class(request.param, tmp_path_factory.mktemp("probes"), worlds)
    with lab.world("probes") as engine:
        lab.attach(engine, "silver.t", T)
        yield lab, engine


PROBES = {
    "integers divide as doubles": ("select n / 2 from silver.t where id = 1", [(3.5,)]),
    "div cuts": ("select n div 2 from silver.t where id < 3", [(-3,), (3,)]),
    "cast to int cuts": ("select cast(f as int) from silver.t where id < 3", [(-2,), (2,)]),
    "decimal cast to int cuts": ("select cast(amount as int) from silver.t where id < 3", [(-2,), (1,)]),
    "avg of ints": ("select avg(n) from silver.t", [(0.0,)]),
    "sum of ints is a bigint": ("select sum(id) from silver.t", [(10,)]),
    "sum of decimals": ("select sum(amount) from silver.t", [(D("-0.75"),)]),
    "count skips null": ("select count(n), count(*) from silver.t", [(3, 4)]),
    "text compares exactly": ("select id from silver.t where s = 'A'", []),
    "concat with null": ("select concat(s, 'x') from silver.t where id = 3", [(None,)]),
    "pipes": ("select s || 'x' from silver.t where id = 1", [("ax",)]),
    "length counts blanks": ("select length(s) from silver.t where id = 2", [(2,)]),
    "empty is not null": ("select id from silver.t where s = ''", [(4,)]),
    "months elapsed": ("select datediff(MONTH, date'2024-01-31', date'2024-02-29'), datediff(MONTH, date'2024-01-15', date'2024-03-15')", [(0, 2)]),
    "months backwards": ("select datediff(MONTH, date'2024-03-30', date'2024-02-29'), datediff(MONTH, date'2024-03-31', date'2024-01-31')", [(-1, -2)]),
    "years elapsed": ("select datediff(YEAR, date'2020-02-29', date'2021-02-28'), datediff(YEAR, date'2020-03-01', date'2024-03-01')", [(0, 4)]),
    "days": ("select datediff(d, date'2024-01-01') from silver.t where id = 1", [(30,)]),
    "hours elapsed": ("select timestampdiff(HOUR, timestamp'2024-01-01 00:30:00', timestamp'2024-01-01 02:29:00')", [(1,)]),
    "sunday is one": ("select dayofweek(date'2024-01-07')", [(1,)]),
    "last day": ("select last_day(d) from silver.t where id = 2", [(dt.date(2024, 2, 29),)]),
    "add months": ("select cast(add_months(d, 1) as date) from silver.t where id = 1", [(dt.date(2024, 2, 29),)]),
    "add a day": ("select cast(date_add(d, 1) as date) from silver.t where id = 1", [(dt.date(2024, 2, 1),)]),
    "end of time": ("select cast(ts as date) from silver.t where id = 4", [(dt.date(9999, 12, 31),)]),
    "to_date with a pattern": ("select to_date('20240131', 'yyyyMMdd')", [(dt.date(2024, 1, 31),)]),
    "date parts": ("select year(d), month(d), day(d) from silver.t where id = 1", [(2024, 1, 31)]),
    "null-safe equality": ("select count(*) from silver.t where n <=> null", [(1,)]),
    "nulls sort first": ("select first_value(id) over (order by n) from silver.t limit 1", [(3,)]),
    "window": ("select id, row_number() over (order by id desc) from silver.t where id < 3", [(1, 2), (2, 1)]),
    "qualify": ("select id from silver.t qualify row_number() over (order by id desc) = 1", [(4,)]),
    "left anti join": ("select a.id from silver.t a left anti join (select 1 as id) b on a.id = b.id where a.id < 4", [(2,), (3,)]),
    "case without else": ("select case when n > 0 then 'x' end from silver.t where id < 3", [("x",), (None,)]),
    "round half up": ("select round(cast(2.5 as decimal(3,1)), 0), round(cast(-2.5 as decimal(3,1)), 0)", [(D("3"), D("-3"))]),
    "coalesce and nullif": ("select coalesce(n, 9), nullif(n, 7) from silver.t where id in (1, 3)", [(7, None), (9, None)]),
    "union removes duplicates": ("select 1 as a union select 1", [(1,)]),
    "exists": ("select id from silver.t a where exists (select 1 from silver.t b where b.id = a.id + 3)", [(1,)]),
    "cte": ("with a as (select id from silver.t) select max(id) from a", [(4,)]),
    "cte shadows a table": ("with t as (select 5 as id) select id from t", [(5,)]),
    "try_cast": ("select try_cast('x' as int)", [(None,)]),
    "try_divide": ("select try_divide(1, 0)", [(None,)]),
    "boolean": ("select b from silver.t where id = 1", [(True,)]),
    "modulo": ("select n % 4 from silver.t where id < 3", [(-3,), (3,)]),
    "string to int": ("select cast(' 12 ' as int)", [(12,)]),
    "backslash escapes": (r"select length('a\nb'), r'a\n'", [(3, "a\\n")]),
    "quoted names": ("select `my col` from (select 1 as `my col`)", [(1,)]),
}  # fmt: skip


@pytest.mark.parametrize("probe", PROBES)
def test_sql_means_the_same(world, probe):
    lab, engine = world
    text, expected = PROBES[probe]
    assert lab.answer(engine, text).rows == expected


# What Spark answers, and DuckDB does not. There, a note must say so.
GAPS = {
    "percentile_approx": ("select percentile_approx(id, 0.5) from silver.t", [(2,)]),
    "decimal quotient": ("select cast(amount as decimal(38,10)) / 3 from silver.t where id = 1", [(D("0.50000000000"),)]),
    "date pattern": ("select date_format(ts, 'E') from silver.t where id = 1", [("Wed",)]),
    "rollup over nothing": ("select id, count(*) from silver.t where id > 9 group by rollup(id)", []),
    "unknown function": ("select bround(2.5)", [(D("2"),)]),
}  # fmt: skip


@pytest.mark.parametrize("probe", GAPS)
def test_what_is_only_approximated_is_noted(world, probe):
    lab, engine = world
    text, expected = GAPS[probe]
    if lab.kind == "spark":
        assert lab.answer(engine, text).rows == expected
        assert not engine.approximate
        return
    before = len(engine.notes)
    try:
        lab.answer(engine, f"\n\n{text}")
        assert len(engine.notes) > before
        assert engine.notes[-1].startswith("tables/t/variants/v.sql:3: ")
    except ProgramError as error:
        assert error.line == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("select n / (n - n) from silver.t where id = 1", "DIVIDE_BY_ZERO"),
        ("select n / n from silver.t", "DIVIDE_BY_ZERO"),
        ("select cast(s as int) from silver.t where id = 1", "CAST_INVALID_INPUT"),
        ("select cast('2.7' as int)", "CAST_INVALID_INPUT"),
    ],
)
def test_ansi_errors_name_file_line_and_class_and_no_value(world, text, code):
    lab, engine = world
    with pytest.raises(ProgramError) as caught:
        lab.answer(engine, f"-- a comment\nselect 1;\n\n{text};")
    assert (caught.value.file, caught.value.line, caught.value.code) == ("tables/t/variants/v.sql", 4, code)
    assert "2.7" not in str(caught.value)


def test_ansi_off_gives_null(lab):
    with lab.world(session=Session(ansi=False)) as engine:
        assert lab.answer(engine, "select 1 / 0 as a, cast('x' as int) as b").rows == [(None, None)]


# --- Scripts -------------------------------------------------------------------------------


def test_a_script_with_temp_views_inserts_into_its_target(lab):
    with lab.world() as engine:
        lab.attach(engine, "silver.t", T)
        engine.create(_ref("gold.x"), [Column("id", "int"), Column("Label", "varchar(10)")])
        answer = lab.answer(
            engine,
            """CREATE OR REPLACE TEMPORARY VIEW picked AS SELECT id, s FROM main.silver.t WHERE id < 3;
               INSERT INTO main.gold.x (Label, id) SELECT upper(s), id FROM picked;
               OPTIMIZE main.gold.x ZORDER BY (id);""",
            target="main.gold.x",
        )
    assert answer.rows == [(1, "A"), (2, "A ")]
    assert answer.columns == ["id", "Label"]
    assert answer.types == {"id": "INT", "Label": "STRING"}
    assert any("OPTIMIZE" in note for note in answer.notes)


def test_create_or_replace_may_read_what_it_replaces(lab):
    with lab.world() as engine:
        text = """create or replace table gold.x using delta as select 1 as a;
                  create or replace table gold.x as select a + 1 as a from gold.x;
                  create or replace table gold.x partitioned by (a) as select a, a * 10 as b from gold.x"""
        assert lab.answer(engine, text, "gold.x").rows == [(2, 20)]
        assert lab.answer(
            engine, "create or replace table gold.x (q int); insert into gold.x values (5)", "gold.x"
        ).rows == [(5,)]


def test_insert_overwrite_may_read_what_it_overwrites(lab):
    with lab.world() as engine:
        text = """create table gold.x as select * from values (1, 'a'), (2, 'b') as v(id, s);
                  create or replace temp view twice as select id * 2 as id, s from gold.x;
                  insert overwrite gold.x select * from twice;
                  insert overwrite table gold.x (id, s) select id + 1, s from gold.x where id > 2"""
        assert lab.answer(engine, text, "gold.x").rows == [(5, "b")]


def test_partition_columns_keep_their_place(lab):
    with lab.world() as engine:
        text = "create table gold.x (a int, b string) using delta partitioned by (a); insert into gold.x values (1, 'x')"
        answer = lab.answer(engine, text, "gold.x")
    assert (answer.columns, answer.rows) == (["a", "b"], [(1, "x")])


def test_update_delete_and_truncate(lab):
    with lab.world() as engine:
        lab.attach(engine, "gold.x", {"id": pa.array([1, 2, 3, None], pa.int32()), "v": pa.array([D("1.5"), None, D("3.5"), D("4.5")], pa.decimal128(5, 1))})  # fmt: skip
        lab.attach(engine, "silver.k", {"id": pa.array([3], pa.int32())})
        text = """update gold.x as t set v = t.v * 2, t.id = id + 10 where id = 1 or v > 4;
                  delete from gold.x where id in (select id from silver.k);"""
        assert lab.answer(engine, text, "gold.x").rows == [(11, D("3.0")), (2, None), (None, D("9.0"))]
        assert lab.answer(engine, "update gold.x set v = 0.04", "gold.x").rows == [
            (11, D("0.0")),
            (2, D("0.0")),
            (None, D("0.0")),
        ]
        assert lab.answer(engine, "truncate table gold.x", "gold.x").rows == []
        assert lab.answer(engine, "insert into gold.x values (1, 1); delete from gold.x", "gold.x").rows == []


def test_not_null_columns_refuse_null(lab):
    with lab.world() as engine:
        made = "create table gold.t (a int not null, b decimal(5, 2)); insert into gold.t values (1, null);\n"
        assert lab.answer(engine, made, "gold.t").rows == [(1, None)]
        with pytest.raises(ProgramError, match=r"(?i)not.null") as caught:
            lab.answer(engine, "select 1;\ninsert into gold.t values (null, 2)", "gold.t")
        assert caught.value.line == 2
        text = "create or replace table gold.t (a int, b int); insert into gold.t values (null, 2)"
        assert lab.answer(engine, text, "gold.t").rows == [(None, 2)]


def test_rename_and_drop(lab):
    with lab.world() as engine:
        text = """create table gold.a as select 1 as id; create table gold.b as select 2 as id;
                  drop table gold.a; alter table gold.b rename to gold.a; drop table if exists gold.zzz"""
        assert lab.answer(engine, text).rows == [(2,)]


def test_schemas_and_current_schema(lab):
    with lab.world() as engine:
        text = "create schema if not exists work; use work; create table x as select 7 as a; use schema gold; create table x as select 8 as a"
        assert lab.answer(engine, text, "work.x").rows == [(7,)]
    with lab.world() as engine, pytest.raises(ProgramError, match="which table is the result"):
        lab.answer(engine, text)


def test_parameters(lab):
    params = {"@Start": dt.date(2024, 1, 1), "factor": D("1.50"), "name": "o'b", "n": 3, "yes": True, "at": dt.datetime(2024, 1, 2, 3, 4, 5), "none": None}  # fmt: skip
    with lab.world() as engine:
        text = "select :start as a, :factor * 2 as b, :name as c, :n + 1 as d, :yes as e, cast(:at as timestamp_ntz) as f, cast(:none as int) as g"
        row = lab.answer(engine, text, params=params).rows[0]
        assert row == (dt.date(2024, 1, 1), D("3.00"), "o'b", 4, True, dt.datetime(2024, 1, 2, 3, 4, 5), None)
        made = lab.answer(
            engine,
            "create table gold.p as select :n as n; merge into gold.p t using (select :n as n) s on t.n = s.n when matched and :yes then update set n = :n * 2",
            "gold.p",
            params,
        )
        assert made.rows == [(6,)]


def test_the_result_is_the_last_query_when_nothing_is_written(lab):
    with lab.world() as engine:
        assert lab.answer(
            engine, "select 1 as a; create temp view v as select 2 as a; select a from v", "gold.t"
        ).rows == [(2,)]


@pytest.mark.parametrize(
    ("text", "target", "says"),
    [
        ("create table gold.other as select 1 as a", "gold.t", "it wrote gold.other"),
        ("create temp view v as select 1 as a", "gold.t", "it wrote no table"),
        ("create table gold.other as select 1 as a; select 1 as a", "gold.t", "it wrote gold.other"),
        ("create temp view v as select 1 as a", None, "it leaves no rows"),
        (
            "create table gold.a as select 1 as a; create table gold.b as select 1 as a",
            None,
            "gold.a, gold.b",
        ),
    ],
)
def test_no_single_relation(lab, text, target, says):
    with lab.world() as engine, pytest.raises(ProgramError, match=says) as caught:
        lab.answer(engine, text, target)
    assert caught.value.file == "tables/t/variants/v.sql"
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("select 1;\nselect x from nowhere.t", 2),
        ("select 1;\nselect nope\nfrom silver.t", 2),
        ("select 1;\n\nselekt 2", 3),
        ("insert into gold.t select 1", 1),
        ("select 1;\ndrop schema gold", 2),
        ("select 1;\nselect 1 / 0;\nselect 2", 2),
    ],
)
def test_failing_statements_name_their_line(lab, text, line):
    with lab.world() as engine:
        lab.attach(engine, "silver.t", T)
        with pytest.raises(ProgramError) as caught:
            lab.answer(engine, text)
    assert (caught.value.file, caught.value.line) == ("tables/t/variants/v.sql", line)
    assert "\n" not in str(caught.value)


def test_two_catalogs_with_one_table_are_refused(lab):
    with lab.world() as engine:
        lab.attach(engine, "silver.t", T)
        with pytest.raises(ProgramError, match=r"v\.sql:2"):
            lab.answer(engine, "select count(*) from dev.silver.t;\nselect count(*) from prod.silver.t")
        with pytest.raises(ProgramError) as caught:
            lab.answer(engine, "use catalog dev;\nuse catalog prod;\nselect 1")
        assert caught.value.line == 2


# --- Worlds -----------------------------------------------------------------------------------


def test_worlds_never_see_each_other(lab):
    with lab.world("one") as engine:
        lab.attach(engine, "silver.t", T)
        text = "create temp view v as select 1 as a; create table gold.t as select 1 as a; create view gold.w as select 1 as a; create table plain as select 1 as a"
        lab.answer(engine, text, "gold.t")
    with lab.world("two") as engine:
        for name in ("v", "gold.t", "gold.w", "silver.t", "plain"):
            with pytest.raises(ProgramError):
                lab.answer(engine, f"select * from {name}")
        lab.attach(engine, "silver.t", {"id": [9]})
        assert lab.answer(engine, "select * from silver.t").rows == [(9,)]


def test_what_a_variant_does_to_an_input_stays_in_its_world(lab):
    file = lab.file({"id": [1, 2]})
    before = Path(file).read_bytes()
    for _ in range(2):
        with lab.world() as engine:
            engine.attach(_ref("silver.t"), [file])
            text = "insert into silver.t values (3); delete from silver.t where id = 1; insert overwrite silver.t select id * 10 from silver.t"
            assert lab.answer(engine, text, "silver.t").rows == [(20,), (30,)]
    assert Path(file).read_bytes() == before


def test_attach_takes_several_files(lab):
    with lab.world() as engine:
        engine.attach(_ref("silver.t"), [lab.file({"id": [1]}), lab.file({"id": [2]})])
        assert lab.answer(engine, "select id from silver.t").rows == [(1,), (2,)]


def test_attach_of_what_is_not_there(lab):
    with lab.world() as engine, pytest.raises(EngineError, match=r"silver\.t"):
        engine.attach(_ref("silver.t"), ["/nowhere/x.parquet"])


def test_create_translates_types_and_fills_by_name(lab):
    columns = [Column("Id", "int"), Column("flag", "bit"), Column("tiny", "tinyint"), Column("paid", "money"), Column("at", "datetime2(7)"), Column("name", "nvarchar(5)"), Column("guid", "uniqueidentifier"), Column("f", "float")]  # fmt: skip
    rows = pa.table({
        "NAME": pa.array(["abcdef"]), "id": pa.array([1], pa.int64()), "flag": pa.array([1], pa.int32()),
        "tiny": pa.array([200], pa.uint8()), "paid": pa.array([D("1.5")], pa.decimal128(10, 1)),
        "at": pa.array([dt.datetime(2024, 1, 2)], pa.timestamp("us")), "guid": pa.array(["X"]), "f": pa.array([1.5], pa.float32()),
    })  # fmt: skip
    with lab.world() as engine:
        engine.create(_ref("gold.t"), columns, [lab.file(rows)])
        answer = lab.read(engine, "gold.t")
        assert answer.columns == ["Id", "flag", "tiny", "paid", "at", "name", "guid", "f"]
        assert list(answer.types.values()) == [
            "INT",
            "BOOLEAN",
            "SMALLINT",
            "DECIMAL(19,4)",
            "TIMESTAMP",
            "STRING",
            "STRING",
            "DOUBLE",
        ]
        at = answer.rows[0][4].replace(tzinfo=None)
        assert (*answer.rows[0][:4], at, *answer.rows[0][5:]) == (
            1,
            True,
            200,
            D("1.5000"),
            dt.datetime(2024, 1, 2),
            "abcdef",
            "X",
            1.5,
        )
        engine.create(_ref("gold.t"), columns)
        assert lab.read(engine, "gold.t").rows == []
        with pytest.raises(EngineError, match="lack the column flag"):
            engine.create(_ref("gold.t"), columns, [lab.file({"id": [1]})])


def test_export_writes_a_file_even_when_empty(lab, tmp_path):
    with lab.world() as engine:
        table = engine.run(_variant("select 1 as a where 1 = 0"), {}, None)
        assert len(engine.export(table, tmp_path / "none")) == 1
        assert [c.name for c in engine.columns(table)] == ["a"]
        answer = lab.answer(engine, "create table gold.t (a int)", "gold.t")
        assert (answer.columns, answer.rows) == (["a"], [])


def _ref(name):
    from recon.model import TableRef

    schema, table = name.split(".")
    return TableRef(schema=schema, name=table)


def _variant(text):
    from recon.model import Language, Script, Variant

    return Variant(name="v", language=Language.SQL, script=Script(path="v.sql", text=text))
