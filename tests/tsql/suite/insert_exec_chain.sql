-- Procedures that return rows feed tables: INSERT .. EXEC of a procedure and of dynamic SQL; a view in between.
CREATE TABLE dbo.Num (n int); INSERT INTO dbo.Num VALUES (1), (2), (3), (4);
CREATE TABLE dbo.Got (a int, b varchar(10));
GO
CREATE VIEW dbo.Even AS SELECT n, 'even' AS kind FROM dbo.Num WHERE n % 2 = 0;
GO
CREATE PROC dbo.usp_Rows @kind varchar(10) AS
    SET NOCOUNT ON;
    IF @kind = 'even'
        SELECT n, kind FROM dbo.Even ORDER BY n;
    ELSE
        SELECT n * 10 AS n, @kind AS kind FROM dbo.Num WHERE n NOT IN (SELECT n FROM dbo.Even);
GO
INSERT INTO dbo.Got EXEC dbo.usp_Rows 'even';
INSERT INTO dbo.Got (a, b) EXEC dbo.usp_Rows @kind = 'odd';
CREATE TABLE #t (i int, t nvarchar(20));
INSERT INTO #t EXEC ('SELECT MAX(n), ''dyn'' FROM dbo.Num');
INSERT INTO dbo.Got SELECT i, t FROM #t;
