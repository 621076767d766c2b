-- SCD 1: overwrite what changed (NULL-safe), add what is new, leave the rest and its audit columns alone.
CREATE TABLE dw.DimStore (StoreKey int, StoreNo int, City nvarchar(30), Manager nvarchar(30), UpdatedBy varchar(20), Version int);
CREATE TABLE stg.Store (StoreNo int, City nvarchar(30), Manager nvarchar(30));
INSERT INTO dw.DimStore VALUES (1, 100, N'Ulm', N'Eva', 'init', 1), (2, 200, N'Bern', NULL, 'init', 1), (3, 300, N'Linz', N'Max', 'init', 1);
INSERT INTO stg.Store VALUES (100, N'Ulm', N'Ida'), (200, N'BERN ', NULL), (300, N'Linz', NULL), (400, N'Graz', N'Tom');
GO
CREATE PROC dw.usp_Scd1Store @user varchar(20) = 'etl' AS
BEGIN
    DECLARE @next int = (SELECT MAX(StoreKey) FROM dw.DimStore);

    UPDATE t
       SET t.City = s.City,
           t.Manager = s.Manager,
           t.UpdatedBy = @user,
           t.Version = t.Version + 1
      FROM dw.DimStore AS t
      JOIN stg.Store AS s ON s.StoreNo = t.StoreNo
     WHERE ISNULL(t.City, N'') <> ISNULL(s.City, N'')
        OR ISNULL(t.Manager, N'') <> ISNULL(s.Manager, N'');

    INSERT INTO dw.DimStore
    SELECT @next + ROW_NUMBER() OVER (ORDER BY s.StoreNo), s.StoreNo, s.City, s.Manager, @user, 1
    FROM stg.Store s
    WHERE s.StoreNo NOT IN (SELECT StoreNo FROM dw.DimStore);
END
