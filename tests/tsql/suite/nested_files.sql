-- The orchestrating procedure: start, load, end; its children come from another file.
CREATE PROCEDURE dw.usp_Load @fail bit = 0 AS
BEGIN
    DECLARE @batch int, @rows int;
    EXEC ctl.usp_Start @batch OUTPUT;
    BEGIN TRY
        INSERT INTO dw.Tgt SELECT Id, V / CASE WHEN @fail = 1 THEN 0 ELSE 2 END, @batch FROM stg.Src;
        SET @rows = @@ROWCOUNT;
        EXEC ctl.usp_End @batch, @rows;
    END TRY
    BEGIN CATCH
        EXEC ctl.usp_End @batch = @batch, @rows = 0, @status = 'failed';
    END CATCH
END
GO
EXEC dw.usp_Load;
EXEC dw.usp_Load 1;
EXEC [dw].[usp_Load] @fail = DEFAULT;
