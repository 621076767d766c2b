"""User-defined functions, ALTER TABLE with rows in it, and partitions that change their table."""

from __future__ import annotations

from datetime import date

import pytest

from recon.errors import ProgramError

ROWS = """CREATE TABLE dbo.T (id int, g varchar(5), v decimal(9, 2));
INSERT INTO dbo.T VALUES (1, 'a', 1.5), (2, 'b', NULL), (3, 'a', 4);
GO
"""
PARTS = "WITH (DISTRIBUTION = HASH(k), PARTITION (m RANGE {} FOR VALUES (10, 20)))"


def returned(synapse, function, query):
    return sorted(synapse.rows(f"{ROWS}{function}\nGO\n{query}"), key=str)


def test_a_scalar_function_follows_its_statements(synapse):
    function = """CREATE FUNCTION dbo.f (@id int, @factor int = 10) RETURNS varchar(20) AS
    BEGIN
        DECLARE @n int = @id, @said varchar(20);
        IF @n = 1
            SET @n += 100;
        ELSE IF @n = 2
        BEGIN
            DECLARE @extra int = 5;
            SET @n = @n * @factor + @extra;
        END
        SELECT @said = CONCAT('n', @n), @n = 0;
        IF @n <> 0 RETURN 'never';
        RETURN @said;
    END"""
    assert returned(
        synapse, function, "SELECT id, dbo.f(id, DEFAULT) AS x, dbo.f(id, 2) AS y FROM dbo.T"
    ) == [
        (1, "n101", "n101"),
        (2, "n25", "n9"),
        (3, "n3", "n3"),
    ]


def test_parameters_and_result_take_their_declared_types(synapse):
    function = """CREATE FUNCTION dbo.f (@t varchar(3), @d decimal(9, 1)) RETURNS int AS
    BEGIN RETURN LEN(@t) * 100 + @d END"""
    assert returned(synapse, function, "SELECT dbo.f('abcdef', 2.55) AS x") == [(302,)]


def test_a_function_reads_tables_and_keeps_a_variable_where_no_row_is(synapse):
    function = """CREATE FUNCTION dbo.f (@g varchar(5)) RETURNS decimal(9, 2) AS
    BEGIN
        DECLARE @v decimal(9, 2) = -1;
        SELECT @v = MAX(v) FROM dbo.T WHERE g = @g;
        DECLARE @w decimal(9, 2) = -2;
        SELECT @w = v FROM dbo.T WHERE g = @g AND id = 3;
        RETURN @v + @w;
    END"""
    assert [str(r[0]) for r in returned(synapse, function, "SELECT dbo.f(t.g) AS x FROM dbo.T t")] == [
        "8.00",
        "8.00",
        "None",
    ]


DIGITS = """CREATE FUNCTION dbo.f (@s varchar(20)) RETURNS varchar(20) AS
BEGIN
    IF @s IS NULL RETURN 'none';
    DECLARE @p int = PATINDEX('%[^0-9]%', @s);
    WHILE @p > 0
    BEGIN
        SET @s = STUFF(@s, @p, 1, '');
        SET @p = PATINDEX('%[^0-9]%', @s);
    END
    RETURN @s;
END"""


def test_a_loop_in_a_function_runs_for_each_row(synapse):
    synapse.run(
        """CREATE TABLE dbo.S (id int, s varchar(20));
        INSERT dbo.S VALUES (1, 'a1b22'), (2, NULL), (3, '33'), (4, '(0)4-5'), (5, ''), (6, 'a1b22')"""
    )
    synapse.run(DIGITS)
    assert synapse.rows("SELECT id, dbo.f(s) AS d FROM dbo.S ORDER BY id") == [
        (1, "122"), (2, "none"), (3, "33"), (4, "045"), (5, ""), (6, "122"),
    ]  # fmt: skip
    assert synapse.rows("SELECT id FROM dbo.S WHERE dbo.f(s) = dbo.f('1-2-2') ORDER BY id") == [(1,), (6,)]
    assert synapse.rows("DECLARE @d varchar(9) = dbo.f('x9y8'); SELECT @d AS d") == [("98",)]
    synapse.run("UPDATE dbo.S SET s = dbo.f(s) WHERE id < 3")
    counted = (
        "SELECT d, COUNT(*) AS n FROM (SELECT dbo.f(s) AS d FROM dbo.S) x GROUP BY d HAVING COUNT(*) > 1"
    )
    assert sorted(synapse.rows(counted)) == [("", 2), ("122", 2)]


def test_a_loop_keeps_types_and_leaves_the_other_branch_alone(synapse):
    function = """CREATE FUNCTION dbo.f (@n int, @by int) RETURNS varchar(40) AS
    BEGIN
        DECLARE @all varchar(40) = '', @left decimal(9, 2) = @n, @odd bit = 0, @none date;
        IF @by = 0
            SET @all = 'zero';
        ELSE
        BEGIN
            SET @left = @n / @by;
            WHILE @left >= 1 AND LEN(@all) < 30
            BEGIN
                IF @left % 2 = 1 SELECT @all = @all + '1', @odd = 1; ELSE SET @all += '0';
                SET @left = FLOOR(@left / 2);
            END
        END
        RETURN CONCAT(@all, '|', @left, '|', @odd, '|', @none);
    END"""
    query = "SELECT id, dbo.f(id + 3, id - 2) AS x, dbo.f(NULL, 1) AS y FROM dbo.T"
    assert returned(synapse, function, query) == [
        (1, "|-4.00|0|", "||0|"),
        (2, "zero|5.00|0|", "||0|"),
        (3, "011|0.00|1|", "||0|"),
    ]


def test_a_loop_does_not_begin_where_null_input_gives_null(synapse):
    function = """CREATE FUNCTION dbo.f (@s varchar(9)) RETURNS varchar(9) WITH RETURNS NULL ON NULL INPUT AS
    BEGIN WHILE LEN(ISNULL(@s, '')) < 3 SET @s = '0' + @s RETURN @s END"""
    assert returned(synapse, function, "SELECT dbo.f(NULL) AS a, dbo.f('7') AS b") == [(None, "007")]


def test_a_loop_may_call_a_function_with_a_loop(synapse):
    function = """CREATE FUNCTION dbo.g (@n int) RETURNS int AS
    BEGIN DECLARE @r int = 0; WHILE @n > 0 BEGIN SET @r += @n; SET @n -= 1 END RETURN @r END
    GO
    CREATE FUNCTION dbo.f (@n int) RETURNS int AS
    BEGIN DECLARE @r int = 0; WHILE @n > 0 BEGIN SET @r += dbo.g(@n); SET @n -= 1 END RETURN @r END"""
    assert returned(synapse, function, "SELECT id, dbo.f(id * 2) AS x FROM dbo.T") == [
        (1, 4),
        (2, 20),
        (3, 56),
    ]


def test_an_error_in_a_loop_has_its_number(synapse):
    function = """CREATE FUNCTION dbo.f (@n int) RETURNS int AS
    BEGIN DECLARE @r int = 1; WHILE @n > 1 BEGIN SET @r = @r * @n; SET @n -= 1 END RETURN @r END"""
    assert returned(synapse, function, "SELECT SUM(dbo.f(id)) AS x, MAX(dbo.f(12)) AS y FROM dbo.T") == [
        (9, 479001600)
    ]
    with pytest.raises(ProgramError) as caught:
        synapse.rows("SELECT dbo.f(13) AS x")
    assert caught.value.code == "8115"


def test_null_on_null_input_does_not_run_the_body(synapse):
    function = """CREATE FUNCTION dbo.f (@a int) RETURNS int WITH RETURNS NULL ON NULL INPUT AS
    BEGIN RETURN ISNULL(@a, 7) END"""
    assert returned(synapse, function, "SELECT dbo.f(NULL) AS a, dbo.f(2) AS b") == [(None, 2)]


def test_a_parameter_is_not_mistaken_for_a_column_of_the_body(synapse):
    function = """CREATE FUNCTION dbo.f (@id int) RETURNS int AS
    BEGIN RETURN (SELECT COUNT(*) FROM dbo.T WHERE id <= @id) END"""
    assert returned(synapse, function, "SELECT T.id, dbo.f(T.id) AS n FROM dbo.T T WHERE dbo.f(id) > 1") == [
        (2, 2),
        (3, 3),
    ]


def test_an_inline_table_function_is_a_query_with_parameters(synapse):
    function = """CREATE FUNCTION dbo.f (@g varchar(5), @least int) RETURNS TABLE AS
    RETURN (WITH c AS (SELECT id, v FROM dbo.T WHERE g = @g) SELECT id, v FROM c WHERE id >= @least)"""
    assert returned(synapse, function, "SELECT f.id FROM dbo.f('A', 2) f") == [(3,)]
    with pytest.raises(ProgramError, match="already an object"):
        synapse.run(function)
    again = "SELECT t.id AS i, f.id AS j FROM dbo.T t OUTER APPLY dbo.f(t.g, t.id + 1) f"
    assert sorted(synapse.rows(again), key=str) == [(1, 3), (2, None), (3, None)]


def test_statements_fill_a_table_variable(synapse):
    function = """CREATE FUNCTION dbo.f (@n int) RETURNS @out TABLE (i int, s varchar(3)) AS
    BEGIN
        DECLARE @i int = 1;
        WHILE @i <= @n
        BEGIN
            INSERT INTO @out (i, s) VALUES (@i, REPLICATE('x', @i));
            SET @i += 1;
        END
        DELETE FROM @out WHERE i = 2;
        RETURN;
    END"""
    assert returned(synapse, function, "SELECT f.i, f.s FROM dbo.f(2 + 1) f") == [(1, "x"), (3, "xxx")]
    assert synapse.rows("SELECT COUNT(*) AS n FROM dbo.f(3) a JOIN dbo.f(1) b ON b.i = a.i") == [(1,)]


@pytest.mark.parametrize(
    ("function", "query", "line", "said"),
    [
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN WHILE @a > 0 BEGIN\nIF @a = 1 BREAK SET @a -= 1 END RETURN @a END",
         "SELECT dbo.f(1) AS x", 5, "BREAK within WHILE"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN WHILE @a > 0\nRETURN 1 RETURN @a END",
         "SELECT dbo.f(1) AS x", 5, "RETURN within WHILE"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN WHILE @a > 0 BEGIN\nDECLARE @b int; SET @a -= 1 END RETURN @a END",
         "SELECT dbo.f(1) AS x", 5, "DECLARE within WHILE"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN WHILE @a > 0 BEGIN\nWHILE @a > 5 SET @a -= 1 SET @a -= 1 END RETURN @a END",
         "SELECT dbo.f(1) AS x", 5, "WHILE within WHILE"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN WHILE @a > 0\nSET @a = (SELECT MAX(id) FROM dbo.T) RETURN @a END",
         "SELECT dbo.f(1) AS x", 5, "a query within WHILE"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN WHILE @a > 0 SET @a -= 1 RETURN @a END",
         "SELECT dbo.f(COUNT(*)) AS x FROM dbo.T", 6, "aggregate or a window"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN WHILE @a > 0 SET @a -= 1 RETURN @a END",
         "SELECT dbo.f(ROW_NUMBER() OVER (ORDER BY id)) AS x FROM dbo.T", 6, "aggregate or a window"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN WHILE @a > 0 SET @a = 1 RETURN @a END",
         "SELECT dbo.f(1) AS x", 6, "goes on after"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN\nSET @a = 1 END", "SELECT dbo.f(1) AS x", 4, "RETURN"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN RETURN dbo.f(@a) END", "SELECT dbo.f(1) AS x", 4, "deeply"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN RETURN @a END", "SELECT dbo.f(1, 2) AS x", 6, "more arguments"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN RETURN @a END", "SELECT dbo.f(DEFAULT) AS x", 6, "no default"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS int AS BEGIN RETURN @b END", "SELECT dbo.f(1) AS x", 4, "@b is not declared"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS TABLE AS RETURN SELECT @a AS x", "SELECT dbo.f(1) AS x", 6, "returns a table"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS @t TABLE (i int) AS BEGIN\nDELETE FROM dbo.T RETURN END",
         "SELECT i FROM dbo.f(1) f", 5, "not allowed in a function"),
        ("CREATE FUNCTION dbo.f (@a int) RETURNS @t TABLE (i int) AS BEGIN INSERT INTO @t VALUES (@a) RETURN END",
         "SELECT f.i FROM dbo.T t CROSS APPLY dbo.f(t.id) f", 6, "constant arguments"),
        ("DROP FUNCTION IF EXISTS dbo.f", "SELECT dbo.f(1) AS x", 6, "no function dbo.f"),
    ],
)  # fmt: skip
def test_what_a_function_may_not_do_is_refused_with_its_line(synapse, function, query, line, said):
    with pytest.raises(ProgramError) as caught:
        returned(synapse, function, query)
    assert said in str(caught.value)
    assert caught.value.line in (line, line + 1), str(caught.value)


def test_the_table_stays_as_it_was_where_a_column_cannot_be_converted(synapse):
    with pytest.raises(ProgramError):
        synapse.run(ROWS + "ALTER TABLE dbo.T ALTER COLUMN g int")
    assert synapse.rows("SELECT g FROM dbo.T WHERE id = 2") == [("b",)]


def test_a_column_changes_its_type_with_its_rows(synapse):
    synapse.run(
        ROWS + "ALTER TABLE dbo.T ALTER COLUMN v int NULL; ALTER TABLE dbo.T ALTER COLUMN id bigint NOT NULL"
    )
    assert synapse.table("dbo.T") == [(1, "a", 1), (2, "b", None), (3, "a", 4)]
    with pytest.raises(ProgramError, match="NULL"):
        synapse.run("INSERT INTO dbo.T (g) VALUES ('x')")


@pytest.mark.parametrize(("side", "moved"), [("RIGHT", [(2, 10), (3, 15)]), ("LEFT", [(3, 15), (4, 20)])])
def test_a_partition_changes_its_table(synapse, side, moved):
    options = PARTS.format(side)
    synapse.run(f"""CREATE TABLE dbo.F (k int, m int) {options}
    CREATE TABLE dbo.G (k int, m int) {options}
    INSERT INTO dbo.F VALUES (1, 9), (2, 10), (3, 15), (4, 20), (5, 21), (6, NULL)
    INSERT INTO dbo.G VALUES (7, 15)
    ALTER TABLE dbo.F SWITCH PARTITION 2 TO dbo.G PARTITION 2 WITH (TRUNCATE_TARGET = ON)""")
    assert synapse.table("dbo.G") == moved
    assert len(synapse.table("dbo.F")) == 4
    with pytest.raises(ProgramError, match="must be empty"):
        synapse.run("ALTER TABLE dbo.F SWITCH PARTITION 1 TO dbo.G PARTITION 2")
    synapse.run("ALTER TABLE dbo.F SWITCH PARTITION 1 TO dbo.G PARTITION 1")
    assert (6, None) in synapse.table("dbo.G"), "NULL lies in the first partition"


def test_boundaries_come_and_go(synapse):
    synapse.run(f"""CREATE TABLE dbo.F (k int, m date) {PARTS.format("RIGHT").replace("10, 20", "'2024-01-01', '2024-03-01'")}
    CREATE TABLE dbo.G (k int, m date)
    INSERT INTO dbo.F VALUES (1, '2023-12-31'), (2, '2024-01-31'), (3, '2024-02-01'), (4, '2024-03-01')
    ALTER TABLE dbo.F SPLIT RANGE ('2024-02-01')
    ALTER TABLE dbo.F MERGE RANGE ('2024-01-01')
    ALTER TABLE dbo.F SWITCH PARTITION 1 TO dbo.G""")
    assert synapse.table("dbo.G") == [(1, date(2023, 12, 31)), (2, date(2024, 1, 31))]
