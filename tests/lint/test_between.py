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
