-- Keys from a sequence: in a variable, as a DEFAULT, over a set in a given order; a step other than one.
CREATE SEQUENCE dbo.OrderNo AS int START WITH 100 INCREMENT BY 10;
CREATE SEQUENCE dbo.Plain;
CREATE TABLE dbo.Orders (Id int NOT NULL DEFAULT NEXT VALUE FOR dbo.OrderNo, Name varchar(10));
CREATE TABLE dbo.Big (Id bigint, Name varchar(10));
GO
DECLARE @id int = NEXT VALUE FOR dbo.OrderNo;
INSERT INTO dbo.Orders (Id, Name) VALUES (@id, 'var');
INSERT INTO dbo.Orders (Name) VALUES ('default');
INSERT INTO dbo.Orders (Id, Name)
SELECT NEXT VALUE FOR dbo.OrderNo OVER (ORDER BY n.Name DESC), n.Name FROM (VALUES ('a'), ('b')) AS n (Name);
SET @id = NEXT VALUE FOR dbo.OrderNo;
INSERT INTO dbo.Orders VALUES (@id, 'last');
ALTER SEQUENCE dbo.OrderNo RESTART WITH 7;
INSERT INTO dbo.Orders SELECT NEXT VALUE FOR dbo.OrderNo, 'again';
INSERT INTO dbo.Big VALUES (NEXT VALUE FOR dbo.Plain - NEXT VALUE FOR dbo.Plain, 'same');
DROP SEQUENCE dbo.OrderNo;
