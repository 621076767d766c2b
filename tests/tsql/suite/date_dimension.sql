-- A date dimension without a loop: numbers by CROSS JOIN, then every date function a calendar needs.
CREATE TABLE dw.DimDate (DateKey int, Day_ date, Year_ smallint, Quarter_ char(2), Month_ tinyint, MonthName_ nvarchar(20), Week_ int,
    IsoWeek int, Weekday_ tinyint, DayName_ nvarchar(20), DayOfYear_ smallint, FirstOfMonth date, LastOfMonth date, IsWeekend bit, FiscalYear int);
GO
CREATE PROC dw.usp_DimDate @from date, @to date AS
BEGIN
    WITH d AS (SELECT n FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS v (n)),
         n AS (SELECT t.n * 10 + o.n AS i FROM d AS o CROSS JOIN d AS t)
    INSERT INTO dw.DimDate
    SELECT YEAR(x.Day_) * 10000 + MONTH(x.Day_) * 100 + DAY(x.Day_), x.Day_, DATEPART(year, x.Day_),
           'Q' + CAST(DATEPART(qq, x.Day_) AS char(1)), MONTH(x.Day_), DATENAME(month, x.Day_), DATEPART(wk, x.Day_),
           DATEPART(isowk, x.Day_), DATEPART(weekday, x.Day_), DATENAME(weekday, x.Day_), DATEPART(dy, x.Day_),
           DATEFROMPARTS(YEAR(x.Day_), MONTH(x.Day_), 1), EOMONTH(x.Day_),
           CASE WHEN DATEPART(weekday, x.Day_) IN (1, 7) THEN 1 ELSE 0 END,
           YEAR(DATEADD(month, 6, x.Day_))
    FROM (SELECT DATEADD(day, n.i, @from) AS Day_ FROM n WHERE n.i <= DATEDIFF(day, @from, @to)) AS x;
END
