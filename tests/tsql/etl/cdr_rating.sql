-- ddl
CREATE TABLE stg.Cdr (call_id int NOT NULL, msisdn varchar(15), dialled varchar(20), started datetime2(0), seconds int)
WITH (DISTRIBUTION = HASH(call_id), HEAP);
GO
CREATE TABLE dbo.Tariff (prefix varchar(8), per_minute decimal(9, 4), minimum_minutes int);
GO
CREATE TABLE dbo.FactRated (call_id int, msisdn varchar(15), prefix varchar(8), minutes int, amount decimal(12, 2), band varchar(10), started_hour int, bill_month int);
-- synapse
-- Rates calls by the longest prefix; minutes begun count, free calls get no band.
IF OBJECT_ID('dbo.fn_Minutes', 'FN') IS NOT NULL DROP FUNCTION dbo.fn_Minutes;
GO
CREATE FUNCTION dbo.fn_Minutes (@seconds int, @minimum int)
RETURNS int
WITH SCHEMABINDING
AS
BEGIN
    DECLARE @minutes int;
    IF @seconds IS NULL OR @seconds < 0
        RETURN 0;
    SET @minutes = CEILING(@seconds / 60.0);
    IF @minutes < @minimum
    BEGIN
        SET @minutes = @minimum;
    END
    RETURN @minutes;
END
GO
CREATE FUNCTION dbo.fn_Band (@amount decimal(12, 2))
RETURNS varchar(10)
AS
BEGIN
    RETURN CASE WHEN @amount = 0 THEN NULL WHEN @amount < 1 THEN 'low' WHEN @amount < 5 THEN 'middle' ELSE 'high' END;
END
GO
CREATE PROCEDURE dbo.usp_RateCalls @month date
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @first datetime2(0) = DATEADD(month, DATEDIFF(month, 0, @month), 0);
    DECLARE @after datetime2(0) = DATEADD(month, 1, @first);

    IF OBJECT_ID('tempdb..#calls') IS NOT NULL DROP TABLE #calls;

    CREATE TABLE #calls WITH (DISTRIBUTION = HASH(call_id), HEAP) AS
    SELECT call_id, msisdn, REPLACE(REPLACE(dialled, '+', '00'), ' ', '') AS number, started, seconds
    FROM stg.Cdr
    WHERE started >= @first AND started < @after;

    TRUNCATE TABLE dbo.FactRated;

    INSERT INTO dbo.FactRated (call_id, msisdn, prefix, minutes, amount, band, started_hour, bill_month)
    SELECT r.call_id, r.msisdn, r.prefix, r.minutes, r.amount, dbo.fn_Band(r.amount),
           DATEPART(hour, r.started), CONVERT(int, CONVERT(varchar(6), r.started, 112))
    FROM (
        SELECT c.call_id, c.msisdn, t.prefix, c.started,
               dbo.fn_Minutes(c.seconds, ISNULL(t.minimum_minutes, 0)) AS minutes,
               CAST(ROUND(dbo.fn_Minutes(c.seconds, ISNULL(t.minimum_minutes, 0)) * ISNULL(t.per_minute, 0), 2) AS decimal(12, 2)) AS amount
        FROM #calls c
        OUTER APPLY (
            SELECT TOP (1) x.prefix, x.per_minute, x.minimum_minutes
            FROM dbo.Tariff x
            WHERE c.number LIKE x.prefix + '%'
            ORDER BY LEN(x.prefix) DESC, x.prefix
        ) t
    ) r
    OPTION (LABEL = 'rate calls');

    DROP TABLE #calls;
END
-- right
CREATE OR REPLACE TEMPORARY VIEW calls AS
SELECT call_id, msisdn, replace(replace(dialled, '+', '00'), ' ', '') AS number, started, seconds
FROM silver.cdr WHERE started >= date_trunc('MONTH', :month) AND started < add_months(date_trunc('MONTH', :month), 1);
INSERT OVERWRITE TABLE gold.fact_rated
WITH ranked AS (
  SELECT c.*, t.prefix, t.per_minute, t.minimum_minutes,
         row_number() OVER (PARTITION BY c.call_id ORDER BY length(t.prefix) DESC, t.prefix) AS n
  FROM calls c LEFT JOIN gold.tariff t ON startswith(c.number, t.prefix)
), rated AS (
  SELECT *, CASE WHEN seconds IS NULL OR seconds < 0 THEN 0
                 ELSE greatest(CAST(ceil(seconds / 60.0) AS INT), coalesce(minimum_minutes, 0)) END AS minutes
  FROM ranked WHERE n = 1
), priced AS (SELECT *, CAST(round(minutes * coalesce(per_minute, 0), 2) AS DECIMAL(12,2)) AS amount FROM rated)
SELECT call_id, msisdn, prefix, minutes, amount,
       CASE WHEN amount = 0 THEN NULL WHEN amount < 1 THEN 'low' WHEN amount < 5 THEN 'middle' ELSE 'high' END,
       hour(started), CAST(date_format(started, 'yyyyMM') AS INT)
FROM priced;
-- wrong
CREATE OR REPLACE TEMPORARY VIEW calls AS
SELECT call_id, msisdn, replace(replace(dialled, '+', '00'), ' ', '') AS number, started, seconds
FROM silver.cdr WHERE started >= date_trunc('MONTH', :month) AND started < add_months(date_trunc('MONTH', :month), 1);
INSERT OVERWRITE TABLE gold.fact_rated
WITH ranked AS (
  SELECT c.*, t.prefix, t.per_minute, t.minimum_minutes,
         row_number() OVER (PARTITION BY c.call_id ORDER BY length(t.prefix) DESC, t.prefix) AS n
  FROM calls c LEFT JOIN gold.tariff t ON startswith(c.number, t.prefix)
), rated AS (
  SELECT *, CASE WHEN seconds IS NULL OR seconds < 0 THEN 0
                 ELSE greatest(CAST(seconds / 60 AS INT), coalesce(minimum_minutes, 0)) END AS minutes
  FROM ranked WHERE n = 1
), priced AS (SELECT *, CAST(round(minutes * coalesce(per_minute, 0), 2) AS DECIMAL(12,2)) AS amount FROM rated)
SELECT call_id, msisdn, prefix, minutes, amount,
       CASE WHEN amount = 0 THEN NULL WHEN amount < 1 THEN 'low' WHEN amount < 5 THEN 'middle' ELSE 'high' END,
       hour(started), CAST(date_format(started, 'yyyyMM') AS INT)
FROM priced;
