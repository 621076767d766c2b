-- MERGE on a composite key in which NULL is a value, with a filtered branch and a delete limited to what was loaded.
CREATE TABLE dw.Price (Sku varchar(5), Region char(2) NULL, Price decimal(9, 2), Source varchar(5));
CREATE TABLE stg.Price (Sku varchar(5), Region char(2) NULL, Price decimal(9, 2));
INSERT INTO dw.Price VALUES ('a', NULL, 1, 'x'), ('a', 'DE', 2, 'x'), ('b', 'DE', 3, 'x'), ('c', 'FR', 4, 'y');
INSERT INTO stg.Price VALUES ('A', NULL, 1.5), ('a', 'de', 2), ('d', 'FR', 9);
GO
WITH s AS (SELECT Sku, Region, Price, 'x' AS Source FROM stg.Price)
MERGE dw.Price AS t
USING s
   ON t.Sku = s.Sku AND (t.Region = s.Region OR (t.Region IS NULL AND s.Region IS NULL)) AND t.Source = s.Source
WHEN MATCHED AND EXISTS (SELECT s.Price EXCEPT SELECT t.Price) THEN
    UPDATE SET t.Price = s.Price
WHEN NOT MATCHED THEN
    INSERT VALUES (s.Sku, s.Region, s.Price, s.Source)
WHEN NOT MATCHED BY SOURCE AND t.Source = 'x' THEN
    DELETE;
DECLARE @n int = @@ROWCOUNT;
CREATE TABLE dbo.N (N int);
INSERT INTO dbo.N VALUES (@n);
