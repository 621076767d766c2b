-- Reload of the last days: delete what the window holds, insert it anew; keys come from the staging table.
CREATE TABLE dw.FactVisit (VisitDate date NOT NULL, Site varchar(5) NOT NULL, Visits int NOT NULL);
CREATE TABLE stg.Visit (VisitDate varchar(10), Site varchar(5), Visits varchar(10));
INSERT INTO dw.FactVisit VALUES ('2024-01-01', 'A', 1), ('2024-01-02', 'A', 2), ('2024-01-03', 'A', 3), ('2024-01-03', 'B', 4);
INSERT INTO stg.Visit VALUES ('2024-01-03', 'A', '30'), ('01/04/2024', 'a ', ' 5 '), ('2024-01-04', 'B', '');
GO
CREATE PROC dw.usp_Reload @days int = 2, @asof date AS
BEGIN
    DECLARE @first date = DATEADD(day, -@days, @asof);

    DELETE FROM dw.FactVisit
    WHERE VisitDate > @first
      AND EXISTS (SELECT 1 FROM stg.Visit s WHERE CAST(s.VisitDate AS date) >= @first AND s.Site = dw.FactVisit.Site);

    INSERT INTO dw.FactVisit (Site, Visits, VisitDate)
    SELECT UPPER(RTRIM(s.Site)), SUM(CAST(s.Visits AS int)), CONVERT(date, s.VisitDate)
    FROM stg.Visit s
    WHERE CONVERT(date, s.VisitDate) BETWEEN DATEADD(dd, 1, @first) AND @asof
    GROUP BY s.Site, CONVERT(date, s.VisitDate);
END
