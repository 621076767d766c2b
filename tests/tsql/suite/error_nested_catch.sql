-- TRY inside CATCH inside TRY; THROW hands the error on, RAISERROR changes it, @@ERROR forgets.
CREATE TABLE dbo.Trail (Seq int IDENTITY(1, 1), What varchar(60), Number int);
GO
CREATE PROC dbo.usp_Inner @divisor int AS
BEGIN TRY
    DECLARE @x int = 10 / @divisor;
    INSERT INTO dbo.Trail (What, Number) VALUES ('inner fine', @x);
END TRY
BEGIN CATCH
    INSERT INTO dbo.Trail (What, Number) SELECT 'inner caught', ERROR_NUMBER();
    BEGIN TRY
        SELECT CAST('2024-13-01' AS date) AS never;
    END TRY
    BEGIN CATCH
        INSERT INTO dbo.Trail (What, Number) VALUES ('innermost', ERROR_NUMBER());
    END CATCH
    INSERT INTO dbo.Trail (What, Number) VALUES ('again', ERROR_NUMBER());
    THROW;
END CATCH
GO
CREATE PROC dbo.usp_Outer AS
BEGIN
    EXEC dbo.usp_Inner 5;
    BEGIN TRY
        EXEC dbo.usp_Inner 0;
        INSERT INTO dbo.Trail (What) VALUES ('not reached');
    END TRY
    BEGIN CATCH
        DECLARE @m nvarchar(200) = CONCAT('wrapped: ', ERROR_PROCEDURE(), ' at ', ERROR_LINE());
        RAISERROR(@m, 16, 1);
    END CATCH
END
GO
BEGIN TRY
    EXEC dbo.usp_Outer;
END TRY
BEGIN CATCH
    INSERT INTO dbo.Trail (What, Number) VALUES (ERROR_MESSAGE(), ERROR_NUMBER());
END CATCH
IF ERROR_NUMBER() IS NULL INSERT INTO dbo.Trail (What, Number) VALUES ('none left', @@ERROR);
