-- The procedures that the script calls live in a file of their own, as in a database project.
CREATE TABLE ctl.Batch (BatchId int, Status varchar(10), Rows_ int);
CREATE TABLE ctl.Log (BatchId int, Step varchar(20), Depth int);
CREATE TABLE stg.Src (Id int, V int);
INSERT INTO stg.Src VALUES (1, 10), (2, 20), (3, NULL);
CREATE TABLE dw.Tgt (Id int, V int, BatchId int);
GO
CREATE PROCEDURE ctl.usp_Start @batch int OUTPUT AS
BEGIN
    SELECT @batch = ISNULL(MAX(BatchId), 0) + 1 FROM ctl.Batch;
    INSERT INTO ctl.Batch VALUES (@batch, 'running', NULL);
    EXEC ctl.usp_Log @batch, 'start';
END
GO
CREATE PROCEDURE ctl.usp_Log @batch int, @step varchar(20) AS
    INSERT INTO ctl.Log VALUES (@batch, @step, @@NESTLEVEL)
GO
CREATE PROCEDURE ctl.usp_End @batch int, @rows int, @status varchar(10) = 'done' AS
BEGIN
    UPDATE ctl.Batch SET Status = @status, Rows_ = @rows WHERE BatchId = @batch;
    EXEC ctl.usp_Log @batch, @status;
END
