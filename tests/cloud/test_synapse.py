"""Synapse's source over sockets, with both drivers: the catalogue, calls, queries, reads in ranges, and no writing."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlglot import exp

from recon.connectors.cloud.source import synapse_source
from recon.connectors.cloud.synapse_ranges import ranges
from recon.connectors.local.source import local_source
from recon.errors import ProgramError, SourceError, SpecError
from recon.model import Column, Script, Table, TableRef
from tests.conftest import wait_for
from tests.rig.fixtures_synapse import cloud_of, project_of

SETUP = """
CREATE TABLE dbo.sales (id int NOT NULL, sold date, amount decimal(18,2), name nvarchar(30), note varchar(max))
GO
INSERT INTO dbo.sales VALUES (1, '2024-01-01', 10.50, N'Ünal', 'a'), (2, '2024-01-31', -3, N'漢字 😀', NULL),
  (3, '2024-02-01', NULL, N'', ''), (4, NULL, 7, N'O''Neil', 'd')
GO
CREATE TABLE dbo.target (month date NOT NULL, total decimal(18,2), who nvarchar(30))
GO
CREATE TABLE dbo.[od]]d name] ([a b] int, [select] int, [tab]]le] int)
GO
INSERT INTO dbo.[od]]d name] VALUES (1, 2, 3)
GO
CREATE VIEW dbo.seen AS SELECT id, amount FROM dbo.sales
"""
LOAD = """CREATE PROCEDURE dbo.load_target @month date, @who nvarchar(30) = N'nobody', @least decimal(18,2) = NULL
AS
BEGIN
  SET NOCOUNT OFF
  DELETE FROM dbo.target WHERE month = @month
  INSERT INTO dbo.target
  SELECT @month, SUM(amount), @who FROM dbo.sales
  WHERE sold >= @month AND (@least IS NULL OR amount > @least)
END"""
SALES, TARGET = TableRef("dbo", "sales"), TableRef("dbo", "target")


@pytest.fixture(scope="module", autouse=True)
def filled(tds_server):
    tds_server.database.run(SETUP)
    tds_server.database.run(LOAD)


@pytest.fixture(params=["microsoft", "freetds"])
def source(request, tds, tmp_path):
    tds.database.run("DELETE FROM dbo.target")
    with synapse_source(cloud_of(tds, request.param), *project_of(tmp_path), tmp_path) as made:
        yield made
    wait_for(lambda: tds.open == 0, 10, "the end of every connection")


def rows(found):
    return found.batches.read_all().to_pylist()


def target(tds):
    return tds.database.con.cursor().execute("SELECT * FROM s_dbo.target ORDER BY ALL").fetchall()


# --- the catalogue ------------------------------------------------------------------------------------


def test_columns_have_their_declared_types(source):
    assert source.columns(SALES) == (
        Column("id", "int", False),
        Column("sold", "date"),
        Column("amount", "decimal(18,2)"),
        Column("name", "nvarchar(30)"),
        Column("note", "varchar(max)"),
    )


def test_a_view_has_columns_and_rows(source):
    seen = TableRef("dbo", "seen")
    assert [(c.name, c.type) for c in source.columns(seen)] == [("id", "int"), ("amount", "decimal(18,2)")]
    assert {r["id"]: r["amount"] for r in rows(source.read(seen))}[1] == Decimal("10.50")


def test_a_missing_table_has_a_near_name(source):
    with pytest.raises(SourceError, match=r"no table dbo\.sale in Synapse") as caught:
        source.columns(TableRef("dbo", "sale"))
    assert caught.value.hint == "Did you mean dbo.sales?"


def test_hostile_names_are_names(source):
    odd = TableRef("dbo", "od]d name")
    assert rows(source.read(odd, "[select] = 2 -- and no more")) == [{"a b": 1, "select": 2, "tab]le": 3}]
    with pytest.raises(SourceError, match="no table"):
        source.columns(TableRef("dbo", "sales]; DROP TABLE dbo.sales --"))


def test_a_column_of_another_collation_is_noted(tds, tmp_path):
    project, table = project_of(tmp_path, collation="Latin1_General_BIN2")
    with synapse_source(cloud_of(tds, "microsoft"), project, table, tmp_path) as source:
        source.columns(SALES)
        assert source.notes == (
            "dbo.sales has the collation SQL_Latin1_General_CP1_CI_AS, and [session] says Latin1_General_BIN2:"
            " name, note",
        )


def test_a_clock_that_does_not_reach_synapse_is_noted(tds, tmp_path):
    project, table = project_of(tmp_path, now=datetime(2024, 1, 1))
    with synapse_source(cloud_of(tds, "microsoft"), project, table, tmp_path) as source:
        assert any("GETDATE() is the clock of Synapse" in note for note in source.notes)


# --- calls ----------------------------------------------------------------------------------------------


def test_a_procedure_is_called_with_bound_values(source, tds):
    script = Script("load.sql", LOAD)
    source.call(
        script, "dbo.load_target", {"month": date(2024, 1, 31), "who": "O'Neil ü😀'; --", "least": None}
    )
    assert target(tds) == [(date(2024, 1, 31), Decimal("-3.00"), "O'Neil ü😀'; --")]
    source.call(script, "[dbo].[load_target]", {"@month": date(2024, 1, 31), "least": Decimal("-4.00")})
    assert target(tds) == [(date(2024, 1, 31), Decimal("-3.00"), "nobody")]
    sent = [s for s in tds.statements if "load_target" in s]
    assert sent
    assert not any("Neil" in s or "CREATE" in s for s in sent)
    assert source.notes == ("dbo.load_target ran as Synapse has it; load.sql was not deployed",) + (
        "[dbo].[load_target] ran as Synapse has it; load.sql was not deployed",
    )


def test_parameters_are_checked_before_anything_is_sent(source, tds):
    script = Script("load.sql", LOAD)
    before = len(tds.statements)
    with pytest.raises(SpecError, match="no parameter @mnth") as caught:
        source.call(script, "dbo.load_target", {"mnth": date(2024, 1, 1)})
    assert caught.value.hint == "Did you mean @month?"
    with pytest.raises(SpecError, match="@month has neither a value nor a default"):
        source.call(script, "dbo.load_target", {})
    assert len(tds.statements) == before


def test_a_procedure_that_synapse_does_not_have(source):
    with pytest.raises(ProgramError) as caught:
        source.call(Script("other.sql", "-- nothing here"), "dbo.nowhere", {})
    assert caught.value.code == "2812"


def test_a_script_runs_batch_by_batch_with_its_variables_set(source, tds):
    script = Script(
        "script.sql",
        "CREATE TABLE #found (n int)\nGO\n"
        "DECLARE @n int = 1, @who nvarchar(30);\nINSERT INTO #found VALUES (@n)\nGO 2\n"
        "DECLARE @who nvarchar(30) = N'default';\n"
        "INSERT INTO dbo.target SELECT '2024-03-01', SUM(n), @who FROM #found",
    )
    source.call(script, "", {"n": 21, "who": "it's 漢"})
    assert target(tds) == [(date(2024, 3, 1), Decimal("42.00"), "it's 漢")]


def test_a_variable_that_is_not_declared_gets_a_declaration(source, tds):
    source.call(
        Script("s.sql", "INSERT INTO dbo.target VALUES (@day, @sum, @who)"),
        "",
        {"day": date(2024, 4, 1), "sum": Decimal("1.25"), "who": None},
    )
    assert target(tds) == [(date(2024, 4, 1), Decimal("1.25"), None)]
    with pytest.raises(SpecError, match="no variable @dya"):
        source.call(Script("s.sql", "SELECT @day AS d"), "", {"dya": 1})


def test_an_error_of_a_script_has_its_file_and_line(source):
    script = Script("bad.sql", "DECLARE @a int = 1\nGO\n\nSELECT 1 / 0 AS x")
    with pytest.raises(
        ProgramError, match=r"bad\.sql:4: Divide by zero error encountered\. \(error 8134\)|bad"
    ) as caught:
        source.call(script, "", {})
    assert (caught.value.file, caught.value.line, caught.value.code) == ("bad.sql", 4, "8134")


def test_a_transaction_that_is_left_open_is_no_baseline(source, tds):
    script = Script("open.sql", "BEGIN TRAN\nINSERT INTO dbo.target VALUES ('2024-05-01', 1, N'x')")
    with pytest.raises(ProgramError, match="a transaction is still open at the end") as caught:
        source.call(script, "", {})
    assert caught.value.code == "266"
    wait_for(lambda: tds.open == 0, 10, "the end of the connection")
    assert target(tds) == []
    assert rows(source.read(TARGET)) == []


# --- queries --------------------------------------------------------------------------------------------


def test_a_query_with_variables_tables_of_its_own_and_a_filter(source):
    script = Script(
        "q.sql",
        "SET NOCOUNT ON\nDECLARE @least int = 1; -- a comment that must not swallow anything\n"
        "SELECT 'not this one' AS x;\n"
        "WITH some AS (SELECT id, name FROM dbo.sales WHERE id >= @least)\n"
        "SELECT id, name AS [who'?] FROM some /* here */ ORDER BY id DESC -- the end",
    )
    found = source.query(script, {"least": 2}, "id <> 3")
    assert [c.type for c in found.columns] == ["int", "nvarchar(30)"]
    assert sorted(rows(found), key=lambda r: r["id"]) == [
        {"id": 2, "who'?": "漢字 😀"},
        {"id": 4, "who'?": "O'Neil"},
    ]


def test_top_keeps_its_order(source):
    assert rows(source.query(Script("q.sql", "SELECT TOP 1 id FROM dbo.sales ORDER BY id DESC"), {})) == [
        {"id": 4}
    ]


def test_the_query_behind_a_procedure(source, tds):
    before = target(tds)
    script = Script(
        "load.sql", LOAD.replace("DELETE FROM dbo.target WHERE month = @month", "TRUNCATE TABLE dbo.target")
    )
    found = source.query(script, {"month": date(2024, 1, 31)})
    assert rows(found) == [{"month": date(2024, 1, 31), "total": Decimal("-3.00"), "who": "nobody"}]
    assert any("the procedure was not run" in note for note in source.notes)
    assert target(tds) == before


@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM dbo.sales",
        "WITH x AS (SELECT * FROM dbo.sales) DELETE FROM x",
        "SELECT id INTO dbo.copied FROM dbo.sales",
        "SELECT id FROM dbo.sales; DROP TABLE dbo.sales",
        "EXEC dbo.load_target '2024-01-01'; SELECT 1 AS x",
        "IF 1 = 1 TRUNCATE TABLE dbo.sales; SELECT 1 AS x",
        "BEGIN TRY SELECT 1 AS x END TRY BEGIN CATCH DELETE FROM dbo.sales END CATCH",
        "SELECT 1 AS x\nGO\nUPDATE dbo.sales SET id = 1",
        "SELECT * FROM OPENQUERY(other, 'delete from t')",
        "MERGE dbo.sales t USING dbo.sales s ON t.id = s.id WHEN MATCHED THEN DELETE;",
        "CREATE TABLE dbo.x (a int); SELECT 1 AS x",
    ],
)
def test_a_query_never_writes(text, source, tds):
    before = len(tds.statements)
    with pytest.raises(ProgramError):
        source.query(Script("q.sql", text), {})
    assert len(tds.statements) == before


@pytest.mark.parametrize(
    "where", ["1 = 1; DROP TABLE dbo.sales", "1 = 1) OR (1 = 1", "id = 1 UNION SELECT 1", ""]
)
def test_a_filter_is_one_condition_or_nothing(where, source, tds):
    if not where:
        assert len(rows(source.read(SALES))) == 4
        return
    with pytest.raises(ProgramError) as caught:
        source.read(SALES, where)
    assert caught.value.file == "filter"
    assert not any("DROP" in s or "UNION" in s for s in tds.statements)


@pytest.mark.parametrize(
    "text", ["SELECT 1", "SELECT id, id FROM dbo.sales", "SELECT id, amount AS ID FROM dbo.sales"]
)
def test_columns_of_a_query_need_names_of_their_own(text, source):
    with pytest.raises(ProgramError, match=r"has no name|one of several called"):
        rows(source.query(Script("q.sql", text), {}))


def test_the_stand_in_reads_the_same(source, tmp_path):
    table = Table(
        name="t",
        folder="t",
        original=Script("q.sql", "SELECT 1 AS x"),
        ddl=Script("ddl.sql", SETUP.partition("CREATE VIEW")[0]),
    )
    with local_source(project_of(tmp_path)[0], table, tmp_path / "local") as local:
        for ref in (SALES, TARGET):
            here, there = local.read(ref), source.read(ref)
            assert here.columns == tuple(Column(c.name, c.type) for c in there.columns)
            mine, theirs = here.batches.read_all(), there.batches.read_all()
            assert mine.schema == theirs.schema
            assert sorted(map(str, mine.to_pylist())) == sorted(map(str, theirs.to_pylist()))


# --- ranges ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["id", "SOLD", "amount"])
def test_a_table_in_ranges_has_each_row_once(column, source, tds):
    found = rows(source.read(SALES, "id < 99", split_by=column))
    assert sorted(r["id"] for r in found) == [1, 2, 3, 4]
    assert len([s for s in tds.statements if "<" in s and "SELECT [id]" in s]) > 1


def test_what_cannot_be_split_is_refused(source):
    with pytest.raises(SpecError, match="cannot be split by name, which is nvarchar"):
        source.read(SALES, split_by="name")
    with pytest.raises(SpecError, match="no column nme"):
        source.read(SALES, split_by="nme")


def test_an_empty_table_in_ranges(source):
    assert rows(source.read(TARGET, "month < '1900-01-01'", split_by="month")) == []


@pytest.mark.parametrize(
    ("low", "high", "parts", "expected"),
    [
        (1, 4, 4, ["[k] < 2 OR [k] IS NULL", "[k] >= 2 AND [k] < 3", "[k] >= 3 AND [k] < 4", "[k] >= 4"]),
        (5, 5, 4, ["1 = 1"]),
        (None, None, 4, ["1 = 1"]),
        (Decimal("-0.5"), Decimal("1.5"), 2, ["[k] < 1 OR [k] IS NULL", "[k] >= 1"]),
    ],
)
def test_ranges_cover_every_value_once(low, high, parts, expected):
    made = [e.sql("tsql") for e in ranges(Column("k", "int"), low, high, parts)]
    plain = [m.replace("CAST('", "").replace("' AS BIGINT)", "").strip("()") for m in made]
    assert plain == expected
    assert all(isinstance(e, exp.Expr) for e in ranges(Column("k", "int"), low, high, parts))
