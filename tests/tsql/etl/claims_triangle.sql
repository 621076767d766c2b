-- ddl
CREATE TABLE stg.Payment (claim int, accident date, paid date, amount decimal(12, 2), currency char(3));
GO
CREATE TABLE dbo.Rate (currency char(3), valid_from date, to_eur decimal(9, 6));
GO
CREATE TABLE dbo.Triangle (accident_year int, dev_0 decimal(38, 2), dev_12 decimal(38, 2), dev_24 decimal(38, 2), claims int, latest decimal(38, 2));
-- synapse
CREATE PROCEDURE dbo.usp_Triangle AS
BEGIN
    IF OBJECT_ID('tempdb..#paid') IS NOT NULL DROP TABLE #paid
    CREATE TABLE #paid WITH (DISTRIBUTION = ROUND_ROBIN) AS
    SELECT p.claim, YEAR(p.accident) AS accident_year,
           DATEDIFF(month, p.accident, p.paid) / 12 * 12 AS development,
           CAST(p.amount * r.to_eur AS decimal(12, 2)) AS eur
    FROM stg.Payment p
    JOIN dbo.Rate r ON r.currency = p.currency
    WHERE r.valid_from = (SELECT MAX(x.valid_from) FROM dbo.Rate x WHERE x.currency = p.currency AND x.valid_from <= p.paid)
      AND p.amount <> 0

    IF NOT EXISTS (SELECT 1 FROM #paid)
    BEGIN
        RAISERROR('nothing paid', 10, 1)
        RETURN
    END

    TRUNCATE TABLE dbo.Triangle
    ;WITH cumulative AS (
        SELECT accident_year, development,
               SUM(SUM(eur)) OVER (PARTITION BY accident_year ORDER BY development ROWS UNBOUNDED PRECEDING) AS total
        FROM #paid
        GROUP BY accident_year, development
    ), wide AS (
        SELECT accident_year, [0] AS dev_0, [12] AS dev_12, [24] AS dev_24
        FROM (SELECT accident_year, development, total FROM cumulative) AS c
        PIVOT (MAX(total) FOR development IN ([0], [12], [24])) AS p
    )
    INSERT INTO dbo.Triangle (accident_year, dev_0, dev_12, dev_24, claims, latest)
    SELECT w.accident_year, w.dev_0, COALESCE(w.dev_12, w.dev_0), COALESCE(w.dev_24, w.dev_12, w.dev_0),
           (SELECT COUNT(DISTINCT claim) FROM #paid q WHERE q.accident_year = w.accident_year),
           (SELECT TOP 1 c.total FROM cumulative c WHERE c.accident_year = w.accident_year ORDER BY c.development DESC)
    FROM wide w
END
-- right
CREATE OR REPLACE TEMPORARY VIEW paid AS
SELECT p.claim, year(p.accident) AS accident_year,
       ((year(p.paid) - year(p.accident)) * 12 + month(p.paid) - month(p.accident)) DIV 12 * 12 AS development,
       CAST(p.amount * r.to_eur AS DECIMAL(12,2)) AS eur
FROM silver.payment p JOIN gold.rate r ON r.currency = p.currency
WHERE r.valid_from = (SELECT max(x.valid_from) FROM gold.rate x WHERE x.currency = p.currency AND x.valid_from <= p.paid)
  AND p.amount <> 0;
INSERT OVERWRITE gold.triangle
WITH by_dev AS (SELECT accident_year, development, sum(eur) AS eur FROM paid GROUP BY 1, 2),
cumulative AS (SELECT accident_year, development, sum(eur) OVER (PARTITION BY accident_year ORDER BY development) AS total FROM by_dev),
wide AS (SELECT accident_year, max(CASE WHEN development = 0 THEN total END) AS d0, max(CASE WHEN development = 12 THEN total END) AS d12,
                max(CASE WHEN development = 24 THEN total END) AS d24, max_by(total, development) AS latest FROM cumulative GROUP BY 1),
counted AS (SELECT accident_year, count(DISTINCT claim) AS claims FROM paid GROUP BY 1)
SELECT w.accident_year, d0, coalesce(d12, d0), coalesce(d24, d12, d0), claims, latest FROM wide w JOIN counted USING (accident_year);
-- wrong
CREATE OR REPLACE TEMPORARY VIEW paid AS
SELECT p.claim, year(p.accident) AS accident_year,
       CAST(months_between(p.paid, p.accident) AS INT) DIV 12 * 12 AS development,
       CAST(p.amount * r.to_eur AS DECIMAL(12,2)) AS eur
FROM silver.payment p JOIN gold.rate r ON r.currency = p.currency
WHERE r.valid_from = (SELECT max(x.valid_from) FROM gold.rate x WHERE x.currency = p.currency AND x.valid_from <= p.paid)
  AND p.amount <> 0;
INSERT OVERWRITE gold.triangle
WITH by_dev AS (SELECT accident_year, development, sum(eur) AS eur FROM paid GROUP BY 1, 2),
cumulative AS (SELECT accident_year, development, sum(eur) OVER (PARTITION BY accident_year ORDER BY development) AS total FROM by_dev),
wide AS (SELECT accident_year, max(CASE WHEN development = 0 THEN total END) AS d0, max(CASE WHEN development = 12 THEN total END) AS d12,
                max(CASE WHEN development = 24 THEN total END) AS d24, max_by(total, development) AS latest FROM cumulative GROUP BY 1),
counted AS (SELECT accident_year, count(DISTINCT claim) AS claims FROM paid GROUP BY 1)
SELECT w.accident_year, d0, coalesce(d12, d0), coalesce(d24, d12, d0), claims, latest FROM wide w JOIN counted USING (accident_year);
