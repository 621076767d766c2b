-- ddl
CREATE TABLE stg.Holder (holder_no varchar(10), name nvarchar(60), city nvarchar(40), segment varchar(10), changed_at datetime2(0));
GO
CREATE TABLE dbo.DimHolder (holder_key int, holder_no varchar(10), name nvarchar(60), city nvarchar(40), segment varchar(10),
    valid_from date, valid_to date, is_current bit);
GO
CREATE TABLE dbo.HolderLog (holder_no varchar(10), what varchar(10), old_city nvarchar(40), new_city nvarchar(40));
-- synapse
-- SCD 2: the newest staged row of a holder closes the version in force by MERGE, whose OUTPUT tells what to open.
CREATE PROCEDURE dbo.usp_HolderHistory @day date AS
BEGIN
    SET NOCOUNT ON;
    DECLARE @top int = (SELECT ISNULL(MAX(holder_key), 0) FROM dbo.DimHolder);
    DECLARE @changed TABLE (what nvarchar(10), holder_no varchar(10), old_city nvarchar(40), new_city nvarchar(40));

    WITH newest AS (
        SELECT holder_no, name, city, segment,
               ROW_NUMBER() OVER (PARTITION BY holder_no ORDER BY changed_at DESC) AS n
        FROM stg.Holder
        WHERE NULLIF(LTRIM(RTRIM(holder_no)), '') IS NOT NULL
    )
    SELECT holder_no, name, NULLIF(city, N'') AS city, COALESCE(segment, 'none') AS segment
    INTO #newest
    FROM newest
    WHERE n = 1;

    MERGE dbo.DimHolder AS d
    USING #newest AS s
       ON s.holder_no = d.holder_no AND d.is_current = 1
    WHEN MATCHED AND EXISTS (SELECT s.name, s.city, s.segment EXCEPT SELECT d.name, d.city, d.segment)
        THEN UPDATE SET valid_to = DATEADD(day, -1, @day), is_current = 0
    WHEN NOT MATCHED BY SOURCE AND d.is_current = 1 AND d.segment = 'closing'
        THEN UPDATE SET valid_to = @day, is_current = 0
    OUTPUT $action, inserted.holder_no, deleted.city, s.city INTO @changed (what, holder_no, old_city, new_city);

    INSERT INTO dbo.DimHolder (holder_key, holder_no, name, city, segment, valid_from, valid_to, is_current)
    SELECT @top + ROW_NUMBER() OVER (ORDER BY s.holder_no), s.holder_no, s.name, s.city, s.segment, @day, '99991231', 1
    FROM #newest s
    WHERE NOT EXISTS (SELECT 1 FROM dbo.DimHolder d WHERE d.holder_no = s.holder_no AND d.is_current = 1);

    INSERT INTO dbo.HolderLog (holder_no, what, old_city, new_city)
    SELECT holder_no, CASE what WHEN 'UPDATE' THEN 'closed' ELSE what END, old_city, new_city FROM @changed;
END
-- right
CREATE OR REPLACE TEMPORARY VIEW newest AS
SELECT holder_no, name, nullif(city, '') AS city, coalesce(segment, 'none') AS segment FROM (
  SELECT *, row_number() OVER (PARTITION BY holder_no ORDER BY changed_at DESC) AS n FROM silver.holder WHERE trim(holder_no) <> '') WHERE n = 1;
MERGE INTO gold.dim_holder d USING newest s ON s.holder_no = d.holder_no AND d.is_current
WHEN MATCHED AND NOT (s.name <=> d.name AND s.city <=> d.city AND s.segment <=> d.segment)
  THEN UPDATE SET d.valid_to = date_add(:day, -1), d.is_current = false
WHEN NOT MATCHED BY SOURCE AND d.is_current AND d.segment = 'closing' THEN UPDATE SET d.valid_to = :day, d.is_current = false;
INSERT INTO gold.dim_holder
SELECT (SELECT max(holder_key) FROM gold.dim_holder) + row_number() OVER (ORDER BY s.holder_no), s.holder_no, s.name, s.city, s.segment,
       :day, DATE'9999-12-31', true
FROM newest s LEFT ANTI JOIN gold.dim_holder d ON d.holder_no = s.holder_no AND d.is_current;
-- wrong
CREATE OR REPLACE TEMPORARY VIEW newest AS
SELECT holder_no, name, nullif(city, '') AS city, coalesce(segment, 'none') AS segment FROM (
  SELECT *, row_number() OVER (PARTITION BY holder_no ORDER BY changed_at DESC) AS n FROM silver.holder WHERE trim(holder_no) <> '') WHERE n = 1;
MERGE INTO gold.dim_holder d USING newest s ON s.holder_no = d.holder_no AND d.is_current
WHEN MATCHED AND (s.name <> d.name OR s.city <> d.city OR s.segment <> d.segment)
  THEN UPDATE SET d.valid_to = date_add(:day, -1), d.is_current = false
WHEN NOT MATCHED BY SOURCE AND d.is_current AND d.segment = 'closing' THEN UPDATE SET d.valid_to = :day, d.is_current = false;
INSERT INTO gold.dim_holder
SELECT (SELECT max(holder_key) FROM gold.dim_holder) + row_number() OVER (ORDER BY s.holder_no), s.holder_no, s.name, s.city, s.segment,
       :day, DATE'9999-12-31', true
FROM newest s LEFT ANTI JOIN gold.dim_holder d ON d.holder_no = s.holder_no AND d.is_current;
