-- Full load by CTAS beside the table, then two renames. CTAS takes the types of its query.
CREATE TABLE stg.Account ([Id] int NOT NULL, [Name] nvarchar(40) NULL, [Balance] decimal(18, 4) NULL, [Opened] date NULL);
INSERT INTO stg.Account SELECT 1, N'Ada', 10.12345, '20200229' UNION ALL SELECT 2, N'Bo', NULL, NULL;
CREATE TABLE dbo.Account ([Id] int, [Name] nvarchar(40));
INSERT INTO dbo.Account VALUES (7, N'gone');
GO
CREATE PROC dbo.usp_SwapAccount AS
BEGIN
    IF OBJECT_ID('dbo.Account_new', 'U') IS NOT NULL
        DROP TABLE dbo.Account_new;

    CREATE TABLE dbo.Account_new
    WITH (DISTRIBUTION = HASH([Id]), CLUSTERED COLUMNSTORE INDEX)
    AS
    SELECT a.[Id]
         , CAST(UPPER(a.[Name]) AS nvarchar(50)) AS [Name]
         , ISNULL(a.[Balance], 0) AS [Balance]
         , a.[Balance] / 3 AS [Third]
         , DATEDIFF(year, a.[Opened], '2024-01-01') AS [Years]
         , CAST(0 AS bit) AS [Closed]
    FROM stg.Account AS a;

    CREATE STATISTICS [stat_Id] ON dbo.Account_new ([Id]) WITH FULLSCAN;

    RENAME OBJECT dbo.Account TO Account_old;
    RENAME OBJECT [dbo].[Account_new] TO [Account];
    DROP TABLE dbo.Account_old;
END
GO
EXEC dbo.usp_SwapAccount;
EXEC dbo.usp_SwapAccount;
