"""Every pattern of a conversion, SQL and PySpark: where it is seen, and where it is not."""

import pytest

from tests.lint.texts import codes, databricks, read

SEEN = [
    ("a / b", "INT_DIVISION", True),
    ("d / a", "DECIMAL_ROUNDING", False),
    ("avg(a)", "AVG_INT", True),
    ("datediff(MONTH, dt, ts)", "DATEDIFF_BOUNDARY", True),
    ("timestampdiff(YEAR, dt, ts)", "DATEDIFF_BOUNDARY", True),
    ("months_between(ts, dt)", "DATEDIFF_BOUNDARY", True),
    ("date_add(ts, 2)", "DATE_ADD_DROPS_TIME", True),
    ("concat(s, n)", "CONCAT_NULL", False),
    ("s || n", "CONCAT_NULL", False),
    ("concat_ws('-', s, n)", "CONCAT_NULL", False),
    ("CAST(d AS FLOAT)", "FLOAT_PRECISION", True),
    ("f::float", "FLOAT_PRECISION", True),
    ("CAST(a AS TINYINT)", "TINYINT", True),
    ("CAST(s AS DATE)", "IMPLICIT_DATE_TEXT", False),
    ("CASE WHEN s LIKE '[A-C]%' THEN 1 END", "LIKE_PATTERN", True),
    ("substring(s, 0, 3)", "SUBSTRING_INDEX", True),
    ("bround(d, 1)", "ROUNDING", True),
    ("log(2, f)", "POWER_LOG", True),
    ("percentile_approx(a, 0.5)", "APPROX_AGGREGATE", True),
    ("approx_count_distinct(a)", "APPROX_AGGREGATE", True),
    ("date_format(dt, 'YYYY-mm')", "DATE_FORMAT_PARSE", True),
    ("to_date(s, 'dd/MM/yyyy')", "DATE_FORMAT_PARSE", False),
    ("from_utc_timestamp(ts, 'America/New_York')", "TIMEZONE_SHIFT", True),
    ("sha2(n, 256)", "HASH_FUNCTION", False),
    ("current_timestamp()", "VOLATILE_FUNCTION", True),
    ("current_date", "VOLATILE_FUNCTION", True),
    ("uuid()", "VOLATILE_FUNCTION", True),
    ("monotonically_increasing_id()", "SURROGATE_KEY", True),
    ("concat_ws(',', collect_list(s))", "STRING_AGG_ORDER", True),
    ("first(s)", "NONDETERMINISTIC_ORDER", True),
    ("row_number() OVER (PARTITION BY a ORDER BY b)", "NONDETERMINISTIC_ORDER", False),
    ("weekday(dt)", "DATEPART_BASE", False),
    ("try_divide(a, b)", "DIV_BY_ZERO", False),
    (r"'a\nb'", "ESCAPE", True),
]
UNSEEN = [
    ("a DIV b", "INT_DIVISION"),
    ("CAST(a / b AS INT)", "INT_DIVISION"),
    ("floor(a / b)", "INT_DIVISION"),
    ("datediff(ts, dt)", "DATEDIFF_BOUNDARY"),
    ("date_add(dt, 2)", "DATE_ADD_DROPS_TIME"),
    ("CAST(d AS DOUBLE)", "FLOAT_PRECISION"),
    ("substring(s, 1, 3)", "SUBSTRING_INDEX"),
    ("round(d, 1)", "ROUNDING"),
    ("percentile_cont(0.5) WITHIN GROUP (ORDER BY a)", "APPROX_AGGREGATE"),
    ("sort_array(collect_list(s))", "STRING_AGG_ORDER"),
    ("concat_ws(',', array_sort(array_distinct(collect_list(s))))", "STRING_AGG_ORDER"),
    ("size(collect_set(s))", "STRING_AGG_ORDER"),
    ("listagg(s, ',') WITHIN GROUP (ORDER BY s)", "STRING_AGG_ORDER"),
    ("r'a\\nb'", "ESCAPE"),
    ("DATE'2024-01-31'", "IMPLICIT_DATE_TEXT"),
]


@pytest.mark.parametrize(("value", "code", "certain"), SEEN)
def test_a_value_that_is_not_the_same_on_both_systems(value, code, certain):
    [hit] = [h for h in databricks(f"SELECT id,\n  {value} AS x FROM silver.t") if h.code == code]
    assert (hit.certain, hit.columns, hit.line, hit.side) == (certain, ("x",), 2, "databricks")


@pytest.mark.parametrize(("value", "code"), UNSEEN)
def test_a_value_that_is_the_same(value, code):
    assert code not in codes(databricks(f"SELECT id, {value} AS x FROM silver.t"))


def test_limit_without_an_order_decides_which_rows_there_are():
    [hit] = [h for h in databricks("SELECT id FROM silver.t LIMIT 5") if h.code == "NONDETERMINISTIC_ORDER"]
    assert (hit.scope, hit.hides) == ("rows", True)
    assert codes(databricks("SELECT id FROM silver.t ORDER BY id LIMIT 5")) == set()


def test_a_volatile_function_in_a_view_has_several_values():
    text = "CREATE OR REPLACE TEMP VIEW v AS SELECT id, rand() AS r FROM silver.t;\nSELECT id, r FROM v"
    assert {"VOLATILE_FUNCTION", "TEMP_TABLES"} <= codes(databricks(text))


def test_a_column_that_the_conversion_declares():
    text = "CREATE OR REPLACE TABLE gold.out (id INT, x FLOAT, y TINYINT);\nSELECT id FROM silver.t"
    assert {"FLOAT_PRECISION", "TINYINT"} <= codes(databricks(text))


PYTHON = [
    ('df.withColumn("x", F.bround("d", 1))', "ROUNDING", ("x",)),
    ('df.fillna(0)', "NULL_NOT_HANDLED", ()),
    ('df.na.fill(0)', "NULL_NOT_HANDLED", ()),
    ('df.withColumn("x", F.current_timestamp())', "VOLATILE_FUNCTION", ("x",)),
    ('df.select(F.col("a") / F.col("b"))', "INT_DIVISION", ()),
    ('df.withColumn("x", F.col("a") / 3)', "INT_DIVISION", ("x",)),
    ('df.withColumn("x", F.col("d").cast("float"))', "FLOAT_PRECISION", ("x",)),
    ('df.withColumn("x", F.col("d").cast(FloatType()))', "FLOAT_PRECISION", ("x",)),
    ('df.withColumn("x", F.date_format("dt", "YYYY"))', "DATE_FORMAT_PARSE", ("x",)),
    ('df.limit(10)', "NONDETERMINISTIC_ORDER", ()),
    ('df.dropDuplicates(["id"])', "NONDETERMINISTIC_ORDER", ()),
    ('df.select(F.rank().over(Window.partitionBy("a").orderBy(F.lit(1))))', "NONDETERMINISTIC_ORDER", ()),
    ('df.groupBy("a").agg(F.collect_list("s").alias("x"))', "STRING_AGG_ORDER", ("x",)),
    ('df.withColumn("x", F.monotonically_increasing_id())', "SURROGATE_KEY", ("x",)),
    ('df.withColumn("x", F.percentile_approx("a", 0.5))', "APPROX_AGGREGATE", ("x",)),
    ('df.union(df)', "UNION_ALL", ()),
    ('F.udf(lambda v: round(v, 1))', "ROUNDING", ()),
    ('spark.sql("SELECT a / b AS x FROM silver.t")', "INT_DIVISION", ()),
    ('spark.sql(f"SELECT bround(d, 1) AS x FROM {name}")', "ROUNDING", ()),
    ('df.withColumn("x", F.expr("bround(d, 1)"))', "ROUNDING", ("x",)),
    ('df.selectExpr("id", "CAST(d AS FLOAT) AS x")', "FLOAT_PRECISION", ()),
]  # fmt: skip
PYTHON_UNSEEN = [
    ('df.withColumn("x", F.round("d", 1))', "ROUNDING"),
    ("total = 10 / 3", "INT_DIVISION"),
    ('df.orderBy("id").limit(10)', "NONDETERMINISTIC_ORDER"),
    ("display(df.limit(5))", "NONDETERMINISTIC_ORDER"),
    ('df.orderBy(F.lit(1), "id")', "NONDETERMINISTIC_ORDER"),
    ("df.limit(5).show()", "NONDETERMINISTIC_ORDER"),
    ("df.dropDuplicates()", "NONDETERMINISTIC_ORDER"),
    ('F.sort_array(F.collect_list("s"))', "STRING_AGG_ORDER"),
    ('F.first("s").over(w)', "NONDETERMINISTIC_ORDER"),
    ("hash(name)", "HASH_FUNCTION"),
    ('df.withColumn("x", F.col("d").cast("double"))', "FLOAT_PRECISION"),
]
_HEAD = 'from pyspark.sql import functions as F\ndf = spark.table("silver.t")\n'


@pytest.mark.parametrize(("value", "code", "columns"), PYTHON)
def test_pyspark(value, code, columns):
    from recon.sqlscript.lint import lint
    from tests.lint.texts import table, variant

    found = lint(table("SELECT id, a AS x FROM stg.T"), variant(f"{_HEAD}result = {value}\n", python=True))
    hits = [h for h in found.hits if h.side == "databricks" and h.code == code]
    assert [(h.line, h.columns) for h in hits] == [(3, columns)]


@pytest.mark.parametrize(("value", "code"), PYTHON_UNSEEN)
def test_pyspark_that_is_the_same(value, code):
    assert code not in codes(databricks(f"{_HEAD}result = {value}\n", python=True))


def test_functions_that_nobody_knows_count_only_where_duckdb_stands_in():
    from recon.sqlscript.lint import lint
    from tests.lint.texts import table, variant

    pair = table("SELECT id FROM stg.T"), variant("SELECT strange_function(id) AS id FROM silver.t")
    assert "LOCAL_ENGINE" not in codes(lint(*pair).hits)
    assert "LOCAL_ENGINE" in codes(lint(*pair, duckdb=True).hits)


UDF = """from pyspark.sql import functions as F
{}
df = spark.table("silver.t").select("id", r("a").alias("x"), F.expr("a / b").alias("y"){})
"""
LAMBDA = "r = F.udf(lambda v: float(round(float(v))), 'double')"
NAMED = "def half(v):\n    return float(round(v))\nr = F.udf(half, 'double')"
DECORATED = "@F.udf('double')\ndef r(v):\n    return float(round(v))"


@pytest.mark.parametrize("made", [LAMBDA, NAMED, DECORATED])
def test_a_function_of_python_belongs_to_the_column_that_its_calls_make(made):
    def rounded(more: str):
        original = "SELECT id, ROUND(d, 0) AS x, a / b AS y FROM stg.T"
        return [h for h in read(original, UDF.format(made, more), python=True).hits if h.code == "ROUNDING"]

    [hit] = rounded("")
    assert (hit.scope, hit.columns) == ("columns", ("x",))
    [several] = rounded(', r("b").alias("y")')
    assert (several.scope, several.columns) == ("unknown", ())
