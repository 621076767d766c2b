-- Status history to periods: LAG finds changes, a running sum numbers the islands, LEAD closes each.
CREATE TABLE stg.Status (Device int, Day_ date, Status varchar(5));
INSERT INTO stg.Status VALUES (1, '2024-01-01', 'on'), (1, '2024-01-02', 'ON'), (1, '2024-01-03', 'off'), (1, '2024-01-05', 'on'),
    (2, '2024-01-01', NULL), (2, '2024-01-02', 'on'), (2, '2024-01-03', NULL);
CREATE TABLE dw.Period (Device int, Island int, Status varchar(5), FromDay date, ToDay date, Days_ int);
GO
WITH marked AS (
    SELECT Device, Day_, Status,
           CASE WHEN ISNULL(LAG(Status) OVER (PARTITION BY Device ORDER BY Day_), '?') = ISNULL(Status, '?')
                 AND LAG(Day_) OVER (PARTITION BY Device ORDER BY Day_) IS NOT NULL THEN 0 ELSE 1 END AS Changed
    FROM stg.Status
), numbered AS (
    SELECT *, SUM(Changed) OVER (PARTITION BY Device ORDER BY Day_ ROWS UNBOUNDED PRECEDING) AS Island FROM marked
), islands AS (
    SELECT Device, Island, LOWER(MIN(Status)) AS Status, MIN(Day_) AS FromDay, COUNT(*) AS Days_ FROM numbered GROUP BY Device, Island
)
INSERT INTO dw.Period
SELECT Device, Island, Status, FromDay,
       ISNULL(DATEADD(day, -1, LEAD(FromDay) OVER (PARTITION BY Device ORDER BY Island)), '99991231'), Days_
FROM islands;
