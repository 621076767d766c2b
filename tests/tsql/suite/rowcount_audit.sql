-- @@ROWCOUNT after each kind of statement; what resets it; ROWCOUNT_BIG.
CREATE TABLE dbo.T (i int, v int);
CREATE TABLE dbo.Audit (What varchar(20), N int);
GO
DECLARE @n int;
INSERT INTO dbo.T SELECT n, n FROM (VALUES (1), (2), (3), (4)) AS v (n);
SET @n = @@ROWCOUNT; INSERT INTO dbo.Audit VALUES ('insert', @n);
UPDATE dbo.T SET v = v WHERE i > 1;
SELECT @n = @@ROWCOUNT; INSERT INTO dbo.Audit VALUES ('update', @n);
DELETE FROM dbo.T WHERE i = 9;
SET @n = @@ROWCOUNT; INSERT INTO dbo.Audit VALUES ('delete none', @n);
SELECT i INTO #copy FROM dbo.T WHERE i < 3;
SET @n = ROWCOUNT_BIG(); INSERT INTO dbo.Audit VALUES ('into', @n);
SELECT @n = i FROM dbo.T WHERE i = 2;
SET @n = @@ROWCOUNT; INSERT INTO dbo.Audit VALUES ('select var', @n);
SET @n = 5;
SET @n = @@ROWCOUNT; INSERT INTO dbo.Audit VALUES ('set var', @n);
IF 1 = 1 SET @n = @@ROWCOUNT;
INSERT INTO dbo.Audit VALUES ('after if', @n);
PRINT 'x';
SET @n = @@ROWCOUNT; INSERT INTO dbo.Audit VALUES ('after print', @n);
MERGE dbo.T t USING (VALUES (1), (7)) AS s (i) ON s.i = t.i WHEN MATCHED THEN UPDATE SET v = 0 WHEN NOT MATCHED THEN INSERT (i, v) VALUES (s.i, 0);
SET @n = @@ROWCOUNT; INSERT INTO dbo.Audit VALUES ('merge', @n);
TRUNCATE TABLE dbo.T;
SET @n = @@ROWCOUNT; INSERT INTO dbo.Audit VALUES ('truncate', @n);
