-- Checks before the load: a RAISERROR of low severity only talks, THROW ends the procedure, and what came before stays.
CREATE TABLE stg.In_ (Id int, Amount int);
INSERT INTO stg.In_ VALUES (1, 5), (2, -1), (2, 7);
CREATE TABLE dbo.Checked (What varchar(30), N int);
GO
CREATE PROCEDURE dbo.usp_Validate @max int = 0 AS
BEGIN
    DECLARE @bad int, @message nvarchar(200);
    RAISERROR('checking', 0, 1) WITH NOWAIT;
    SELECT @bad = COUNT(*) FROM stg.In_ WHERE Amount < 0;
    PRINT CONCAT('negative: ', @bad);
    INSERT INTO dbo.Checked VALUES ('negative', @bad);
    IF EXISTS (SELECT Id FROM stg.In_ GROUP BY Id HAVING COUNT(*) > 1) AND @bad > @max
    BEGIN
        SET @message = FORMATMESSAGE('%d negative and %s rows', @bad, 'duplicate');
        THROW 51000, @message, 1;
    END
    INSERT INTO dbo.Checked VALUES ('not reached', NULL);
END
