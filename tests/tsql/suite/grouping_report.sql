-- Totals on three levels with GROUPING SETS and ROLLUP, labelled through GROUPING, filtered by HAVING.
CREATE TABLE dbo.S (Region varchar(5) NULL, Product varchar(5), Amount int);
INSERT INTO dbo.S VALUES ('N', 'p', 1), ('N', 'q', 2), ('S', 'p', 4), (NULL, 'p', 8);
SELECT CASE WHEN GROUPING(Region) = 1 THEN 'all' ELSE ISNULL(Region, 'none') END AS Region,
       CASE WHEN GROUPING(Product) = 1 THEN 'all' ELSE Product END AS Product,
       SUM(Amount) AS Amount, COUNT(*) AS N
INTO dbo.Rolled FROM dbo.S GROUP BY ROLLUP (Region, Product) HAVING SUM(Amount) > 1;
SELECT GROUPING_ID(Region, Product) AS G, Product, COUNT(*) AS Rows_ INTO dbo.Sets
FROM dbo.S GROUP BY GROUPING SETS ((Region, Product), (Product), ());
