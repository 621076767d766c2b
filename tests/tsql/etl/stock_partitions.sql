-- ddl
CREATE TABLE stg.Movement (sku varchar(12), store_no smallint, moved_on date, quantity int);
GO
CREATE TABLE dbo.Stock (day_key int NOT NULL, sku varchar(12), store_no smallint, on_hand int, moved int)
WITH (DISTRIBUTION = HASH(sku), CLUSTERED COLUMNSTORE INDEX, PARTITION (day_key RANGE RIGHT FOR VALUES (20240301, 20240302, 20240303, 20240304)));
-- synapse
-- Builds one day's stock beside the table and switches its partition in; the day before is the base.
CREATE PROCEDURE dbo.usp_LoadStock @day date AS
BEGIN
    SET XACT_ABORT ON;
    DECLARE @key int = CAST(CONVERT(char(8), @day, 112) AS int),
            @before int = CAST(FORMAT(DATEADD(day, -1, @day), 'yyyyMMdd') AS int);
    IF OBJECT_ID('dbo.Stock_in') IS NOT NULL DROP TABLE dbo.Stock_in;

    CREATE TABLE dbo.Stock_in
    WITH (DISTRIBUTION = HASH(sku), CLUSTERED COLUMNSTORE INDEX,
          PARTITION (day_key RANGE RIGHT FOR VALUES (20240301, 20240302, 20240303, 20240304)))
    AS
    SELECT CAST(@key AS int) AS day_key, ISNULL(b.sku, m.sku) AS sku, COALESCE(b.store_no, m.store_no) AS store_no,
           CAST(ISNULL(b.on_hand, 0) + ISNULL(m.moved, 0) AS int) AS on_hand, CAST(ISNULL(m.moved, 0) AS int) AS moved
    FROM (SELECT sku, store_no, on_hand FROM dbo.Stock WHERE day_key = @before AND on_hand <> 0) b
    FULL OUTER JOIN (
        SELECT sku, store_no, SUM(quantity) AS moved
        FROM stg.Movement
        WHERE moved_on = @day
        GROUP BY sku, store_no
    ) m ON m.sku = b.sku AND m.store_no = b.store_no;

    ALTER TABLE dbo.Stock_in ALTER COLUMN day_key int NOT NULL;
    IF @key = 20240304
        ALTER TABLE dbo.Stock_in SWITCH PARTITION 5 TO dbo.Stock PARTITION 5 WITH (TRUNCATE_TARGET = ON);
    ELSE
        ALTER TABLE dbo.Stock_in SWITCH PARTITION 4 TO dbo.Stock PARTITION 4 WITH (TRUNCATE_TARGET = ON);
    DROP TABLE dbo.Stock_in;

    IF EXISTS (SELECT 1 FROM dbo.Stock WHERE day_key = @key AND on_hand < 0)
        PRINT 'stock below zero';
    UPDATE STATISTICS dbo.Stock;
END
GO
CREATE PROCEDURE dbo.usp_LoadDays @first date, @days tinyint = 1 AS
BEGIN
    DECLARE @at tinyint = 0;
    WHILE @at < @days
    BEGIN
        DECLARE @day date = DATEADD(day, @at, @first);
        EXEC dbo.usp_LoadStock @day = @day;
        SET @at += 1;
    END
END
-- right
CREATE OR REPLACE TEMPORARY VIEW base AS SELECT sku, store_no, on_hand FROM gold.stock WHERE day_key = 20240302 AND on_hand <> 0;
CREATE OR REPLACE TEMPORARY VIEW third AS
SELECT 20240303 AS day_key, coalesce(b.sku, m.sku) AS sku, coalesce(b.store_no, m.store_no) AS store_no,
       CAST(coalesce(b.on_hand, 0) + coalesce(m.moved, 0) AS INT) AS on_hand, CAST(coalesce(m.moved, 0) AS INT) AS moved
FROM base b FULL OUTER JOIN (SELECT sku, store_no, sum(quantity) AS moved FROM silver.movement WHERE moved_on = DATE'2024-03-03' GROUP BY ALL) m
  ON m.sku = b.sku AND m.store_no = b.store_no;
CREATE OR REPLACE TEMPORARY VIEW fourth AS
SELECT 20240304 AS day_key, coalesce(b.sku, m.sku) AS sku, coalesce(b.store_no, m.store_no) AS store_no,
       CAST(coalesce(b.on_hand, 0) + coalesce(m.moved, 0) AS INT) AS on_hand, CAST(coalesce(m.moved, 0) AS INT) AS moved
FROM (SELECT * FROM third WHERE on_hand <> 0) b
FULL OUTER JOIN (SELECT sku, store_no, sum(quantity) AS moved FROM silver.movement WHERE moved_on = DATE'2024-03-04' GROUP BY ALL) m
  ON m.sku = b.sku AND m.store_no = b.store_no;
CREATE OR REPLACE TABLE gold.stock_new AS
SELECT * FROM gold.stock WHERE day_key < 20240303 UNION ALL SELECT * FROM third UNION ALL SELECT * FROM fourth;
INSERT OVERWRITE gold.stock SELECT * FROM gold.stock_new;
DROP TABLE gold.stock_new;
-- wrong
CREATE OR REPLACE TEMPORARY VIEW base AS SELECT sku, store_no, on_hand FROM gold.stock WHERE day_key = 20240302 AND on_hand <> 0;
CREATE OR REPLACE TEMPORARY VIEW third AS
SELECT 20240303 AS day_key, b.sku, b.store_no,
       CAST(b.on_hand + coalesce(m.moved, 0) AS INT) AS on_hand, CAST(coalesce(m.moved, 0) AS INT) AS moved
FROM base b LEFT JOIN (SELECT sku, store_no, sum(quantity) AS moved FROM silver.movement WHERE moved_on = DATE'2024-03-03' GROUP BY ALL) m
  ON m.sku = b.sku AND m.store_no = b.store_no;
CREATE OR REPLACE TEMPORARY VIEW fourth AS
SELECT 20240304 AS day_key, b.sku, b.store_no,
       CAST(b.on_hand + coalesce(m.moved, 0) AS INT) AS on_hand, CAST(coalesce(m.moved, 0) AS INT) AS moved
FROM (SELECT * FROM third WHERE on_hand <> 0) b
LEFT JOIN (SELECT sku, store_no, sum(quantity) AS moved FROM silver.movement WHERE moved_on = DATE'2024-03-04' GROUP BY ALL) m
  ON m.sku = b.sku AND m.store_no = b.store_no;
CREATE OR REPLACE TABLE gold.stock_new AS
SELECT * FROM gold.stock WHERE day_key < 20240303 UNION ALL SELECT * FROM third UNION ALL SELECT * FROM fourth;
INSERT OVERWRITE gold.stock SELECT * FROM gold.stock_new;
DROP TABLE gold.stock_new;
