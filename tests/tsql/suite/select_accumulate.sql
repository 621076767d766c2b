-- Old code that concatenates in a variable: with a separator, with COALESCE, with +=, and a running maximum.
CREATE TABLE dbo.Col (Name sysname, Ord int, Type_ varchar(10) NULL);
INSERT INTO dbo.Col VALUES ('b', 2, 'int'), ('a', 1, NULL), ('c', 3, 'date');
CREATE TABLE dbo.Out_ (What varchar(10), V nvarchar(200));
GO
DECLARE @list nvarchar(200), @sql nvarchar(200) = N'', @n int = 0, @nothing varchar(10) = 'kept';
SELECT @list = COALESCE(@list + ', ', '') + QUOTENAME(Name) FROM dbo.Col ORDER BY Ord;
SELECT @sql += Name + N' ' + ISNULL(Type_, 'text') + N';' FROM dbo.Col ORDER BY Ord DESC;
SELECT @n = @n + LEN(c.Name) + c.Ord FROM dbo.Col AS c;
SELECT @nothing = @nothing + Name FROM dbo.Col WHERE Ord > 5;
INSERT INTO dbo.Out_ VALUES ('list', @list), ('sql', @sql), ('n', CAST(@n AS varchar(9))), ('nothing', @nothing);
