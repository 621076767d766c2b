"""Procedures as they are written for Synapse, run whole; their results row by row."""

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


def test_full_load_truncates_and_fills(synapse):
    synapse.run(SALES)
    synapse.run(
        """
        CREATE TABLE dbo.FactSales (CustomerName varchar(20) NOT NULL, Total decimal(38,2), N int, Average decimal(38,6))
        WITH (HEAP, DISTRIBUTION = ROUND_ROBIN);
        INSERT INTO dbo.FactSales VALUES ('old', 1, 1, 1);
        GO
        CREATE PROC [dbo].[usp_LoadFactSales] AS
        BEGIN
            SET NOCOUNT ON
            TRUNCATE TABLE dbo.FactSales
            INSERT INTO dbo.FactSales (CustomerName, Total, N, Average)
            SELECT Customer, SUM(ISNULL(Amount, 0)), COUNT(*), AVG(Amount) -- NULLs do not count in an average
            FROM stg.Sales GROUP BY Customer
            OPTION (LABEL = 'load')
        END
        """,
        "dbo.usp_LoadFactSales",
    )
    assert synapse.table("dbo.FactSales") == [
        ("Ann", D("30.75"), 2, D("15.375000")),
        ("Bob", D("0.00"), 1, None),
        ("Cid", D("5.00"), 1, D("5.000000")),
    ]
    assert any("only in case or trailing blanks" in note for note in synapse.notes)


def test_incremental_load_by_watermark(synapse):
    synapse.run(SALES)
    synapse.run(
        """
        CREATE TABLE ctl.Watermark (TableName varchar(50), LastDate date);
        INSERT INTO ctl.Watermark SELECT 'Sales', '2024-01-31';
        CREATE TABLE dbo.Sales (SaleID int, Amount decimal(12,2), SoldOn date);
        GO
        CREATE PROCEDURE dbo.LoadIncrement @table varchar(50), @rows int = NULL OUTPUT AS
        DECLARE @from date, @to date
        SELECT @from = LastDate FROM ctl.Watermark WHERE TableName = @table
        SELECT @to = MAX(SoldOn) FROM stg.Sales
        INSERT INTO dbo.Sales SELECT SaleID, Amount, SoldOn FROM stg.Sales WHERE SoldOn > @from AND SoldOn <= @to
        SET @rows = @@ROWCOUNT
        IF @rows > 0
            UPDATE ctl.Watermark SET LastDate = @to WHERE TableName = @table
        GO
        CREATE TABLE dbo.Log (What varchar(50), N int)
        GO
        DECLARE @n int
        EXEC dbo.LoadIncrement 'sales', @n OUTPUT
        INSERT INTO dbo.Log VALUES ('first', @n)
        EXEC dbo.LoadIncrement @table = 'Sales', @rows = @n OUTPUT
        INSERT INTO dbo.Log VALUES ('second', @n)
        """
    )
    assert synapse.table("dbo.Sales") == [(3, None, date(2024, 2, 1)), (4, D("5.00"), date(2024, 2, 15))]
    assert synapse.table("ctl.Watermark") == [("Sales", date(2024, 2, 15))]
    assert synapse.table("dbo.Log") == [("first", 2), ("second", 0)]


DIM = """
CREATE TABLE dbo.DimCustomer (CustomerKey int, Name varchar(30), City varchar(30), ValidFrom date, ValidTo date, IsCurrent bit);
INSERT INTO dbo.DimCustomer VALUES (1, 'Ann', 'Rome', '2020-01-01', '9999-12-31', 1), (2, 'Bob', 'Oslo', '2020-01-01', '9999-12-31', 1);
CREATE TABLE stg.Customer (CustomerKey int, Name varchar(30), City varchar(30));
INSERT INTO stg.Customer VALUES (1, 'Ann', 'Paris'), (2, 'BOB', 'oslo '), (3, 'Cid', 'Bonn');
GO
"""


def test_slowly_changing_dimension_type_1(synapse):
    synapse.run(DIM)
    synapse.run(
        """
        CREATE PROC dbo.Scd1 AS
        BEGIN
          UPDATE d SET d.Name = s.Name, City = s.City
          FROM dbo.DimCustomer d
          INNER JOIN stg.Customer s ON s.CustomerKey = d.CustomerKey
          WHERE d.City <> s.City OR d.Name <> s.Name;

          INSERT dbo.DimCustomer (CustomerKey, Name, City, ValidFrom, ValidTo, IsCurrent)
          SELECT s.CustomerKey, s.Name, s.City, '2024-01-01', '9999-12-31', 1
          FROM stg.Customer AS s LEFT OUTER JOIN dbo.DimCustomer AS d ON d.CustomerKey = s.CustomerKey
          WHERE d.CustomerKey IS NULL;
        END
        """,
        "Scd1",
    )
    forever = date(9999, 12, 31)
    assert synapse.table("dbo.DimCustomer") == [
        (1, "Ann", "Paris", date(2020, 1, 1), forever, True),
        (2, "Bob", "Oslo", date(2020, 1, 1), forever, True),  # 'BOB' and 'oslo ' are the same under CI_AS
        (3, "Cid", "Bonn", date(2024, 1, 1), forever, True),
    ]


def test_slowly_changing_dimension_type_2(synapse):
    synapse.run(DIM)
    synapse.run(
        """
        CREATE PROC dbo.Scd2 @load_date date AS
        BEGIN
          CREATE TABLE #changed WITH (DISTRIBUTION = ROUND_ROBIN, HEAP) AS
          SELECT s.CustomerKey, s.Name, s.City
          FROM stg.Customer s JOIN dbo.DimCustomer d
            ON d.CustomerKey = s.CustomerKey AND d.IsCurrent = 1
          WHERE EXISTS (SELECT s.Name, s.City EXCEPT SELECT d.Name, d.City)
          UNION ALL
          SELECT s.CustomerKey, s.Name, s.City FROM stg.Customer s
          WHERE NOT EXISTS (SELECT 1 FROM dbo.DimCustomer d WHERE d.CustomerKey = s.CustomerKey);

          UPDATE dbo.DimCustomer
          SET ValidTo = DATEADD(day, -1, @load_date), IsCurrent = 0
          FROM #changed
          WHERE #changed.CustomerKey = DimCustomer.CustomerKey AND DimCustomer.IsCurrent = 1;

          INSERT INTO dbo.DimCustomer
          SELECT CustomerKey, Name, City, @load_date, CAST('9999-12-31' AS date), CAST(1 AS bit) FROM #changed;
          DROP TABLE #changed;
        END
        """,
        "dbo.Scd2",
        load_date="2024-03-01",
    )
    forever = date(9999, 12, 31)
    assert synapse.table("dbo.DimCustomer") == [
        (1, "Ann", "Paris", date(2024, 3, 1), forever, True),
        (1, "Ann", "Rome", date(2020, 1, 1), date(2024, 2, 29), False),
        (2, "Bob", "Oslo", date(2020, 1, 1), forever, True),
        (3, "Cid", "Bonn", date(2024, 3, 1), forever, True),
    ]


def test_upsert_by_ctas_and_rename(synapse):
    """https://learn.microsoft.com/en-us/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-develop-ctas"""
    synapse.run(
        """
        CREATE TABLE dbo.[DimProduct] (ProductKey int NOT NULL, EnglishName nvarchar(50), Color nvarchar(15));
        INSERT INTO dbo.DimProduct VALUES (1, N'Bike', N'Red'), (2, N'Helm', N'Blue');
        CREATE TABLE dbo.[stg_DimProduct] (ProductKey int, EnglishName nvarchar(50), Color nvarchar(15));
        INSERT INTO dbo.stg_DimProduct VALUES (2, N'Helmet', N'Blue'), (3, N'Glove', NULL);
        GO
        CREATE PROC dbo.Upsert AS
        IF OBJECT_ID('dbo.DimProduct_upsert') IS NOT NULL DROP TABLE dbo.DimProduct_upsert
        IF OBJECT_ID(N'[dbo].[DimProduct_old]', N'U') IS NOT NULL DROP TABLE dbo.DimProduct_old
        CREATE TABLE dbo.[DimProduct_upsert]
        WITH (Distribution=HASH([ProductKey]), CLUSTERED INDEX ([ProductKey]))
        AS
        SELECT s.[ProductKey], s.[EnglishName], s.[Color] FROM dbo.[stg_DimProduct] AS s
        UNION ALL
        SELECT p.[ProductKey], p.[EnglishName], p.[Color] FROM dbo.[DimProduct] AS p
        WHERE NOT EXISTS (SELECT * FROM [dbo].[stg_DimProduct] s WHERE s.[ProductKey] = p.[ProductKey])
        RENAME OBJECT dbo.[DimProduct] TO [DimProduct_old];
        RENAME OBJECT dbo.[DimProduct_upsert] TO [DimProduct];
        """,
        "dbo.Upsert",
    )
    assert synapse.table("dbo.DimProduct") == [(1, "Bike", "Red"), (2, "Helmet", "Blue"), (3, "Glove", None)]
    assert synapse.table("dbo.DimProduct_old") == [(1, "Bike", "Red"), (2, "Helm", "Blue")]
    from recon.model import TableRef

    columns = synapse.source.columns(TableRef("dbo", "DimProduct"))
    assert [(c.name, c.type) for c in columns] == [
        ("ProductKey", "int"),
        ("EnglishName", "nvarchar(50)"),
        ("Color", "nvarchar(15)"),
    ]


def test_while_loop_over_months(synapse):
    synapse.run(
        """
        CREATE TABLE dbo.DimMonth (MonthKey int, MonthName varchar(20), Days int)
        GO
        CREATE PROC dbo.FillMonths @first date, @count int = 3 AS
        BEGIN
            DECLARE @i int = 0, @day date
            WHILE @i < @count
            BEGIN
                SET @day = DATEADD(month, @i, @first)
                SET @i += 1
                IF DATEPART(month, @day) = 3 CONTINUE
                IF @i > 10 BREAK
                INSERT dbo.DimMonth
                SELECT YEAR(@day) * 100 + MONTH(@day), DATENAME(month, @day) + ' ' + CAST(YEAR(@day) AS varchar(4)),
                       DAY(EOMONTH(@day))
            END
        END
        """,
        "dbo.FillMonths",
        first="2024-01-01",
        count=4,
    )
    assert synapse.table("dbo.DimMonth") == [
        (202401, "January 2024", 31),
        (202402, "February 2024", 29),
        (202404, "April 2024", 30),
    ]


def test_try_catch_writes_an_error_log_and_rolls_back(synapse):
    synapse.run(SALES)
    synapse.run(
        """
        CREATE TABLE dbo.ErrorLog (Number int, Message nvarchar(400), Line int, Proc_ nvarchar(100))
        CREATE TABLE dbo.Ratio (SaleID int, Ratio decimal(12,4))
        GO
        CREATE PROC dbo.LoadRatio AS
        BEGIN
            BEGIN TRY
                BEGIN TRANSACTION
                INSERT INTO dbo.Ratio SELECT SaleID, 1 FROM stg.Sales
                INSERT INTO dbo.Ratio SELECT SaleID, Amount / (SaleID - 1) FROM stg.Sales
                COMMIT TRANSACTION
            END TRY
            BEGIN CATCH
                DECLARE @n int = ERROR_NUMBER(), @m nvarchar(400) = ERROR_MESSAGE(), @l int = ERROR_LINE()
                IF XACT_STATE() <> 0 OR @@TRANCOUNT > 0
                    ROLLBACK TRANSACTION
                INSERT INTO dbo.ErrorLog VALUES (@n, @m, @l, ERROR_PROCEDURE())
            END CATCH
        END
        """,
        "dbo.LoadRatio",
    )
    assert synapse.table("dbo.Ratio") == []
    assert synapse.table("dbo.ErrorLog") == [(8134, "Divide by zero error encountered.", 10, "dbo.LoadRatio")]


def test_an_error_that_is_thrown_again_reaches_the_caller_with_its_line(synapse):
    with pytest.raises(ProgramError) as caught:
        synapse.run(
            """CREATE PROC dbo.p AS
            BEGIN TRY
                SELECT CAST('x' AS int) AS x
            END TRY
            BEGIN CATCH
                IF @@TRANCOUNT > 0 ROLLBACK;
                THROW;
            END CATCH
            """,
            "dbo.p",
        )
    assert (caught.value.code, caught.value.line) == ("245", 3)
    assert "dbo.p" in str(caught.value)


def test_raiserror_in_try_is_caught_and_below_severity_11_is_not(synapse):
    synapse.run(
        """
        CREATE TABLE dbo.t (m nvarchar(100))
        BEGIN TRY
            RAISERROR('just saying', 10, 1)
            RAISERROR('table %s has %d rows', 16, 1, 'x', 5)
            INSERT dbo.t VALUES ('not reached')
        END TRY
        BEGIN CATCH
            INSERT dbo.t VALUES (ERROR_MESSAGE())
        END CATCH
        """
    )
    assert synapse.table("dbo.t") == [("table x has 5 rows",)]


def test_dynamic_sql_with_parameters(synapse):
    synapse.run(SALES)
    synapse.run(
        """
        CREATE TABLE dbo.Counts (TableName sysname, N int)
        GO
        CREATE PROC dbo.CountRows @schema sysname, @table sysname, @from date AS
        DECLARE @sql nvarchar(max), @n int
        SET @sql = N'SELECT @result = COUNT(*) FROM ' + QUOTENAME(@schema) + N'.' + QUOTENAME(@table)
                 + N' WHERE SoldOn >= @d'
        EXEC sp_executesql @sql, N'@d date, @result int OUTPUT', @d = @from, @result = @n OUTPUT
        INSERT INTO dbo.Counts VALUES (@table, @n)
        DECLARE @text varchar(10) = CAST(@n AS varchar(10))
        EXEC ('INSERT INTO dbo.Counts SELECT ''' + @table + ' again'', ' + @text)
        GO
        EXECUTE dbo.CountRows 'stg', 'Sales', @from = '2024-01-10'
        """
    )
    assert synapse.table("dbo.Counts") == [("Sales", 3), ("Sales again", 3)]


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


def test_script_variables_are_set_by_params(synapse):
    script = "DECLARE @d date = '2020-01-01', @n int = 1; SELECT @d AS d, @n AS n"
    assert synapse.rows(script) == [(date(2020, 1, 1), 1)]
    assert synapse.rows(script, d=date(2024, 5, 6)) == [(date(2024, 5, 6), 1)]
    assert synapse.rows("SELECT @n + 1 AS n", n=41) == [(42,)]
