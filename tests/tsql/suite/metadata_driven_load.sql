-- One loader for all tables: the MERGE is written from a list of columns and run by EXEC, table by table.
CREATE TABLE ctl.ColumnMap (Target sysname, Col sysname, IsKey bit, Ord int);
INSERT INTO ctl.ColumnMap VALUES ('A', 'Id', 1, 1), ('A', 'Name', 0, 2), ('B', 'K1', 1, 1), ('B', 'K2', 1, 2), ('B', 'V', 0, 3);
CREATE TABLE stg.A (Id int, Name varchar(10)); CREATE TABLE dw.A (Id int, Name varchar(10));
CREATE TABLE stg.B (K1 int, K2 char(2), V money); CREATE TABLE dw.B (K1 int, K2 char(2), V money);
INSERT INTO stg.A VALUES (1, 'new'), (2, 'two'); INSERT INTO dw.A VALUES (1, 'old');
INSERT INTO stg.B VALUES (1, 'x', 1.5), (1, 'y', NULL); INSERT INTO dw.B VALUES (1, 'X', 9), (2, 'z', 2);
GO
CREATE PROC ctl.usp_Load @table sysname AS
BEGIN
    DECLARE @on nvarchar(max), @set nvarchar(max), @cols nvarchar(max), @values nvarchar(max), @sql nvarchar(max);
    SELECT @on = STRING_AGG(CASE WHEN IsKey = 1 THEN 't.' + QUOTENAME(Col) + ' = s.' + QUOTENAME(Col) END, ' AND ') WITHIN GROUP (ORDER BY Ord),
           @set = STRING_AGG(CASE WHEN IsKey = 0 THEN QUOTENAME(Col) + ' = s.' + QUOTENAME(Col) END, ', ') WITHIN GROUP (ORDER BY Ord),
           @cols = STRING_AGG(QUOTENAME(Col), ', ') WITHIN GROUP (ORDER BY Ord),
           @values = STRING_AGG('s.' + QUOTENAME(Col), ', ') WITHIN GROUP (ORDER BY Ord)
    FROM ctl.ColumnMap WHERE Target = @table;
    SET @sql = CONCAT('MERGE INTO dw.', QUOTENAME(@table), ' AS t USING stg.', QUOTENAME(@table), ' AS s ON ', @on,
                      ' WHEN MATCHED THEN UPDATE SET ', @set,
                      ' WHEN NOT MATCHED THEN INSERT (', @cols, ') VALUES (', @values, ');');
    EXEC (@sql);
END
GO
DECLARE @t sysname = (SELECT MIN(Target) FROM ctl.ColumnMap);
WHILE @t IS NOT NULL
BEGIN
    EXEC ctl.usp_Load @t;
    SELECT @t = MIN(Target) FROM ctl.ColumnMap WHERE Target > @t;
END
