-- sp_executesql with typed parameters in and out, EXEC of a text put together from pieces, QUOTENAME, defaults.
CREATE TABLE mart.Sales_2023 (Region varchar(10), Amount decimal(10, 2));
CREATE TABLE mart.Sales_2024 (Region varchar(10), Amount decimal(10, 2));
INSERT INTO mart.Sales_2023 VALUES ('N', 1.25), ('S', 2), ('N', NULL);
INSERT INTO mart.Sales_2024 VALUES ('N', 10), ('it''s', 20.5);
CREATE TABLE mart.Total (Year_ int, Region varchar(10), Total decimal(38, 2), N int);
GO
CREATE PROC mart.usp_Total @year int, @region varchar(10) = NULL, @total decimal(38, 2) = NULL OUTPUT AS
BEGIN
    DECLARE @sql nvarchar(max), @params nvarchar(500), @n int;
    SET @sql = N'
        SELECT @t = SUM(Amount), @n = COUNT(*)
        FROM mart.' + QUOTENAME('Sales_' + CAST(@year AS nvarchar(4))) + N'
        WHERE Region = ISNULL(@r, Region)';
    SET @params = N'@r varchar(10), @t decimal(38,2) OUTPUT, @n int OUTPUT';
    EXECUTE sp_executesql @sql, @params, @r = @region, @t = @total OUTPUT, @n = @n OUTPUT;

    DECLARE @insert varchar(1000) =
        'INSERT INTO mart.Total VALUES (' + CONVERT(varchar(4), @year) + ', '
        + ISNULL('''' + REPLACE(@region, '''', '''''') + '''', 'NULL') + ', '
        + ISNULL(CAST(@total AS varchar(20)), 'NULL') + ', ' + CAST(@n AS varchar(10)) + ');';
    EXEC (@insert);
    RETURN @n;
END
GO
DECLARE @sum decimal(38, 2), @rc int, @y int = 2023;
WHILE @y <= 2024
BEGIN
    EXEC @rc = mart.usp_Total @y, @total = @sum OUTPUT;
    EXEC mart.usp_Total @y, 'n';
    SET @y = @y + 1;
END
EXEC mart.usp_Total 2024, 'it''s', @sum OUTPUT;
INSERT INTO mart.Total VALUES (0, 'last', @sum, @rc);
