-- A cursor over a list of tables; each is counted by dynamic SQL; one that does not exist is logged, not fatal.
CREATE TABLE ctl.Tables (Seq int, SchemaName sysname, TableName sysname, Active bit);
INSERT INTO ctl.Tables VALUES (1, 'a', 'one', 1), (2, 'a', 'two', 1), (3, 'a', 'none', 1), (4, 'a', 'off', 0);
CREATE TABLE a.one (i int); INSERT INTO a.one VALUES (1), (2), (NULL);
CREATE TABLE a.two (i int);
CREATE TABLE ctl.Counts (TableName nvarchar(200), N bigint NULL, Problem int NULL);
GO
CREATE PROCEDURE ctl.usp_CountAll
AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @schema sysname, @table sysname, @sql nvarchar(4000), @n bigint, @full nvarchar(200);
    DECLARE table_cursor CURSOR LOCAL FAST_FORWARD FOR
        SELECT SchemaName, TableName FROM ctl.Tables WHERE Active = 1 ORDER BY Seq;
    OPEN table_cursor;
    FETCH NEXT FROM table_cursor INTO @schema, @table;
    WHILE (@@FETCH_STATUS = 0)
    BEGIN
        SET @full = QUOTENAME(@schema) + N'.' + QUOTENAME(@table);
        IF OBJECT_ID(@full) IS NULL
            INSERT INTO ctl.Counts (TableName, Problem) VALUES (@full, 208);
        ELSE
        BEGIN
            SET @sql = N'SELECT @cnt = COUNT_BIG(*) FROM ' + @full;
            EXEC sp_executesql @sql, N'@cnt bigint OUTPUT', @cnt = @n OUTPUT;
            INSERT INTO ctl.Counts (TableName, N) SELECT @full, @n;
        END;
        FETCH NEXT FROM table_cursor INTO @schema, @table;
    END;
    CLOSE table_cursor;
    DEALLOCATE table_cursor;
END;
