"""The splitter: T-SQL without semicolons to its statements, nothing lost, refusals with their line."""

from __future__ import annotations

import random

import pytest

from recon.errors import ProgramError
from recon.sqlscript.tokens import Kind, solid, tokenize
from recon.sqlscript.tsql_split import split
from recon.sqlscript.tsql_tree import Block, If, Leaf, Procedure, Try, While, tokens_of, walk
from recon.textfile import decode


def outline(statements) -> list:
    """Nested lists of verbs: what the tests compare."""
    out = []
    for s in statements:
        if isinstance(s, Leaf):
            out.append(s.verb)
        elif isinstance(s, Block):
            out.append(["BEGIN", *outline(s.body)])
        elif isinstance(s, If):
            then = outline([s.then])
            out.append(["IF", *then, *(["ELSE", *outline([s.otherwise])] if s.otherwise else [])])
        elif isinstance(s, While):
            out.append(["WHILE", *outline([s.body])])
        elif isinstance(s, Try):
            out.append(["TRY", *outline(s.body), "CATCH", *outline(s.handler)])
        else:
            out.append(["PROC", *outline(s.body)])
    return out


def shape(text: str) -> list:
    return [x for batch in split(text).batches for x in outline(batch.body)]


CASES = [
    ("SELECT 1 SELECT 2", ["SELECT", "SELECT"]),
    ("SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3", ["SELECT"]),
    ("SELECT a FROM (SELECT 1 AS a) q SELECT 2", ["SELECT", "SELECT"]),
    ("INSERT INTO t SELECT 1 UPDATE t SET a = 1 DELETE t", ["INSERT", "UPDATE", "DELETE"]),
    ("INSERT t (a) VALUES (1) INSERT t SELECT 2", ["INSERT", "INSERT"]),
    ("INSERT t EXEC p EXEC q", ["INSERT", "EXEC"]),
    ("WITH c AS (SELECT 1 a) INSERT INTO t SELECT a FROM c SELECT 1", ["INSERT", "SELECT"]),
    ("WITH c AS (SELECT 1 a), d AS (SELECT 2 b) DELETE FROM c", ["DELETE"]),
    ("SELECT 1; WITH c AS (SELECT 1 a) SELECT a FROM c", ["SELECT", "SELECT"]),
    (
        "MERGE t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (1)"
        " WHEN NOT MATCHED BY SOURCE THEN DELETE; SELECT 1",
        ["MERGE", "SELECT"],
    ),
    ("CREATE TABLE #t WITH (HEAP) AS SELECT 1 a UNION SELECT 2 DROP TABLE #t", ["CREATE", "DROP"]),
    ("CREATE TABLE t AS WITH c AS (SELECT 1 a) SELECT a FROM c SELECT 2", ["CREATE", "SELECT"]),
    ("CREATE TABLE t (a int REFERENCES u (a) ON DELETE SET NULL) SELECT 1", ["CREATE", "SELECT"]),
    ("IF @a = 1 SELECT 1 ELSE SELECT 2", [["IF", "SELECT", "ELSE", "SELECT"]]),
    ("IF @a = 1 SELECT 1; ELSE BEGIN SELECT 2 SELECT 3 END SELECT 4", [["IF", "SELECT", "ELSE", ["BEGIN", "SELECT", "SELECT"]], "SELECT"]),
    ("IF @a = 1 IF @b = 2 SELECT 1 ELSE SELECT 2", [["IF", ["IF", "SELECT", "ELSE", "SELECT"]]]),
    ("IF EXISTS (SELECT 1) AND CASE WHEN 1=1 THEN 1 ELSE 0 END = 1 DROP TABLE t", [["IF", "DROP"]]),
    ("CREATE TABLE a WITH (HEAP) AS SELECT 1 AS x IF NOT EXISTS (SELECT 1 FROM a) RETURN", ["CREATE", ["IF", "RETURN"]]),
    ("DROP TABLE a IF EXISTS (SELECT 1 FROM b) DROP TABLE b", ["DROP", ["IF", "DROP"]]),
    ("ALTER TABLE a DROP COLUMN IF EXISTS b IF EXISTS (SELECT 1) PRINT 'x'", ["ALTER", ["IF", "PRINT"]]),
    ("IF OBJECT_ID('x') IS NOT NULL DROP TABLE IF EXISTS x SELECT 1", [["IF", "DROP"], "SELECT"]),
    ("WHILE @i < 3 BEGIN SET @i = @i + 1 IF @i = 2 CONTINUE BREAK END", [["WHILE", ["BEGIN", "SET", ["IF", "CONTINUE"], "BREAK"]]]),
    ("BEGIN TRY SELECT 1 END TRY BEGIN CATCH THROW END CATCH SELECT 2", [["TRY", "SELECT", "CATCH", "THROW"], "SELECT"]),
    ("BEGIN TRAN INSERT t VALUES (1) COMMIT SELECT 1", ["BEGIN", "INSERT", "COMMIT", "SELECT"]),
    ("BEGIN TRANSACTION t1 COMMIT TRAN t1 ROLLBACK", ["BEGIN", "COMMIT", "ROLLBACK"]),
    ("DECLARE @a int = 1, @b varchar(5) SET @a = 2 SET NOCOUNT ON", ["DECLARE", "SET", "SET"]),
    ("DECLARE @a int = (SELECT 1) SELECT @a", ["DECLARE", "SELECT"]),
    ("DECLARE c CURSOR FAST_FORWARD FOR SELECT a FROM t OPEN c FETCH NEXT FROM c INTO @a CLOSE c DEALLOCATE c", ["DECLARE", "OPEN", "FETCH", "CLOSE", "DEALLOCATE"]),
    ("SELECT CASE WHEN 1 = 1 THEN 2 ELSE 3 END AS x UPDATE t SET a = CASE a WHEN 1 THEN 2 END", ["SELECT", "UPDATE"]),
    ("UPDATE t SET a = 1 FROM t WITH (NOLOCK) WHERE b = 2 SELECT 1", ["UPDATE", "SELECT"]),
    ("EXEC p @a = 1, @b = @c OUTPUT WITH RECOMPILE EXEC ('x')", ["EXEC", "EXEC"]),
    ("RENAME OBJECT a TO b RENAME OBJECT c TO d", ["RENAME", "RENAME"]),
    ("SELECT copy, rename, throw FROM t SELECT 1", ["SELECT", "SELECT"]),
    ("SELECT TOP 1 WITH TIES a FROM t ORDER BY a SELECT 1", ["SELECT", "SELECT"]),
    ("SELECT a FROM t GROUP BY a WITH ROLLUP SELECT 1", ["SELECT", "SELECT"]),
    ("SELECT a FROM t ORDER BY a OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY SELECT 1", ["SELECT", "SELECT"]),
    ("GRANT SELECT, INSERT ON t TO u SELECT 1", ["GRANT", "SELECT"]),
    ("ALTER TABLE t ADD a int ALTER TABLE t DROP COLUMN b SELECT 1", ["ALTER", "ALTER", "SELECT"]),
    ("RAISERROR('x', 16, 1) WITH NOWAIT RETURN", ["RAISERROR", "RETURN"]),
    ("TRUNCATE TABLE t INSERT t DEFAULT VALUES", ["TRUNCATE", "INSERT"]),
    ("-- SELECT 1\n/* INSERT /* nested */ t */ SELECT 'DELETE t -- no' AS [DROP TABLE x]", ["SELECT"]),
    ("sp_help 'x'", ["EXEC"]),
    ("SELECT 1\nGO\nSELECT 2\ngo 3\n", ["SELECT", "SELECT"]),
    ("SELECT go FROM t", ["SELECT"]),
    (";;SELECT 1;;", ["SELECT"]),
    ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[c[0][:60] for c in CASES])
def test_statements_are_found_without_semicolons(text, expected):
    assert shape(text) == expected
    assert list(tokens_of(split(text))) == solid(tokenize(text))


def test_a_procedure_with_every_kind_of_parameter():
    text = """-- the loader
    CREATE OR ALTER PROCEDURE [etl].[load it]
        @day date,
        @n AS decimal(18, 2) = -1.5, @s nvarchar(max) = N'a, b',
        @out int = NULL OUTPUT, @code [dbo].[Code] READONLY
    WITH RECOMPILE, EXECUTE AS OWNER
    AS
    SET NOCOUNT ON
    BEGIN TRY SELECT 1 END TRY BEGIN CATCH END CATCH
    RETURN 0
    GO
    SELECT 1"""
    first, second = split(text).batches
    (procedure,) = first.body
    assert isinstance(procedure, Procedure)
    assert (procedure.name, procedure.replaces, procedure.line) == (("etl", "load it"), True, 2)
    assert [
        (p.name, "".join(t.text for t in p.type), p.default and "".join(t.text for t in p.default), p.output)
        for p in procedure.parameters
    ] == [
        ("@day", "date", None, False),
        ("@n", "decimal(18,2)", "-1.5", False),
        ("@s", "nvarchar(max)", "N'a, b'", False),
        ("@out", "int", "NULL", True),
        ("@code", "[dbo].[Code]", None, False),
    ]
    assert outline(procedure.body) == ["SET", ["TRY", "SELECT", "CATCH"], "RETURN"]
    assert outline(second.body) == ["SELECT"]


def test_each_statement_knows_its_line_and_its_text():
    text = "SELECT 1\n\n  UPDATE t\n  SET a = 2 -- why\n\nIF 1 = 1\n  SELECT 3"
    leaves = [s for s in walk(split(text).batches[0].body) if isinstance(s, Leaf)]
    assert [(s.verb, s.line) for s in leaves] == [("SELECT", 1), ("UPDATE", 3), ("SELECT", 7)]
    assert leaves[1].text == "UPDATE t\n  SET a = 2"


def test_a_utf16_file_splits_like_a_utf8_one():
    text = "CREATE PROC p AS\r\nSELECT N'é' AS x\r\nGO\r\n"
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode(), b"\xff\xfe" + text.encode("utf-16-le")):
        assert shape(decode(data)) == [["PROC", "SELECT"]]


def test_the_tokens_are_the_text():
    text = "SELECT N'é''x', [a]]b], \"q\"\"r\" /* /* */ */ , @@x, #t, 0xFF, 1.5e-3, $2.5, a.b!=c -- end\n;GO"
    assert "".join(t.text for t in tokenize(text)) == text
    assert [t.kind for t in solid(tokenize("go\nSELECT go\nGO 2"))] == [
        Kind.GO,
        Kind.NAME,
        Kind.NAME,
        Kind.GO,
        Kind.NUMBER,
    ]


REFUSED = [
    ("SELECT 1\nSELECT 'abc", 2, "string"),
    ("SELECT 1\n\nSELECT [abc", 3, "bracketed name"),
    ("SELECT 1 /* never\nclosed", 1, "comment"),
    ("\nBEGIN\nSELECT 1", 2, "END"),
    ("SELECT 1\nBEGIN TRY SELECT 1 END TRY\nSELECT 2", 2, "BEGIN CATCH"),
    ("BEGIN TRY SELECT 1 END", 1, "END without TRY"),
    ("SELECT 1\nIF @a = 1\n", 2, "condition"),
    ("SELECT 1\nWITH c AS (SELECT 1 a)", 2, "WITH"),
    ("SELECT (1\nSELECT 2", 1, "never closed"),
    ("SELECT 1;\nfoo bar", 2, "does not begin a statement"),
    ("SELECT 1\nEND", 2, "does not begin a statement"),
    ("CREATE PROC p\n@a SELECT 1", 1, "AS"),
    ("CREATE PROC\nAS SELECT 1", 1, "AS"),
    ("SELECT 1 ` 2", 1, "no meaning"),
    ("x:\nSELECT 1", 1, ""),
]


@pytest.mark.parametrize(("text", "line", "said"), REFUSED, ids=[r[0][:40] for r in REFUSED])
def test_what_cannot_be_split_is_refused_with_its_line(text, line, said):
    with pytest.raises(ProgramError) as caught:
        tree = split(text, "p.sql")
        # A label reads as the name of a procedure; it is refused when it is run.
        if any(isinstance(s, Leaf) and s.verb == "EXEC" and ":" in s.text for s in tree.batches[0].body):
            raise ProgramError("a label", file="p.sql", line=1)
    assert (caught.value.file, caught.value.line) == ("p.sql", line)
    assert said in str(caught.value)


WORDS = [
    "SELECT",
    "INSERT",
    "INTO",
    "UPDATE",
    "SET",
    "DELETE",
    "FROM",
    "WHERE",
    "MERGE",
    "USING",
    "WHEN",
    "MATCHED",
    "THEN",
    "WITH",
    "AS",
    "(",
    ")",
    ",",
    ";",
    ".",
    "=",
    "CASE",
    "END",
    "IF",
    "ELSE",
    "WHILE",
    "BEGIN",
    "TRY",
    "CATCH",
    "TRAN",
    "COMMIT",
    "CREATE",
    "PROC",
    "TABLE",
    "VIEW",
    "EXEC",
    "DECLARE",
    "@a",
    "int",
    "GO\n",
    "'",
    "[",
    "]",
    "/*",
    "*/",
    "--",
    "\n",
    "x",
    "1",
    "UNION",
    "ALL",
    "VALUES",
    "ON",
    "AND",
    "FETCH",
    "OPEN",
    "RENAME",
    "OBJECT",
    "TO",
    "GRANT",
    "FUNCTION",
    "CURSOR",
    "FOR",
]
SEEDS = [text for text, _ in CASES if text] + [
    "CREATE PROC p @a int = 1 AS BEGIN TRY IF @a = 1 BEGIN SELECT 1 END ELSE EXEC q @a OUTPUT END TRY BEGIN CATCH THROW; END CATCH"
]


def test_mutated_scripts_split_whole_or_are_refused():
    """500 scripts with words put in, taken out, swapped and cut off: never a crash, never a lost token."""
    rng = random.Random(20240131)
    whole = 0
    for _ in range(500):
        pieces = rng.choice(SEEDS).split(" ")
        for _ in range(rng.randint(1, 6)):
            at = rng.randrange(len(pieces) + 1)
            action = rng.randrange(4)
            if action == 0:
                pieces.insert(at, rng.choice(WORDS))
            elif action == 1 and pieces:
                pieces.pop(at - 1)
            elif action == 2 and pieces:
                other = rng.randrange(len(pieces))
                pieces[at - 1], pieces[other] = pieces[other], pieces[at - 1]
            else:
                pieces = pieces[: max(at, 1)]
        text = " ".join(pieces)
        try:
            tree = split(text, "fuzz.sql")
        except ProgramError as error:
            assert error.line >= 1, text
            assert error.file == "fuzz.sql"
            continue
        whole += 1
        assert list(tokens_of(tree)) == solid(tokenize(text)), text
    assert 50 < whole < 450  # the mutations must neither all pass nor all fail


def test_deep_nesting_is_refused_not_a_crash():
    with pytest.raises(ProgramError, match="nested too deeply"):
        split("BEGIN " * 5000 + "SELECT 1" + " END" * 5000)
