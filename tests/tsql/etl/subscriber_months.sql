-- ddl
CREATE TABLE stg.Usage (subscriber int, used_on date, megabytes int);
GO
CREATE TABLE dbo.Subscriber (subscriber int NOT NULL, joined date, left_on date, plan_name varchar(12));
GO
CREATE TABLE dbo.SubscriberMonth (subscriber int, month_end date, plan_name varchar(12), megabytes int, active_days int,
    before_mb int, trend varchar(8), tenure_months int, is_churned bit, usage_share decimal(9, 4));
-- synapse
CREATE PROCEDURE dbo.usp_SubscriberMonths @from date, @to date
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @rows int, @month date = EOMONTH(@from);
    IF OBJECT_ID('tempdb..#months') IS NOT NULL DROP TABLE #months;
    CREATE TABLE #months (month_end date NOT NULL, month_start date NOT NULL) WITH (HEAP, DISTRIBUTION = ROUND_ROBIN);

    WHILE @month <= EOMONTH(@to)
    BEGIN
        INSERT INTO #months VALUES (@month, DATEADD(day, 1, EOMONTH(@month, -1)));
        SET @month = EOMONTH(@month, 1);
    END;

    SELECT s.subscriber, m.month_end, s.plan_name, s.joined, s.left_on,
           ISNULL(SUM(u.megabytes), 0) AS megabytes,
           COUNT(DISTINCT u.used_on) AS active_days
    INTO #base
    FROM #months m
    CROSS JOIN dbo.Subscriber s
    LEFT JOIN stg.Usage u ON u.subscriber = s.subscriber AND u.used_on BETWEEN m.month_start AND m.month_end
    WHERE s.joined <= m.month_end AND (s.left_on IS NULL OR s.left_on >= m.month_start)
    GROUP BY s.subscriber, m.month_end, s.plan_name, s.joined, s.left_on;

    DELETE FROM dbo.SubscriberMonth WHERE month_end BETWEEN EOMONTH(@from) AND EOMONTH(@to);

    INSERT INTO dbo.SubscriberMonth
    SELECT subscriber, month_end, UPPER(LEFT(plan_name, 1)) + LOWER(SUBSTRING(plan_name, 2, 11)), megabytes, active_days,
           LAG(megabytes, 1, 0) OVER (PARTITION BY subscriber ORDER BY month_end),
           IIF(megabytes > LAG(megabytes, 1, 0) OVER (PARTITION BY subscriber ORDER BY month_end), 'up',
               IIF(megabytes = 0, 'silent', 'down')),
           DATEDIFF(month, joined, month_end),
           CASE WHEN left_on <= month_end THEN 1 ELSE 0 END,
           CASE WHEN SUM(megabytes) OVER (PARTITION BY month_end) = 0 THEN 0
                ELSE CAST(megabytes AS decimal(12, 4)) / SUM(megabytes) OVER (PARTITION BY month_end) END
    FROM #base;
    SET @rows = @@ROWCOUNT;

    IF @rows = 0
        RAISERROR('no subscriber in %s', 16, 1, 'the months asked for');
    PRINT CONCAT('rows: ', @rows);
END
-- right
CREATE OR REPLACE TEMPORARY VIEW months AS
SELECT last_day(m) AS month_end, m AS month_start
FROM (SELECT explode(sequence(trunc(:from, 'MM'), trunc(:to, 'MM'), INTERVAL 1 MONTH)) AS m);
INSERT OVERWRITE gold.subscriber_month
WITH base AS (
  SELECT s.subscriber, m.month_end, s.plan_name, s.joined, s.left_on,
         coalesce(sum(u.megabytes), 0) AS megabytes, count(DISTINCT u.used_on) AS active_days
  FROM months m CROSS JOIN gold.subscriber s
  LEFT JOIN silver.usage u ON u.subscriber = s.subscriber AND u.used_on BETWEEN m.month_start AND m.month_end
  WHERE s.joined <= m.month_end AND (s.left_on IS NULL OR s.left_on >= m.month_start)
  GROUP BY ALL
), with_before AS (SELECT *, lag(megabytes, 1, 0) OVER (PARTITION BY subscriber ORDER BY month_end) AS before_mb FROM base)
SELECT subscriber, month_end, concat(upper(left(plan_name, 1)), lower(substring(plan_name, 2, 11))), megabytes, active_days, before_mb,
       CASE WHEN megabytes > before_mb THEN 'up' WHEN megabytes = 0 THEN 'silent' ELSE 'down' END,
       (year(month_end) - year(joined)) * 12 + month(month_end) - month(joined),
       left_on IS NOT NULL AND left_on <= month_end,
       CASE WHEN sum(megabytes) OVER (PARTITION BY month_end) = 0 THEN 0
            ELSE round(CAST(megabytes AS DECIMAL(12,4)) / sum(megabytes) OVER (PARTITION BY month_end), 4) END
FROM with_before;
-- wrong
CREATE OR REPLACE TEMPORARY VIEW months AS
SELECT last_day(m) AS month_end, m AS month_start
FROM (SELECT explode(sequence(trunc(:from, 'MM'), trunc(:to, 'MM'), INTERVAL 1 MONTH)) AS m);
INSERT OVERWRITE gold.subscriber_month
WITH base AS (
  SELECT s.subscriber, m.month_end, s.plan_name, s.joined, s.left_on,
         coalesce(sum(u.megabytes), 0) AS megabytes, count(u.used_on) AS active_days
  FROM months m CROSS JOIN gold.subscriber s
  LEFT JOIN silver.usage u ON u.subscriber = s.subscriber AND u.used_on BETWEEN m.month_start AND m.month_end
  WHERE s.joined <= m.month_end AND (s.left_on IS NULL OR s.left_on >= m.month_start)
  GROUP BY ALL
), with_before AS (SELECT *, lag(megabytes, 1, 0) OVER (PARTITION BY subscriber ORDER BY month_end) AS before_mb FROM base)
SELECT subscriber, month_end, concat(upper(left(plan_name, 1)), lower(substring(plan_name, 2, 11))), megabytes, active_days, before_mb,
       CASE WHEN megabytes > before_mb THEN 'up' WHEN megabytes = 0 THEN 'silent' ELSE 'down' END,
       CAST(round(datediff(month_end, joined) / 30.0) AS INT),
       left_on IS NOT NULL AND left_on <= month_end,
       CASE WHEN sum(megabytes) OVER (PARTITION BY month_end) = 0 THEN 0
            ELSE round(CAST(megabytes AS DECIMAL(12,4)) / sum(megabytes) OVER (PARTITION BY month_end), 4) END
FROM with_before;
