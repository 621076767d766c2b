-- Purge and archive in batches: DELETE TOP (n) and UPDATE TOP (n) until @@ROWCOUNT is 0; a guard against endless loops.
CREATE TABLE dbo.Queue (Id int, State char(1));
CREATE TABLE dbo.Loops (What varchar(10), N int, Rows_ int);
INSERT INTO dbo.Queue SELECT a.n * 3 + b.n, CASE WHEN b.n = 0 THEN 'x' ELSE 'n' END
FROM (VALUES (0), (1), (2), (3)) AS a (n) CROSS JOIN (VALUES (0), (1), (2)) AS b (n);
GO
CREATE PROC dbo.usp_Batches @size int = 3 AS
BEGIN
    DECLARE @rows int = 1, @loops int = 0, @total int = 0;
    WHILE @rows > 0
    BEGIN
        DELETE TOP (@size) FROM dbo.Queue WHERE State = 'x';
        SET @rows = @@ROWCOUNT;
        SELECT @loops = @loops + 1, @total += @rows;
        IF @loops > 100 BREAK;
    END
    INSERT INTO dbo.Loops VALUES ('delete', @loops, @total);

    SELECT @loops = 0, @total = 0;
    WHILE 1 = 1
    BEGIN
        UPDATE TOP (5) dbo.Queue SET State = 'd' WHERE State = 'n';
        IF @@ROWCOUNT = 0 BREAK;
        SET @loops += 1;
    END
    INSERT INTO dbo.Loops VALUES ('update', @loops, (SELECT COUNT(*) FROM dbo.Queue WHERE State = 'd'));
END
