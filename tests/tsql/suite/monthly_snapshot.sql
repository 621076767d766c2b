-- Month-end snapshots by a loop over months; the open contracts of each day; a month that is there already is replaced.
CREATE TABLE dw.Contract (Id int, FromDay date, ToDay date NULL, Fee decimal(9, 2));
INSERT INTO dw.Contract VALUES (1, '2023-11-15', NULL, 10), (2, '2024-01-31', '2024-02-28', 20), (3, '2024-02-01', '2024-02-29', 5.5);
CREATE TABLE dw.Snapshot (MonthEnd date, Contracts int, Fees decimal(18, 2));
INSERT INTO dw.Snapshot VALUES ('2024-01-31', 99, 99);
GO
CREATE PROC dw.usp_Snapshots @first date, @months int AS
BEGIN
    DECLARE @i int = 0, @end date;
    WHILE @i < @months
    BEGIN
        SET @end = EOMONTH(@first, @i);
        DELETE FROM dw.Snapshot WHERE MonthEnd = @end;
        INSERT INTO dw.Snapshot
        SELECT @end, COUNT(*), SUM(Fee) FROM dw.Contract WHERE FromDay <= @end AND ISNULL(ToDay, '9999-12-31') >= @end;
        SET @i = @i + 1;
    END
END
