"""INSERT, UPDATE and MERGE in small scripts: IDENTITY, DEFAULT, `+=`, and temporary tables with any name."""

from __future__ import annotations

import pyarrow as pa
import pytest

from recon.errors import ProgramError

DIM = "CREATE TABLE dbo.Dim (sk int IDENTITY({}) NOT NULL, g varchar(5) DEFAULT '?');\n"
ON, OFF = "SET IDENTITY_INSERT dbo.Dim ON;", "SET IDENTITY_INSERT dbo.Dim OFF;"
A, B = "INSERT dbo.Dim (g) VALUES ('a');", "INSERT dbo.Dim (g) VALUES ('b');"

# How the table numbers, what is inserted under IDENTITY_INSERT after one row, the number of the row after it.
# https://learn.microsoft.com/en-us/sql/t-sql/statements/set-identity-insert-transact-sql#remarks
# Published: https://www.facility9.com/2009/08/12/a-case-of-shifting-identity/ and, for the step of 10,
# http://www.java2s.com/Tutorial/SQLServer/0300__Sequence-Indentity/ (1, 11, then 5 by hand, then 21)
GIVEN = [
    ("1, 1", "VALUES (101, 'x'), (102, 'y')", 103),
    ("1, 1", "VALUES (102, 'x'), (101, 'y')", 103),
    ("1, 1", "VALUES (-1, 'x')", 2),
    ("1, 1", "VALUES (1, 'x')", 2),
    ("1, 10", "VALUES (5, 'x')", 15),
    ("-1, -1", "VALUES (5, 'x')", -2),
    ("-1, -1", "VALUES (-9, 'x'), (-4, 'y')", -10),
    ("1, 1", "SELECT n, 'x' FROM (VALUES (7), (9), (8)) AS s(n)", 10),
    ("1, 1", "SELECT n, 'x' FROM (VALUES (7)) AS s(n) WHERE n > 7", 2),
    ("1, 1", "OUTPUT inserted.sk SELECT 40, 'x'", 41),
]


@pytest.mark.parametrize(("numbers", "rows", "following"), GIVEN, ids=[f"{g[0]}: {g[1]}" for g in GIVEN])
def test_identity_goes_on_behind_the_furthest_value_that_was_inserted(synapse, numbers, rows, following):
    synapse.run(f"{DIM.format(numbers)}{A}{ON}\nINSERT dbo.Dim (sk, g) {rows}\n{OFF}\n{B}")
    assert [sk for sk, g in synapse.table("dbo.Dim") if g == "b"] == [following]


@pytest.mark.parametrize(("value", "following"), [("102", 103), ("1", 2), ("10", 11)])
def test_identity_of_an_empty_table_goes_on_behind_an_inserted_value(synapse, value, following):
    synapse.run(f"{DIM.format('1, 1')}{ON} INSERT dbo.Dim (sk, g) VALUES ({value}, 'x');\n{OFF} {B}")
    assert (following, "b") in synapse.table("dbo.Dim")
    assert not [n for n in synapse.notes if "seed" in n]


def test_a_value_before_the_seed_of_an_empty_table_is_noted(synapse):
    synapse.run(f"{DIM.format('1, 1')}{ON}\nINSERT dbo.Dim (sk, g) VALUES (-1, 'x');\n{OFF} {B}")
    assert synapse.table("dbo.Dim") == [(-1, "x"), (1, "b")]
    assert [n for n in synapse.notes if "seed" in n and ":3:" in n]


def test_an_inserted_value_outlives_its_row_and_a_rollback(synapse):
    """https://learn.microsoft.com/en-us/sql/t-sql/statements/create-table-transact-sql-identity-property#remarks"""
    synapse.run(
        f"""{DIM.format("1, 1")}{ON} INSERT dbo.Dim (sk) VALUES (50); {OFF}
        DELETE dbo.Dim; {A}
        BEGIN TRAN; {ON} INSERT dbo.Dim (sk) VALUES (70); {OFF} INSERT dbo.Dim DEFAULT VALUES; ROLLBACK;
        {B}"""
    )
    assert synapse.table("dbo.Dim") == [(51, "a"), (72, "b")]


def test_truncate_forgets_the_inserted_values(synapse):
    synapse.run(
        f"{DIM.format('1, 1')}{ON} INSERT dbo.Dim (sk) VALUES (50); {OFF} TRUNCATE TABLE dbo.Dim; {B}"
    )
    assert synapse.table("dbo.Dim") == [(1, "b")]


def test_scope_identity_is_the_value_that_was_inserted(synapse):
    """https://learn.microsoft.com/en-us/sql/t-sql/functions/scope-identity-transact-sql"""
    synapse.run(DIM.format("1, 1") + A)
    assert synapse.rows(
        f"{ON} INSERT dbo.Dim (sk, g) VALUES (101, 'x'), (90, 'y'); {OFF} SELECT SCOPE_IDENTITY() AS x"
    ) == [(90,)]


def test_identity_goes_on_behind_the_rows_of_a_file(open_synapse):
    rows = pa.table({"sk": pa.array([4, 9, 2], pa.int32()), "g": ["p", "q", "r"]})
    with open_synapse(DIM.format("1, 1"), {"dbo.Dim": rows}) as made:
        made.run(B)
        assert (10, "b") in made.table("dbo.Dim")


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (f"{ON} {B}", "545"),
        (f"{ON} INSERT dbo.Dim VALUES (5, 'x')", "8101"),
        ("INSERT dbo.Dim VALUES (5, 'x')", "8101"),
        ("INSERT dbo.Dim (sk) VALUES (5)", "544"),
        (f"{ON} INSERT dbo.Dim (sk, g) VALUES (DEFAULT, 'x'), (5, 'y')", "339"),
        (f"{ON} MERGE dbo.Dim t USING (SELECT 'b' AS g) s ON s.g = t.g WHEN NOT MATCHED THEN INSERT (g) VALUES (s.g);",
         "545"),
    ],
)  # fmt: skip
def test_what_identity_insert_does_not_allow(synapse, statement, code):
    """https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors"""
    synapse.run(DIM.format("1, 1"))
    with pytest.raises(ProgramError) as caught:
        synapse.run(statement)
    assert caught.value.code == code
    assert synapse.table("dbo.Dim") == []


@pytest.mark.parametrize(
    "made",
    [
        "SELECT * INTO dbo.New FROM dbo.Dim",
        "CREATE TABLE dbo.New WITH (HEAP) AS SELECT d.g, d.sk AS k FROM dbo.Dim d WHERE d.sk > 5",
        "SELECT TOP 0 sk INTO #a FROM dbo.Dim; SELECT sk, 'x' AS g INTO dbo.New FROM #a",
    ],
)
def test_a_copy_of_an_identity_column_is_given_its_values(synapse, made):
    """https://learn.microsoft.com/en-us/sql/t-sql/queries/select-into-clause-transact-sql#remarks"""
    synapse.run(f"{DIM.format('1, 1')}{A}")
    for insert in (
        "INSERT dbo.New (g) VALUES ('b')",
        "INSERT dbo.New DEFAULT VALUES",
        "MERGE dbo.New t USING (SELECT 'b' AS g) s ON s.g = t.g WHEN NOT MATCHED THEN INSERT (g) VALUES (s.g);",
    ):
        with pytest.raises(ProgramError, match="may be one"):
            synapse.run(f"{made}; {insert}")
        synapse.run("DROP TABLE dbo.New; DROP TABLE IF EXISTS #a")
    synapse.run(f"{made}; INSERT dbo.New SELECT * FROM dbo.New; DELETE dbo.New")


TWO = """CREATE TABLE dbo.t (i int, v int DEFAULT 7, s varchar(9) DEFAULT 'new');
INSERT dbo.t VALUES (1, 2, 'a'), (2, 3, 'b');
CREATE TABLE stg.t (i int, v int, s varchar(9)); INSERT stg.t VALUES (1, 5, 'x'), (3, 9, 'y');
"""


@pytest.mark.parametrize(
    ("sets", "row"),
    [
        ("v += s.v", (1, 7, "a")),
        ("t.v += s.v", (1, 7, "a")),
        ("[v] -= s.v, s += s.s", (1, -3, "ax")),
        ("v *= s.v + 1, s = DEFAULT", (1, 12, "new")),
        ("v /= CASE WHEN s.v = 5 THEN 2 ELSE 1 END", (1, 1, "a")),
        ("v %= 2, s = s.s + t.s", (1, 0, "xa")),
        ("v = DEFAULT", (1, 7, "a")),
    ],
)
def test_merge_and_update_add_to_a_column_of_the_target(synapse, sets, row):
    """https://learn.microsoft.com/en-us/sql/t-sql/language-elements/compound-operators-transact-sql"""
    synapse.run(TWO)
    merge = f"""MERGE dbo.t AS t USING stg.t AS s ON s.i = t.i WHEN MATCHED AND t.i < 9 THEN UPDATE SET {sets}
        WHEN NOT MATCHED BY TARGET THEN INSERT (i, v, s) VALUES (s.i, DEFAULT, DEFAULT)
        WHEN NOT MATCHED BY SOURCE THEN UPDATE SET v |= 8;"""
    synapse.run(merge)
    assert synapse.table("dbo.t") == [row, (2, 11, "b"), (3, 7, "new")]
    synapse.run("TRUNCATE TABLE dbo.t; INSERT dbo.t VALUES (1, 2, 'a')")
    synapse.run(f"UPDATE t SET {sets} FROM dbo.t AS t JOIN stg.t AS s ON s.i = t.i")
    assert synapse.table("dbo.t") == [row]


@pytest.mark.parametrize(
    "statement",
    [
        "MERGE dbo.t USING stg.t ON stg.t.i = dbo.t.i WHEN MATCHED THEN UPDATE SET v += stg.t.v;",
        "UPDATE dbo.t SET v += stg.t.v FROM stg.t WHERE stg.t.i = dbo.t.i",
        "WITH c AS (SELECT i, v AS w FROM dbo.t) UPDATE c SET w += 5 WHERE i = 1",
        "WITH s AS (SELECT * FROM stg.t) MERGE dbo.t t USING s ON s.i = t.i WHEN MATCHED THEN UPDATE SET v += s.v;",
    ],
)
def test_the_target_of_plus_equals_is_found_under_each_name(synapse, statement):
    synapse.run(TWO)
    synapse.run(statement)
    assert synapse.table("dbo.t")[0] == (1, 7, "a")


def test_what_a_merge_may_not_set(synapse):
    synapse.run(TWO)
    head = "MERGE dbo.t t USING stg.t s ON s.i = t.i WHEN MATCHED THEN UPDATE SET"
    for sets, code in (("v = v + s.v", "209"), ("v += s.v, v = 1", "264"), ("nope += 1", "207")):
        with pytest.raises(ProgramError) as caught:
            synapse.run(f"{head} {sets};")
        assert caught.value.code == code, sets


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("VALUES (9, DEFAULT, 'x'), (10, NULL, DEFAULT)", [(9, 7, "x"), (10, None, "new")]),
        ("VALUES (9, DEFAULT, DEFAULT), (10, DEFAULT, DEFAULT)", [(9, 7, "new"), (10, 7, "new")]),
        ("VALUES (9, 1.9, 'x'), (10, DEFAULT, 'y')", [(9, 1, "x"), (10, 7, "y")]),
        ("(s, i) VALUES (DEFAULT, 9), ('z', 10)", [(9, 7, "new"), (10, 7, "z")]),
        ("VALUES (9, DEFAULT, DEFAULT)", [(9, 7, "new")]),
    ],
)
def test_default_may_stand_in_any_row_of_values(synapse, rows, found):
    synapse.run(f"{TWO} DELETE dbo.t; INSERT dbo.t {rows}")
    assert synapse.table("dbo.t") == found


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("VALUES (9, DEFAULT, 5), (10, 1, DEFAULT)", "another type"),
        ("VALUES (9, DEFAULT), (10, 1)", "number of values"),
        ("VALUES (9, DEFAULT, 'x', 1), (10, 1, 'y', 2)", "number of values"),
        ("(i) VALUES (NEXT VALUE FOR dbo.n), (NEXT VALUE FOR dbo.n)", "NEXT VALUE FOR"),
        ("(i, v) VALUES (NEXT VALUE FOR dbo.n, DEFAULT), (1, 2)", "NEXT VALUE FOR"),
    ],
)
def test_values_that_are_not_certain_are_refused(synapse, rows, said):
    synapse.run(f"{TWO} DELETE dbo.t; CREATE SEQUENCE dbo.n START WITH 1")
    with pytest.raises(ProgramError, match=said):
        synapse.run(f"INSERT dbo.t {rows}")
    assert synapse.table("dbo.t") == []


@pytest.mark.parametrize(
    "word",
    [
        "inner",
        "values",
        "union",
        "join",
        "from",
        "select",
        "insert",
        "table",
        "order",
        "where",
        "set",
        "2024",
        "t",
    ],
)
def test_a_temporary_table_may_be_called_like_a_keyword(synapse, word):
    t = f"#{word}"
    found = synapse.rows(
        f"""CREATE TABLE {t} (a int, b int); INSERT {t} VALUES (1, 2), (2, 3); INSERT INTO {t} (a) VALUES (3)
        INSERT {t} SELECT a + 10, b FROM {t} WHERE {t}.a < 3
        UPDATE {t} SET b += 1 WHERE a = 1
        UPDATE x SET b = 0 FROM {t} x WHERE x.b IS NULL
        DELETE FROM {t} WHERE {t}.a = 12
        MERGE {t} USING (SELECT 2 AS a) s ON s.a = {t}.a WHEN MATCHED THEN UPDATE SET b = 30;
        SELECT a, SUM(b) AS b INTO #{word}2 FROM tempdb..{t} AS j GROUP BY a
        SELECT j.a, k.b FROM {t} j JOIN #{word}2 AS k ON k.a = j.a ORDER BY j.a
        DROP TABLE IF EXISTS {t}, #{word}2"""
    )
    assert found == [(1, 3), (2, 30), (3, 0), (11, 2)]
    assert synapse.rows(f"SELECT 1 AS a INTO ##{word}; SELECT a FROM ##{word}; DROP TABLE ##{word}") == [(1,)]


def test_a_keyword_as_a_name_keeps_its_place_in_loops_and_calls(synapse):
    synapse.run(
        """CREATE PROC dbo.p AS SELECT 5 AS a INTO #select; IF EXISTS (SELECT 1 FROM #select) SELECT a FROM #select
        GO
        CREATE TABLE #insert (a int); INSERT #insert EXEC dbo.p
        WHILE (SELECT COUNT(*) FROM #insert) < 3 INSERT #insert SELECT MAX(a) + 1 FROM #insert
        SELECT * INTO dbo.Kept FROM #insert"""
    )
    assert synapse.table("dbo.Kept") == [(5,), (6,), (7,)]
