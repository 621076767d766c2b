-- Typed loading of a text file's rows: what converts goes on, what does not lands in the reject table with its reasons.
CREATE TABLE stg.Feed (Line int, Id varchar(20), Born varchar(20), Amount varchar(20), Flag varchar(10), Mail varchar(50));
INSERT INTO stg.Feed VALUES (1, '1', '31.12.1999', '1234.50', 'Y', 'a@b.de'), (2, 'x', '1999-12-31', '1,234.5', 'n', 'a.b.de'),
    (3, ' 3 ', '30.02.2000', '-0.005', '', NULL), (4, NULL, '', '', 'true', '@'), (5, '2147483648', '01.01.2000', '1e2', '0', 'x@y');
CREATE TABLE dw.Person (Id int, Born date, Amount decimal(9, 2), Flag bit, Mail varchar(50));
CREATE TABLE dw.Reject (Line int, Reasons varchar(200));
GO
CREATE PROC dw.usp_Feed AS
BEGIN
    SELECT Line, Mail,
           TRY_CAST(Id AS int) AS Id,
           TRY_CONVERT(date, Born, 104) AS Born,
           TRY_CONVERT(decimal(9, 2), Amount) AS Amount,
           CASE UPPER(Flag) WHEN 'Y' THEN 1 WHEN 'N' THEN 0 ELSE TRY_CAST(Flag AS bit) END AS Flag,
           CONCAT(CASE WHEN TRY_CAST(Id AS int) IS NULL THEN 'id;' END,
                  CASE WHEN TRY_CONVERT(date, Born, 104) IS NULL THEN 'born;' END,
                  CASE WHEN TRY_CONVERT(decimal(9, 2), Amount) IS NULL THEN 'amount;' END,
                  CASE WHEN Mail NOT LIKE '%_@_%' OR Mail IS NULL THEN 'mail;' END) AS Reasons
    INTO #typed FROM stg.Feed;

    INSERT INTO dw.Reject SELECT Line, Reasons FROM #typed WHERE LEN(Reasons) > 0;
    INSERT INTO dw.Person SELECT Id, Born, Amount, Flag, Mail FROM #typed WHERE Reasons = '';
END
