-- Full load of a fact table: unknown members, late dimension rows, an empty text that is no NULL.
CREATE TABLE stg.Sales
(
    [OrderNo] varchar(12) NOT NULL, [CustomerCode] varchar(10) NULL, [ProductCode] varchar(10) NULL,
    [OrderDate] datetime NULL, [Qty] int NULL, [Price] money NULL
)
WITH (HEAP, DISTRIBUTION = ROUND_ROBIN);
CREATE TABLE dw.DimCustomer ([CustomerKey] int NOT NULL, [CustomerCode] varchar(10) NOT NULL, [IsCurrent] bit NOT NULL)
WITH (CLUSTERED COLUMNSTORE INDEX, DISTRIBUTION = REPLICATE);
CREATE TABLE dw.DimProduct ([ProductKey] int NOT NULL, [ProductCode] varchar(10) NOT NULL);
CREATE TABLE dw.FactSales
(
    [OrderNo] varchar(12) NOT NULL, [CustomerKey] int NOT NULL, [ProductKey] int NOT NULL,
    [DateKey] int NOT NULL, [Qty] int NOT NULL, [Amount] money NOT NULL, [UnitShare] int NULL
)
WITH (DISTRIBUTION = HASH([OrderNo]), CLUSTERED COLUMNSTORE INDEX);
INSERT INTO stg.Sales VALUES ('A-1', 'C1', 'P1', '2024-01-05T10:00:00', 3, 10.3333);
INSERT INTO stg.Sales VALUES ('A-2', 'c1 ', 'P9', '2024-01-06T23:59:59.997', 2, 5);
INSERT INTO stg.Sales VALUES ('A-3', NULL, 'p2', NULL, NULL, 7.5);
INSERT INTO stg.Sales VALUES ('A-4', '', 'P1', '2024-02-29', 7, 0.0001);
INSERT INTO dw.DimCustomer VALUES (10, 'C1', 1), (9, 'C1', 0), (11, 'C2', 1);
INSERT INTO dw.DimProduct VALUES (1, 'P1'), (2, 'P2');
INSERT INTO dw.FactSales VALUES ('old', 0, 0, 0, 0, 0, 0);
GO
CREATE PROCEDURE [dw].[usp_LoadFactSales]
AS
BEGIN
    SET NOCOUNT ON;

    TRUNCATE TABLE dw.FactSales;

    INSERT INTO dw.FactSales ([OrderNo], [CustomerKey], [ProductKey], [DateKey], [Qty], [Amount], [UnitShare])
    SELECT s.[OrderNo]
         , ISNULL(c.[CustomerKey], -1)
         , COALESCE(p.[ProductKey], -1)
         , ISNULL(CONVERT(int, CONVERT(varchar(8), s.[OrderDate], 112)), 19000101)
         , ISNULL(s.[Qty], 0)
         , ISNULL(s.[Qty], 1) * s.[Price]
         , 100 / NULLIF(s.[Qty], 0)
    FROM stg.Sales AS s
    LEFT OUTER JOIN dw.DimCustomer AS c ON c.[CustomerCode] = s.[CustomerCode] AND c.[IsCurrent] = 1
    LEFT OUTER JOIN dw.DimProduct AS p ON p.[ProductCode] = s.[ProductCode]
    OPTION (LABEL = 'dw.usp_LoadFactSales');
END
