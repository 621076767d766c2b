"""Rows that tie: what T-SQL leaves open is noted when it shows in the result, and only then."""

from __future__ import annotations

import pytest

DDL = """
CREATE TABLE dbo.c (cust int, status varchar(9), amt int, upd int, load_id int);
INSERT dbo.c VALUES (1, 'open', 5, 9, 1), (1, 'shut', 7, 9, 2), (1, 'new', 1, 3, 3),
                    (2, 'open', 4, 8, 4), (2, 'old', 4, 2, 5), (2, 'older', 3, 2, 6),
                    (3, 'same', 6, 1, 7), (3, 'same', 6, 1, 8);
CREATE TABLE dbo.d (id int, cust int); INSERT dbo.d VALUES (10, 1), (20, 2), (30, 3);
"""
NUMBERED = "ROW_NUMBER() OVER (PARTITION BY cust ORDER BY upd DESC) AS rn"
OPEN = {
    "rn = 1": f"SELECT cust, status FROM (SELECT *, {NUMBERED} FROM dbo.c) x WHERE rn = 1",
    "rn < 2 in a CTE": f"WITH w AS (SELECT *, {NUMBERED} FROM dbo.c) SELECT amt, rn FROM w WHERE 2 > rn",
    "rn in 1, 2": f"SELECT status FROM (SELECT *, {NUMBERED} FROM dbo.c WHERE cust = 2) x WHERE rn IN (1, 2)",
    "a star takes all": f"SELECT * FROM (SELECT *, {NUMBERED} FROM dbo.c WHERE cust = 3) x WHERE rn = 1",
    "rn joins rows": f"WITH w AS (SELECT cust, status, {NUMBERED} FROM dbo.c WHERE cust = 1)"
    " SELECT a.status FROM w a JOIN w b ON b.rn = a.rn + 1",
    "grouped": "SELECT cust FROM (SELECT cust, ROW_NUMBER() OVER (ORDER BY COUNT(*)) AS n FROM dbo.c"
    " WHERE cust > 1 AND load_id NOT IN (6) GROUP BY cust) x WHERE n = 1",
    "first value": "SELECT DISTINCT cust, FIRST_VALUE(status) OVER (PARTITION BY cust ORDER BY upd DESC) AS s"
    " FROM dbo.c",
    "last value": "SELECT LAST_VALUE(status) OVER (PARTITION BY cust ORDER BY upd) AS s FROM dbo.c",
    "lag": "SELECT status, LAG(amt) OVER (ORDER BY upd) AS b FROM dbo.c WHERE cust = 2",
    "running total": "SELECT status, SUM(amt) OVER (ORDER BY upd ROWS UNBOUNDED PRECEDING) AS t FROM dbo.c",
    "TOP in APPLY": "SELECT d.id, x.status FROM dbo.d d OUTER APPLY"
    " (SELECT TOP 1 c.status FROM dbo.c c WHERE c.cust = d.cust ORDER BY c.upd DESC) x",
    "TOP in a value": "SELECT d.id, (SELECT TOP (1) c.amt FROM dbo.c c WHERE d.cust = c.cust AND c.upd < d.id"
    " ORDER BY c.upd DESC) AS a FROM dbo.d d",
    "TOP with ties of ROW_NUMBER": "SELECT TOP 1 WITH TIES cust, status FROM dbo.c"
    " ORDER BY ROW_NUMBER() OVER (PARTITION BY cust ORDER BY upd DESC)",
}
SETTLED = {
    "no tie at the cut": f"SELECT status FROM (SELECT *, {NUMBERED} FROM dbo.c WHERE cust = 2) x WHERE rn = 1",
    "what ties is alike": f"SELECT cust, status FROM (SELECT *, {NUMBERED} FROM dbo.c WHERE cust = 3) x"
    " WHERE rn = 1",
    "what differs is not taken": f"SELECT cust, amt FROM (SELECT *, {NUMBERED} FROM dbo.c WHERE cust = 3) x"
    " WHERE rn <= 1",
    "both are taken": f"SELECT status FROM (SELECT *, {NUMBERED} FROM dbo.c WHERE cust = 1) x WHERE rn < 3",
    "first value": "SELECT FIRST_VALUE(status) OVER (PARTITION BY cust ORDER BY upd DESC) AS s FROM dbo.c"
    " WHERE cust > 1",
    "a sum by range": "SELECT status, SUM(amt) OVER (ORDER BY upd) AS t FROM dbo.c",
    "TOP in APPLY": "SELECT d.id, x.status FROM dbo.d d CROSS APPLY"
    " (SELECT TOP 1 c.status FROM dbo.c c WHERE c.cust = d.cust AND c.cust > 1 ORDER BY c.upd DESC) x",
    "TOP with ties of ROW_NUMBER": "SELECT TOP 1 WITH TIES cust, status FROM dbo.c WHERE cust > 1"
    " ORDER BY ROW_NUMBER() OVER (PARTITION BY cust ORDER BY upd DESC)",
}


@pytest.mark.parametrize("sql", OPEN.values(), ids=OPEN)
def test_ties_that_show(open_synapse, sql):
    with open_synapse(DDL) as made:
        made.rows(sql)
        assert [n for n in made.notes if "tie" in n and n.endswith("is not defined in T-SQL")], made.notes
        assert not [n for n in made.notes if "of ROW_NUMBER;" in n], "that one does not hold a MATCH back"


@pytest.mark.parametrize("sql", SETTLED.values(), ids=SETTLED)
def test_ties_that_do_not(open_synapse, sql):
    with open_synapse(DDL) as made:
        made.rows(sql)
        assert not [n for n in made.notes if "tie" in n], made.notes


def test_top_with_ties_by_row_number_takes_the_first_of_each(open_synapse):
    with open_synapse(DDL) as made:
        rows = made.rows(
            "SELECT TOP (1) WITH TIES cust, load_id FROM dbo.c"
            " ORDER BY ROW_NUMBER() OVER (PARTITION BY cust ORDER BY upd DESC, load_id)"
        )
        assert sorted(rows) == [(1, 1), (2, 4), (3, 7)]
        assert sorted(made.rows("SELECT TOP 40 PERCENT load_id FROM dbo.c ORDER BY amt + upd DESC")) == [
            (1,), (2,), (4,), (7,),
        ][:4]  # fmt: skip


SPELLED = """
CREATE TABLE dbo.s (id int, region varchar(9), amt int);
INSERT dbo.s VALUES (1, 'North', 5), (1, 'NORTH', 7), (2, 'South', 1), (2, 'South ', 4);
"""


@pytest.mark.parametrize(
    ("sql", "noted"),
    [
        ("SELECT region, SUM(amt) AS a FROM dbo.s GROUP BY region", True),
        ("SELECT COUNT(*) AS n, SUM(amt) AS a FROM dbo.s GROUP BY region", False),
        ("SELECT UPPER(RTRIM(region)) AS r, SUM(amt) AS a FROM dbo.s GROUP BY region", False),
        ("SELECT UPPER(region) AS r FROM dbo.s GROUP BY region", True),  # 'South ' keeps its blank
        ("SELECT UPPER(region) AS r FROM dbo.s WHERE id = 1 GROUP BY region", False),
        ("SELECT region + CAST(SUM(amt) AS varchar(9)) AS r FROM dbo.s GROUP BY region", True),
        ("SELECT region FROM dbo.s WHERE amt IN (5, 1) GROUP BY region", False),
        (
            "WITH t AS (SELECT id, region, SUM(amt) AS amt FROM dbo.s GROUP BY id, region)"
            " SELECT id, SUM(amt) AS a, COUNT(*) AS n FROM t GROUP BY id",
            False,
        ),
        ("SELECT id, COUNT(*) OVER (PARTITION BY region) AS n FROM dbo.s GROUP BY id, region", False),
        ("SELECT id, MAX(region) OVER (PARTITION BY id) AS r FROM dbo.s GROUP BY id, region", True),
        ("SELECT r FROM (SELECT region AS r, id FROM dbo.s GROUP BY id, region) x", True),
        ("SELECT * FROM (SELECT region, id FROM dbo.s GROUP BY id, region) x", True),
    ],
)
def test_a_spelling_is_noted_where_it_shows(open_synapse, sql, noted):
    with open_synapse(SPELLED) as made:
        made.rows(sql)
        assert any("differ only in case" in n for n in made.notes) is noted, made.notes
