"""The traps of the catalogue, in whole statements: right, or an error, or a note. None is silently wrong.

Each probe has a code of the catalogue, a script, what comes out of it, and where SQL Server documents it.
Single expressions are in `test_expressions`; here are rows, collations, statements and control flow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import pytest

from recon.errors import ProgramError

D = Decimal
DOC = "https://learn.microsoft.com/en-us/sql/t-sql/"
F, T, L, Q, S = (
    DOC + part for part in ("functions/", "data-types/", "language-elements/", "queries/", "statements/")
)
COLLATIONS = (
    "https://learn.microsoft.com/en-us/sql/relational-databases/collations/collation-and-unicode-support"
)
POOL = "https://learn.microsoft.com/en-us/azure/synapse-analytics/sql-data-warehouse/"


@dataclass(frozen=True)
class Out:
    """`rows` of the last SELECT; `notes`: what must be noted, and nothing else may be."""

    rows: list[tuple]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fails:
    """Error number (empty for what recon refuses) and words of its message."""

    code: str
    says: str = field(default="")


WORDS = (
    "CREATE TABLE dbo.w (k varchar(10), n nvarchar(10), i int);\n"
    "INSERT INTO dbo.w VALUES ('a', N'a', 1), ('A', N'A', 2), ('a ', N'a ', 3), ('b', N'b', 4), (NULL, NULL, 5);\n"
)
CHOSEN = ("is shown is not defined",)

PROBES = [
    # --- what sqlglot drops or changes without a word
    ("SPLIT", "IF 1 = 2 SELECT 1 AS x ELSE SELECT 2 AS x", Out([(2,)]), L + "if-else-transact-sql"),
    ("SPLIT", "DECLARE @i int = 0; WHILE @i < 3 SET @i += 1; SELECT @i AS x", Out([(3,)]), L + "while-transact-sql"),
    ("SPLIT", "CREATE PROC dbo.p @a int = 4 AS SELECT @a * 2 AS x\nGO\nEXEC dbo.p; EXEC dbo.p @a = 5", Out([(10,)]), L + "execute-transact-sql"),
    ("SPLIT", WORDS + "IF NOT EXISTS (SELECT 1 FROM dbo.w WHERE i = 9) INSERT INTO dbo.w (i) VALUES (9) SELECT COUNT(*) AS x FROM dbo.w", Out([(6,)]), L + "if-else-transact-sql"),
    ("SPLIT", WORDS + "DECLARE @m int; SELECT @m = MAX(i) FROM dbo.w; SELECT @m AS x", Out([(5,)]), L + "select-local-variable-transact-sql"),
    ("SPLIT", WORDS + "DECLARE @m int = 7; SELECT @m = i FROM dbo.w WHERE i > 50; SELECT @m AS x", Out([(7,)]), L + "select-local-variable-transact-sql"),
    ("SPLIT", "BEGIN SELECT 1 AS x END", Out([(1,)]), L + "begin-end-transact-sql"),
    ("SPLIT", "SELECT (SELECT 1 AS a FOR XML PATH('')) AS x", Fails("", "without a name only"), Q + "select-for-clause-transact-sql"),
    ("SPLIT", "SELECT * FROM OPENJSON('[1]')", Fails("", "not supported"), F + "openjson-transact-sql"),
    ("SPLIT", "SELECT 1 AS x FROM sys.dm_pdw_exec_requests", Fails("", "not supported"), DOC + "../relational-databases/system-dynamic-management-views/sys-dm-pdw-exec-requests-transact-sql"),
    # --- XML, quantifiers, windows that pass over NULL, functions
    ("FOR_XML", "SELECT STUFF((SELECT ',' + v FROM (VALUES ('a&b', 2), (NULL, 3), ('c', 1)) AS t (v, o) ORDER BY o FOR XML PATH('')), 1, 1, '') AS x", Out([("c,a&amp;b",)]), DOC + "../relational-databases/xml/use-path-mode-with-for-xml"),
    ("FOR_XML", "SELECT (SELECT ',' + v FROM (VALUES ('a&b')) AS t (v) ORDER BY v FOR XML PATH(''), TYPE).value('.', 'nvarchar(9)') AS x", Out([(",a&b",)]), DOC + "xml/value-method-xml-data-type"),
    ("FOR_XML", "SELECT (SELECT ',' + v FROM (VALUES ('a')) AS t (v) WHERE 1 = 0 FOR XML PATH('')) AS x", Out([(None,)], ("no certain order",)), Q + "select-for-clause-transact-sql"),
    ("QUANTIFIER", "SELECT CASE WHEN 3 > ALL (SELECT v FROM (VALUES (1), (NULL)) AS t (v)) THEN 1 WHEN NOT 3 > ALL (SELECT v FROM (VALUES (1), (NULL)) AS t (v)) THEN 2 ELSE 3 END AS x", Out([(3,)]), L + "all-transact-sql"),
    ("QUANTIFIER", "SELECT CASE WHEN 3 = ANY (SELECT v FROM (VALUES (3), (NULL)) AS t (v)) THEN 1 ELSE 0 END AS a, CASE WHEN 1 > ALL (SELECT 5 WHERE 1 = 0) THEN 1 ELSE 0 END AS b", Out([(1, 1)]), L + "some-any-transact-sql"),
    ("IGNORE_NULLS", "SELECT o, LAST_VALUE(v) IGNORE NULLS OVER (ORDER BY o) AS l, LAG(v, 1, 0) IGNORE NULLS OVER (ORDER BY o) AS p FROM (VALUES (1, 7), (2, NULL), (3, NULL)) AS t (o, v) ORDER BY o", Out([(1, 7, 0), (2, 7, 7), (3, 7, 7)]), F + "last-value-transact-sql"),
    ("TABLESAMPLE", WORDS + "SELECT i FROM dbo.w TABLESAMPLE (50 PERCENT)", Fails("", "other rows in every run"), Q + "from-transact-sql"),
    ("GROUPED_OUTER", "SELECT UPPER(g) AS g, (SELECT COUNT(*) FROM (VALUES ('A'), ('a'), ('b')) AS u (g) WHERE u.g = t.g) AS n FROM (VALUES ('a'), ('A')) AS t (g) GROUP BY g", Out([("A", 2)]), Q + "select-group-by-transact-sql"),
    ("SCALAR_UDF", "CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN IF @a IS NULL RETURN -1; RETURN @a / 2 END\nGO\nSELECT dbo.f(7) AS a, dbo.f(NULL) AS b, dbo.f(-7) AS c", Out([(3, -1, -3)]), DOC + "statements/create-function-transact-sql"),
    ("ALTER_DEFAULT", "CREATE TABLE dbo.d (a int)\nINSERT INTO dbo.d VALUES (1)\nALTER TABLE dbo.d ADD b int NOT NULL DEFAULT 5, c int NULL DEFAULT 6\nINSERT INTO dbo.d (a) VALUES (2)\nSELECT a, b, c FROM dbo.d ORDER BY a", Out([(1, 5, None), (2, 5, 6)]), DOC + "statements/alter-table-transact-sql"),
    ("STRING_SPLIT", "SELECT value, ordinal FROM STRING_SPLIT('b,,a', ',', 1) ORDER BY ordinal", Out([("b", 1), ("", 2), ("a", 3)]), F + "string-split-transact-sql"),
    ("GENERATE_SERIES", "SELECT value AS x FROM GENERATE_SERIES(3, 1) ORDER BY value", Out([(1,), (2,), (3,)]), F + "generate-series-transact-sql"),
    # --- numbers
    ("INT_DIVISION", WORDS + "SELECT SUM(i) / COUNT(*) AS a, 1 / 2 * 100 AS b, SUM(i) * 100 / 7 AS c FROM dbo.w", Out([(3, 0, 214)]), L + "divide-transact-sql"),
    ("AVG_INT", "SELECT AVG(v) AS x FROM (VALUES (1), (2), (NULL)) AS t (v)", Out([(1,)]), F + "avg-transact-sql"),
    ("AVG_INT", "SELECT AVG(v) AS x FROM (VALUES (-1), (-2)) AS t (v)", Out([(-1,)]), F + "avg-transact-sql"),
    ("DECIMAL_ROUNDING", "SELECT AVG(v) AS x FROM (VALUES (CAST(1 AS decimal(9,2))), (2), (2)) AS t (v)", Out([(D("1.666666"),)]), F + "avg-transact-sql"),
    ("DECIMAL_SCALE", "SELECT SUM(v) AS x FROM (VALUES (CAST(9.99 AS decimal(3,2))), (9.99)) AS t (v)", Out([(D("19.98"),)]), F + "sum-transact-sql"),
    ("MONEY_PRECISION", "SELECT CAST(10 AS money) / 3 AS a, CAST(10 AS money) / 3 * 3 AS b, CAST(0.00005 AS money) AS c", Out([(D("3.3333"), D("9.9999"), D("0.0001"))]), T + "money-and-smallmoney-transact-sql"),
    ("FLOAT_PRECISION", "SELECT CAST(1234567.891 AS float) AS a, CAST(1234567.891 AS float(53)) AS b, CAST(1234567.891 AS real) AS c", Out([(1234567.891, 1234567.891, 1234567.875)]), T + "float-and-real-transact-sql"),
    ("OVERFLOW_ANSI", "SELECT SUM(v) AS x FROM (VALUES (2147483647), (1)) AS t (v)", Fails("8115"), F + "sum-transact-sql"),
    ("OVERFLOW_ANSI", "SELECT v * 2 AS x FROM (VALUES (2147483647)) AS t (v)", Fails("8115"), T + "int-bigint-smallint-and-tinyint-transact-sql"),
    ("DIV_BY_ZERO", WORDS + "SELECT i / (i - i) AS x FROM dbo.w", Fails("8134"), L + "divide-transact-sql"),
    ("DIV_BY_ZERO", WORDS + "SELECT SUM(i / NULLIF(i - 1, 0)) AS x FROM dbo.w", Out([(5,)]), L + "nullif-transact-sql"),
    ("TINYINT", "CREATE TABLE dbo.t (v tinyint); INSERT dbo.t VALUES (200), (255); SELECT SUM(v) AS x FROM dbo.t", Out([(455,)]), T + "int-bigint-smallint-and-tinyint-transact-sql"),
    ("TINYINT", "CREATE TABLE dbo.t (v tinyint); INSERT dbo.t VALUES (-1)", Fails("220"), T + "int-bigint-smallint-and-tinyint-transact-sql"),
    ("ROUND_3ARG", "SELECT ROUND(123.456, 2, 1) AS a, ROUND(-123.456, 1, 1) AS b, ROUND(155, -1) AS c", Out([(D("123.450"), D("-123.400"), 160)]), F + "round-transact-sql"),
    ("BIT", "SELECT v FROM (VALUES (1), ('false')) AS t (v)", Fails("245"), Q + "table-value-constructor-transact-sql"),
    ("BIT", "CREATE TABLE dbo.t (b bit); INSERT dbo.t VALUES (1), (0), (NULL), (5); INSERT dbo.t VALUES ('false'); SELECT COUNT(*) AS n, SUM(CAST(b AS int)) AS s FROM dbo.t WHERE b = 1 OR b = 'FALSE'", Out([(4, 2)]), T + "bit-transact-sql"),
    ("APPROX_AGGREGATE", "SELECT DISTINCT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY v) OVER () AS a, PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY v) OVER () AS b FROM (VALUES (1), (2), (3), (4)) AS t (v)", Out([(2.5, 2)]), F + "percentile-cont-transact-sql"),
    # --- text and collation
    ("COLLATION_CASE", WORDS + "SELECT COUNT(*) AS x FROM dbo.w a JOIN dbo.w b ON a.k = b.k", Out([(10,)]), COLLATIONS),
    ("COLLATION_CASE", WORDS + "SELECT COUNT(*) AS x FROM (SELECT DISTINCT k FROM dbo.w) d", Out([(3,)], CHOSEN), COLLATIONS),
    ("COLLATION_CASE", WORDS + "SELECT SUM(i) AS s, COUNT(*) AS c FROM dbo.w GROUP BY k ORDER BY s", Out([(4, 1), (5, 1), (6, 3)]), COLLATIONS),
    ("COLLATION_CASE", WORDS + "SELECT i FROM dbo.w WHERE k IN ('A', 'x') ORDER BY i", Out([(1,), (2,), (3,)]), COLLATIONS),
    ("COLLATION_CASE", WORDS + "SELECT i FROM dbo.w WHERE k NOT IN ('A') ORDER BY i", Out([(4,)]), L + "in-transact-sql"),
    ("COLLATION_CASE", WORDS + "SELECT COUNT(*) AS x FROM (SELECT k FROM dbo.w UNION SELECT 'B') d", Out([(3,)], CHOSEN), COLLATIONS),
    ("COLLATION_CASE", WORDS + "SELECT COUNT(DISTINCT k) AS x FROM dbo.w", Out([(2,)]), COLLATIONS),
    ("COLLATION_CASE", "SELECT REPLACE('xAxa', 'a', '-') AS a, CHARINDEX('A', 'bca') AS b, NULLIF('a', 'A') AS c, PATINDEX('%A%', 'bca') AS d", Out([("x-x-", 3, None, 3)]), F + "replace-transact-sql"),
    ("COLLATION_CASE", WORDS + "SELECT i, ROW_NUMBER() OVER (PARTITION BY k ORDER BY i) AS r FROM dbo.w WHERE k = 'a' ORDER BY i", Out([(1, 1), (2, 2), (3, 3)]), COLLATIONS),
    ("TRAILING_SPACE", WORDS + "SELECT LEN(k) AS l, DATALENGTH(k) AS d FROM dbo.w WHERE i = 3", Out([(1, 2)]), F + "len-transact-sql"),
    ("TRAILING_SPACE", WORDS + "SELECT COUNT(*) AS x FROM dbo.w WHERE n = N'a   '", Out([(3,)]), L + "string-comparison-assignment"),
    ("CHAR_PADDING", "CREATE TABLE dbo.t (c char(4)); INSERT dbo.t VALUES ('ab'); SELECT c + '|' AS a, LEN(c) AS l, CASE WHEN c = 'ab' THEN 1 ELSE 0 END AS e, REVERSE(c) AS r FROM dbo.t", Out([("ab  |", 2, 1, "  ba")]), T + "char-and-varchar-transact-sql"),
    ("STRING_TRUNCATION", "DECLARE @v varchar(3) = 'abcdef', @n varchar = 'xy'; SELECT @v AS a, @n AS b, CAST('abcdef' AS char(2)) AS c", Out([("abc", "x", "ab")]), T + "char-and-varchar-transact-sql"),
    ("STRING_TRUNCATION", "CREATE TABLE dbo.t (c varchar(3)); INSERT dbo.t VALUES ('abcd')", Fails("8152"), S + "set-ansi-warnings-transact-sql"),
    ("ISNULL_TYPE", WORDS + "SELECT ISNULL(NULLIF(LEFT(k, 1), 'b'), 'xyz') AS a, ISNULL(CAST(NULL AS int), 2.9) AS c FROM dbo.w WHERE i = 4", Out([("x", 2)]), F + "isnull-transact-sql"),
    ("CONCAT_NULL", WORDS + "SELECT 'a' + k AS a, CONCAT('a', k, i) AS b FROM dbo.w WHERE i = 5", Out([(None, "a5")]), F + "concat-transact-sql"),
    ("EMPTY_STRING_NULL", "SELECT CASE WHEN '' IS NULL THEN 1 ELSE 0 END AS a, LEN('') AS b, CAST('' AS int) AS c, CAST('' AS date) AS d, CASE WHEN '' = '   ' THEN 1 ELSE 0 END AS e", Out([(0, 0, 0, date(1900, 1, 1), 1)]), F + "cast-and-convert-transact-sql"),
    ("LIKE_PATTERN", "SELECT v FROM (VALUES ('a1'), ('B2'), ('[x'), ('5%'), ('a_')) AS t (v) WHERE v LIKE '[a-c][0-9]' OR v LIKE '[[]%' OR v LIKE '%[%]' OR v LIKE 'a!_' ESCAPE '!' ORDER BY v COLLATE Latin1_General_BIN2", Out([("5%",), ("B2",), ("[x",), ("a1",), ("a_",)]), L + "like-transact-sql"),
    ("LIKE_PATTERN", WORDS + "SELECT i FROM dbo.w WHERE k LIKE 'A' ORDER BY i", Out([(1,), (2,), (3,)]), L + "like-transact-sql"),
    ("LIKE_PATTERN", WORDS + "SELECT i FROM dbo.w WHERE n LIKE N'A' ORDER BY i", Out([(1,), (2,)]), L + "like-transact-sql"),
    ("ESCAPE", r"SELECT LEN('a\nb') AS a, 'it''s' AS b, LEN('tab\t') AS c", Out([(4, "it's", 5)]), T + "constants-transact-sql"),
    ("SUBSTRING_INDEX", "SELECT SUBSTRING('abcdef', 0, 3) AS a, SUBSTRING('abc', 2, 99) AS b, SUBSTRING('abc', 9, 1) AS c, RIGHT('abc', 5) AS d", Out([("ab", "bc", "", "abc")]), F + "substring-transact-sql"),
    ("CONVERT_STYLE", "SELECT CAST(CAST('2024-03-01 13:05:09' AS datetime) AS varchar(30)) AS a, CONVERT(varchar(10), CAST('2024-03-01' AS date), 103) AS b, CAST(1234567.891e0 AS varchar(20)) AS c", Out([("Mar  1 2024  1:05PM", "01/03/2024", "1.23457e+006")]), F + "cast-and-convert-transact-sql"),
    ("GUID_CASE", "CREATE TABLE dbo.t (g uniqueidentifier); INSERT dbo.t VALUES ('6f9619ff-8b86-d011-b42d-00c04fc964ff'); SELECT CAST(g AS varchar(36)) AS x FROM dbo.t WHERE g = '6F9619FF-8B86-D011-B42D-00C04FC964FF'", Out([("6F9619FF-8B86-D011-B42D-00C04FC964FF",)]), T + "uniqueidentifier-transact-sql"),
    ("STRING_AGG_ORDER", WORDS + "SELECT STRING_AGG(CAST(i AS varchar(2)), ',') WITHIN GROUP (ORDER BY i DESC) AS x FROM dbo.w WHERE i < 4", Out([("3,2,1",)]), F + "string-agg-transact-sql"),
    ("STRING_AGG_ORDER", "SELECT STRING_AGG(v, ',') AS x FROM (VALUES ('a')) AS t (v)", Out([("a",)], ("no certain order",)), F + "string-agg-transact-sql"),
    ("HASH_FUNCTION", "SELECT CONVERT(varchar(40), HASHBYTES('SHA1', 'abc'), 2) AS a, CASE WHEN HASHBYTES('MD5', 'a') = HASHBYTES('MD5', N'a') THEN 1 ELSE 0 END AS b", Out([("A9993E364706816ABA3E25717850C26C9CD0D89D", 0)]), F + "hashbytes-transact-sql"),
    ("HASH_FUNCTION", "SELECT CHECKSUM(1, 'a') AS x", Fails("", "CHECKSUM"), F + "checksum-transact-sql"),
    ("UNICODE_FORM", "SELECT CASE WHEN N'stra\u00dfe' = N'strasse' THEN 1 ELSE 0 END AS x", Out([(0,)], ("compare as equal",)), COLLATIONS),
    ("UNICODE_FORM", "SELECT LEN(N'a\U0001f600b') AS a, DATALENGTH(N'\U0001f600') AS b, CHARINDEX(N'b', N'a\U0001f600b') AS c, SUBSTRING(N'a\U0001f600b', 4, 1) AS d, LEFT(N'a\U0001f600b', 3) AS e, STUFF(N'\U0001f600b', 3, 1, N'c') AS f", Out([(4, 4, 4, "b", "a\U0001f600", "\U0001f600c")]), COLLATIONS + "#supplementary-characters"),
    ("UNICODE_FORM", "SELECT LEFT(REVERSE(SUBSTRING(UPPER(STUFF(n, 1, CHARINDEX(N'-', n), N'')), 1, LEN(n) - 2)), 3) AS a, COUNT(*) AS c FROM (VALUES (N'x-a\U0001f600bcd'), (N'y-abcde')) AS t (n) GROUP BY LEFT(REVERSE(SUBSTRING(UPPER(STUFF(n, 1, CHARINDEX(N'-', n), N'')), 1, LEN(n) - 2)), 3) ORDER BY a", Out([("DCB", 1), ("EDC", 1)]), COLLATIONS + "#supplementary-characters"),
    ("UNICODE_FORM", "SELECT LEFT(N'a\U0001f600b', 2) AS x", Fails("", "cut in half"), COLLATIONS + "#supplementary-characters"),
    ("UNICODE_FORM", "SELECT CAST(N'caf\u00e9 \u20ac \u0416\U0001f600' AS varchar(20)) AS x", Out([("caf\u00e9 \u20ac ???",)], ("code page lacks",)), T + "nchar-and-nvarchar-transact-sql"),
    ("UNICODE_FORM", "CREATE TABLE dbo.t (v varchar(9)); DECLARE @n nvarchar(9) = N'\u0416'; INSERT dbo.t VALUES (@n); SELECT v FROM dbo.t", Out([("?",)], ("code page lacks",)), T + "nchar-and-nvarchar-transact-sql"),
    # --- dates
    ("DATEDIFF_BOUNDARY", "SELECT DATEDIFF(year, '2023-12-31', '2024-01-01') AS a, DATEDIFF(month, '2024-02-01', '2024-01-31') AS b, DATEDIFF(hour, '10:59', '11:00') AS c, DATEDIFF(minute, '10:00:59', '10:01:00') AS d", Out([(1, -1, 1, 1)]), F + "datediff-transact-sql"),
    ("DATETIME_PRECISION", "CREATE TABLE dbo.t (d datetime, s smalldatetime, d2 datetime2(2)); INSERT dbo.t VALUES ('2024-01-01 23:59:59.999', '2024-01-01 23:59:30', '2024-01-01 23:59:59.995'); SELECT d, s, d2 FROM dbo.t", Out([(datetime(2024, 1, 2), datetime(2024, 1, 2), datetime(2024, 1, 2))]), T + "datetime-transact-sql"),
    ("TIMEZONE_SHIFT", "SELECT CAST(CAST('2024-01-15 12:00' AS datetime2) AT TIME ZONE 'UTC' AT TIME ZONE 'W. Europe Standard Time' AS datetime2(0)) AS a", Out([(datetime(2024, 1, 15, 13),)]), Q + "at-time-zone-transact-sql"),
    ("DATE_FORMAT_PARSE", "SELECT CONVERT(date, '03/04/2024', 103) AS a, CONVERT(date, '03/04/2024', 101) AS b, CONVERT(date, '03.04.24', 4) AS c", Out([(date(2024, 4, 3), date(2024, 3, 4), date(2024, 4, 3))]), F + "cast-and-convert-transact-sql"),
    ("DATEPART_BASE", "SELECT DATEPART(weekday, '2024-01-07') AS a, DATEPART(week, '2024-01-07') AS b, DATEPART(iso_week, '2024-01-07') AS c, DATENAME(weekday, '2024-01-07') AS d", Out([(1, 2, 1, "Sunday")]), F + "datepart-transact-sql"),
    ("DATEPART_BASE", "SET DATEFIRST 1; SELECT DATEPART(weekday, '2024-01-07') AS a, @@DATEFIRST AS b", Out([(7, 1)]), S + "set-datefirst-transact-sql"),
    ("DATE_OFFSET", "SELECT CAST(45000 AS datetime) AS a, DATEADD(month, DATEDIFF(month, 0, '2024-05-17'), 0) AS b, CAST('2024-01-31' AS datetime) - 1.5 AS c", Out([(datetime(2023, 3, 17), datetime(2024, 5, 1), datetime(2024, 1, 29, 12))]), T + "datetime-transact-sql"),
    ("DATE_ADD_DROPS_TIME", "SELECT DATEADD(month, 1, CAST('2024-01-31 13:45' AS datetime)) AS x", Out([(datetime(2024, 2, 29, 13, 45),)]), F + "dateadd-transact-sql"),
    ("END_OF_TIME", "CREATE TABLE dbo.t (d datetime2(7)); INSERT dbo.t VALUES ('9999-12-31 23:59:59.9999999'); SELECT d FROM dbo.t WHERE d >= '9999-12-31'", Out([(datetime(9999, 12, 31, 23, 59, 59, 999999),)], ("seventh digit",)), T + "datetime2-transact-sql"),
    ("END_OF_TIME", "CREATE TABLE dbo.t (s varchar(30)); INSERT dbo.t VALUES ('2024-01-01 10:00:00.1234567'); SELECT CAST(s AS datetime2) AS d FROM dbo.t", Out([(datetime(2024, 1, 1, 10, 0, 0, 123456),)], ("seventh digit",)), T + "datetime2-transact-sql"),
    ("IMPLICIT_DATE_TEXT", "CREATE TABLE dbo.t (d date); INSERT dbo.t VALUES ('20240131'), ('01/02/2024'), ('Mar 3 2024'); SELECT d FROM dbo.t WHERE d > '20240115' ORDER BY d", Out([(date(2024, 1, 31),), (date(2024, 3, 3),)]), T + "date-transact-sql"),
    ("VOLATILE_FUNCTION", "SELECT CASE WHEN GETDATE() = GETDATE() THEN 1 ELSE 0 END AS x", Out([(1,)], ("current time",)), F + "getdate-transact-sql"),
    ("VOLATILE_FUNCTION", "SELECT LEN(CAST(NEWID() AS varchar(36))) AS x", Out([(36,)], ("differs from run to run",)), F + "newid-transact-sql"),
    # --- rows
    ("NULL_LOGIC", WORDS + "SELECT COUNT(*) AS x FROM dbo.w WHERE i NOT IN (SELECT CASE WHEN i > 4 THEN NULL ELSE i END FROM dbo.w WHERE i > 3)", Out([(0,)]), L + "in-transact-sql"),
    ("NULL_LOGIC", WORDS + "SELECT COUNT(k) AS a, COUNT(*) AS b, SUM(CASE WHEN k <> 'b' THEN 1 ELSE 0 END) AS c FROM dbo.w", Out([(4, 5, 3)]), L + "null-and-unknown-transact-sql"),
    ("NULL_ORDER", WORDS + "SELECT TOP 1 i FROM dbo.w ORDER BY k", Out([(5,)]), Q + "select-order-by-clause-transact-sql"),
    ("TOP_TIES", "SELECT TOP (1) WITH TIES v FROM (VALUES (1), (1), (2)) AS t (v) ORDER BY v", Out([(1,), (1,)]), Q + "top-transact-sql"),
    ("TOP_TIES", "SELECT TOP (10) PERCENT v FROM (VALUES (1), (2), (3)) AS t (v) ORDER BY v", Out([(1,)]), Q + "top-transact-sql"),
    ("TOP_TIES", WORDS + "SELECT COUNT(*) AS x FROM (SELECT TOP 2 i FROM dbo.w) AS t", Out([(2,)], ("TOP without ORDER BY",)), Q + "top-transact-sql"),
    ("MERGE_DUPLICATES", WORDS + "MERGE dbo.w AS t USING (VALUES ('b', 1), ('B', 2)) AS s (k, i) ON s.k = t.k WHEN MATCHED THEN UPDATE SET i = s.i;", Fails("8672"), S + "merge-transact-sql"),
    ("MERGE_DUPLICATES", WORDS + "MERGE dbo.w AS t USING (VALUES ('b', 1), ('B', 2)) AS s (k, i) ON s.k = t.k WHEN MATCHED AND s.i > 1 THEN UPDATE SET i = s.i; SELECT i FROM dbo.w WHERE k = 'b'", Out([(2,)]), S + "merge-transact-sql"),
    ("UPDATE_SEVERAL", WORDS + "UPDATE w SET i = s.i FROM dbo.w AS w JOIN (VALUES ('b', 9), ('B', 9)) AS s (k, i) ON s.k = w.k; SELECT i FROM dbo.w WHERE k = 'b'", Out([(9,)]), Q + "update-transact-sql"),
    ("UPDATE_SEVERAL", WORDS + "UPDATE w SET i = 1 / (s.i - s.i + 1) FROM dbo.w AS w JOIN (VALUES ('b', 8), ('B', 9)) AS s (k, i) ON s.k = w.k; SELECT i FROM dbo.w WHERE k = 'b'", Out([(1,)]), Q + "update-transact-sql"),
    ("ROLLUP_EMPTY", WORDS + "SELECT k, SUM(i) AS s FROM dbo.w WHERE i > 90 GROUP BY ROLLUP (k)", Out([(None, None)], ("over no rows",)), Q + "select-group-by-transact-sql"),
    ("SCALAR_SUBQUERY", WORDS + "SELECT (SELECT i FROM dbo.w) AS x", Fails("512"), L + "subqueries-transact-sql"),
    ("IDENTITY_KEY", "CREATE TABLE dbo.t (i int IDENTITY(5, 2), v int); INSERT dbo.t (v) SELECT 1; SELECT i FROM dbo.t", Out([(5,)], ("IDENTITY",)), POOL + "sql-data-warehouse-tables-identity"),
    ("RECURSION", "WITH r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT n FROM r", Fails("252"), Q + "with-common-table-expression-transact-sql"),
    ("ERROR_TEXT", "BEGIN TRY SELECT CAST('x' AS int) AS x END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n, LEFT(ERROR_MESSAGE(), 17) AS m END CATCH", Out([(245, "Conversion failed")], ("ERROR_MESSAGE",)), F + "error-message-transact-sql"),
    ("STDEV", "SELECT STDEV(v) AS a, VARP(v) AS b FROM (VALUES (1), (2), (3)) AS t (v) WHERE v > 0 OR v IS NULL", Out([(1.0, 0.6666666666666666)], ("last digits",)), F + "stdev-transact-sql"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "script", "expected", "source"), PROBES, ids=[f"{p[0]}-{i}" for i, p in enumerate(PROBES)]
)
def test_a_trap_is_right_or_an_error_or_noted(synapse, code, script, expected, source):
    if isinstance(expected, Fails):
        with pytest.raises(ProgramError) as caught:
            synapse.rows(script)
        assert caught.value.code == expected.code, source
        assert expected.says in str(caught.value)
        assert caught.value.line
        return
    assert synapse.rows(script) == expected.rows, source
    unsaid = [n for n in expected.notes if not any(n in note for note in synapse.notes)]
    unexpected = [n for n in synapse.notes if not any(part in n for part in expected.notes)]
    assert (unsaid, unexpected) == ([], []), source


def test_there_are_enough_of_them_and_each_has_its_source():
    assert len(PROBES) >= 80
    assert all(source.startswith("https://learn.microsoft.com/en-us/") for *_, source in PROBES)
