-- Balances and shares with window functions: money stays money, integer shares are cut, averages of ints too.
CREATE TABLE dbo.Ledger (Account int, Seq int, Amount money, Points int);
INSERT INTO dbo.Ledger VALUES (1, 1, 100, 1), (1, 2, -30.55, 2), (1, 3, 0.0001, 2), (2, 1, 5, 7), (2, 2, NULL, NULL);
SELECT Account, Seq,
       SUM(Amount) OVER (PARTITION BY Account ORDER BY Seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS Balance,
       Amount - LAG(Amount, 1, 0) OVER (PARTITION BY Account ORDER BY Seq) AS Delta,
       AVG(Points) OVER (PARTITION BY Account) AS AvgPoints,
       100 * Points / SUM(Points) OVER (PARTITION BY Account) AS Share,
       FIRST_VALUE(Points) OVER (PARTITION BY Account ORDER BY Seq DESC) AS LastPoints,
       DENSE_RANK() OVER (ORDER BY Points) AS DenseRank_
INTO dbo.Balance
FROM dbo.Ledger;
