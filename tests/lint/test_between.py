"""What one text has and the other lacks."""

import pytest

from tests.lint.texts import codes, read

JOINED = """INSERT INTO dbo.OUT (id, x) SELECT t.id, t.a FROM stg.T t
INNER JOIN dbo.DIM d ON d.id = t.id AND d.is_current = 1
WHERE t.b > 3 AND t.ts >= '2024-01-01' AND t.ts < '2024-02-01'"""
FAITHFUL = """INSERT INTO gold.out (id, x) SELECT t.id, t.a FROM silver.t t
JOIN gold.dim d ON d.id = t.id AND d.is_current WHERE t.b > 3 AND t.ts >= '2024-01-01' AND t.ts < '2024-02-01'"""


def hits(tsql: str, databricks: str, code: str, **more):
    return [h for h in read(tsql, databricks, target=True, **more).hits if h.code == code]


def test_a_faithful_conversion_lacks_nothing():
    assert codes(read(JOINED, FAITHFUL, target=True).hits) <= {"IMPLICIT_DATE_TEXT"}


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("JOIN gold.dim d ON d.id = t.id AND d.is_current", "", "DROPPED_JOIN", 2),
        ("JOIN gold.dim", "LEFT JOIN gold.dim", "JOIN_TYPE", 2),
        (" AND d.is_current", "", "MISSING_FILTER", 2),
        ("t.b > 3 AND ", "", "MISSING_FILTER", 3),
        (
            "t.ts >= '2024-01-01' AND t.ts < '2024-02-01'",
            "t.ts BETWEEN '2024-01-01' AND '2024-01-31'",
            "BOUNDARY_INCLUSIVE",
            3,
        ),
        ("t.ts < ", "t.ts <= ", "BOUNDARY_INCLUSIVE", 3),
    ],
)
def test_what_the_conversion_lost(old, new, code, line):
    assert old in FAITHFUL
    [hit] = hits(JOINED, FAITHFUL.replace(old, new), code)
    assert (hit.side, hit.line, hit.scope) == ("synapse", line, "rows")


def test_a_filter_that_the_conversion_added():
    [hit] = hits(JOINED, FAITHFUL + " AND t.a <> 7", "JOIN_TYPE")
    assert (hit.side, hit.certain) == ("databricks", False)


OUTER = """INSERT INTO dbo.OUT (id, s) SELECT t.id, d.name FROM stg.T t
LEFT JOIN dbo.DIM d ON d.id = t.id{} WHERE t.a > 1{}"""
OUTER_TOO = """INSERT INTO gold.out (id, s) SELECT t.id, d.name FROM silver.t t
LEFT JOIN gold.dim d ON d.id = t.id{} WHERE t.a > 1{}"""
CURRENT = " AND d.is_current = 1"


@pytest.mark.parametrize(
    "test", [" AND d.is_current", " AND d.is_current = true", " AND NOT (d.is_current = false)"]
)
def test_a_condition_that_went_from_on_to_where_of_an_outer_join(test):
    [hit] = hits(OUTER.format(CURRENT, ""), OUTER_TOO.format("", test), "JOIN_TYPE")
    assert (hit.side, hit.line, hit.scope, hit.columns, hit.certain) == ("synapse", 2, "rows", ("s",), True)
    assert "in WHERE in v1.sql, which drops the rows without a match" in hit.message
    [back] = hits(OUTER.format("", CURRENT), OUTER_TOO.format(test, ""), "JOIN_TYPE")
    assert "which keeps the rows without a match" in back.message


def test_a_condition_that_stays_or_lets_rows_without_a_match_pass_is_no_move():
    for place in ((CURRENT, ""), ("", CURRENT)):
        assert hits(OUTER.format(*place), OUTER_TOO.format(*place), "JOIN_TYPE") == []
    for test in (
        " AND (d.is_current = 1 OR d.is_current IS NULL)",
        " AND coalesce(d.is_current, true) = true",
    ):
        assert hits(OUTER.format(CURRENT, ""), OUTER_TOO.format(CURRENT, test), "JOIN_TYPE") == []


def test_a_right_join_makes_the_other_side_null():
    tsql = """INSERT INTO dbo.OUT (id, s) SELECT t.id, d.name FROM dbo.DIM d
    RIGHT JOIN stg.T t ON d.id = t.id AND d.is_current = 1"""
    text = """INSERT INTO gold.out (id, s) SELECT t.id, d.name FROM gold.dim d
    RIGHT JOIN silver.t t ON d.id = t.id WHERE d.is_current"""
    [hit] = hits(tsql, text, "JOIN_TYPE")
    assert hit.columns == ("s",)


def test_an_outer_join_that_became_an_inner_one_says_whose_columns_are_null():
    [hit] = hits(OUTER.format("", ""), OUTER_TOO.format("", "").replace("LEFT JOIN", "JOIN"), "JOIN_TYPE")
    assert (hit.scope, hit.columns) == ("rows", ("s",))
    [other] = hits(OUTER.format("", "").replace("LEFT JOIN", "JOIN"), OUTER_TOO.format("", ""), "JOIN_TYPE")
    assert (other.scope, other.columns) == ("rows", ())


def test_a_null_safe_join_is_no_filter():
    tsql = """INSERT INTO dbo.OUT (id) SELECT t.id FROM stg.T t
    JOIN dbo.DIM d ON t.a = d.id AND (t.s = d.name OR (t.s IS NULL AND d.name IS NULL))"""
    text = "INSERT INTO gold.out (id) SELECT t.id FROM silver.t t JOIN gold.dim d ON t.a = d.id AND t.s <=> d.name"
    assert hits(tsql, text, "MISSING_FILTER") == []
    assert len(hits(tsql.replace("t.s = d.name", "t.b = 1"), text, "MISSING_FILTER")) > 0


def test_a_range_of_what_is_made_of_a_column_is_not_one_of_the_column():
    tsql = "INSERT INTO dbo.OUT (id) SELECT id FROM stg.T WHERE s BETWEEN 'a' AND 'f' OR s > 'y'"
    text = "INSERT INTO gold.out (id) SELECT id FROM silver.t WHERE lower(s) BETWEEN 'a' AND 'f' OR lower(s) > 'y'"
    assert hits(tsql, text, "BOUNDARY_INCLUSIVE") == []


@pytest.mark.parametrize(
    ("style", "pattern", "certain"),
    [
        ("varchar(10), ts, 103", "MM/dd/yyyy", True),
        ("varchar(10), ts, 103", "dd/MM/yyyy", False),
        ("varchar(7), ts, 126", "yyyy-MM", False),
        ("varchar(20), ts, 999", "yyyy-MM", False),
        ("date, s, 103", "MM/dd/yyyy", False),
    ],
)
def test_a_pattern_that_is_not_that_of_the_style(style, pattern, certain):
    tsql = f"INSERT INTO dbo.OUT (id, s) SELECT id, CONVERT({style}) FROM stg.T"
    text = f"INSERT INTO gold.out (id, s) SELECT id, date_format(ts, '{pattern}') FROM silver.t"
    [hit] = [h for h in hits(tsql, text, "DATE_FORMAT_PARSE") if h.side == "databricks"]
    assert (hit.columns, hit.certain) == (("s",), certain)
    assert (f"style 103 is dd/MM/yyyy in the original, this is {pattern}" == hit.message) == certain


def test_a_join_through_a_view_or_a_cte_is_no_lost_join():
    text = """CREATE OR REPLACE TEMP VIEW now AS SELECT id FROM gold.dim WHERE is_current;
    INSERT INTO gold.out WITH n AS (SELECT * FROM now) SELECT t.id, t.a FROM silver.t t JOIN n ON n.id = t.id
    WHERE t.b > 3 AND t.ts >= '2024-01-01' AND t.ts < '2024-02-01'"""
    assert codes(read(JOINED, text, target=True).hits) <= {"IMPLICIT_DATE_TEXT"}


def test_union_against_union_all():
    tsql = "SELECT id FROM stg.T UNION SELECT id FROM dbo.DIM"
    found = read(tsql, "SELECT id FROM silver.t UNION ALL SELECT id FROM gold.dim").hits
    assert [(h.code, h.scope) for h in found] == [("UNION_ALL", "rows")]
    assert codes(read(tsql, "SELECT id FROM silver.t UNION SELECT id FROM gold.dim").hits) == set()
    deduplicated = "SELECT DISTINCT id FROM (SELECT id FROM silver.t UNION ALL SELECT id FROM gold.dim) u"
    assert "UNION_ALL" not in codes(read(tsql, deduplicated).hits)


def test_distinct_that_is_lost():
    assert "DUPLICATE_ROWS" in codes(read("SELECT DISTINCT a FROM stg.T", "SELECT a FROM silver.t").hits)
    grouped = read("SELECT DISTINCT a FROM stg.T", "SELECT a FROM silver.t GROUP BY a").hits
    assert "DUPLICATE_ROWS" not in codes(grouped)


MERGE = """MERGE dbo.OUT AS o USING stg.T AS t ON o.id = t.id
WHEN MATCHED THEN UPDATE SET o.x = t.a WHEN NOT MATCHED THEN INSERT (id, x) VALUES (t.id, t.a)
WHEN NOT MATCHED BY SOURCE THEN DELETE;"""


def test_deletes_of_a_merge_that_are_lost():
    text = """MERGE INTO gold.out o USING silver.t t ON o.id = t.id WHEN MATCHED THEN UPDATE SET o.x = t.a
    WHEN NOT MATCHED THEN INSERT (id, x) VALUES (t.id, t.a)"""
    [hit] = hits(MERGE, text, "MERGE_DELETE_MISSING")
    assert hit.scope == "rows"
    assert hits(MERGE, text + " WHEN NOT MATCHED BY SOURCE THEN DELETE", "MERGE_DELETE_MISSING") == []


@pytest.mark.parametrize(
    ("original", "conversion", "sides"),
    [
        ("ISNULL(a, 0)", "a", ["synapse"]),
        ("CASE WHEN a IS NULL THEN 0 ELSE a END", "CASE WHEN a < 0 THEN 0 ELSE a END", ["synapse"]),
        ("a", "coalesce(a, 0)", ["databricks"]),
        ("ISNULL(a, 0)", "coalesce(a, 0)", []),
        ("COALESCE(a, 0)", "CASE WHEN a IS NULL THEN 0 ELSE a END", []),
    ],
)
def test_a_default_for_null_on_one_side_only(original, conversion, sides):
    found = hits(
        f"INSERT INTO dbo.OUT (id, x) SELECT id, {original} FROM stg.T",
        f"INSERT INTO gold.out (id, x) SELECT id, {conversion} FROM silver.t",
        "NULL_NOT_HANDLED",
    )
    assert [(h.side, h.columns) for h in found] == [(side, ("x",)) for side in sides]


def test_a_table_that_a_program_does_not_even_name():
    text = 'result = spark.table("silver.t").select("id")\n'
    [hit] = hits(JOINED, text, "DROPPED_JOIN", python=True)
    assert (hit.line, hit.scope) == (2, "rows")
    named = text + 'd = spark.table("gold.dim")\n'
    assert hits(JOINED, named, "DROPPED_JOIN", python=True) == []


FILTERED = "INSERT INTO dbo.OUT (id, x) SELECT id, a FROM stg.T WHERE dt IS NOT NULL"


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ('spark.table("silver.t").select("id", "a")', True),
        ('spark.table("silver.t").select("id", "a", "dt").drop("id")', True),
        ('spark.table("silver.t").where("s = 1")', True),
        ('spark.table("silver.t").filter(F.col("dt").isNotNull())', False),
        ('spark.table("silver.t").filter("dt is not null")', False),
        ('spark.table("silver.t").dropna(subset=["dt"])', False),
        ('(lambda c: spark.table("silver.t").filter(c))(F.col("DT") > "2000-01-01")', False),
        ('spark.sql("SELECT id, a FROM silver.t WHERE dt IS NOT NULL")', False),
        ("spark.table(", False),
    ],
)
def test_a_filter_that_no_condition_of_a_pyspark_text_mentions(text, lost):
    found = hits(
        FILTERED, f"from pyspark.sql import functions as F\nresult = {text}\n", "MISSING_FILTER", python=True
    )
    assert [(h.side, h.scope, h.certain) for h in found] == [("synapse", "rows", False)] * lost


@pytest.mark.parametrize(
    ("how", "text", "code"),
    [
        ("LEFT", 't.join(d, "id")', "JOIN_TYPE"),
        ("FULL", 't.join(d, t.id == d.id, "left")', "JOIN_TYPE"),
        ("LEFT", 't.join(d, "id", "left_outer")', ""),
        ("LEFT", 't.join(d, on="id", how="full")', ""),
        ("FULL", 't.join(d, "id", "outer")', ""),
        ("LEFT", 't.join(d, "id", kind)', ""),
        ("LEFT", 'spark.sql("SELECT * FROM silver.t t LEFT JOIN gold.dim d ON d.id = t.id")', ""),
        ("LEFT", 'spark.sql("SELECT * FROM silver.t t JOIN gold.dim d ON d.id = t.id")', "JOIN_TYPE"),
        ("LEFT", 't.select(",".join(names))', ""),
    ],
)
def test_a_join_of_a_kind_that_a_pyspark_text_has_not(how, text, code):
    tsql = f"INSERT INTO dbo.OUT (id, s) SELECT t.id, d.name FROM stg.T t {how} JOIN dbo.DIM d ON d.id = t.id"
    head = 't = spark.table("silver.t")\nd = spark.table("gold.dim")\n'
    found = hits(tsql, f"{head}result = {text}\n", "JOIN_TYPE", python=True)
    assert [(h.code, h.side, h.certain) for h in found] == [(code, "synapse", False)] * bool(code)


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        (
            'spark.sql("MERGE INTO gold.out o USING silver.t t ON o.id = t.id WHEN NOT MATCHED THEN INSERT *")',
            True,
        ),
        (
            'spark.sql("MERGE INTO gold.out o USING silver.t t ON o.id = t.id WHEN NOT MATCHED BY SOURCE THEN DELETE")',
            False,
        ),
        ('o.merge(t, "o.id = t.id").whenNotMatchedInsertAll().execute()', True),
        ('o.merge(t, "o.id = t.id").whenNotMatchedBySourceDelete().execute()', False),
        ('spark.table("silver.t").write.saveAsTable("gold.out")', False),
    ],
)
def test_deletes_of_a_merge_that_a_pyspark_text_has_not(text, lost):
    tsql = """MERGE dbo.OUT o USING stg.T t ON o.id = t.id WHEN NOT MATCHED BY TARGET THEN INSERT (id) VALUES (t.id)
        WHEN NOT MATCHED BY SOURCE THEN DELETE;"""
    assert len(hits(tsql, text, "MERGE_DELETE_MISSING", python=True)) == lost
