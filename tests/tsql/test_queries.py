"""Queries: collation, NULLs, order, joins, windows, grouping."""

from __future__ import annotations

from decimal import Decimal

import pytest

from recon.errors import ProgramError

D = Decimal

WORDS = """
CREATE TABLE dbo.w (id int, t varchar(10) NULL, n int NULL);
INSERT INTO dbo.w VALUES (1, 'a', 1), (2, 'A', 2), (3, 'a  ', NULL), (4, 'b', 4), (5, NULL, 5);
GO
"""


@pytest.fixture
def words(open_synapse):
    with open_synapse(WORDS) as made:
        yield made


def test_equality_joins_and_in_follow_the_collation(words):
    assert words.rows("SELECT id FROM dbo.w WHERE t = 'A' ORDER BY id") == [(1,), (2,), (3,)]
    assert words.rows("SELECT COUNT(*) AS n FROM dbo.w x JOIN dbo.w y ON x.t = y.t") == [(10,)]
    assert words.rows("SELECT COUNT(*) AS n FROM dbo.w WHERE t IN ('A ', 'x')") == [(3,)]
    assert words.rows("SELECT COUNT(*) AS n FROM dbo.w WHERE t NOT IN (SELECT 'B')") == [(3,)]
    assert words.rows("SELECT COUNT(*) AS n FROM dbo.w WHERE t <> 'a'") == [(1,)]


def test_grouping_and_distinct_follow_the_collation(words):
    assert words.rows("SELECT COUNT(*) AS n FROM dbo.w GROUP BY t ORDER BY n") == [(1,), (1,), (3,)]
    assert words.rows("SELECT COUNT(*) AS n FROM (SELECT DISTINCT t FROM dbo.w) d") == [(3,)]
    assert words.rows("SELECT COUNT(DISTINCT t) AS n FROM dbo.w") == [(2,)]
    union = "SELECT t FROM dbo.w UNION SELECT 'B'"
    assert words.rows(f"SELECT COUNT(*) AS n FROM ({union}) d") == [(3,)]
    assert set(words.rows("SELECT t FROM dbo.w EXCEPT SELECT 'A'")) == {(None,), ("b",)}
    assert words.rows("SELECT 'B' AS t INTERSECT SELECT t FROM dbo.w") == [("B",)]
    assert any("one group" in n for n in words.notes)


def test_a_group_of_one_spelling_has_no_note(open_synapse):
    with open_synapse("CREATE TABLE dbo.w (t varchar(5)); INSERT dbo.w VALUES ('a'), ('a'), ('b')") as made:
        assert made.rows("SELECT t, COUNT(*) AS n FROM dbo.w GROUP BY t ORDER BY t") == [("a", 2), ("b", 1)]
        assert made.notes == ()


@pytest.mark.parametrize(
    ("collation", "same"),
    [
        ("SQL_Latin1_General_CP1_CI_AS", {"a", "A", "a  "}),
        ("Latin1_General_100_CS_AS", {"a", "a  "}),
        ("Latin1_General_BIN2", {"a", "a  "}),
    ],
)
def test_the_collation_of_the_session_decides(open_synapse, collation, same):
    with open_synapse(WORDS, collation=collation) as made:
        assert {t for (t,) in made.rows("SELECT t FROM dbo.w WHERE t = 'a'")} == same


def test_a_collation_in_the_ddl_or_the_query_wins(open_synapse):
    ddl = "CREATE TABLE dbo.c (t varchar(5) COLLATE Latin1_General_BIN2); INSERT dbo.c VALUES ('a'), ('A')"
    with open_synapse(ddl) as made:
        assert made.rows("SELECT t FROM dbo.c WHERE t = 'a'") == [("a",)]
        assert len(made.rows("SELECT t FROM dbo.c GROUP BY t")) == 2
        assert len(made.rows("SELECT t FROM dbo.c WHERE t = 'a' COLLATE SQL_Latin1_General_CP1_CI_AS")) == 2


def test_nulls_sort_lowest(words):
    assert [n for (n,) in words.rows("SELECT TOP 2 n FROM dbo.w ORDER BY n")] == [None, 1]
    assert [n for (n,) in words.rows("SELECT TOP (2) n FROM dbo.w ORDER BY n DESC")] == [5, 4]
    numbered = "SELECT id, ROW_NUMBER() OVER (ORDER BY n) AS r FROM dbo.w"
    assert sorted(words.rows(numbered), key=lambda row: row[1])[0] == (3, 1)


def test_top_percent_rounds_up_and_with_ties_keeps_ties(words):
    assert len(words.rows("SELECT TOP 21 PERCENT id FROM dbo.w ORDER BY id")) == 2
    assert sorted(words.rows("SELECT TOP 1 WITH TIES id FROM dbo.w WHERE t = 'a' ORDER BY t")) == [
        (1,),
        (2,),
        (3,),
    ]
    assert words.rows("SELECT id FROM dbo.w ORDER BY id OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY") == [(2,), (3,)]
    assert words.rows("SELECT DISTINCT TOP 1 t FROM dbo.w WHERE t IS NOT NULL ORDER BY t DESC") == [("b",)]


def test_what_is_not_defined_is_noted_only_when_it_matters(words):
    words.rows("SELECT id, ROW_NUMBER() OVER (PARTITION BY n ORDER BY id) AS r FROM dbo.w")
    words.rows("SELECT TOP 2 id FROM dbo.w ORDER BY id")
    assert words.notes == ()
    words.rows("SELECT id, ROW_NUMBER() OVER (ORDER BY t) AS r FROM dbo.w WHERE t = 'a'")
    words.rows("SELECT TOP 2 id FROM dbo.w WHERE t = 'a' ORDER BY t")
    words.rows("SELECT TOP 2 id FROM dbo.w")
    said = " ".join(words.notes)
    assert "order of ROW_NUMBER" in said
    assert "end of TOP" in said
    assert "TOP without ORDER BY" in said


def test_joins_of_every_kind(open_synapse):
    ddl = """CREATE TABLE dbo.a (i int, x varchar(2)); INSERT dbo.a VALUES (1, 'p'), (2, 'q');
    CREATE TABLE dbo.b (i int, y varchar(2)); INSERT dbo.b VALUES (2, 'r'), (3, 's');"""
    with open_synapse(ddl) as made:
        full = "SELECT a.i, b.i AS j FROM dbo.a FULL OUTER JOIN dbo.b ON dbo.a.i = b.i"
        assert sorted(made.rows(full), key=str) == [(1, None), (2, 2), (None, 3)]
        assert made.rows("SELECT a.x, b.y FROM a RIGHT JOIN b ON a.i = b.i WHERE a.i IS NULL") == [
            (None, "s")
        ]
        assert made.rows("SELECT COUNT(*) AS n FROM dbo.a, dbo.b CROSS JOIN dbo.a AS c") == [(8,)]
        nested = "SELECT a.i FROM a LEFT JOIN (b INNER JOIN a c ON c.i = b.i) ON a.i = b.i WHERE b.i IS NULL"
        assert made.rows(nested) == [(1,)]
        applied = """SELECT a.i, z.y FROM dbo.a OUTER APPLY (
            SELECT TOP 1 b.y FROM dbo.b WHERE b.i > a.i ORDER BY b.i) AS z"""
        assert sorted(made.rows(applied)) == [(1, "r"), (2, "s")]
        crossed = (
            "SELECT a.i, v.value FROM dbo.a CROSS APPLY STRING_SPLIT(a.x + ',z', ',') AS v WHERE a.i = 1"
        )
        assert sorted(made.rows(crossed)) == [(1, "p"), (1, "z")]


def test_windows(words):
    sql = """SELECT id, SUM(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s,
        LAG(id, 1, -1) OVER (ORDER BY id) AS l, AVG(id) OVER () AS a,
        PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY id) OVER () AS p,
        NTILE(2) OVER (ORDER BY id) AS n, LAST_VALUE(id) OVER (ORDER BY id) AS v
        FROM dbo.w"""
    assert sorted(words.rows(sql)) == [
        (1, 1, -1, 3, 3.0, 1, 1),
        (2, 3, 1, 3, 3.0, 1, 2),
        (3, 5, 2, 3, 3.0, 1, 3),
        (4, 7, 3, 3, 3.0, 2, 4),
        (5, 9, 4, 3, 3.0, 2, 5),
    ]
    ranked = "SELECT t, RANK() OVER (ORDER BY t) AS r FROM dbo.w WHERE t IS NOT NULL"
    assert sorted(r for _, r in words.rows(ranked)) == [1, 1, 1, 4]


def test_rollup_grouping_sets_and_having(words):
    sql = "SELECT t, GROUPING(t) AS g, COUNT(*) AS n FROM dbo.w WHERE t IS NOT NULL GROUP BY ROLLUP(t)"
    assert sorted((g, n) for _, g, n in words.rows(sql)) == [(0, 1), (0, 3), (1, 4)]
    assert [t for t, g, _ in words.rows(sql) if g] == [None]
    sets = "SELECT n, COUNT(*) AS c FROM dbo.w GROUP BY GROUPING SETS ((n), ()) HAVING COUNT(*) > 1"
    assert words.rows(sets) == [(None, 5)]
    assert words.rows("SELECT UPPER(t) AS u, SUM(n) AS s FROM dbo.w GROUP BY UPPER(t) HAVING SUM(n) = 3") == [
        ("A", 3)
    ]


def test_aggregates_over_nothing_and_over_nulls(words):
    sql = "SELECT SUM(n) AS s, AVG(n) AS a, COUNT(n) AS c, MAX(t) AS m FROM dbo.w WHERE id > 100"
    assert words.rows(sql) == [(None, None, 0, None)]
    assert words.rows("SELECT AVG(n) AS a FROM dbo.w") == [(3,)]
    assert words.rows("SELECT AVG(CAST(n AS decimal(9,2))) AS a FROM dbo.w WHERE id IN (1, 2, 4)") == [
        (D("2.333333"),)
    ]
    agg = "SELECT STRING_AGG(CAST(id AS varchar(5)), '-') WITHIN GROUP (ORDER BY id DESC) AS s FROM dbo.w"
    assert words.rows(agg) == [("5-4-3-2-1",)]


def test_common_table_expressions_and_views(words):
    words.run("CREATE VIEW dbo.v (k, twice) AS SELECT id, n * 2 FROM dbo.w WHERE n IS NOT NULL")
    sql = """WITH big AS (SELECT k, twice FROM dbo.v WHERE twice > 3), n(c) AS (SELECT COUNT(*) FROM big)
        SELECT big.k, n.c FROM big CROSS JOIN n ORDER BY big.k"""
    assert words.rows(sql) == [(2, 3), (4, 3), (5, 3)]


def test_correlated_queries(words):
    sql = "SELECT id, (SELECT COUNT(*) FROM dbo.w x WHERE x.t = w.t) AS n FROM dbo.w ORDER BY id"
    assert [n for _, n in words.rows(sql)] == [3, 3, 3, 1, 0]
    sql = "SELECT id FROM dbo.w WHERE EXISTS (SELECT t, n EXCEPT SELECT 'A', 1) ORDER BY id"
    assert [i for (i,) in words.rows(sql)] == [2, 3, 4, 5]
    sql = "SELECT id FROM dbo.w o WHERE n = (SELECT MAX(n) FROM dbo.w i WHERE i.t = o.t)"
    assert sorted(words.rows(sql)) == [(2,), (4,)]


def test_names_that_would_trap_a_careless_translator(open_synapse):
    ddl = """CREATE TABLE [temp].[main] ([select] int, [a]]b] int, ["x"] int, [c0] int, [q] int);
    INSERT INTO [temp].[main] VALUES (1, 2, 3, 4, 5)"""
    with open_synapse(ddl) as made:
        assert made.rows('SELECT [select] AS s, [a]]b] AS b, ["x"] AS x, c0, q FROM [temp].[main]') == [
            (1, 2, 3, 4, 5)
        ]
        made.run("""UPDATE [temp].main SET [a]]b] = "c0" + q, c0 = [select] FROM (SELECT 1 AS c0x) AS q""")
        assert made.table("temp.main") == [(1, 9, 3, 1, 5)]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT nope FROM dbo.w", "207"),
        ("SELECT id FROM dbo.nope", "208"),
        ("SELECT id FROM dbo.w a JOIN dbo.w b ON a.id = b.id", "209"),
        ("SELECT id, COUNT(*) AS n FROM dbo.w", ""),
        ("SELECT 1 AS a UNION SELECT 1, 2", "205"),
        ("SELECT id FROM dbo.w WHERE id", "4145"),
        ("SELECT id FROM dbo.w WHERE id IN (SELECT id, n FROM dbo.w)", "116"),
        ("WITH r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r", "252"),
        ("SELECT id FROM dbo.w TABLESAMPLE (10 PERCENT)", ""),
        ("SELECT id FROM dbo.w FOR JSON AUTO", ""),
        ("SELECT * FROM dbo.w PIVOT (SUM(n), COUNT(n) FOR t IN ([a], [b])) AS p", ""),
        ("SELECT id & n + 1 AS x FROM dbo.w", ""),
        ("SELECT name FROM sys.partitions", ""),
        ("SELECT @@CPU_BUSY AS x", "137"),
        ("SELECT id FROM dbo.w WITH (READPAST)", ""),
    ],
)
def test_a_query_that_is_wrong_or_not_known_is_refused(words, sql, code):
    with pytest.raises(ProgramError) as caught:
        words.rows(f"\n\n{sql}")
    assert (caught.value.code, caught.value.line, caught.value.file) == (code, 3, "query.sql")


def test_a_condition_that_guards_another_is_asked_first(open_synapse):
    ddl = "CREATE TABLE dbo.g (t varchar(5), n int); INSERT dbo.g VALUES ('12', 2), ('x', 0), ('7', 0)"
    with open_synapse(ddl) as made:
        sql = "SELECT t FROM dbo.g WHERE CAST(t AS int) > 5 AND 10 / n > 1 AND t LIKE '[0-9]%' AND n <> 0"
        assert made.rows(sql) == [("12",)]
        made.run("DELETE dbo.g WHERE n <> 0 AND 4 / n = 2")
        assert sorted(made.table("g")) == [("7", 0), ("x", 0)]


def test_a_total_over_nothing_is_noted_only_then(words):
    sql = "SELECT n, COUNT(*) AS c FROM dbo.w WHERE id {} GROUP BY ROLLUP(n)"
    words.rows(sql.format("> 0"))
    assert words.notes == ()
    words.rows(sql.format("> 100"))
    assert any("over no rows" in n for n in words.notes)


def test_the_catalogue_can_be_asked_what_exists(words):
    words.run("CREATE VIEW dbo.v AS SELECT id FROM dbo.w")
    sql = "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES ORDER BY TABLE_NAME"
    assert words.rows(sql) == [("dbo", "v", "VIEW"), ("dbo", "w", "BASE TABLE")]
    sql = "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH FROM INFORMATION_SCHEMA.COLUMNS"
    assert ("t", "varchar", 10) in words.rows(sql)
    sql = "SELECT name FROM sys.tables WHERE name = 'W' AND schema_id = SCHEMA_ID('dbo')"
    assert words.rows(sql) == [("w",)]
    assert words.rows("SELECT name FROM sys.objects WHERE object_id = OBJECT_ID(N'dbo.v', 'V')") == [("v",)]
    assert words.value("OBJECT_ID('dbo.v', 'U')") is None
