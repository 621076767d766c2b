-- CATCH writes number, severity, procedure, line and message, rolls the load back and goes on with the next step.
CREATE TABLE ctl.ErrorLog (Step int, Number int, Severity int, Proc_ nvarchar(128), Line int, Message nvarchar(400));
CREATE TABLE ctl.StepLog (Step int, Rows_ int, Failed bit);
CREATE TABLE stg.Raw (Step int, V varchar(20));
INSERT INTO stg.Raw VALUES (1, '10'), (1, '20'), (2, '30'), (2, 'n/a'), (3, '40');
CREATE TABLE dw.Clean (Step int, V int NOT NULL);
GO
CREATE PROC dw.usp_Step @step int AS
BEGIN
    SET XACT_ABORT ON;
    BEGIN TRY
        BEGIN TRAN;
        DELETE FROM dw.Clean WHERE Step = @step;
        INSERT INTO dw.Clean
        SELECT Step, CAST(V AS int) FROM stg.Raw WHERE Step = @step;
        INSERT INTO ctl.StepLog VALUES (@step, @@ROWCOUNT, 0);
        COMMIT TRAN;
        RETURN 0;
    END TRY
    BEGIN CATCH
        DECLARE @number int = ERROR_NUMBER(), @severity int = ERROR_SEVERITY(), @line int = ERROR_LINE(),
                @proc nvarchar(128) = ERROR_PROCEDURE();
        IF XACT_STATE() <> 0
            ROLLBACK TRAN;
        INSERT INTO ctl.ErrorLog SELECT @step, @number, @severity, @proc, @line, LEFT(ERROR_MESSAGE(), 33);
        INSERT INTO ctl.StepLog VALUES (@step, 0, 1);
        RETURN @number;
    END CATCH
END
GO
DECLARE @i int = 1, @rc int, @failed int = 0;
WHILE @i <= 3
BEGIN
    EXEC @rc = dw.usp_Step @step = @i;
    IF @rc <> 0 SET @failed += 1;
    SET @i += 1;
END
INSERT INTO ctl.StepLog VALUES (99, @failed, 0);
