-- First in, first out by two nested cursors: each sale takes from the oldest lots until it is filled.
CREATE TABLE dbo.Lot (LotId int, Item varchar(5), Qty int);
CREATE TABLE dbo.Sale (SaleId int, Item varchar(5), Qty int);
CREATE TABLE dbo.Pick (SaleId int, LotId int, Qty int);
INSERT INTO dbo.Lot VALUES (1, 'x', 5), (2, 'x', 3), (3, 'y', 1), (4, 'x', 10);
INSERT INTO dbo.Sale VALUES (1, 'x', 4), (2, 'x', 3), (3, 'y', 2), (4, 'x', 20);
GO
CREATE PROC dbo.usp_Fifo AS
DECLARE @sale int, @item varchar(5), @need int, @lot int, @have int, @take int
DECLARE sales CURSOR FOR SELECT SaleId, Item, Qty FROM dbo.Sale ORDER BY SaleId
OPEN sales
FETCH NEXT FROM sales INTO @sale, @item, @need
WHILE @@FETCH_STATUS = 0
BEGIN
    DECLARE lots CURSOR FOR SELECT LotId, Qty FROM dbo.Lot WHERE Item = @item AND Qty > 0 ORDER BY LotId
    OPEN lots
    FETCH NEXT FROM lots INTO @lot, @have
    WHILE @@FETCH_STATUS = 0 AND @need > 0
    BEGIN
        SET @take = CASE WHEN @have < @need THEN @have ELSE @need END
        INSERT INTO dbo.Pick VALUES (@sale, @lot, @take)
        UPDATE dbo.Lot SET Qty -= @take WHERE LotId = @lot
        SET @need -= @take
        FETCH NEXT FROM lots INTO @lot, @have
    END
    CLOSE lots
    DEALLOCATE lots
    IF @need > 0 INSERT INTO dbo.Pick VALUES (@sale, NULL, @need)
    FETCH NEXT FROM sales INTO @sale, @item, @need
END
CLOSE sales
DEALLOCATE sales
