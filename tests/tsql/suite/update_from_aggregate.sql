-- UPDATE FROM a derived table of totals, joined to a lookup; compound assignments; columns of both sides in one SET.
CREATE TABLE dw.Customer (Id int, Orders int, Total money, Tier varchar(10), LastOrder date);
CREATE TABLE dw.Orders (CustomerId int, Amount money, Day_ date);
CREATE TABLE ref.Tier (MinTotal money, Tier varchar(10));
INSERT INTO dw.Customer VALUES (1, 1, 100, 'none', NULL), (2, 0, 0, 'none', '2020-01-01'), (3, 5, 7, 'old', NULL);
INSERT INTO dw.Orders VALUES (1, 50, '2024-01-01'), (1, 75.5, '2024-02-01'), (2, 10, '2024-01-15'), (9, 1, '2024-01-01');
INSERT INTO ref.Tier VALUES (0, 'bronze'), (100, 'silver'), (200, 'gold');
GO
UPDATE c
SET c.Orders += o.N,
    Total = c.Total + o.Amount,
    Tier = (SELECT TOP 1 t.Tier FROM ref.Tier t WHERE t.MinTotal <= c.Total + o.Amount ORDER BY t.MinTotal DESC),
    LastOrder = CASE WHEN c.LastOrder > o.LastDay THEN c.LastOrder ELSE o.LastDay END
FROM dw.Customer AS c
INNER JOIN (
    SELECT CustomerId, COUNT(*) AS N, SUM(Amount) AS Amount, MAX(Day_) AS LastDay
    FROM dw.Orders GROUP BY CustomerId
) AS o ON o.CustomerId = c.Id;
