"""The query behind a procedure: equal rows to running it, or a refusal with the line that prevents it."""

from __future__ import annotations

import duckdb
import pytest

from recon.connectors.local.source import LocalSource
from recon.errors import ProgramError
from recon.model import Script, TableRef
from recon.sqlscript.extract import extract
from recon.sqlscript.tsql_split import split

DDL = """
CREATE TABLE stg.S (id int, k varchar(5), v decimal(9, 2), d date);
INSERT INTO stg.S VALUES (1, 'a', 1.5, '2024-01-01'), (2, 'b', NULL, '2024-02-01'), (3, 'A', 4, '2024-03-01');
CREATE TABLE dbo.Dim (k varchar(5), name varchar(10)); INSERT INTO dbo.Dim VALUES ('a', 'Ann'), ('b', 'Bob');
CREATE TABLE dbo.T (id int, name varchar(10), v decimal(9, 2));
CREATE TABLE dbo.Log (x int);
GO
"""

PROCEDURES = {
    "plain": """TRUNCATE TABLE dbo.T;
    INSERT INTO dbo.T (id, name, v) SELECT s.id, d.name, ISNULL(s.v, 0) FROM stg.S s JOIN dbo.Dim d ON d.k = s.k OPTION (LABEL = 'x')""",
    "temp tables in a chain": """DELETE FROM dbo.T
    IF OBJECT_ID('tempdb..#a') IS NOT NULL DROP TABLE #a
    CREATE TABLE #a WITH (HEAP) AS SELECT id, k, v FROM stg.S WHERE id > 1
    SELECT a.id, d.name, a.v INTO #b FROM #a AS a LEFT JOIN dbo.Dim d ON d.k = a.k
    CREATE TABLE #c (id int, name varchar(10), v decimal(9, 2))
    INSERT INTO #c (id, name, v) SELECT #b.id, #b.name, #b.v FROM #b
    INSERT INTO dbo.T (id, name, v) SELECT id, name, v FROM #c
    DROP TABLE #a""",
    "variables": """SET NOCOUNT ON
    DECLARE @from date = '2024-01-15', @max int
    SELECT @max = MAX(id) FROM stg.S
    SET @from = DATEADD(day, 1, @from)
    TRUNCATE TABLE dbo.T
    INSERT dbo.T (id, v) SELECT id + @max, v * @n FROM stg.S WHERE d > @from""",
    "common table expressions": """BEGIN TRY
      TRUNCATE TABLE dbo.T;
      WITH a AS (SELECT id, k, v FROM stg.S), b (i, n) AS (SELECT a.id, d.name FROM a JOIN dbo.Dim d ON d.k = a.k)
      INSERT INTO dbo.T (name, id) SELECT n, i FROM b UNION ALL SELECT 'x', 9;
    END TRY BEGIN CATCH THROW; END CATCH""",
    "table variable": """DECLARE @t TABLE (id int, v decimal(9, 2));
    INSERT INTO @t (id, v) SELECT id, v FROM stg.S;
    TRUNCATE TABLE dbo.T;
    INSERT INTO dbo.T (id, v) SELECT t.id, t.v FROM @t AS t WHERE t.v IS NOT NULL;
    UPDATE dbo.Log SET x = 1;
    EXEC sp_rename 'dbo.Log', 'Log2';""",
    "rename": """CREATE TABLE dbo.T_new AS SELECT id, CAST(k AS varchar(10)) AS name, v FROM stg.S
    RENAME OBJECT dbo.T TO T_old
    RENAME OBJECT dbo.T_new TO T""",
}


def procedure(body):
    return f"CREATE PROC dbo.p @n int = 2 AS\nBEGIN\n{body}\nEND"


@pytest.fixture
def source():
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        made = LocalSource(con, "SQL_Latin1_General_CP1_CI_AS")
        made.run(Script("ddl.sql", DDL))
        yield made


def rows(found):
    with found.batches as batches:
        return sorted((tuple(r.values()) for r in batches.read_all().to_pylist()), key=str)


@pytest.mark.parametrize("body", PROCEDURES.values(), ids=PROCEDURES.keys())
def test_the_query_gives_the_rows_that_the_procedure_writes(source, body):
    script = Script("synapse.sql", procedure(body))
    read = source.query(script, {"n": 3})
    names = [c.name for c in read.columns]
    extracted = rows(read)
    source.call(script, "dbo.p", {"n": 3})
    written = source.read(TableRef("dbo", "T"))
    at = [[c.name.casefold() for c in written.columns].index(n.casefold()) for n in names]
    assert extracted == sorted((tuple(r[i] for i in at) for r in rows(written)), key=str)
    assert extracted
    assert any("was not run" in note for note in source.notes)


def test_what_is_extracted_only_reads(source):
    found = extract(split(procedure(PROCEDURES["temp tables in a chain"]), "synapse.sql"))
    assert (found.target, found.line, found.adds) == ("dbo.t", 9, False)
    assert {w for w in ("INSERT", "DELETE", "TRUNCATE", "CREATE", "DROP", "INTO") if w in found.text} == set()
    adding = extract(split(procedure("INSERT INTO dbo.T (id) SELECT id FROM stg.S"), "synapse.sql"))
    assert adding.adds


REFUSED = [
    ("SELECT 1 AS a", 1, "fills no table"),
    ("WHILE 1 = 1\nINSERT INTO dbo.T SELECT * FROM stg.S", 3, "loop"),
    ("DECLARE c CURSOR FOR SELECT 1", 3, "cursor"),
    ("UPDATE s SET v = 1 FROM stg.S s\nINSERT INTO dbo.T (id) SELECT id FROM stg.S", 4, "which line 3 changes"),
    ("SELECT id INTO #a FROM stg.S\nUPDATE #a SET id = 1\nINSERT INTO dbo.T (id) SELECT id FROM #a", 4, "#a is changed"),
    ("INSERT INTO dbo.T (id) SELECT id FROM stg.S\nUPDATE dbo.T SET id = 1", 4, "after it was filled"),
    ("INSERT INTO dbo.T (id) SELECT id FROM stg.S\nINSERT INTO dbo.T (id) SELECT 1", 4, "second time"),
    ("INSERT INTO dbo.T (id) VALUES (-1)\nINSERT INTO dbo.T (id) SELECT id FROM stg.S", 4, "second time"),
    ("EXEC dbo.prepare\nINSERT INTO dbo.T (id) SELECT id FROM stg.S", 3, "EXEC may change"),
    ("IF @n = 1\nINSERT INTO dbo.T (id) SELECT id FROM stg.S", 4, "condition"),
    ("TRUNCATE TABLE dbo.T\nINSERT INTO dbo.T (id) SELECT s.id FROM stg.S s LEFT JOIN dbo.T t ON t.id = s.id", 4, "which line 3 changes"),
    ("INSERT INTO dbo.T (id) SELECT id FROM stg.S\nTRUNCATE TABLE dbo.T", 4, "emptied after"),
    ("INSERT INTO dbo.T (id) SELECT id FROM #nothing", 3, "before the procedure fills it"),
    ("MERGE dbo.Dim USING stg.S s ON 1 = 0 WHEN MATCHED THEN DELETE;\nINSERT INTO dbo.T (name) SELECT name FROM dbo.Dim", 4, "which line 3 changes"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "line", "says"), REFUSED, ids=[r[0][:50] for r in REFUSED])
def test_what_prevents_it_is_named_with_its_line(body, line, says):
    with pytest.raises(ProgramError) as caught:
        extract(split(procedure(body), "synapse.sql"))
    assert says in str(caught.value)
    assert (caught.value.file, caught.value.line) == ("synapse.sql", line)
    assert "mode" in caught.value.hint
