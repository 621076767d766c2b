-- Rows whose parent is gone leave in three ways: LEFT JOIN .. IS NULL, NOT EXISTS and NOT IN (which a NULL disarms).
CREATE TABLE dbo.Parent (Id int NULL);
CREATE TABLE dbo.A (Id int, ParentId int); CREATE TABLE dbo.B (Id int, ParentId int); CREATE TABLE dbo.C (Id int, ParentId int);
CREATE TABLE dbo.Gone (What char(1), N int);
INSERT INTO dbo.Parent VALUES (1), (2), (NULL);
INSERT INTO dbo.A VALUES (1, 1), (2, 5), (3, NULL); INSERT INTO dbo.B SELECT * FROM dbo.A; INSERT INTO dbo.C SELECT * FROM dbo.A;
GO
CREATE PROC dbo.usp_Clean AS
DELETE a FROM dbo.A AS a LEFT JOIN dbo.Parent p ON p.Id = a.ParentId WHERE p.Id IS NULL
INSERT INTO dbo.Gone SELECT 'A', @@ROWCOUNT
DELETE FROM dbo.B WHERE NOT EXISTS (SELECT 1 FROM dbo.Parent p WHERE p.Id = B.ParentId)
INSERT INTO dbo.Gone SELECT 'B', @@ROWCOUNT
DELETE dbo.C WHERE ParentId NOT IN (SELECT Id FROM dbo.Parent)
INSERT INTO dbo.Gone SELECT 'C', @@ROWCOUNT
