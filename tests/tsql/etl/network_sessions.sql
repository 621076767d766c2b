-- ddl
CREATE TABLE stg.Event (device varchar(10), seen_at datetime2(0), cell varchar(6), bytes bigint);
GO
CREATE TABLE dbo.Session (device varchar(10), session_no int, began datetime2(0), ended datetime2(0), minutes int, events int,
    bytes bigint, cells varchar(100), first_cell varchar(6), last_cell varchar(6));
-- synapse
-- Events of a device that lie 30 minutes or less apart are one session; the list of its cells is built the old way.
CREATE PROC dbo.usp_Sessions @gap int = 30 AS
BEGIN
    BEGIN TRY
        BEGIN TRANSACTION;
        DELETE FROM dbo.Session;

        WITH marked AS (
            SELECT device, seen_at, cell, bytes,
                   CASE WHEN DATEDIFF(minute, LAG(seen_at) OVER (PARTITION BY device ORDER BY seen_at), seen_at) <= @gap
                        THEN 0 ELSE 1 END AS starts
            FROM stg.Event
            WHERE seen_at IS NOT NULL
        ),
        numbered AS (
            SELECT device, seen_at, cell, bytes,
                   SUM(starts) OVER (PARTITION BY device ORDER BY seen_at ROWS UNBOUNDED PRECEDING) AS session_no
            FROM marked
        )
        SELECT device, seen_at, cell, bytes, session_no,
               FIRST_VALUE(cell) OVER (PARTITION BY device, session_no ORDER BY seen_at) AS first_cell,
               LAST_VALUE(cell) OVER (PARTITION BY device, session_no ORDER BY seen_at
                                      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last_cell
        INTO #events
        FROM numbered;

        INSERT INTO dbo.Session (device, session_no, began, ended, minutes, events, bytes, cells, first_cell, last_cell)
        SELECT e.device, e.session_no, MIN(e.seen_at), MAX(e.seen_at),
               DATEDIFF(minute, MIN(e.seen_at), MAX(e.seen_at)), COUNT(*), SUM(e.bytes),
               STUFF((SELECT DISTINCT ';' + i.cell FROM #events i
                      WHERE i.device = e.device AND i.session_no = e.session_no
                      ORDER BY ';' + i.cell
                      FOR XML PATH(''), TYPE).value('.', 'varchar(100)'), 1, 1, ''),
               MIN(e.first_cell), MIN(e.last_cell)
        FROM #events e
        GROUP BY e.device, e.session_no
        HAVING COUNT(*) > 1 OR SUM(e.bytes) > 0;

        COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
        THROW;
    END CATCH
END
-- right
CREATE OR REPLACE TEMPORARY VIEW numbered AS
SELECT device, seen_at, cell, bytes, CAST(sum(starts) OVER (PARTITION BY device ORDER BY seen_at ROWS UNBOUNDED PRECEDING) AS INT) AS session_no
FROM (
  SELECT *, CASE WHEN (unix_timestamp(date_trunc('MINUTE', seen_at))
                       - unix_timestamp(date_trunc('MINUTE', lag(seen_at) OVER (PARTITION BY device ORDER BY seen_at)))) / 60 <= 30
                 THEN 0 ELSE 1 END AS starts
  FROM silver.event WHERE seen_at IS NOT NULL);
INSERT OVERWRITE gold.session
SELECT device, session_no, min(seen_at), max(seen_at),
       CAST((unix_timestamp(date_trunc('MINUTE', max(seen_at))) - unix_timestamp(date_trunc('MINUTE', min(seen_at)))) / 60 AS INT),
       count(*), sum(bytes), array_join(array_sort(collect_set(cell)), ';'),
       min_by(cell, seen_at), max_by(cell, seen_at)
FROM numbered GROUP BY device, session_no HAVING count(*) > 1 OR sum(bytes) > 0;
-- wrong
CREATE OR REPLACE TEMPORARY VIEW numbered AS
SELECT device, seen_at, cell, bytes, CAST(sum(starts) OVER (PARTITION BY device ORDER BY seen_at ROWS UNBOUNDED PRECEDING) AS INT) AS session_no
FROM (
  SELECT *, CASE WHEN timestampdiff(MINUTE, lag(seen_at) OVER (PARTITION BY device ORDER BY seen_at), seen_at) <= 30
                 THEN 0 ELSE 1 END AS starts
  FROM silver.event WHERE seen_at IS NOT NULL);
INSERT OVERWRITE gold.session
SELECT device, session_no, min(seen_at), max(seen_at), timestampdiff(MINUTE, min(seen_at), max(seen_at)),
       count(*), sum(bytes), array_join(array_sort(collect_set(cell)), ';'),
       min_by(cell, seen_at), max_by(cell, seen_at)
FROM numbered GROUP BY device, session_no HAVING count(*) > 1 OR sum(bytes) > 0;
