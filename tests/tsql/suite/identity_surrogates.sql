-- Surrogate keys by IDENTITY with a fixed row for unknown; SCOPE_IDENTITY of a single INSERT; TRUNCATE begins anew.
CREATE TABLE dw.DimTag (TagKey int IDENTITY(1, 1) NOT NULL, Tag varchar(20) NOT NULL);
CREATE TABLE dbo.Seen (What varchar(10), V bigint);
GO
SET IDENTITY_INSERT dw.DimTag ON;
INSERT INTO dw.DimTag (TagKey, Tag) VALUES (-1, 'n/a');
SET IDENTITY_INSERT dw.DimTag OFF;
INSERT INTO dw.DimTag (Tag) VALUES ('red');
INSERT INTO dbo.Seen VALUES ('scope', SCOPE_IDENTITY());
INSERT INTO dw.DimTag VALUES ('blue');
INSERT INTO dbo.Seen VALUES ('global', @@IDENTITY);
DELETE FROM dw.DimTag WHERE Tag = 'blue';
INSERT INTO dw.DimTag (Tag) SELECT 'green';
GO
TRUNCATE TABLE dw.DimTag;
INSERT INTO dw.DimTag (Tag) VALUES ('first');
INSERT INTO dbo.Seen SELECT 'anew', TagKey FROM dw.DimTag;
INSERT INTO dw.DimTag (Tag) VALUES ('second');
