-- A wide file made long twice: UNPIVOT, which leaves NULLs out, and CROSS APPLY (VALUES ...), which keeps them.
CREATE TABLE stg.Budget (Dept varchar(10), Jan decimal(9, 2), Feb decimal(9, 2), Mar decimal(9, 2));
INSERT INTO stg.Budget VALUES ('IT', 1, NULL, 3), ('HR', NULL, NULL, NULL), ('Ops', 0, 5.5, 6);
GO
SELECT u.Dept, u.Mon, u.Amount INTO dbo.Long_
FROM stg.Budget UNPIVOT (Amount FOR Mon IN (Jan, Feb, [Mar])) AS u;

SELECT b.Dept, v.MonthNo, v.Amount INTO dbo.LongWithNulls
FROM stg.Budget b CROSS APPLY (VALUES (1, b.Jan), (2, b.Feb), (3, b.Mar)) AS v (MonthNo, Amount)
WHERE b.Dept <> 'IT';
