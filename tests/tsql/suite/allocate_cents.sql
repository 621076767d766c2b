-- A total shared out in whole cents: integer division, %, and the rest to the first rows; sums must agree.
CREATE TABLE dbo.Bill (Bill int, Total decimal(9, 2), Parts int);
INSERT INTO dbo.Bill VALUES (1, 10.00, 3), (2, 0.05, 2), (3, -1.00, 3);
CREATE TABLE dbo.Share (Bill int, Part int, Amount decimal(9, 2));
GO
WITH n AS (SELECT i FROM (VALUES (1), (2), (3)) AS v (i)),
c AS (SELECT Bill, Parts, CAST(Total * 100 AS int) AS Cents FROM dbo.Bill)
INSERT INTO dbo.Share
SELECT c.Bill, n.i, (c.Cents / c.Parts + CASE WHEN n.i <= ABS(c.Cents % c.Parts) THEN SIGN(c.Cents) ELSE 0 END) / 100.0
FROM c JOIN n ON n.i <= c.Parts;
SELECT b.Bill, b.Total - SUM(s.Amount) AS Off INTO dbo.Check_ FROM dbo.Bill b JOIN dbo.Share s ON s.Bill = b.Bill GROUP BY b.Bill, b.Total;
