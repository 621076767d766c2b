-- Codes cut apart and put together: CHARINDEX, PATINDEX, STUFF, REVERSE, REPLICATE, STRING_SPLIT, padding of char.
CREATE TABLE stg.Code (Raw varchar(40));
INSERT INTO stg.Code VALUES ('DE-0042-blue/large'), ('fr-7-RED'), ('noseparator'), (''), (NULL), ('a-b-c-d/e/f');
SELECT Raw,
       CASE WHEN CHARINDEX('-', Raw) > 0 THEN UPPER(LEFT(Raw, CHARINDEX('-', Raw) - 1)) END AS Country,
       RIGHT(REPLICATE('0', 6) + CAST(ISNULL(TRY_CAST(SUBSTRING(Raw, CHARINDEX('-', Raw) + 1, 4) AS int), 0) AS varchar(6)), 6) AS Number_,
       PATINDEX('%[0-9]%', Raw) AS FirstDigit,
       STUFF(Raw, 1, CHARINDEX('-', Raw), '') AS Rest,
       REVERSE(LEFT(REVERSE(Raw), CHARINDEX('/', REVERSE('/' + Raw)) - 1)) AS LastPart,
       LEN(Raw + ' ') AS Len_, DATALENGTH(Raw) AS Bytes_,
       CAST(LEFT(Raw, 3) AS char(5)) + '|' AS Padded
INTO dbo.Parts
FROM stg.Code;
SELECT c.Raw, COUNT(*) AS Pieces, MAX(LEN(s.value)) AS Longest
INTO dbo.Pieces
FROM stg.Code c CROSS APPLY STRING_SPLIT(REPLACE(c.Raw, '/', '-'), '-') s
WHERE s.value <> ''
GROUP BY c.Raw;
