-- SCD 2 by a hash over the tracked columns; a row that vanished from the source is closed, one that came back opens again.
CREATE TABLE dw.DimItem (ItemKey int, ItemNo varchar(10), Label varchar(30), Price decimal(9, 2), RowHash varbinary(8000),
    ValidFrom date, ValidTo date, IsCurrent bit);
CREATE TABLE stg.Item (ItemNo varchar(10), Label varchar(30), Price decimal(9, 2));
GO
CREATE PROC dw.usp_Scd2Item @day date AS
BEGIN
    IF OBJECT_ID('tempdb..#hashed') IS NOT NULL DROP TABLE #hashed;
    CREATE TABLE #hashed WITH (DISTRIBUTION = ROUND_ROBIN) AS
    SELECT ItemNo, Label, Price,
           HASHBYTES('SHA2_256', CONCAT(ISNULL(Label, '~'), '|', CONVERT(varchar(20), Price))) AS RowHash
    FROM stg.Item;

    UPDATE dw.DimItem
    SET ValidTo = DATEADD(day, -1, @day), IsCurrent = 0
    WHERE IsCurrent = 1
      AND NOT EXISTS (SELECT 1 FROM #hashed h WHERE h.ItemNo = DimItem.ItemNo AND h.RowHash = DimItem.RowHash);

    INSERT INTO dw.DimItem (ItemKey, ItemNo, Label, Price, RowHash, ValidFrom, ValidTo, IsCurrent)
    SELECT ISNULL((SELECT MAX(ItemKey) FROM dw.DimItem), 0) + ROW_NUMBER() OVER (ORDER BY h.ItemNo),
           h.ItemNo, h.Label, h.Price, h.RowHash, @day, '9999-12-31', 1
    FROM #hashed h
    LEFT JOIN dw.DimItem d ON d.ItemNo = h.ItemNo AND d.IsCurrent = 1
    WHERE d.ItemKey IS NULL;
END
GO
INSERT INTO stg.Item VALUES ('I1', 'nut', 1.50), ('I2', NULL, 2);
EXEC dw.usp_Scd2Item '2024-01-01';
UPDATE stg.Item SET Price = 1.5 WHERE ItemNo = 'I1';
UPDATE stg.Item SET Label = '' WHERE ItemNo = 'I2';
EXEC dw.usp_Scd2Item '2024-02-01';
DELETE stg.Item WHERE ItemNo = 'I1';
EXEC dw.usp_Scd2Item '2024-03-01';
INSERT INTO stg.Item VALUES ('I1', 'nut', 1.50);
EXEC dw.usp_Scd2Item @day = '2024-04-01';
GO
CREATE TABLE dbo.Check_ AS SELECT ItemNo, COUNT(DISTINCT RowHash) AS Hashes, SUM(CAST(IsCurrent AS int)) AS Open_ FROM dw.DimItem GROUP BY ItemNo;
ALTER TABLE dw.DimItem DROP COLUMN RowHash;
