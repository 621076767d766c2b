"""Expressions against what SQL Server documents, each with its source. None may be silently wrong."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from decimal import Decimal

import pytest

from recon.errors import ProgramError

D = Decimal

DOC = "https://learn.microsoft.com/en-us/sql/t-sql/"
F = DOC + "functions/"
T = DOC + "data-types/"
PRECISION = T + "precision-scale-and-length-transact-sql"
CAST = F + "cast-and-convert-transact-sql"
DIVIDE = DOC + "language-elements/divide-transact-sql"
ADD = DOC + "language-elements/string-concatenation-transact-sql"
COMPARE = DOC + "language-elements/string-comparison-assignment"
CONSTANTS = T + "constants-transact-sql"
# Published: 220 for `DECLARE @i tinyint SET @i = 260` and -150, 8115 for 2147483649; 232 for a float
INTEGER_RANGE = "https://profitclaims.com/what-is-tinyint-data-type/"
FLOAT_RANGE = "https://rendc.org/article/34893-what-happens-when-converting-big-values-to-integers"
EVENTS = "https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors-0-to-999"

# expression, result, source
RESULTS = [
    # --- whole numbers
    ("7 / 2", 3, DIVIDE),
    ("-7 / 2", -3, DIVIDE),
    ("1 / 2 * 100", 0, DIVIDE),
    ("7 % 3", 1, DOC + "language-elements/modulo-transact-sql"),
    ("-7 % 3", -1, DOC + "language-elements/modulo-transact-sql"),
    ("7 / 2.0", D("3.500000"), PRECISION),
    ("1.0 / 3", D("0.333333"), PRECISION),
    ("2.0 / 3", D("0.666666"), PRECISION),
    ("-2.0 / 3", D("-0.666666"), PRECISION),
    ("CAST(2 AS decimal(9,2)) / CAST(3 AS decimal(9,2))", D("0.666666666666"), PRECISION),
    ("CAST(0.01 AS decimal(38,10)) / CAST(60 AS decimal(38,10))", D("0.000166"), PRECISION),
    ("CAST(1.23456789 AS decimal(38,10)) * CAST(1 AS decimal(38,10))", D("1.234568"), PRECISION),
    ("1.5 * 1.25", D("1.875"), PRECISION),
    ("1.5 + 1", D("2.5"), PRECISION),
    ("CAST(100 AS money) / CAST(339 AS money) * 10000", D("2949.0000"), T + "money-and-smallmoney-transact-sql"),
    ("$1.5 + 1", D("2.5000"), CONSTANTS),
    ("3000000000 + 1", D("3000000001"), CONSTANTS),
    ("0x1F", b"\x1f", CONSTANTS),
    ("5 & 3", 1, DOC + "language-elements/bitwise-and-transact-sql"),
    ("5 | 3", 7, DOC + "language-elements/bitwise-or-transact-sql"),
    ("5 ^ 3", 6, DOC + "language-elements/bitwise-exclusive-or-transact-sql"),
    ("~5", -6, DOC + "language-elements/bitwise-not-transact-sql"),
    ("1e0 / 4", 0.25, DIVIDE),
    # --- conversions between numbers
    ("CAST(2.7 AS int)", 2, CAST),
    ("CAST(-2.7 AS int)", -2, CAST),
    ("CAST(2.7e0 AS int)", 2, CAST),
    ("CAST(CAST(2.7 AS money) AS int)", 3, CAST),
    ("CAST(10.6496 AS int)", 10, CAST),
    ("CAST(-10.6496 AS int)", -10, CAST),
    ("CAST(1.235 AS decimal(5,2))", D("1.24"), CAST),
    ("CAST(-1.235 AS decimal(5,2))", D("-1.24"), CAST),
    ("CAST('1.239' AS decimal(5,2))", D("1.24"), CAST),
    ("CAST('' AS int)", 0, CAST),
    ("CAST(' 12 ' AS int)", 12, CAST),
    ("CAST('-5' AS smallint)", -5, CAST),
    ("CAST('true' AS bit)", True, T + "bit-transact-sql"),
    ("CAST(7 AS bit)", True, T + "bit-transact-sql"),
    ("TRY_CAST('abc' AS int)", None, F + "try-cast-transact-sql"),
    ("TRY_CAST('1.5' AS int)", None, F + "try-cast-transact-sql"),
    ("TRY_CAST('12' AS int)", 12, F + "try-cast-transact-sql"),
    ("TRY_CAST('300' AS tinyint)", None, F + "try-cast-transact-sql"),
    ("TRY_CONVERT(date, '2024-02-30')", None, F + "try-convert-transact-sql"),
    ("'5' + 3", 8, ADD),
    ("9.999 * '9.999'", D("99.980001"), "https://stackoverflow.com/questions/17718721/decimal-precision-and-scale"),
    ("CAST(5 AS decimal(10,2)) * '1.5'", D("7.5000"), "https://stackoverflow.com/questions/17718721"),
    ("CAST('2.5' AS varchar(9)) - CAST(0.125 AS decimal(9,3))", D("2.375"), ADD),
    ("9.00 + CAST(NULL AS varchar(9))", None, ADD),
    # --- rounding
    ("ROUND(2.5, 0)", D("3.0"), F + "round-transact-sql"),
    ("ROUND(-2.5, 0)", D("-3.0"), F + "round-transact-sql"),
    ("ROUND(123.9994, 3)", D("123.9990"), F + "round-transact-sql"),
    ("ROUND(123.9995, 3)", D("124.0000"), F + "round-transact-sql"),
    ("ROUND(123.4545, 2)", D("123.4500"), F + "round-transact-sql"),
    ("ROUND(150.75, 0, 1)", D("150.00"), F + "round-transact-sql"),
    ("ROUND(748.58, -1)", D("750.00"), F + "round-transact-sql"),
    ("ROUND(1234, -2)", 1200, F + "round-transact-sql"),
    ("FLOOR(-123.45)", D("-124"), F + "floor-transact-sql"),
    ("CEILING(123.45)", D("124"), F + "ceiling-transact-sql"),
    ("POWER(2, 0.5)", 1, F + "power-transact-sql"),
    ("POWER(2, 10)", 1024, F + "power-transact-sql"),
    ("LOG(8, 2)", 3.0, F + "log-transact-sql"),
    ("ABS(-1.5)", D("1.5"), F + "abs-transact-sql"),
    ("SIGN(-125)", -1, F + "sign-transact-sql"),
    ("SQUARE(3)", 9.0, F + "square-transact-sql"),
    # --- text
    ("'a' + NULL", None, ADD),
    ("CONCAT('a', NULL, 1)", "a1", F + "concat-transact-sql"),
    ("CONCAT_WS(',', 'a', NULL, 'b')", "a,b", F + "concat-ws-transact-sql"),
    ("LEN('abc   ')", 3, F + "len-transact-sql"),
    ("LEN('  abc')", 5, F + "len-transact-sql"),
    ("DATALENGTH('abc ')", 4, F + "datalength-transact-sql"),
    ("DATALENGTH(N'abc')", 6, F + "datalength-transact-sql"),
    ("CAST('ab' AS char(5))", "ab   ", T + "char-and-varchar-transact-sql"),
    ("CAST('abcdef' AS varchar(3))", "abc", CAST),
    ("LEN(CAST(REPLICATE('x', 50) AS varchar))", 30, T + "char-and-varchar-transact-sql"),
    ("CAST(1234 AS varchar(3))", "*", CAST),
    ("CAST(CAST(1 AS bit) AS varchar(5))", "1", CAST),
    ("CAST(1.50 AS varchar(10))", "1.50", CAST),
    ("CAST(0.5 AS varchar(10))", "0.5", CAST),
    ("CAST(1234567.891e0 AS varchar(20))", "1.23457e+006", CAST),
    ("CAST(0.1e0 AS varchar(20))", "0.1", CAST),
    ("CAST($1234.5678 AS varchar(20))", "1234.57", CAST),
    ("CONVERT(varchar(20), $1234.5678, 1)", "1,234.57", CAST),
    ("CONVERT(varchar(20), $1234.5678, 2)", "1234.5678", CAST),
    ("ISNULL(CAST(NULL AS varchar(2)), 'abcdef')", "ab", F + "isnull-transact-sql"),
    ("ISNULL(CAST(NULL AS int), 0.5)", 0, F + "isnull-transact-sql"),
    ("COALESCE(NULL, 1, 2.5)", D("1.0"), DOC + "language-elements/coalesce-transact-sql"),
    ("NULLIF('a', 'A ')", None, DOC + "language-elements/nullif-transact-sql"),
    ("SUBSTRING('abcdef', 0, 3)", "ab", F + "substring-transact-sql"),
    ("SUBSTRING('abcdef', -1, 4)", "ab", F + "substring-transact-sql"),
    ("SUBSTRING('abcdef', 2, 3)", "bcd", F + "substring-transact-sql"),
    ("CHARINDEX('', 'abc')", 0, F + "charindex-transact-sql"),
    ("CHARINDEX('C', 'abcabc')", 3, F + "charindex-transact-sql"),
    ("CHARINDEX('c', 'abcabc', 4)", 6, F + "charindex-transact-sql"),
    ("PATINDEX('%[0-9]%', 'abc123')", 4, F + "patindex-transact-sql"),
    ("PATINDEX('abc', 'xabc')", 0, F + "patindex-transact-sql"),
    ("STUFF('abcdef', 2, 3, 'ijklmn')", "aijklmnef", F + "stuff-transact-sql"),
    ("STUFF('abc', 5, 1, 'x')", None, F + "stuff-transact-sql"),
    ("REPLACE('abcABC', 'b', 'x')", "axcAxC", F + "replace-transact-sql"),
    ("REPLACE('a.b', '.', '')", "ab", F + "replace-transact-sql"),
    ("REPLICATE('0', 3) + 'x'", "000x", F + "replicate-transact-sql"),
    ("RIGHT('000' + CAST(7 AS varchar(3)), 3)", "007", F + "right-transact-sql"),
    ("LEFT('abc', 2)", "ab", F + "left-transact-sql"),
    ("RTRIM(LTRIM('  x  '))", "x", F + "ltrim-transact-sql"),
    ("STR(123.45, 6, 1)", " 123.5", F + "str-transact-sql"),
    ("STR(123.45, 2, 2)", "**", F + "str-transact-sql"),
    ("QUOTENAME('a]b')", "[a]]b]", F + "quotename-transact-sql"),
    ("CHAR(65) + NCHAR(233)", "Aé", F + "char-transact-sql"),
    ("UNICODE(N'é')", 233, F + "unicode-transact-sql"),
    ("'it''s'", "it's", CONSTANTS),
    (r"LEN('a\nb')", 4, CONSTANTS),
    ("CONVERT(varchar(64), HASHBYTES('MD5', 'abc'), 2)", "900150983CD24FB0D6963F7D28E17F72", F + "hashbytes-transact-sql"),
    ("CONVERT(varchar(64), HASHBYTES('MD5', N'abc'), 2)", "CE1473CF80C6B3FDA8E3DFC006ADC315", F + "hashbytes-transact-sql"),
    ("CAST('6f9619ff-8b86-d011-b42d-00c04fc964ff' AS uniqueidentifier)", "6F9619FF-8B86-D011-B42D-00C04FC964FF", T + "uniqueidentifier-transact-sql"),
    ("FORMAT(1234.5, 'N2')", "1,234.50", F + "format-transact-sql"),
    ("FORMAT(-1234567, 'N0')", "-1,234,567", F + "format-transact-sql"),
    ("FORMAT(7, '000')", "007", F + "format-transact-sql"),
    ("FORMAT(CAST('2024-01-31' AS date), 'yyyy-MM')", "2024-01", F + "format-transact-sql"),
    ("CONVERT(varchar(32), HASHBYTES('MD5', 'Zoë €'), 2)", hashlib.md5("Zoë €".encode("cp1252")).hexdigest().upper(), F + "hashbytes-transact-sql"),
    ("HASHBYTES('SHA2_256', N'日é😀')", hashlib.sha256("日é😀".encode("utf-16le")).digest(), F + "hashbytes-transact-sql"),
    ("HASHBYTES('SHA2_512', 'abc')", hashlib.sha512(b"abc").digest(), F + "hashbytes-transact-sql"),
    ("CHAR(128) + CHAR(233)", "€é", F + "char-transact-sql"),
    ("ASCII('€')", 128, F + "ascii-transact-sql"),
    ("TRANSLATE('abcABC', 'aBc', 'xyz')", "xyzxyz", F + "translate-transact-sql"),
    ("TRANSLATE('ABC' COLLATE Latin1_General_BIN2, 'abc', 'xyz')", "ABC", F + "translate-transact-sql"),
    ("TRANSLATE('2*[3+4]/{7-2}', '[]{}', '()()')", "2*(3+4)/(7-2)", F + "translate-transact-sql"),
    *((f"ISNUMERIC('{x}')", 1, F + "isnumeric-transact-sql") for x in ("12", " 7 ", "-5.", "1e5", "1D5", "$5", "-$5.50", "1,000", "1,2,3", "-", "+", ".", ",", "$", "£", "\t5")),
    *((f"ISNUMERIC('{x}')", 0, F + "isnumeric-transact-sql") for x in ("", "  ", "abc", "1.2.3", "2024-01-01", "1 2", "0x1F", "(5)", "e", "é")),
    ("ISNUMERIC(NULL)", 0, F + "isnumeric-transact-sql"),
    ("FORMAT(1234.5, '0')", "1235", F + "format-transact-sql"),
    ("FORMAT(0.5, '#.##')", ".5", F + "format-transact-sql"),
    ("FORMAT(0, '#,#')", "", F + "format-transact-sql"),
    ("FORMAT(-1234.5, 'C')", "($1,234.50)", F + "format-transact-sql"),
    ("FORMAT(12.34, '0000.0')", "0012.3", F + "format-transact-sql"),
    ("FORMAT(CAST('2024-01-31 13:05:09' AS datetime), 'yyyy-MM-ddTHH:mm:ss')", "2024-01-31T13:05:09", F + "format-transact-sql"),
    ("FORMAT(CAST('2024-01-31' AS date), 'd', 'en-US')", "1/31/2024", F + "format-transact-sql"),
    # --- bytes
    ("CONVERT(varbinary(4), 258)", b"\x00\x00\x01\x02", T + "binary-and-varbinary-transact-sql"),
    ("CONVERT(varbinary(2), 70000)", b"\x11\x70", T + "binary-and-varbinary-transact-sql"),
    ("CONVERT(varbinary(8), -1)", b"\xff\xff\xff\xff", T + "binary-and-varbinary-transact-sql"),
    ("CONVERT(binary(6), 1)", b"\x00\x00\x00\x00\x00\x01", T + "binary-and-varbinary-transact-sql"),
    ("CAST(0x0102 AS int)", 258, T + "binary-and-varbinary-transact-sql"),
    ("CAST(0xFFFFFFFE AS int)", -2, T + "binary-and-varbinary-transact-sql"),
    ("CAST('aé€' AS varbinary(2))", b"a\xe9", T + "binary-and-varbinary-transact-sql"),
    ("CAST(N'é' AS varbinary(9))", b"\xe9\x00", T + "binary-and-varbinary-transact-sql"),
    ("CAST('ab' AS binary(3))", b"ab\x00", T + "binary-and-varbinary-transact-sql"),
    # --- comparisons
    ("CASE WHEN 'École' BETWEEN 'Eagle' AND 'f' AND 'Ecole' < 'école' THEN 1 ELSE 0 END", 1, COMPARE),
    ("CASE WHEN 'a b' < 'a-b' AND 'a-b' < 'a1b' AND 'a1b' < 'aab' AND 'a' < 'a b' THEN 1 ELSE 0 END", 1, COMPARE),
    ("CASE WHEN 'ZZ' > 'a' COLLATE Latin1_General_BIN2 THEN 1 ELSE 0 END", 0, COMPARE),
    ("CASE WHEN 'a' = 'A' THEN 1 ELSE 0 END", 1, COMPARE),
    ("CASE WHEN 'a' = 'a  ' THEN 1 ELSE 0 END", 1, COMPARE),
    ("CASE WHEN 'a' = ' a' THEN 1 ELSE 0 END", 0, COMPARE),
    ("CASE WHEN 'a' = 'A' COLLATE Latin1_General_BIN2 THEN 1 ELSE 0 END", 0, COMPARE),
    ("CASE WHEN 'B' LIKE '[a-c]%' THEN 1 ELSE 0 END", 1, DOC + "language-elements/like-transact-sql"),
    ("CASE WHEN 'd' LIKE '[^a-c]' THEN 1 ELSE 0 END", 1, DOC + "language-elements/like-transact-sql"),
    ("CASE WHEN '50%' LIKE '50[%]' THEN 1 ELSE 0 END", 1, DOC + "language-elements/like-transact-sql"),
    ("CASE WHEN 'a_b' LIKE 'a!_b' ESCAPE '!' THEN 1 ELSE 0 END", 1, DOC + "language-elements/like-transact-sql"),
    ("CASE WHEN 'abc ' LIKE 'abc' THEN 1 ELSE 0 END", 1, DOC + "language-elements/like-transact-sql"),
    ("CASE WHEN 'abc' LIKE 'abc ' THEN 1 ELSE 0 END", 0, DOC + "language-elements/like-transact-sql"),
    ("CASE WHEN 'a.c' LIKE 'a_c' AND 'abc' NOT LIKE 'a.c' THEN 1 ELSE 0 END", 1, DOC + "language-elements/like-transact-sql"),
    ("CASE WHEN '10' = 10 THEN 1 ELSE 0 END", 1, T + "data-type-precedence-transact-sql"),
    ("CASE WHEN NULL = NULL THEN 1 ELSE 0 END", 0, DOC + "language-elements/null-and-unknown-transact-sql"),
    ("CASE WHEN 1 NOT IN (2, NULL) THEN 1 ELSE 0 END", 0, DOC + "language-elements/in-transact-sql"),
    ("CASE 'x' WHEN 'X ' THEN 'same' ELSE 'other' END", "same", DOC + "language-elements/case-transact-sql"),
    ("CASE WHEN 1 = 1 THEN 1 ELSE 2.50 END", D("1.00"), DOC + "language-elements/case-transact-sql"),
    ("IIF(1 > 2, 'a', NULL)", None, F + "logical-functions-iif-transact-sql"),
    ("CHOOSE(2, 'a', 'b')", "b", F + "logical-functions-choose-transact-sql"),
    # --- dates
    ("DATEDIFF(month, '2024-01-31', '2024-02-01')", 1, F + "datediff-transact-sql"),
    ("DATEDIFF(year, '2005-12-31 23:59:59.9999999', '2006-01-01 00:00:00.0000000')", 1, F + "datediff-transact-sql"),
    ("DATEDIFF(quarter, '2005-12-31', '2006-01-01')", 1, F + "datediff-transact-sql"),
    ("DATEDIFF(week, '2024-01-06', '2024-01-07')", 1, F + "datediff-transact-sql"),
    ("DATEDIFF(week, '2024-01-07', '2024-01-13')", 0, F + "datediff-transact-sql"),
    ("DATEDIFF(hour, '2024-01-01 00:59', '2024-01-01 01:01')", 1, F + "datediff-transact-sql"),
    ("DATEDIFF(day, 0, '2024-01-01')", 45290, F + "datediff-transact-sql"),
    ("DATEDIFF(second, '1960-01-01', '1960-01-01 00:00:01')", 1, F + "datediff-transact-sql"),
    ("DATEADD(month, 1, '2024-01-31')", datetime(2024, 2, 29), F + "dateadd-transact-sql"),
    ("DATEADD(day, 2, CAST('2024-01-31 13:00' AS datetime))", datetime(2024, 2, 2, 13), F + "dateadd-transact-sql"),
    ("DATEADD(year, -1, CAST('2024-02-29' AS date))", date(2023, 2, 28), F + "dateadd-transact-sql"),
    ("DATEADD(mm, DATEDIFF(mm, 0, '2024-05-17'), 0)", datetime(2024, 5, 1), F + "dateadd-transact-sql"),
    ("DATEADD(ms, 3, CAST('2024-01-01' AS datetime))", datetime(2024, 1, 1, 0, 0, 0, 3000), F + "dateadd-transact-sql"),
    ("CAST(45000 AS datetime)", datetime(2023, 3, 17), T + "datetime-transact-sql"),
    ("CAST('2024-01-31' AS datetime) + 1", datetime(2024, 2, 1), DOC + "language-elements/add-transact-sql"),
    (
        "CAST(CAST('2024-01-31' AS date) AS datetime) + CAST(CAST('10:20:30.003' AS time) AS datetime)",
        datetime(2024, 1, 31, 10, 20, 30, 3000),
        DOC + "language-elements/add-transact-sql",
    ),
    ("CAST('2024-01-31' AS datetime) + '08:15'", datetime(2024, 1, 31, 8, 15), DOC + "language-elements/add-transact-sql"),
    (
        "CAST('2024-01-31 12:00' AS datetime) - CAST('2024-01-30' AS smalldatetime)",
        datetime(1900, 1, 2, 12),
        DOC + "language-elements/subtract-transact-sql",
    ),
    ("CAST('2024-01-31' AS datetime) + CAST(NULL AS datetime)", None, DOC + "language-elements/add-transact-sql"),
    ("PARSENAME('srv.db.dbo.t', 1)", "t", F + "parsename-transact-sql"),
    ("PARSENAME('srv.db.dbo.t', 4)", "srv", F + "parsename-transact-sql"),
    ("PARSENAME('db..t', 2)", None, F + "parsename-transact-sql"),
    ("PARSENAME('dbo.t', 3)", None, F + "parsename-transact-sql"),
    ("PARSENAME('a.b.c.d.e', 1)", None, F + "parsename-transact-sql"),
    ("PARSENAME(REPLACE('10-20-30', '-', '.'), 2)", "20", F + "parsename-transact-sql"),
    ("PARSENAME('t', 0)", None, F + "parsename-transact-sql"),
    ("PARSENAME(CAST(NULL AS varchar(9)), 1)", None, F + "parsename-transact-sql"),
    ("CAST(0.5 AS datetime)", datetime(1900, 1, 1, 12), T + "datetime-transact-sql"),
    ("CAST('' AS date)", date(1900, 1, 1), CAST),
    ("CAST('20240131' AS date)", date(2024, 1, 31), T + "date-transact-sql"),
    ("CAST('01/02/2024' AS date)", date(2024, 1, 2), T + "date-transact-sql"),
    ("CAST('Jan 31 2024  1:05PM' AS datetime)", datetime(2024, 1, 31, 13, 5), T + "datetime-transact-sql"),
    ("CAST('2024-01-31T10:20:30.123' AS datetime2(3))", datetime(2024, 1, 31, 10, 20, 30, 123000), T + "datetime2-transact-sql"),
    ("CAST('2024-01-31 23:59:59.999' AS datetime)", datetime(2024, 2, 1), T + "datetime-transact-sql"),
    ("CAST('2024-01-31 23:59:59.998' AS datetime)", datetime(2024, 1, 31, 23, 59, 59, 997000), T + "datetime-transact-sql"),
    ("CAST('2024-01-31 00:00:00.005' AS datetime)", datetime(2024, 1, 31, 0, 0, 0, 7000), T + "datetime-transact-sql"),
    ("CAST('2007-05-08 12:35:29.123' AS smalldatetime)", datetime(2007, 5, 8, 12, 35), T + "smalldatetime-transact-sql"),
    ("CAST('2007-05-08 12:35:30' AS smalldatetime)", datetime(2007, 5, 8, 12, 36), T + "smalldatetime-transact-sql"),
    ("CAST('9999-12-31 23:59:59.9999999' AS datetime2(7))", datetime(9999, 12, 31, 23, 59, 59, 999999), T + "datetime2-transact-sql"),
    ("CAST('12:34:54.1237' AS time(3))", "12:34:54.124", T + "time-transact-sql"),
    ("CONVERT(varchar(10), CAST('2024-01-31' AS date), 23)", "2024-01-31", CAST),
    ("CONVERT(varchar(10), CAST('2024-01-31' AS date), 101)", "01/31/2024", CAST),
    ("CONVERT(varchar(10), CAST('2024-01-31' AS date), 103)", "31/01/2024", CAST),
    ("CONVERT(varchar(10), CAST('2024-01-31' AS date), 104)", "31.01.2024", CAST),
    ("CONVERT(varchar(10), CAST('2024-01-31' AS date), 111)", "2024/01/31", CAST),
    ("CONVERT(varchar(8), CAST('2024-01-31' AS date), 112)", "20240131", CAST),
    ("CONVERT(varchar(6), CAST('2024-01-31' AS date), 112)", "202401", CAST),
    ("CONVERT(varchar(20), CAST('2024-01-31 13:05:09' AS datetime), 120)", "2024-01-31 13:05:09", CAST),
    ("CONVERT(varchar(30), CAST('2024-01-31 13:05:09.123' AS datetime), 121)", "2024-01-31 13:05:09.123", CAST),
    ("CONVERT(varchar(30), CAST('2024-01-31 13:05:09.123' AS datetime), 126)", "2024-01-31T13:05:09.123", CAST),
    ("CONVERT(varchar(8), CAST('2024-01-31 13:05:09' AS datetime), 108)", "13:05:09", CAST),
    ("CAST(CAST('2024-01-31 13:05' AS datetime) AS varchar(30))", "Jan 31 2024  1:05PM", CAST),
    ("CAST(CAST('2024-01-01 09:05' AS datetime) AS varchar(30))", "Jan  1 2024  9:05AM", CAST),
    ("CAST(CAST('2024-01-31' AS date) AS varchar(30))", "2024-01-31", CAST),
    ("CAST('1/2/24' AS date)", date(2024, 1, 2), T + "date-transact-sql"),
    ("CAST('1/2/50' AS date)", date(1950, 1, 2), T + "date-transact-sql"),
    ("CAST('491231' AS date)", date(2049, 12, 31), T + "date-transact-sql"),
    ("CAST('500131' AS date)", date(1950, 1, 31), T + "date-transact-sql"),
    ("CONVERT(date, '05.02.24', 4)", date(2024, 2, 5), CAST),
    ("CAST('20240131 10:20PM' AS datetime)", datetime(2024, 1, 31, 22, 20), T + "datetime-transact-sql"),
    ("CAST('10:20:30.5' AS time(1))", "10:20:30.5", T + "time-transact-sql"),
    ("CONVERT(date, '31/01/2024', 103)", date(2024, 1, 31), CAST),
    ("CONVERT(date, '01/31/2024', 101)", date(2024, 1, 31), CAST),
    ("DATEPART(weekday, '2024-01-07')", 1, F + "datepart-transact-sql"),
    ("DATEPART(week, '2024-01-06')", 1, F + "datepart-transact-sql"),
    ("DATEPART(week, '2024-01-07')", 2, F + "datepart-transact-sql"),
    ("DATEPART(week, '2007-04-21')", 16, F + "datepart-transact-sql"),
    ("DATEPART(iso_week, '2024-12-30')", 1, F + "datepart-transact-sql"),
    ("DATEPART(dayofyear, '2024-03-01')", 61, F + "datepart-transact-sql"),
    ("DATEPART(millisecond, '00:00:01.1234567')", 123, F + "datepart-transact-sql"),
    ("DATENAME(month, '2024-01-31')", "January", F + "datename-transact-sql"),
    ("DATENAME(dw, '2024-01-07')", "Sunday", F + "datename-transact-sql"),
    ("DATENAME(year, '2024-01-07')", "2024", F + "datename-transact-sql"),
    ("YEAR(0)", 1900, F + "year-transact-sql"),
    ("EOMONTH('2024-02-10')", date(2024, 2, 29), F + "eomonth-transact-sql"),
    ("EOMONTH('2024-01-31', 1)", date(2024, 2, 29), F + "eomonth-transact-sql"),
    ("DATEFROMPARTS(2024, 1, 31)", date(2024, 1, 31), F + "datefromparts-transact-sql"),
    ("DATETIMEFROMPARTS(2024, 1, 31, 1, 2, 3, 500)", datetime(2024, 1, 31, 1, 2, 3, 500000), F + "datetimefromparts-transact-sql"),
    ("ISDATE('2024-02-30')", 0, F + "isdate-transact-sql"),
    ("CAST(CAST('2024-07-01 12:00' AS datetime2) AT TIME ZONE 'UTC' AT TIME ZONE 'Eastern Standard Time' AS datetime2(0))", datetime(2024, 7, 1, 8), DOC + "queries/at-time-zone-transact-sql"),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "expected", "source"), RESULTS, ids=[r[0] for r in RESULTS])
def test_an_expression_gives_what_sql_server_documents(calculator, expression, expected, source):
    found = calculator.value(expression)
    assert type(found) is type(expected), source
    assert (str(found) if isinstance(found, D) else found) == (
        str(expected) if isinstance(expected, D) else expected
    ), source


# expression, type, source
TYPES = [
    ("1.0 / 3", "decimal(7,6)", PRECISION),
    ("10.0 / 3", "decimal(8,6)", PRECISION),
    ("CAST(1 AS decimal(38,10)) / CAST(3 AS decimal(38,10))", "decimal(38,6)", PRECISION),
    ("CAST(1 AS decimal(18,2)) * CAST(1 AS decimal(18,2))", "decimal(37,4)", PRECISION),
    ("CAST(1 AS decimal(18,2)) + CAST(1 AS decimal(18,2))", "decimal(19,2)", PRECISION),
    ("7 / 2", "int", DIVIDE),
    ("CAST(1 AS tinyint) + CAST(1 AS tinyint)", "tinyint", T + "data-type-precedence-transact-sql"),
    ("CAST(1 AS bigint) + 1", "bigint", T + "data-type-precedence-transact-sql"),
    ("3000000000", "decimal(10,0)", CONSTANTS),
    ("'abc' + 'de'", "varchar(5)", PRECISION),
    ("N'abc' + 'de'", "nvarchar(5)", PRECISION),
    ("CAST('x' AS varchar)", "varchar(30)", CAST),
    ("CONVERT(money, 1)", "money", CAST),
    ("CAST(1 AS real) * 2", "real", T + "data-type-precedence-transact-sql"),
    ("1e0", "float", CONSTANTS),
    ("SYSDATETIME()", "datetime2(7)", F + "sysdatetime-transact-sql"),
    ("GETDATE()", "datetime", F + "getdate-transact-sql"),
    ("NEWID()", "uniqueidentifier", F + "newid-transact-sql"),
    ("ISNULL(CAST(NULL AS varchar(2)), 'abcdef')", "varchar(2)", F + "isnull-transact-sql"),
    ("COALESCE(CAST(NULL AS varchar(2)), 'abcdef')", "varchar(6)", F + "isnull-transact-sql"),
    ("DATEADD(day, 1, CAST('2024-01-01' AS smalldatetime))", "smalldatetime", F + "dateadd-transact-sql"),
    ("DATEADD(day, 1, '2024-01-01')", "datetime", F + "dateadd-transact-sql"),
    ("NULL", "int", T + "data-types-transact-sql"),
]


@pytest.mark.parametrize(("expression", "expected", "source"), TYPES, ids=[t[0] for t in TYPES])
def test_an_expression_has_the_type_that_sql_server_documents(calculator, expression, expected, source):
    assert calculator.type(expression) == expected, source


# expression, SQL Server's error, source
ERRORS = [
    ("1 / 0", "8134", DIVIDE),
    ("1.0 / 0", "8134", DIVIDE),
    ("1e0 / 0", "8134", DIVIDE),
    ("5 % 0", "8134", DIVIDE),
    ("2147483647 + 1", "8115", T + "int-bigint-smallint-and-tinyint-transact-sql"),
    ("CAST(255 AS tinyint) + CAST(1 AS tinyint)", "8115", T + "int-bigint-smallint-and-tinyint-transact-sql"),
    ("CAST(300 AS tinyint)", "220", INTEGER_RANGE),
    ("CAST(-1 AS tinyint)", "220", INTEGER_RANGE),
    ("CAST(32770 AS smallint)", "220", INTEGER_RANGE),
    ("CAST(2147483649 AS tinyint)", "8115", INTEGER_RANGE),
    ("CAST(2147483648 AS int)", "8115", INTEGER_RANGE),
    ("CAST(CAST(3000000000 AS bigint) AS int)", "8115", INTEGER_RANGE),
    ("CAST(12345.12e0 AS tinyint)", "232", FLOAT_RANGE),
    ("CAST(CAST(12345.12 AS real) AS tinyint)", "232", FLOAT_RANGE),
    ("POWER(2, 31)", "232", FLOAT_RANGE),
    ("CAST('300' AS tinyint)", "244", EVENTS),
    ("CAST('-32769' AS smallint)", "244", EVENTS),
    ("CAST(' 2147483648 ' AS int)", "248", EVENTS),
    ("CAST(12345.6 AS decimal(5,2))", "8115", CAST),
    ("1e308 * 10", "8115", T + "float-and-real-transact-sql"),
    ("CAST('abc' AS int)", "245", CAST),
    ("CAST('1.5' AS int)", "245", CAST),
    ("CAST('' AS decimal(5,2))", "8114", CAST),
    ("CAST('1e2' AS decimal(5,2))", "8114", CAST),
    ("CAST('2024-02-30' AS date)", "241", CAST),
    ("CAST('31/01/2024' AS date)", "241", CAST),
    ("CAST('infinity' AS datetime2)", "241", CAST),
    ("CONVERT(date, '01/02/2024', 120)", "241", CAST),
    ("CONVERT(datetime, '2024-01-02', 103)", "241", CAST),
    ("ROUND(748.58, -3)", "8115", F + "round-transact-sql"),
    ("CONVERT(int, 'x')", "245", CAST),
    ("CAST('1700-01-01' AS datetime)", "242", T + "datetime-transact-sql"),
    ("CAST(12.345 AS varchar(3))", "8115", CAST),
    ("CAST('abc' AS uniqueidentifier)", "8169", T + "uniqueidentifier-transact-sql"),
    ("SQRT(-1)", "3623", F + "sqrt-transact-sql"),
    ("LEFT('abc', 1 - 2)", "536", F + "left-transact-sql"),
    ("SUBSTRING('abc', 1, 1 - 2)", "537", F + "substring-transact-sql"),
    ("(SELECT x FROM (VALUES (1), (2)) AS v(x))", "512", DOC + "queries/select-transact-sql"),
    ("CAST('2024-01-01' AS date) + 1", "206", DOC + "language-elements/add-transact-sql"),
    ("DATEADD(hour, 1, CAST('2024-01-01' AS date))", "9810", F + "dateadd-transact-sql"),
    ("SUM(CAST(1 AS bit))", "8117", F + "sum-transact-sql"),
    ("CAST(1 AS date)", "529", CAST),
]


@pytest.mark.parametrize(("expression", "code", "source"), ERRORS, ids=[e[0] for e in ERRORS])
def test_an_expression_fails_as_in_sql_server(calculator, expression, code, source):
    with pytest.raises(ProgramError) as caught:
        calculator.value(expression)
    assert (caught.value.code, caught.value.line, caught.value.file) == (code, 1, "query.sql"), source


REFUSED = [
    "DB_ID()",
    "CHECKSUM('a')",
    "FORMAT(1.5, 'E2')",
    "FORMAT(1.5, 'C', 'de-DE')",
    "HASHBYTES('MD2', 'a')",
    "HASHBYTES('MD5', '日')",
    "CAST(1.5 AS varbinary(8))",
    "dbo.fn(1)",
    "NEXT VALUE FOR dbo.seq",
    "JSON_VALUE('{}', '$.a')",
    "CAST('a' AS xml)",
    "SUM(1) FILTER (WHERE 1 = 1)",
    "ISNUMERIC(CAST('2024-01-01' AS date))",
    "SWITCHOFFSET(TODATETIMEOFFSET(CAST('2024-01-01' AS datetime2), '+05:30'), '+00:00')",
    "RAND(1)",
    "(SELECT 1 FOR XML PATH('row'))",
    "(SELECT 1 FOR XML AUTO)",
    "dbo.nothing(1)",
    "@x.value('a', 'int')",
]


@pytest.mark.parametrize("expression", REFUSED)
def test_what_is_not_known_is_refused_with_its_line(synapse, expression):
    with pytest.raises(ProgramError) as caught:
        synapse.rows(f"SELECT 1 AS a\n\n, {expression} AS x")
    assert caught.value.file == "query.sql"
    assert caught.value.line in {1, 3}


NOTED = [
    ("NEWID()", "differs from run to run"),
    ("CAST('2024-01-31 10:20:30.1234567' AS datetime2)", "seventh digit"),
    ("GETDATE()", "current time"),
    ("SUSER_SNAME()", "name of the server and user"),
    ("CAST(1.005e0 AS decimal(5,2))", "half way"),
    ("ROUND(1.005e0, 2)", "half way"),
    ("CASE WHEN 'a-b' < 'a_b' THEN 1 ELSE 0 END", "is not proven here"),
    ("CASE WHEN N'co-op' < N'coop' THEN 1 ELSE 0 END", "is not proven here"),
    ("CASE WHEN N'Ж' < N'a' THEN 1 ELSE 0 END", "is not proven here"),
    ("CASE WHEN 'a' < 'b' COLLATE Danish_Norwegian_CI_AS THEN 1 ELSE 0 END", "is not proven here"),
    ("ISNUMERIC('1e')", "is not proven here"),
    ("TRANSLATE('aA', 'aA', 'xy')", "is not proven here"),
    ("FORMAT(0.125, 'P0')", "is not proven here"),
    ("CONVERT(varchar(30), CAST('2024-01-31' AS datetime2(3)), 126)", "is not proven here"),
    ("CONVERT(varchar(30), CAST('2024-01-31 09:00' AS datetime), 22)", "is not proven here"),
    ("CONVERT(binary(8), -1)", "is not proven here"),
]


@pytest.mark.parametrize(("expression", "said"), NOTED, ids=[n[0] for n in NOTED])
def test_what_is_only_approximated_is_noted_with_its_line(synapse, expression, said):
    synapse.rows(f"SELECT\n  {expression} AS x")
    assert len(synapse.notes) == 1
    assert said in synapse.notes[0]
    assert synapse.notes[0].startswith("query.sql:")


def test_an_exact_expression_has_no_note(synapse):
    synapse.rows("SELECT 1 / 2 AS a, 'a' + 'b' AS b, DATEDIFF(day, '2024-01-01', '2024-01-02') AS c")
    assert synapse.notes == ()
