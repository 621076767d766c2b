-- A pivot over months that are known only when it runs: the column list by STRING_AGG, the statement by sp_executesql.
CREATE TABLE dbo.Fact (Region char(2), Mon int, Amount decimal(9, 2));
INSERT INTO dbo.Fact VALUES ('DE', 202401, 1), ('DE', 202401, 2.5), ('DE', 202403, 4), ('FR', 202402, 8), ('FR', 202403, NULL);
GO
CREATE PROC dbo.usp_Pivot AS
BEGIN
    DECLARE @columns nvarchar(max), @sql nvarchar(max);
    SELECT @columns = STRING_AGG(QUOTENAME(CAST(Mon AS varchar(6))), ', ') WITHIN GROUP (ORDER BY Mon)
    FROM (SELECT DISTINCT Mon FROM dbo.Fact) AS m;

    SET @sql = N'SELECT Region, ' + @columns + N' INTO dbo.ByMonth FROM (SELECT Region, Mon, Amount FROM dbo.Fact) AS s
        PIVOT (SUM(Amount) FOR Mon IN (' + @columns + N')) AS p';
    EXEC sp_executesql @sql;
END
