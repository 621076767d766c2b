-- Soft delete of what left the source, revival of what came back, and an audit row with DEFAULTs per run.
CREATE TABLE dw.Asset (Id int, Name varchar(20), IsDeleted bit NOT NULL, ChangedOn date NULL);
INSERT INTO dw.Asset VALUES (1, 'pump', 0, NULL), (2, 'fan', 0, NULL), (3, 'belt', 1, '2023-01-01');
CREATE TABLE stg.Asset (Id int NULL, Name varchar(20));
INSERT INTO stg.Asset VALUES (1, 'pump'), (3, 'belt'), (NULL, 'ghost');
CREATE TABLE ctl.Audit (Seq int NOT NULL, Kind varchar(10) NOT NULL DEFAULT 'run', Gone int DEFAULT 0, Back int DEFAULT (0), Note varchar(20) NULL);
GO
CREATE PROC dw.usp_Sync @day date, @seq int AS
BEGIN
    DECLARE @gone int, @back int;
    UPDATE dw.Asset SET IsDeleted = 1, ChangedOn = @day
    WHERE IsDeleted = 0 AND Id NOT IN (SELECT Id FROM stg.Asset WHERE Id IS NOT NULL);
    SET @gone = @@ROWCOUNT;
    UPDATE a SET IsDeleted = 0, ChangedOn = @day
    FROM dw.Asset a WHERE IsDeleted = 1 AND EXISTS (SELECT 1 FROM stg.Asset s WHERE s.Id = a.Id);
    SET @back = @@ROWCOUNT;
    IF @gone + @back > 0
        INSERT INTO ctl.Audit (Seq, Gone, Back) VALUES (@seq, @gone, @back);
    ELSE
        INSERT INTO ctl.Audit (Seq, Note, Kind) VALUES (@seq, 'nothing to do', DEFAULT);
END
GO
EXEC dw.usp_Sync '2024-05-01', 1;
EXEC dw.usp_Sync '2024-05-02', 2;
