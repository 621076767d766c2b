-- Best sellers: TOP with ties, PERCENT rounded up, a variable as n, TOP in a derived table.
CREATE TABLE dbo.Sold (Item varchar(5), Qty int NULL);
INSERT INTO dbo.Sold VALUES ('a', 5), ('b', 9), ('c', 5), ('d', NULL), ('e', 9), ('f', 1), ('g', 5);
GO
DECLARE @n int = 3;
SELECT TOP (@n) WITH TIES Item, Qty INTO dbo.Best FROM dbo.Sold ORDER BY Qty DESC;
SELECT TOP 30 PERCENT Item INTO dbo.Third FROM dbo.Sold ORDER BY Qty, Item DESC;
SELECT t.Qty INTO dbo.Least FROM (SELECT TOP (1) Qty FROM dbo.Sold WHERE Qty IS NOT NULL ORDER BY Qty) AS t;
SELECT Item INTO dbo.Page FROM dbo.Sold ORDER BY Item OFFSET (@n - 1) ROWS FETCH NEXT 2 ROWS ONLY;
