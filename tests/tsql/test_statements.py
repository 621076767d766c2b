"""Single kinds of statements in small scripts: MERGE, DELETE, cursors, IDENTITY, nested procedures."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from recon.errors import ProgramError

D = Decimal

SALES = """
CREATE TABLE stg.Sales (
    [SaleID] int NOT NULL, [Customer] varchar(20) NULL, [Amount] decimal(12,2) NULL, [SoldOn] date NULL
) WITH (DISTRIBUTION = HASH([SaleID]), CLUSTERED COLUMNSTORE INDEX)
GO
INSERT INTO stg.Sales VALUES (1, 'Ann', 10.50, '2024-01-05')
INSERT INTO stg.Sales VALUES (2, 'ann ', 20.25, '2024-01-20'), (3, 'Bob', NULL, '2024-02-01'), (4, 'Cid', 5, '20240215')
GO
"""


def test_merge_with_all_branches(synapse):
    synapse.run(
        """
        CREATE TABLE dbo.Stock (Item varchar(10), Qty int, Note varchar(20) DEFAULT 'new')
        INSERT INTO dbo.Stock VALUES ('a', 1, 'x'), ('b', 2, 'x'), ('c', 3, 'x'), ('d', 4, 'x')
        CREATE TABLE stg.Stock (Item varchar(10), Qty int)
        INSERT INTO stg.Stock VALUES ('A', 10), ('b', 0), ('e', 5)
        GO
        MERGE INTO dbo.Stock AS t
        USING (SELECT Item, SUM(Qty) AS Qty FROM stg.Stock GROUP BY Item) AS s
           ON t.Item = s.Item
        WHEN MATCHED AND s.Qty = 0 THEN DELETE
        WHEN MATCHED THEN UPDATE SET t.Qty = t.Qty + s.Qty, Note = 'changed'
        WHEN NOT MATCHED BY TARGET THEN INSERT (Item, Qty) VALUES (s.Item, s.Qty)
        WHEN NOT MATCHED BY SOURCE AND t.Qty > 3 THEN DELETE
        WHEN NOT MATCHED BY SOURCE THEN UPDATE SET Note = 'missing';
        """
    )
    assert synapse.table("dbo.Stock") == [("a", 11, "changed"), ("c", 3, "missing"), ("e", 5, "new")]


def test_merge_that_hits_a_row_twice_is_an_error(synapse):
    with pytest.raises(ProgramError) as caught:
        synapse.run(
            """CREATE TABLE dbo.t (i int, v int); INSERT dbo.t VALUES (1, 0);
            MERGE dbo.t USING (SELECT 1 AS i, 5 AS v UNION ALL SELECT 1, 6) s ON s.i = t.i
            WHEN MATCHED THEN UPDATE SET v = s.v;"""
        )
    assert (caught.value.code, caught.value.line) == ("8672", 2)


def test_duplicates_are_deleted_through_a_common_table_expression(synapse):
    synapse.run(
        """
        CREATE TABLE stg.Dup (k int, loaded datetime, v varchar(5));
        INSERT INTO stg.Dup VALUES (1, '2024-01-01', 'old'), (1, '2024-01-02', 'new'), (2, '2024-01-01', 'one');
        GO
        WITH ranked AS (
            SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY loaded DESC) AS rn FROM stg.Dup
        )
        DELETE FROM ranked WHERE rn > 1;
        WITH r AS (SELECT v, k FROM stg.Dup WHERE k = 2) UPDATE r SET v = 'two';
        """
    )
    assert synapse.table("stg.Dup") == [(1, datetime(2024, 1, 2), "new"), (2, datetime(2024, 1, 1), "two")]


def test_table_variables_select_into_and_cursor(synapse):
    synapse.run(SALES)
    synapse.run(
        """
        DECLARE @totals TABLE (Customer varchar(20), Total decimal(12,2));
        INSERT INTO @totals SELECT Customer, SUM(Amount) FROM stg.Sales WHERE Amount IS NOT NULL GROUP BY Customer;
        SELECT Customer, Total * 2 AS Twice INTO #twice FROM @totals WHERE Total > 1;
        CREATE TABLE dbo.Out_ (Line int, Who varchar(20), Twice decimal(20,2));
        DECLARE @who varchar(20), @twice decimal(20,2), @line int = 0;
        DECLARE c CURSOR LOCAL FAST_FORWARD FOR SELECT Customer, Twice FROM #twice ORDER BY Customer DESC;
        OPEN c;
        FETCH NEXT FROM c INTO @who, @twice;
        WHILE @@FETCH_STATUS = 0
        BEGIN
            SET @line = @line + 1;
            INSERT INTO dbo.Out_ VALUES (@line, @who, @twice);
            FETCH NEXT FROM c INTO @who, @twice;
        END
        CLOSE c; DEALLOCATE c;
        """
    )
    assert synapse.table("dbo.Out_") == [(1, "Cid", D("10.00")), (2, "Ann", D("61.50"))]


def test_nested_procedures_return_codes_and_their_own_temp_tables(synapse):
    synapse.run(
        """
        CREATE TABLE dbo.Log (Step int, N int, Code int)
        GO
        CREATE PROC dbo.inner_ @x int AS
        CREATE TABLE #t (i int)
        INSERT #t VALUES (@x), (@x + 1), (@x + 2)
        IF @x < 0 RETURN -1
        INSERT dbo.Log SELECT 2, COUNT(*), NULL FROM #t
        RETURN 7
        GO
        CREATE PROC dbo.outer_ AS
        CREATE TABLE #t (i int)
        INSERT #t VALUES (1)
        DECLARE @code int
        EXEC @code = dbo.inner_ 5
        INSERT dbo.Log SELECT 3, COUNT(*), @code FROM #t
        EXEC @code = dbo.inner_ @x = -1
        INSERT dbo.Log SELECT 4, COUNT(*), @code FROM #t
        """,
        "dbo.outer_",
    )
    assert synapse.table("dbo.Log") == [(2, 3, None), (3, 1, 7), (4, 1, -1)]


def test_insert_exec_takes_the_rows_of_a_procedure(synapse):
    synapse.run(
        """
        CREATE TABLE dbo.t (a int, b varchar(5))
        GO
        CREATE PROC dbo.rows_ @n int AS SELECT @n AS n, 'x' AS x UNION ALL SELECT @n + 1, 'y'
        GO
        INSERT INTO dbo.t (a, b) EXEC dbo.rows_ 4
        """
    )
    assert synapse.table("dbo.t") == [(4, "x"), (5, "y")]


def test_identity_gives_unique_numbers_and_is_noted(synapse):
    synapse.run(
        """
        CREATE TABLE dbo.d (id int IDENTITY(10, 5) NOT NULL, name varchar(10) NULL)
        INSERT INTO dbo.d (name) SELECT 'a' UNION ALL SELECT 'b'
        INSERT INTO dbo.d VALUES ('c')
        SET IDENTITY_INSERT dbo.d ON
        INSERT INTO dbo.d (id, name) VALUES (-1, 'unknown')
        SET IDENTITY_INSERT dbo.d OFF
        """
    )
    found = synapse.table("dbo.d")
    assert sorted(i for i, _ in found) == [-1, 10, 15, 20]
    assert (20, "c") in found
    assert any("IDENTITY" in n for n in synapse.notes)


def test_an_update_with_several_matches_is_noted_only_when_it_matters(synapse):
    synapse.run(
        """
        CREATE TABLE dbo.t (k int, v int); INSERT dbo.t VALUES (1, 0), (2, 0);
        CREATE TABLE dbo.s (k int, v int); INSERT dbo.s VALUES (1, 5), (1, 5), (2, 7);
        UPDATE t SET v = s.v FROM dbo.t t JOIN dbo.s s ON s.k = t.k;
        """
    )
    assert synapse.table("dbo.t") == [(1, 5), (2, 7)]
    assert synapse.notes == ()
    synapse.run("INSERT dbo.s VALUES (1, 6);\nUPDATE dbo.t SET v = s.v FROM dbo.s s WHERE s.k = t.k;")
    assert [n for n in synapse.notes if "several rows match" in n and ":2:" in n]


def test_delete_with_a_join_and_its_rowcount(synapse):
    synapse.run(SALES)
    synapse.run(
        """
        CREATE TABLE dbo.n (n int)
        DELETE FROM s FROM stg.Sales AS s INNER JOIN (VALUES (1), (3)) AS gone(id) ON gone.id = s.SaleID
        INSERT dbo.n VALUES (@@ROWCOUNT)
        DELETE stg.Sales WHERE SaleID = 4
        """
    )
    assert synapse.table("dbo.n") == [(2,)]
    assert [r[0] for r in synapse.table("stg.Sales")] == [2]


def test_a_failed_statement_leaves_no_half_written_rows(synapse):
    with pytest.raises(ProgramError):
        synapse.run(
            """CREATE TABLE dbo.t (a tinyint NOT NULL)
            INSERT dbo.t VALUES (1), (2), (300)"""
        )
    assert synapse.table("dbo.t") == []


def test_text_too_long_for_its_column_is_an_error_but_blanks_are_cut(synapse):
    synapse.run("CREATE TABLE dbo.t (c char(3), v varchar(3)); INSERT dbo.t VALUES ('a', 'abc   ')")
    assert synapse.table("dbo.t") == [("a  ", "abc")]
    with pytest.raises(ProgramError) as caught:
        synapse.run("INSERT dbo.t VALUES ('a', 'abcd')")
    assert caught.value.code == "8152"


@pytest.mark.parametrize(
    ("sets", "rows", "noted"),
    [
        ("@a = @a + COUNT(*)", [(13, None)], False),
        ("@b = COUNT(*), @a = @a + ISNULL(SUM(n), 0) * 2", [(70, 3)], False),
        ("@b = MAX(n), @a = @a + @b", [(25, 15)], True),
        ("@b = n, @a = @a + n", [(40, 15)], True),
        ("@a = @a + SUM(n) OVER ()", [(100, None)], True),
    ],
)
def test_variables_may_add_up_over_aggregates(synapse, sets, rows, noted):
    synapse.run("CREATE TABLE dbo.t (n int); INSERT dbo.t VALUES (5), (10), (15)")
    order = " ORDER BY n" if "COUNT" not in sets and "MAX" not in sets else ""
    script = f"DECLARE @a int = 10, @b int; SELECT {sets} FROM dbo.t{order}; SELECT @a AS a, @b AS b"
    assert synapse.rows(script) == rows
    assert any("promises nothing" in note for note in synapse.source.notes) == noted


def test_variables_may_add_up_over_groups(synapse):
    synapse.run("CREATE TABLE dbo.t (g char(1), n int); INSERT dbo.t VALUES ('a', 5), ('b', 10), ('b', 15)")
    script = """DECLARE @s varchar(40) = '';
        SELECT @s = @s + g + CAST(SUM(n) AS varchar(9)) + ';' FROM dbo.t GROUP BY g ORDER BY g; SELECT @s AS s"""
    assert synapse.rows(script) == [("a5;b25;",)]


LOGGED = """
DECLARE @log TABLE (id int NOT NULL, msg varchar(20), at datetime2(3), amount decimal(9,2), rid uniqueidentifier);
DECLARE @n int = 1;
INSERT @log VALUES (1, 'before', '2024-01-31 10:00', 1.50, '6F9619FF-8B86-D011-B42D-00C04FC964FF');
{begin}
INSERT @log VALUES (2, 'inside', NULL, NULL, NULL);
UPDATE @log SET msg = 'changed' WHERE id = 1;
SET @n = 2;
INSERT dbo.t VALUES (99);
{end}
SELECT id, msg, at, amount, rid, @n AS n, (SELECT COUNT(*) FROM dbo.t) AS rows_ FROM @log ORDER BY id
"""


@pytest.mark.parametrize(
    ("begin", "end", "rows"),
    [
        ("BEGIN TRAN", "ROLLBACK", 1),
        ("BEGIN TRAN", "COMMIT", 2),
        ("BEGIN TRAN; BEGIN TRAN", "ROLLBACK", 1),
        ("BEGIN TRY BEGIN TRAN", "THROW 50000, 'bad', 1; END TRY BEGIN CATCH ROLLBACK END CATCH", 1),
        ("BEGIN TRY BEGIN TRAN", "SELECT @n = 1 / 0; END TRY BEGIN CATCH ROLLBACK; SET @n = 2 END CATCH", 1),
    ],
)
def test_a_rollback_leaves_table_variables_alone(synapse, begin, end, rows):
    """https://learn.microsoft.com/en-us/sql/t-sql/data-types/table-transact-sql"""
    synapse.run("CREATE TABLE dbo.t (n int); INSERT dbo.t VALUES (1)")
    found = synapse.rows(LOGGED.format(begin=begin, end=end))
    guid = "6F9619FF-8B86-D011-B42D-00C04FC964FF"
    assert [(*row[:4], row[4] and str(row[4]).upper(), *row[5:]) for row in found] == [
        (1, "changed", datetime(2024, 1, 31, 10), Decimal("1.50"), guid, 2, rows),
        (2, "inside", None, None, None, 2, rows),
    ]


@pytest.mark.parametrize("stop", ["THROW 50000, 'bad', 1;", "RAISERROR('bad', 16, 1);", "SELECT 1 / 0 AS x;"])
def test_the_last_change_before_an_error_outlives_the_rollback(synapse, stop):
    script = f"""
        DECLARE @log TABLE (id int);
        BEGIN TRY BEGIN TRAN; INSERT @log VALUES (1); {stop} COMMIT; END TRY
        BEGIN CATCH ROLLBACK; END CATCH
        SELECT id FROM @log"""
    assert synapse.rows(script) == [(1,)]


def test_a_table_variable_declared_in_a_transaction_outlives_its_rollback(synapse):
    script = """
        BEGIN TRAN
        DECLARE @log TABLE (id int IDENTITY(1, 1), msg varchar(20) NOT NULL DEFAULT 'none');
        INSERT @log (msg) VALUES ('a'), ('b');
        DELETE @log WHERE msg = 'a';
        ROLLBACK
        INSERT @log DEFAULT VALUES;
        SELECT id, msg FROM @log ORDER BY id"""
    assert synapse.rows(script) == [(2, "b"), (3, "none")]


def test_a_rollback_still_takes_temp_tables_back(synapse):
    script = """CREATE TABLE #t (n int); INSERT #t VALUES (1)
        BEGIN TRAN; INSERT #t VALUES (2); ROLLBACK
        SELECT n FROM #t"""
    assert synapse.rows(script) == [(1,)]


def test_script_variables_are_set_by_params(synapse):
    script = "DECLARE @d date = '2020-01-01', @n int = 1; SELECT @d AS d, @n AS n"
    assert synapse.rows(script) == [(date(2020, 1, 1), 1)]
    assert synapse.rows(script, d=date(2024, 5, 6)) == [(date(2024, 5, 6), 1)]
    assert synapse.rows("SELECT @n + 1 AS n", n=41) == [(42,)]
