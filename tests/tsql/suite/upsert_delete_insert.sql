-- Upsert by DELETE with a join and INSERT, inside one transaction, counted by @@ROWCOUNT.
CREATE TABLE dw.Stock (Sku varchar(8), Wh int, Qty int);
CREATE TABLE stg.Stock (Sku varchar(8), Wh int, Qty int, Deleted char(1));
CREATE TABLE ctl.Audit (Step varchar(10), N int);
INSERT INTO dw.Stock VALUES ('a', 1, 5), ('a', 2, 6), ('b', 1, 7), ('c', 1, 8);
INSERT INTO stg.Stock VALUES ('A', 1, 50, 'N'), ('b', 1, 0, 'Y'), ('d', 3, 9, 'n'), ('d', NULL, 1, 'N');
GO
CREATE PROC dw.usp_UpsertStock AS
BEGIN TRY
    BEGIN TRANSACTION;
        DELETE t
        FROM dw.Stock t
        INNER JOIN stg.Stock s ON s.Sku = t.Sku AND s.Wh = t.Wh;
        INSERT INTO ctl.Audit VALUES ('deleted', @@ROWCOUNT);

        INSERT INTO dw.Stock (Sku, Wh, Qty)
        SELECT Sku, Wh, Qty FROM stg.Stock WHERE Deleted <> 'Y';
        INSERT INTO ctl.Audit VALUES ('inserted', @@ROWCOUNT);
    COMMIT TRANSACTION;
END TRY
BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
    THROW;
END CATCH
