-- OUTPUT of each statement that changes rows, into tables and table variables; with TOP; the rows of a MERGE by action.
CREATE TABLE dbo.Job (Id int IDENTITY(1, 1), Name varchar(10), State varchar(10) DEFAULT 'new');
CREATE TABLE dbo.Journal (What varchar(10), Id int, Was varchar(10) NULL, Is_ varchar(10) NULL);
DECLARE @ids TABLE (Id int, Name varchar(10));
INSERT INTO dbo.Job (Name) OUTPUT inserted.Id, inserted.Name INTO @ids VALUES ('a');
INSERT INTO dbo.Job (Name) OUTPUT 'insert', inserted.Id, inserted.State INTO dbo.Journal (What, Id, Is_) SELECT Name + '2' FROM @ids;
UPDATE j SET State = 'run' OUTPUT 'update', deleted.Id, deleted.State, inserted.State INTO dbo.Journal FROM dbo.Job AS j WHERE j.Name = 'A';
DELETE TOP (5) FROM dbo.Job OUTPUT 'delete', deleted.Id, deleted.Name, NULL INTO dbo.Journal WHERE State = 'run';
DECLARE @n int = @@ROWCOUNT;
INSERT INTO dbo.Journal (What, Id) VALUES ('rows', @n);
GO
CREATE TABLE dbo.Plain (K int, V varchar(5));
INSERT INTO dbo.Plain VALUES (1, 'one'), (2, 'two');
MERGE dbo.Plain AS t USING (VALUES (1, 'uno'), (3, 'tres')) AS s (K, V) ON s.K = t.K
WHEN MATCHED THEN UPDATE SET V = s.V
WHEN NOT MATCHED THEN INSERT (K, V) VALUES (s.K, s.V)
WHEN NOT MATCHED BY SOURCE THEN DELETE
OUTPUT $action, ISNULL(inserted.K, deleted.K), deleted.V, s.V INTO dbo.Journal;
