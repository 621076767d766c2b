-- Upsert as Synapse's guide has it: CTAS of new rows and of kept rows, then RENAME. Run twice: it must be repeatable.
CREATE TABLE dbo.Rate (Code char(3) NOT NULL, Day_ date NOT NULL, Rate decimal(12, 6) NOT NULL)
WITH (DISTRIBUTION = HASH(Code), CLUSTERED COLUMNSTORE INDEX, PARTITION (Day_ RANGE RIGHT FOR VALUES ('2024-01-01')));
CREATE TABLE stg.Rate (Code varchar(5), Day_ varchar(10), Rate varchar(20));
INSERT INTO dbo.Rate VALUES ('EUR', '2024-01-01', 1.1), ('USD', '2024-01-01', 1);
INSERT INTO stg.Rate VALUES ('eur', '20240101', '1.2345678'), ('GBP', '2024-01-02', '.8');
GO
CREATE PROC dbo.usp_UpsertRate AS
BEGIN
    IF EXISTS (SELECT * FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id WHERE s.name = 'dbo' AND t.name = 'Rate_upsert')
        DROP TABLE dbo.Rate_upsert;
    IF EXISTS (SELECT * FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'dbo' AND TABLE_NAME = 'Rate_old')
        DROP TABLE dbo.Rate_old;

    CREATE TABLE dbo.Rate_upsert
    WITH (DISTRIBUTION = HASH(Code), CLUSTERED COLUMNSTORE INDEX)
    AS
    SELECT CAST(UPPER(s.Code) AS char(3)) AS Code, CAST(s.Day_ AS date) AS Day_, CAST(s.Rate AS decimal(12, 6)) AS Rate
    FROM stg.Rate AS s
    UNION ALL
    SELECT r.Code, r.Day_, r.Rate
    FROM dbo.Rate AS r
    WHERE NOT EXISTS (SELECT 1 FROM stg.Rate AS s WHERE s.Code = r.Code AND CAST(s.Day_ AS date) = r.Day_);

    RENAME OBJECT dbo.Rate TO Rate_old;
    RENAME OBJECT dbo.Rate_upsert TO Rate;
END
GO
EXEC dbo.usp_UpsertRate
EXEC dbo.usp_UpsertRate
