"""Procedures as they are written for Synapse, run whole; their results row by row."""

from __future__ import annotations

from datetime import date
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
