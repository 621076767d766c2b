-- The rate in force on each day by OUTER APPLY (SELECT TOP 1 ...); decimal products and quotients with T-SQL's scales.
CREATE TABLE ref.Fx (Cur char(3), Day_ date, Rate decimal(10, 4));
INSERT INTO ref.Fx VALUES ('USD', '2024-01-01', 1.1), ('USD', '2024-01-10', 1.2), ('GBP', '2024-01-05', 0.86);
CREATE TABLE dbo.Invoice (No int, Cur char(3), Day_ date, Amount decimal(12, 2));
INSERT INTO dbo.Invoice VALUES (1, 'usd', '2024-01-09', 100), (2, 'USD', '2024-01-10', 10), (3, 'GBP', '2024-01-04', 50), (4, 'EUR', '2024-02-01', 7.77);
SELECT i.No,
       CASE WHEN i.Cur = 'EUR' THEN i.Amount ELSE i.Amount / r.Rate END AS Eur,
       i.Amount * r.Rate AS Product_,
       CAST(i.Amount / r.Rate AS decimal(12, 2)) AS Rounded
INTO dbo.InEur
FROM dbo.Invoice AS i
OUTER APPLY (SELECT TOP 1 x.Rate FROM ref.Fx AS x WHERE x.Cur = i.Cur AND x.Day_ <= i.Day_ ORDER BY x.Day_ DESC) AS r;
