-- ddl
CREATE TABLE stg.Promo (promo_id int, table_name sysname, budget decimal(12, 2), region varchar(10));
GO
CREATE TABLE stg.StoreNorth (store int, turnover decimal(12, 2));
GO
CREATE TABLE stg.StoreSouth (store int, turnover decimal(12, 2));
GO
CREATE TABLE dbo.PromoShare (promo_id int, store int, share decimal(12, 2), rank_no int, is_rest bit);
-- synapse
-- One dynamic statement per promotion; the cents that rounding leaves over go to the largest store.
CREATE PROCEDURE dbo.usp_AllocatePromos @only varchar(10) = NULL AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @id int, @table sysname, @budget decimal(12, 2), @total decimal(38, 2), @given decimal(38, 2), @sql nvarchar(max);
    IF OBJECT_ID('tempdb..#todo') IS NOT NULL DROP TABLE #todo;
    CREATE TABLE #todo WITH (DISTRIBUTION = ROUND_ROBIN, HEAP) AS
    SELECT ROW_NUMBER() OVER (ORDER BY promo_id) AS n, promo_id, table_name, budget
    FROM stg.Promo
    WHERE @only IS NULL OR region = @only;

    DECLARE @n int = 1, @count int = (SELECT COUNT(*) FROM #todo);
    TRUNCATE TABLE dbo.PromoShare;

    WHILE @n <= @count
    BEGIN
        SELECT @id = promo_id, @table = table_name, @budget = budget FROM #todo WHERE n = @n;
        SET @n = @n + 1;

        IF OBJECT_ID(N'stg.' + @table, N'U') IS NULL
        BEGIN
            PRINT 'no table ' + QUOTENAME(@table);
            CONTINUE;
        END

        SET @sql = N'SELECT @t = SUM(turnover) FROM stg.' + QUOTENAME(@table) + N' WHERE turnover > 0';
        EXEC sp_executesql @sql, N'@t decimal(38, 2) OUTPUT', @t = @total OUTPUT;
        IF @total IS NULL CONTINUE;

        SET @sql = N'INSERT INTO dbo.PromoShare (promo_id, store, share, rank_no, is_rest)
                     SELECT @p, store, ROUND(@b * turnover / @t, 2, 1), RANK() OVER (ORDER BY turnover DESC), 0
                     FROM stg.' + QUOTENAME(@table) + N' WHERE turnover > 0;';
        EXEC sp_executesql @sql, N'@p int, @b decimal(12, 2), @t decimal(38, 2)', @p = @id, @b = @budget, @t = @total;

        SELECT @given = SUM(share) FROM dbo.PromoShare WHERE promo_id = @id;
        IF @given <> @budget
            UPDATE dbo.PromoShare
            SET share += @budget - @given, is_rest = 1
            WHERE promo_id = @id AND store = (SELECT MIN(store) FROM dbo.PromoShare WHERE promo_id = @id AND rank_no = 1);
    END;
END
-- right
CREATE OR REPLACE TEMPORARY VIEW stores AS
SELECT 'StoreNorth' AS table_name, store, turnover FROM silver.store_north WHERE turnover > 0
UNION ALL SELECT 'StoreSouth', store, turnover FROM silver.store_south WHERE turnover > 0;
INSERT OVERWRITE gold.promo_share
WITH cut AS (
  SELECT p.promo_id, p.budget, s.store, s.turnover,
         CAST(floor(p.budget * s.turnover * 100 / sum(s.turnover) OVER (PARTITION BY p.promo_id)) / 100 AS DECIMAL(12,2)) AS share,
         rank() OVER (PARTITION BY p.promo_id ORDER BY s.turnover DESC) AS rank_no
  FROM silver.promo p JOIN stores s ON s.table_name = p.table_name),
left_over AS (SELECT *, budget - sum(share) OVER (PARTITION BY promo_id) AS rest,
                     min(CASE WHEN rank_no = 1 THEN store END) OVER (PARTITION BY promo_id) AS largest FROM cut)
SELECT promo_id, store, CASE WHEN store = largest THEN share + rest ELSE share END, rank_no, store = largest AND rest <> 0 FROM left_over;
-- wrong
CREATE OR REPLACE TEMPORARY VIEW stores AS
SELECT 'StoreNorth' AS table_name, store, turnover FROM silver.store_north WHERE turnover > 0
UNION ALL SELECT 'StoreSouth', store, turnover FROM silver.store_south WHERE turnover > 0;
INSERT OVERWRITE gold.promo_share
WITH cut AS (
  SELECT p.promo_id, p.budget, s.store, s.turnover,
         CAST(round(p.budget * s.turnover / sum(s.turnover) OVER (PARTITION BY p.promo_id), 2) AS DECIMAL(12,2)) AS share,
         rank() OVER (PARTITION BY p.promo_id ORDER BY s.turnover DESC) AS rank_no
  FROM silver.promo p JOIN stores s ON s.table_name = p.table_name),
left_over AS (SELECT *, budget - sum(share) OVER (PARTITION BY promo_id) AS rest,
                     min(CASE WHEN rank_no = 1 THEN store END) OVER (PARTITION BY promo_id) AS largest FROM cut)
SELECT promo_id, store, CASE WHEN store = largest THEN share + rest ELSE share END, rank_no, store = largest AND rest <> 0 FROM left_over;
