-- Nested BEGIN TRAN counts, only the outermost COMMIT commits, one ROLLBACK undoes everything, DDL included.
CREATE TABLE dbo.T (i int);
CREATE TABLE dbo.Seen (What varchar(20), N int);
GO
BEGIN TRANSACTION outer_;
INSERT INTO dbo.T VALUES (1);
BEGIN TRAN;
INSERT INTO dbo.T VALUES (2);
DECLARE @deep int = @@TRANCOUNT;
COMMIT;
DECLARE @after int = @@TRANCOUNT, @state int = XACT_STATE();
COMMIT TRANSACTION outer_;
INSERT INTO dbo.Seen VALUES ('deep', @deep), ('after', @after), ('state', @state), ('end', @@TRANCOUNT);
GO
BEGIN TRAN
INSERT INTO dbo.T VALUES (3)
CREATE TABLE dbo.Gone (i int)
BEGIN TRAN
DELETE FROM dbo.T WHERE i = 1
ROLLBACK
INSERT INTO dbo.Seen SELECT 'rolled back', COUNT(*) FROM dbo.T
IF OBJECT_ID('dbo.Gone') IS NULL INSERT INTO dbo.Seen VALUES ('no table', NULL)
