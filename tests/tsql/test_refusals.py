"""What is understood and dropped, what is refused with its line, and what never becomes a wrong result."""

from __future__ import annotations

import random
import re

import duckdb
import pytest

from recon.connectors.local.source import LocalSource
from recon.errors import ProgramError, ReconError
from recon.model import Script

DROPPED = """
CREATE SCHEMA stg AUTHORIZATION dbo;
GO
CREATE TABLE stg.T (
    [id] int NOT NULL PRIMARY KEY NONCLUSTERED NOT ENFORCED,
    [d] date NOT NULL,
    [v] varchar(10) COLLATE Latin1_General_100_BIN2_UTF8 MASKED WITH (FUNCTION = 'default()') NULL,
    CONSTRAINT UQ_T UNIQUE ([id]) NOT ENFORCED
)
WITH (
    DISTRIBUTION = HASH([id]),
    CLUSTERED COLUMNSTORE INDEX ORDER ([d]),
    PARTITION ([d] RANGE RIGHT FOR VALUES ('2024-01-01', '2024-02-01'))
);
CREATE STATISTICS s ON stg.T ([id]) WITH FULLSCAN;
CREATE NONCLUSTERED INDEX i ON stg.T ([d]);
UPDATE STATISTICS stg.T;
GRANT SELECT ON stg.T TO reader;
SET NOCOUNT, XACT_ABORT ON;
SET ANSI_NULLS ON;
SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED;
WAITFOR DELAY '00:00:01';
INSERT INTO stg.T WITH (TABLOCK) SELECT 1, '2024-01-31', 'a' OPTION (LABEL = 'x', MAXDOP 1);
INSERT stg.T VALUES (1, '2024-01-31', 'A');
ALTER INDEX ALL ON stg.T REBUILD;
DECLARE @n int;
SELECT @n = COUNT(*) FROM stg.T AS a (NOLOCK) INNER HASH JOIN stg.T b WITH (NOLOCK, INDEX(i)) ON a.id = b.id
    LEFT LOOP JOIN stg.T c ON c.v = a.v OPTION (HASH JOIN, FORCE ORDER);
PRINT 'rows: ' + CAST(@n AS varchar(10));
"""


def test_storage_hints_and_options_are_understood_and_dropped(synapse):
    synapse.run(DROPPED)
    assert [v for _, _, v in synapse.table("stg.T")] == ["A", "a"]
    assert synapse.notes == ()


REFUSED = [
    (
        "CREATE TABLE dbo.t (a int) WITH (DISTRIBUTION = ROUND_ROBIN, MEMORY_OPTIMIZED = ON)",
        "MEMORY_OPTIMIZED",
    ),
    ("CREATE EXTERNAL TABLE dbo.t (a int) WITH (LOCATION = 'x')", "EXTERNAL"),
    ("CREATE TABLE dbo.t (a xml)", "xml"),
    ("CREATE TABLE dbo.t (a decimal(40, 2))", "size 40"),
    ("CREATE TABLE dbo.t (a varchar(9000))", "size 9000"),
    ("CREATE TABLE dbo.t (a int(5))", "no size"),
    ("CREATE TABLE dbo.t (a int IDENTITY(x, 1))", "IDENTITY"),
    ("CREATE TABLE dbo.t (a int, b AS a + 1)", "column b"),
    ("CREATE TABLE dbo.t (a int CHECK (a > 1))", "CHECK"),
    ("CREATE TABLE dbo.t AS SELECT 1", "no name"),
    ("CREATE TRIGGER x ON t AFTER INSERT AS SELECT 1", "TRIGGER"),
    ("INSERT INTO w OUTPUT inserted.nope SELECT 1, 'a'", "nope"),
    ("INSERT INTO w OUTPUT inserted.id INTO dbo.nowhere SELECT 1, 'a'", "nowhere"),
    ("INSERT INTO w (id) SELECT 1, 'a'", "more values"),
    ("INSERT INTO w (id, id) SELECT 1, 2", "twice"),
    ("INSERT INTO w (nope) VALUES (1)", "nope"),
    ("UPDATE w SET nope = 1", "nope"),
    ("UPDATE w SET id = 1, ID = 2", "twice"),
    ("UPDATE TOP (1) PERCENT w SET id = 1", "TOP"),
    ("DELETE TOP (-1) FROM w", "negative"),
    ("DELETE FROM v", "view"),
    ("TRUNCATE TABLE w WITH (PARTITIONS (1))", "TRUNCATE"),
    ("ALTER TABLE w SWITCH TO x", "there is no table x"),
    ("COPY INTO w FROM 'https://a'", "COPY"),
    ("EXEC dbo.not_here 1", "not_here"),
    ("EXEC @name", "computed name"),
    ("SAVE TRANSACTION x", "SAVE"),
    ("GOTO done", "GOTO"),
    ("DBCC CHECKDB", "DBCC"),
    ("SET ANSI_NULLS OFF", "ANSI_NULLS"),
    ("SET ROWCOUNT 10", "ROWCOUNT"),
    ("SET DATEFORMAT dmy", "DATEFORMAT"),
    ("SET @nope = 1", "@nope"),
    ("SELECT @nope = 1", "@nope"),
    ("DECLARE @x int; SELECT @x = 1, 2 AS b", "sets variables or returns rows"),
    ("DECLARE @n int = 0; SELECT @n = @n + (SELECT MAX(id) FROM w) FROM w", "adds up over a query"),
    ("DECLARE @n int = 0; SELECT @n = SUM(@n + id) FROM w", "inside an aggregate"),
    ("CREATE SEQUENCE s AS int CYCLE", "SEQUENCE"),
    ("INSERT w (id) SELECT NEXT VALUE FOR dbo.nope", "no sequence"),
    ("DECLARE @x datetimeoffset", "datetimeoffset"),
    ("SELECT CAST('2024-01-31' AS datetime) + CAST('10:00' AS time) AS x", "cannot be calculated"),
    ("SELECT CAST('2024-01-31' AS datetime2) - CAST('2024-01-30' AS datetime) AS x", "cannot be calculated"),
    ("SELECT PARSENAME('[a.b].c', 1) AS x", "brackets"),
    ("DECLARE @x dbo.Code", "dbo"),
    ("IF 1 SELECT 1 AS a", "condition"),
    ("BREAK", "WHILE"),
    ("THROW", "CATCH"),
    (
        "MERGE TOP (5) w USING (SELECT 1 AS id) s ON s.id = w.id WHEN MATCHED THEN DELETE",
        "TOP",
    ),
    ("CREATE PROC p AS SELECT 1 SELECT 2\nGO\nINSERT w (id, t) EXEC p", "exactly one result"),
    ("SET", "SET"),
    ("ALTER TABLE w ADD CONSTRAINT c CHECK (id > 0)", "CHECK"),
    ("ALTER TABLE w ADD k int IDENTITY", "IDENTITY"),
    ("ALTER TABLE w SPLIT RANGE (5)", "no partitions"),
    ("ALTER TABLE w SWITCH PARTITION 2 TO w", "no partitions"),
    ("FETCH PRIOR FROM c INTO @a", "FETCH"),
]


@pytest.mark.parametrize(("text", "said"), REFUSED, ids=[r[0][:50] for r in REFUSED])
def test_a_statement_that_is_not_known_is_refused_with_its_line(open_synapse, text, said):
    with open_synapse(
        "CREATE TABLE dbo.w (id int, t varchar(5))\nGO\nCREATE VIEW dbo.v AS SELECT id FROM dbo.w"
    ) as made:
        with pytest.raises(ProgramError) as caught:
            made.run(f"SELECT 1 AS a\nGO\n-- comment\n{text}")
        assert said in str(caught.value)
        assert caught.value.hint or caught.value.code, "a refusal says what to do, an error has its number"
        assert caught.value.file == "synapse.sql"
        assert caught.value.line >= 4 or (caught.value.line == 0 and text == "BREAK")
        assert made.table("w") == []


def test_an_error_in_dynamic_sql_says_where_both_are(synapse):
    with pytest.raises(ProgramError) as caught:
        synapse.run("\n\nEXEC ('SELECT 1 AS a\nSELECT nope AS b FROM nowhere')")
    assert caught.value.file == "synapse.sql:3 (dynamic SQL)"
    assert caught.value.line == 2


def test_a_message_never_holds_a_value_of_a_row(open_synapse):
    ddl = "CREATE TABLE dbo.s (secret varchar(20)); INSERT dbo.s VALUES ('hunter2')"
    for sql in (
        "SELECT CAST(secret AS int) AS x FROM dbo.s",
        "SELECT CAST(secret AS date) AS x FROM dbo.s",
        "DECLARE @s varchar(20); SELECT @s = secret FROM dbo.s; SELECT 1 / CAST(@s AS decimal(5, 2)) AS x",
        "INSERT dbo.s SELECT secret + '............................' FROM dbo.s",
    ):
        with open_synapse(ddl) as made, pytest.raises(ProgramError) as caught:
            made.run(sql)
        assert "hunter2" not in str(caught.value)


SEEDS = [
    "SELECT TOP 2 t, COUNT(*) AS n, SUM(id) OVER (ORDER BY t) AS s FROM w WHERE id IN (1, 2) GROUP BY t HAVING COUNT(*) > 0 ORDER BY t",
    "UPDATE w SET t = LEFT(x.t, 3) FROM (SELECT id, t FROM w WHERE t LIKE 'a%') x WHERE x.id = w.id",
    "INSERT INTO w (id, t) SELECT id + 1, CONVERT(varchar(5), DATEADD(day, 1, '2024-01-31'), 112) FROM w UNION ALL SELECT 5, NULL",
    "DECLARE @a int = 1 IF @a > 0 BEGIN TRY SET @a = @a / 0 END TRY BEGIN CATCH PRINT ERROR_MESSAGE() END CATCH",
    "CREATE TABLE #x WITH (HEAP) AS SELECT id, ISNULL(t, 'x') AS t FROM w DROP TABLE #x",
    "MERGE INTO w USING (SELECT 1 AS id, 'q' AS t) s ON w.id = s.id WHEN MATCHED THEN UPDATE SET t = s.t WHEN NOT MATCHED THEN INSERT (id, t) VALUES (s.id, s.t)",
    "WITH c AS (SELECT id, ROW_NUMBER() OVER (PARTITION BY t ORDER BY id) AS r FROM w) DELETE FROM c WHERE r > 1",
    "SELECT CASE WHEN CAST('1.5' AS decimal(5,2)) BETWEEN 1 AND 2 THEN DATEDIFF(month, 0, GETDATE()) ELSE LEN('abc') END AS x",
]
WORDS = [
    "SELECT",
    "id",
    "t",
    "w",
    "NULL",
    "'x'",
    "1",
    "(",
    ")",
    ",",
    ".",
    "=",
    "AND",
    "NOT",
    "FROM",
    "GROUP",
    "CASE",
    "END",
    "@a",
    "SUM(",
    "OVER",
    "(",
    "AS",
    "int",
    "IN",
    "+",
    "SET",
    "INTO",
]


def test_mutated_scripts_run_or_are_refused_by_name():
    """200 scripts with words put in, taken out or swapped: an error of ours or a result, never a crash."""
    rng = random.Random(20240131)
    ran = 0
    for _ in range(200):
        pieces = re.findall(r"\s+|\w+|'[^']*'|.", rng.choice(SEEDS))
        at, other = rng.randrange(len(pieces)), rng.randrange(len(pieces))
        action = rng.randrange(3)
        if action == 0:
            pieces.insert(at, f" {rng.choice(WORDS)} ")
        elif action == 1:
            pieces.pop(at)
        else:
            pieces[at], pieces[other] = pieces[other], pieces[at]
        text = "".join(pieces)
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            source = LocalSource(con, "SQL_Latin1_General_CP1_CI_AS")
            source.run(
                Script(
                    "ddl.sql", "CREATE TABLE dbo.w (id int, t varchar(5)); INSERT w VALUES (1, 'a'), (2, 'A')"
                )
            )
            try:
                source.call(Script("fuzz.sql", text), "", {})
            except ReconError as error:
                assert str(error), text
            else:
                ran += 1
    assert 10 < ran < 190
