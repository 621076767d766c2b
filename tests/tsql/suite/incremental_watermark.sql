-- Incremental load by a datetime2 watermark kept in a control table; the second run finds nothing.
CREATE TABLE src.Orders ([OrderId] int, [Status] varchar(10), [ModifiedAt] datetime2(3));
INSERT INTO src.Orders VALUES (1, 'new', '2024-03-01 08:00:00.000'), (2, 'new', '2024-03-01 08:00:00.001'),
    (3, 'paid', '2024-03-02 00:00:00.000'), (4, 'paid', NULL);
CREATE TABLE ctl.Watermark ([Source] varchar(50), [LoadedTo] datetime2(3), [Rows_] bigint);
CREATE TABLE dw.Orders ([OrderId] int, [Status] varchar(10), [ModifiedAt] datetime2(3));
GO
CREATE PROCEDURE ctl.usp_LoadOrders @source varchar(50), @rows bigint OUTPUT, @until datetime2(3) = NULL
AS
BEGIN
    DECLARE @from datetime2(3), @to datetime2(3);

    SELECT @from = [LoadedTo] FROM ctl.Watermark WHERE [Source] = @source;
    IF @from IS NULL
    BEGIN
        SET @from = '1900-01-01';
        INSERT INTO ctl.Watermark ([Source], [LoadedTo], [Rows_]) VALUES (@source, @from, 0);
    END;

    SELECT @to = ISNULL(@until, MAX([ModifiedAt])) FROM src.Orders WHERE [ModifiedAt] > @from;

    INSERT INTO dw.Orders SELECT [OrderId], [Status], [ModifiedAt] FROM src.Orders
    WHERE [ModifiedAt] > @from AND [ModifiedAt] <= @to;
    SELECT @rows = @@ROWCOUNT;

    UPDATE ctl.Watermark SET [LoadedTo] = ISNULL(@to, [LoadedTo]), [Rows_] += @rows WHERE [Source] = @source;
END
GO
CREATE TABLE dbo.RunLog ([Run] int, [Rows_] bigint);
DECLARE @n bigint, @run int = 1;
EXEC ctl.usp_LoadOrders 'orders', @n OUTPUT, '2024-03-01 08:00:00.000';
INSERT INTO dbo.RunLog VALUES (@run, @n); SET @run += 1;
EXEC ctl.usp_LoadOrders @source = 'ORDERS', @rows = @n OUTPUT;
INSERT INTO dbo.RunLog VALUES (@run, @n); SET @run += 1;
EXEC ctl.usp_LoadOrders 'orders', @n OUT;
INSERT INTO dbo.RunLog VALUES (@run, @n);
