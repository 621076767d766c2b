-- A tree flattened level by level, as pools without recursive queries do it: insert until nothing is added.
CREATE TABLE dbo.Org (Id int, Parent int NULL, Name varchar(10));
INSERT INTO dbo.Org VALUES (1, NULL, 'root'), (2, 1, 'a'), (3, 1, 'b'), (4, 2, 'aa'), (5, 4, 'aaa'), (9, 8, 'lost');
CREATE TABLE dbo.Flat (Id int, Level_ int, Path_ varchar(100));
GO
CREATE PROC dbo.usp_Flatten AS
BEGIN
    DECLARE @level int = 0;
    INSERT INTO dbo.Flat SELECT Id, 0, Name FROM dbo.Org WHERE Parent IS NULL;
    WHILE @@ROWCOUNT > 0
    BEGIN
        SET @level = @level + 1;
        INSERT INTO dbo.Flat
        SELECT o.Id, @level, f.Path_ + '/' + o.Name
        FROM dbo.Org o INNER JOIN dbo.Flat f ON f.Id = o.Parent AND f.Level_ = @level - 1;
    END
END
