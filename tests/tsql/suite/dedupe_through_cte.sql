-- Duplicates leave through a common table expression; the survivors are marked through another one.
CREATE TABLE stg.Event (Id int, At_ datetime2(0), Kind varchar(10), Keep char(1) NULL);
INSERT INTO stg.Event VALUES (1, '2024-01-01 00:00:01', 'open', NULL), (1, '2024-01-01 00:00:02', 'OPEN', NULL),
    (1, '2024-01-01 00:00:03', 'close', NULL), (2, '2024-01-01', 'open', NULL);
GO
;WITH d AS
(
    SELECT Id, Kind, ROW_NUMBER() OVER (PARTITION BY Id, Kind ORDER BY At_ DESC) AS rn
    FROM stg.Event
)
DELETE FROM d WHERE rn > 1;

WITH last_ AS (SELECT Id, Keep, RANK() OVER (PARTITION BY Id ORDER BY At_ DESC) AS r FROM stg.Event)
UPDATE last_ SET Keep = CASE WHEN r = 1 THEN 'y' ELSE 'n' END;
