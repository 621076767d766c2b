"""Which column of the target an expression feeds, however far away it stands."""

import pytest

from tests.lint.texts import read, synapse

DIVIDES = "a / b"


def divisions(tsql: str, *, target: bool = True) -> list[tuple[str, tuple[str, ...]]]:
    return [(h.scope, h.columns) for h in synapse(tsql, target=target) if h.code == "INT_DIVISION"]


@pytest.mark.parametrize(
    "script",
    [
        "INSERT INTO dbo.OUT (id, y) SELECT id, a / b FROM stg.T",
        "INSERT INTO dbo.OUT SELECT id, 1, a / b, s FROM stg.T",
        "INSERT INTO dbo.OUT (id, y) SELECT q.id, q.r FROM (SELECT id, a / b AS r FROM stg.T) q",
        "WITH c (k, r) AS (SELECT id, a / b FROM stg.T) INSERT INTO dbo.OUT (id, y) SELECT k, r FROM c",
        "SELECT id, a / b AS r INTO #t FROM stg.T\nINSERT INTO dbo.OUT (id, y) SELECT id, r FROM #t",
        "CREATE TABLE #t WITH (HEAP) AS SELECT id, a / b AS r FROM stg.T\nINSERT dbo.OUT (id, y) SELECT * FROM #t",
        "INSERT INTO dbo.OUT (id) SELECT id FROM stg.T\nUPDATE dbo.OUT SET y = t.a / t.b FROM stg.T t WHERE t.id = OUT.id",
        "INSERT INTO dbo.OUT (id, y) SELECT 0, 0 UNION ALL SELECT id, a / b FROM stg.T",
        """MERGE dbo.OUT AS o USING stg.T AS t ON o.id = t.id
           WHEN MATCHED THEN UPDATE SET o.y = t.a / t.b
           WHEN NOT MATCHED THEN INSERT (id) VALUES (t.id);""",
        "INSERT INTO dbo.OUT (id, y) SELECT id, (SELECT MAX(a / b) FROM stg.T) FROM dbo.DIM",
        "DECLARE @t TABLE (k int, r int)\nINSERT @t SELECT id, a / b FROM stg.T\nINSERT dbo.OUT (id, y) SELECT k, r FROM @t",
        """CREATE PROC dbo.P AS BEGIN TRY
             IF 1 = 1 INSERT INTO dbo.OUT (id, y) SELECT id, a / b FROM stg.T
           END TRY BEGIN CATCH THROW END CATCH""",
    ],
)
def test_the_value_comes_to_one_column(script):
    assert divisions(script) == [("columns", ("y",))]


def test_a_variable_carries_the_value_on():
    script = "DECLARE @r int\nSET @r = 7 / 2\nINSERT INTO dbo.OUT (id, y) SELECT id, @r FROM stg.T"
    assert divisions(script) == [("columns", ("y",))]


def test_a_table_that_is_renamed_becomes_the_target():
    script = """
    CREATE TABLE dbo.OUT_new AS SELECT id, a / b AS y FROM stg.T
    RENAME OBJECT dbo.OUT TO OUT_old
    RENAME OBJECT dbo.OUT_new TO OUT
    """
    assert divisions(script) == [("columns", ("y",))]


def test_a_filter_decides_rows_and_what_is_counted_over_them():
    script = "INSERT INTO dbo.OUT (id, x) SELECT id, COUNT(*) FROM stg.T WHERE a / b > 2 GROUP BY id"
    assert divisions(script) == [("rows", ("x",))]


def test_what_goes_into_another_table_is_elsewhere():
    script = "INSERT INTO dbo.LOG (r) SELECT a / b FROM stg.T\nINSERT INTO dbo.OUT (id) SELECT id FROM stg.T"
    assert divisions(script) == [("elsewhere", ())]


def test_a_condition_of_the_script_feeds_nobody_knows_what():
    script = "IF (SELECT MAX(a / b) FROM stg.T) > 1 INSERT INTO dbo.OUT (id) SELECT id FROM stg.T"
    assert divisions(script) == [("unknown", ())]


def test_renamed_columns_keep_the_name_of_synapse():
    from dataclasses import replace

    from recon.model import Rule
    from recon.sqlscript.lint import lint
    from tests.lint.texts import table, variant

    there = replace(
        table("INSERT INTO dbo.OUT (id, y) SELECT id, a FROM stg.T", target=True),
        rules={"y": Rule(databricks="ratio")},
    )
    text = "INSERT INTO gold.out (id, ratio) SELECT id, a / b FROM silver.t"
    [hit] = [h for h in lint(there, variant(text)).hits if h.side == "databricks"]
    assert hit.columns == ("y",)


def test_calls_of_a_column_are_told_only_when_its_way_is_whole():
    found = read(
        "SELECT id, COUNT(*) AS n, DATEDIFF(month, MIN(dt), MAX(ts)) AS m FROM stg.T GROUP BY id",
        "SELECT id, count(*) AS n, mystery AS m FROM silver.t GROUP BY id",
    )
    assert found.calls["synapse"]["n"] == {"COUNT"}
    assert "DATEDIFF" in found.calls["synapse"]["m"]
    assert found.followed["synapse"] == {"id", "n", "m"}
    assert found.followed["databricks"] == {"id", "n"}  # no table is known to have `mystery`


def test_a_cursor_or_dynamic_sql_makes_no_way_whole():
    assert read("EXEC dbo.other\nSELECT id FROM stg.T").followed["synapse"] == frozenset()
    assert read("SELECT id FROM stg.T", "x = 1", python=True).followed["databricks"] == frozenset()
