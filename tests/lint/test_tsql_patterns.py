"""Every pattern of the original: where it is seen, and where it is not."""

import pytest

from tests.lint.texts import codes, synapse

SEEN = [
    ("a / b", "INT_DIVISION", True),
    ("a * 100 / b", "INT_DIVISION", True),
    ("SUM(a) / COUNT(*)", "INT_DIVISION", True),
    ("unknown_column / 3", "INT_DIVISION", False),
    ("d / a", "DECIMAL_ROUNDING", False),
    ("m / a", "MONEY_PRECISION", True),
    ("m * d", "MONEY_PRECISION", False),
    ("AVG(a)", "AVG_INT", True),
    ("AVG(d)", "DECIMAL_ROUNDING", False),
    ("SUM(f)", "FLOAT_NOISE", False),
    ("DATEDIFF(month, dt, ts)", "DATEDIFF_BOUNDARY", True),
    ("CASE s WHEN 'a' THEN 1 WHEN '2' THEN 2 END", "COLLATION_CASE", False),
    ("CAST(s AS int)", "EMPTY_STRING_NULL", False),
    ("DATEDIFF(hour, dt, ts)", "DATEDIFF_BOUNDARY", True),
    ("DATEPART(weekday, dt)", "DATEPART_BASE", True),
    ("DATEPART(week, dt)", "DATEPART_BASE", True),
    ("DATENAME(dw, dt)", "DATEPART_BASE", True),
    ("ISNULL(s, 'a text longer than ten')", "ISNULL_TYPE", True),
    ("ISNULL(a, 0.5)", "ISNULL_TYPE", True),
    ("ISNULL(s, n)", "ISNULL_TYPE", True),
    ("CONCAT(s, n)", "CONCAT_NULL", False),
    ("s + '-' + n", "CONCAT_NULL", False),
    ("LEN(s)", "TRAILING_SPACE", False),
    ("CAST(d AS FLOAT)", "FLOAT_PRECISION", False),
    ("CAST(n AS varchar(3))", "STRING_TRUNCATION", True),
    ("CAST(mystery AS varchar)", "STRING_TRUNCATION", False),
    ("CONVERT(varchar(6), dt, 112)", "STRING_TRUNCATION", True),
    ("CONVERT(varchar(10), ts, 103)", "CONVERT_STYLE", True),
    ("CAST(ts AS varchar(30))", "CONVERT_STYLE", True),
    ("CAST(f AS varchar(30))", "CONVERT_STYLE", True),
    ("FORMAT(dt, 'yyyy-MM')", "CONVERT_STYLE", True),
    ("CONVERT(date, s, 103)", "DATE_FORMAT_PARSE", True),
    ("CAST(s AS date)", "IMPLICIT_DATE_TEXT", False),
    ("CAST(a AS datetime)", "DATE_OFFSET", True),
    ("old + 1", "DATE_OFFSET", True),
    ("DATEADD(month, DATEDIFF(month, 0, dt), 0)", "DATE_OFFSET", True),
    ("CAST(ts AS datetime)", "DATETIME_PRECISION", False),
    ("CASE WHEN s LIKE '[A-C]%' THEN 1 END", "LIKE_PATTERN", True),
    ("SUBSTRING(s, 0, 3)", "SUBSTRING_INDEX", True),
    ("SUBSTRING(s, -1, 4)", "SUBSTRING_INDEX", True),
    ("SUBSTRING(s, CHARINDEX('x', s) - 1, 2)", "SUBSTRING_INDEX", False),
    ("ROUND(d, 1, 1)", "ROUND_3ARG", True),
    ("POWER(a, 0.5)", "POWER_LOG", True),
    ("LOG(f, 2)", "POWER_LOG", True),
    ("GETDATE()", "VOLATILE_FUNCTION", True),
    ("NEWID()", "VOLATILE_FUNCTION", True),
    ("CURRENT_TIMESTAMP", "VOLATILE_FUNCTION", True),
    ("HASHBYTES('SHA2_256', n)", "HASH_FUNCTION", True),
    ("CHECKSUM(s)", "HASH_FUNCTION", True),
    ("STRING_AGG(s, ',')", "STRING_AGG_ORDER", True),
    ("APPROX_COUNT_DISTINCT(a)", "APPROX_AGGREGATE", True),
    ("CAST(a AS tinyint)", "TINYINT", False),
    ("CAST(d AS money)", "MONEY_PRECISION", False),
    ("CAST(s AS uniqueidentifier)", "GUID_CASE", False),
    ("ts AT TIME ZONE 'Eastern Standard Time'", "TIMEZONE_SHIFT", False),
    ("CASE WHEN s = 'Open' THEN 1 END", "COLLATION_CASE", False),
    ("ROW_NUMBER() OVER (PARTITION BY a ORDER BY b)", "NONDETERMINISTIC_ORDER", False),
    ("ROW_NUMBER() OVER (ORDER BY (SELECT NULL))", "NONDETERMINISTIC_ORDER", True),
    ("FIRST_VALUE(s) OVER (PARTITION BY a ORDER BY b)", "NONDETERMINISTIC_ORDER", False),
]
UNSEEN = [
    ("d / 3.0", "INT_DIVISION"),
    ("f / a", "INT_DIVISION"),
    ("a / 2.0", "INT_DIVISION"),
    ("CAST(a AS decimal(10,2)) / b", "INT_DIVISION"),
    ("AVG(f)", "AVG_INT"),
    ("AVG(1.0 * a)", "AVG_INT"),
    ("DATEDIFF(day, dt, ts)", "DATEDIFF_BOUNDARY"),
    ("CASE s WHEN '1' THEN 1 END", "COLLATION_CASE"),
    ("CASE a WHEN 1 THEN 'a' END", "COLLATION_CASE"),
    ("CAST(a AS bigint)", "EMPTY_STRING_NULL"),
    ("CAST('12' AS int)", "EMPTY_STRING_NULL"),
    ("DATEPART(month, dt)", "DATEPART_BASE"),
    ("ISNULL(a, 0)", "ISNULL_TYPE"),
    ("ISNULL(s, 'short')", "ISNULL_TYPE"),
    ("ISNULL(d, 0)", "ISNULL_TYPE"),
    ("ISNULL(flag, 0)", "ISNULL_TYPE"),
    ("ISNULL(dt, '1900-01-01')", "ISNULL_TYPE"),
    ("CAST('UNKNOWN' AS varchar(10))", "STRING_TRUNCATION"),
    ("CAST(s AS varchar(10))", "STRING_TRUNCATION"),
    ("CAST(n AS nvarchar(max))", "STRING_TRUNCATION"),
    ("a + b", "CONCAT_NULL"),
    ("d + 1", "DATE_OFFSET"),
    ("CASE WHEN s LIKE 'A%' THEN 1 END", "LIKE_PATTERN"),
    ("SUBSTRING(s, 1, 3)", "SUBSTRING_INDEX"),
    ("ROUND(d, 1)", "ROUND_3ARG"),
    ("POWER(f, 2)", "POWER_LOG"),
    ("LOG(f)", "POWER_LOG"),
    ("STRING_AGG(s, ',') WITHIN GROUP (ORDER BY s)", "STRING_AGG_ORDER"),
    ("CAST('2024-01-31' AS date)", "IMPLICIT_DATE_TEXT"),
    ("CASE WHEN s = '007' THEN 1 END", "COLLATION_CASE"),
    ("CASE WHEN a = 1 THEN 1 END", "COLLATION_CASE"),
    ("COUNT(*) OVER (PARTITION BY a)", "NONDETERMINISTIC_ORDER"),
    ("id", "INT_DIVISION"),
]


@pytest.mark.parametrize(("value", "code", "certain"), SEEN)
def test_a_value_that_is_not_the_same_on_both_systems(value, code, certain):
    hits = [h for h in synapse(f"SELECT id, {value} AS x FROM stg.T") if h.code == code]
    assert [(h.certain, h.columns, h.scope, h.line) for h in hits] == [(certain, ("x",), "columns", 1)] * len(
        hits
    )
    assert hits
    assert hits[0].link.startswith("https://")


@pytest.mark.parametrize(("value", "code"), UNSEEN)
def test_a_value_that_is_the_same(value, code):
    assert code not in codes(synapse(f"SELECT id, {value} AS x FROM stg.T"))


ROWS = [
    ("SELECT TOP 5 id FROM stg.T", "NONDETERMINISTIC_ORDER", True),
    ("SELECT TOP 10 PERCENT id FROM stg.T ORDER BY id", "TOP_VARIANTS", True),
    ("SELECT TOP 3 WITH TIES id FROM stg.T ORDER BY a", "TOP_VARIANTS", True),
    ("SELECT id FROM stg.T WHERE a NOT IN (SELECT id FROM dbo.DIM)", "NOT_IN_NULL", False),
    ("SELECT t.id FROM stg.T t JOIN dbo.DIM d ON d.name = t.s", "COLLATION_CASE", False),
    (
        "SELECT t.id FROM stg.T t JOIN dbo.DIM d ON ISNULL(d.name, '') = ISNULL(t.s, '')",
        "NULL_JOIN_KEY",
        False,
    ),
    ("SELECT s, COUNT(*) AS x FROM stg.T GROUP BY s", "COLLATION_CASE", False),
    ("SELECT id FROM stg.T WHERE s IN ('a', '1')", "COLLATION_CASE", False),
    ("SELECT DISTINCT s FROM stg.T", "COLLATION_CASE", False),
    ("SELECT id FROM stg.T WHERE s LIKE '50[%]'", "LIKE_PATTERN", True),
    ("SELECT a, COUNT(*) AS x FROM stg.T GROUP BY ROLLUP(a)", "EMPTY_GROUPING", False),
]


@pytest.mark.parametrize(("query", "code", "certain"), ROWS)
def test_a_construct_that_decides_which_rows_there_are(query, code, certain):
    hits = [h for h in synapse(query) if h.code == code]
    assert [(h.certain, h.scope) for h in hits] == [(certain, "rows")]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT TOP 5 id FROM stg.T ORDER BY id",
        "SELECT id FROM stg.T WHERE EXISTS (SELECT TOP 1 1 FROM dbo.DIM)",
        "SELECT TOP 1 COUNT(*) AS x FROM stg.T",
    ],
)
def test_top_that_takes_the_same_rows_every_time(query):
    assert "NONDETERMINISTIC_ORDER" not in codes(synapse(query))


def test_join_and_group_by_numbers_depend_on_no_collation():
    query = "SELECT t.a, COUNT(*) AS x FROM stg.T t JOIN dbo.DIM d ON d.id = t.id GROUP BY t.a"
    assert "COLLATION_CASE" not in codes(synapse(query))


def test_an_update_from_several_rows_may_take_any_of_them():
    script = """
    INSERT INTO dbo.OUT (id, x) SELECT id, a FROM stg.T
    UPDATE o SET x = d.id FROM dbo.OUT o JOIN dbo.DIM d ON d.name = o.s
    """
    [hit] = [h for h in synapse(script, target=True) if h.code == "UPDATE_FROM_MULTI"]
    assert (hit.line, hit.columns, hit.certain) == (3, ("x",), False)


def test_the_identity_of_the_target_is_no_key():
    from recon.sqlscript.lint import lint
    from tests.lint.texts import table, variant

    ddl = "CREATE TABLE dbo.OUT (id int IDENTITY(1,1) NOT NULL, x int);"
    found = lint(table("INSERT INTO dbo.OUT (x) SELECT 1", ddl=ddl, target=True), variant("SELECT 1 AS x"))
    [hit] = [h for h in found.hits if h.code == "SURROGATE_KEY"]
    assert (hit.file, hit.columns, hit.hides) == ("tables/t/ddl.sql", ("id",), True)


def test_variables_and_parameters_have_their_declared_types():
    script = """CREATE PROC dbo.P @n int, @r decimal(10,2) AS
    DECLARE @k int = 3, @t varchar(5);
    INSERT INTO dbo.OUT (id, x, y, s) SELECT @n / @k, 10 / @r, 1, ISNULL(@t, 'more than five')
    """
    hits = {(h.code, h.columns) for h in synapse(script, target=True)}
    assert ("INT_DIVISION", ("id",)) in hits
    assert ("DECIMAL_ROUNDING", ("x",)) in hits
    assert ("ISNULL_TYPE", ("s",)) in hits
