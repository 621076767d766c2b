-- Table variables hold a work list and results; they do not see a ROLLBACK in SQL Server, so none happens here.
CREATE TABLE dbo.Price (Sku varchar(5), Price decimal(9, 2));
INSERT INTO dbo.Price VALUES ('a', 10), ('b', 20), ('c', 30), ('d', NULL);
CREATE TABLE dbo.Outcome (Sku varchar(5), Old_ decimal(9, 2), New_ decimal(9, 2), Round_ int);
GO
CREATE PROC dbo.usp_Reprice @percent int AS
BEGIN
    DECLARE @todo TABLE (Id int NOT NULL, Sku varchar(5) NOT NULL, Price decimal(9, 2) NULL, Done bit DEFAULT 0);
    DECLARE @id int = 1, @last int, @sku varchar(5);

    INSERT INTO @todo (Id, Sku, Price)
    SELECT ROW_NUMBER() OVER (ORDER BY Price), Sku, Price FROM dbo.Price WHERE Sku <> 'c';
    SET @last = (SELECT MAX(Id) FROM @todo);

    WHILE @id <= @last
    BEGIN
        SELECT @sku = Sku FROM @todo WHERE Id = @id;
        UPDATE p SET Price = p.Price * (100 + @percent) / 100
        FROM dbo.Price p JOIN @todo t ON t.Sku = p.Sku WHERE t.Id = @id;
        INSERT INTO dbo.Outcome
        SELECT t.Sku, t.Price, p.Price, @id FROM @todo AS t JOIN dbo.Price p ON p.Sku = t.Sku WHERE t.Sku = @sku;
        UPDATE @todo SET Done = 1 WHERE Id = @id;
        SET @id = @id + 1;
    END;
    DELETE FROM @todo WHERE Done = 1;
    INSERT INTO dbo.Outcome SELECT 'left', COUNT(*), NULL, NULL FROM @todo;
END
