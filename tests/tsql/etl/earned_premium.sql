-- ddl
CREATE TABLE dbo.Policy (policy_no varchar(12) NOT NULL, line char(3), begins date, ends date, premium money, cancelled date);
GO
CREATE TABLE dbo.EarnedPremium (policy_no varchar(12), line char(3), month_key int, days int, earned decimal(19, 4), unearned decimal(19, 4));
-- synapse
-- Spreads a premium over the days of cover, month by month; numbers come from a cross join of digits.
CREATE FUNCTION dbo.fn_Months (@first date, @count int)
RETURNS TABLE
AS
RETURN (
    SELECT DATEADD(month, n.n, DATEFROMPARTS(YEAR(@first), MONTH(@first), 1)) AS month_start
    FROM (SELECT a.d + 10 * b.d AS n
          FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS a(d)
          CROSS JOIN (VALUES (0), (1), (2)) AS b(d)) AS n
    WHERE n.n < @count
);
GO
CREATE PROCEDURE dbo.usp_EarnedPremium @through date AS
BEGIN
    SET NOCOUNT ON
    SELECT policy_no, line, begins,
           CASE WHEN cancelled IS NOT NULL AND cancelled < ends THEN cancelled ELSE ends END AS ends,
           premium, DATEDIFF(day, begins, ends) + 1 AS term_days
    INTO #cover
    FROM dbo.Policy
    WHERE begins <= @through AND ends >= begins

    DELETE c FROM #cover c WHERE c.ends < c.begins

    TRUNCATE TABLE dbo.EarnedPremium

    INSERT INTO dbo.EarnedPremium (policy_no, line, month_key, days, earned, unearned)
    SELECT c.policy_no, c.line, YEAR(m.month_start) * 100 + MONTH(m.month_start), d.days,
           c.premium * d.days / c.term_days,
           c.premium - SUM(c.premium * d.days / c.term_days) OVER (PARTITION BY c.policy_no ORDER BY m.month_start ROWS UNBOUNDED PRECEDING)
    FROM #cover c
    CROSS APPLY dbo.fn_Months(c.begins, DATEDIFF(month, c.begins, c.ends) + 1) m
    CROSS APPLY (
        SELECT DATEDIFF(day,
                        CASE WHEN c.begins > m.month_start THEN c.begins ELSE m.month_start END,
                        CASE WHEN c.ends < EOMONTH(m.month_start) THEN c.ends ELSE EOMONTH(m.month_start) END) + 1 AS days
    ) d
    WHERE m.month_start <= @through

    UPDATE e
    SET unearned = 0
    FROM dbo.EarnedPremium e
    JOIN dbo.Policy p ON p.policy_no = e.policy_no
    WHERE p.cancelled IS NOT NULL AND YEAR(p.cancelled) * 100 + MONTH(p.cancelled) = e.month_key AND p.cancelled < p.ends
END
-- right
CREATE OR REPLACE TEMPORARY VIEW cover AS
SELECT policy_no, line, begins, ends, premium, term_days FROM (
  SELECT policy_no, line, begins, CASE WHEN cancelled < ends THEN cancelled ELSE ends END AS ends, premium,
         datediff(ends, begins) + 1 AS term_days, ends AS whole
  FROM gold.policy WHERE begins <= :through AND ends >= begins) WHERE ends >= begins;
INSERT OVERWRITE gold.earned_premium
WITH months AS (
  SELECT *, explode(sequence(trunc(begins, 'MM'), trunc(ends, 'MM'), INTERVAL 1 MONTH)) AS month_start FROM cover
), counted AS (
  SELECT *, datediff(least(ends, last_day(month_start)), greatest(begins, month_start)) + 1 AS days FROM months WHERE month_start <= :through
), earned AS (
  SELECT *, CAST(floor(CAST(premium AS DECIMAL(19,4)) * days * 10000 / term_days) / 10000 AS DECIMAL(19,4)) AS earned FROM counted
), left_over AS (
  SELECT *, premium - sum(earned) OVER (PARTITION BY policy_no ORDER BY month_start ROWS UNBOUNDED PRECEDING) AS unearned FROM earned)
SELECT l.policy_no, l.line, year(l.month_start) * 100 + month(l.month_start), l.days, l.earned,
       CASE WHEN p.cancelled < p.ends AND trunc(p.cancelled, 'MM') = l.month_start THEN 0 ELSE l.unearned END
FROM left_over l JOIN gold.policy p ON p.policy_no = l.policy_no;
-- wrong
CREATE OR REPLACE TEMPORARY VIEW cover AS
SELECT policy_no, line, begins, ends, premium, term_days FROM (
  SELECT policy_no, line, begins, CASE WHEN cancelled < ends THEN cancelled ELSE ends END AS ends, premium,
         datediff(ends, begins) + 1 AS term_days
  FROM gold.policy WHERE begins <= :through AND ends >= begins) WHERE ends >= begins;
INSERT OVERWRITE gold.earned_premium
WITH months AS (
  SELECT *, explode(sequence(trunc(begins, 'MM'), trunc(ends, 'MM'), INTERVAL 1 MONTH)) AS month_start FROM cover
), counted AS (
  SELECT *, datediff(least(ends, last_day(month_start)), greatest(begins, month_start)) + 1 AS days FROM months WHERE month_start <= :through
), earned AS (
  SELECT *, CAST(premium * days / term_days AS DECIMAL(19,4)) AS earned FROM counted
), left_over AS (
  SELECT *, premium - sum(earned) OVER (PARTITION BY policy_no ORDER BY month_start ROWS UNBOUNDED PRECEDING) AS unearned FROM earned)
SELECT l.policy_no, l.line, year(l.month_start) * 100 + month(l.month_start), l.days, l.earned,
       CASE WHEN p.cancelled < p.ends AND trunc(p.cancelled, 'MM') = l.month_start THEN 0 ELSE l.unearned END
FROM left_over l JOIN gold.policy p ON p.policy_no = l.policy_no;
