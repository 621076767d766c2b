"""Line and column of a hit are those of the file, whatever stands around it."""

import pytest

from recon.model import Script
from recon.sqlscript.lint.pieces import tsql_pieces
from tests.lint.texts import databricks, synapse


def lines_of(hit, text: str) -> str:
    return text.split("\n")[hit.line - 1][hit.column - 1 :]


SCRIPT = """\ufeff-- a / b in a comment is nothing
SET NOCOUNT ON
GO
CREATE PROCEDURE [dbo].[P] AS /* neither is
  x / y here */
BEGIN
    INSERT INTO dbo.OUT WITH (TABLOCK) (id, x)
    SELECT t.id, -- the key
           t.a   /   /* by */ t.b
    FROM   stg.T t WITH (NOLOCK)
    OPTION (LABEL = 'load')
END
"""


@pytest.mark.parametrize("text", [SCRIPT, SCRIPT.replace("\n", "\r\n")], ids=["LF", "CRLF"])
def test_tsql_with_comments_hints_and_batches(text):
    [hit] = [h for h in synapse(text, target=True) if h.code == "INT_DIVISION"]
    assert (hit.line, hit.column) == (9, 12)
    assert lines_of(hit, text).startswith("t.a   /")
    assert hit.snippet == "t.a / t.b"


def test_the_snippet_holds_the_whole_call():
    [hit] = [h for h in synapse("SELECT id,\n  CONVERT(varchar(10), MAX(ts), 103) AS x FROM stg.T GROUP BY id") if h.code == "CONVERT_STYLE"]  # fmt: skip
    assert (hit.line, hit.column, hit.snippet) == (2, 3, "CONVERT(varchar(10), MAX(ts), 103)")


def test_a_long_snippet_is_cut():
    [hit] = [
        h for h in synapse(f"SELECT CONCAT(s, '{'x' * 300}') AS x FROM stg.T") if h.code == "CONCAT_NULL"
    ]
    assert len(hit.snippet) == 90
    assert hit.snippet.endswith("…")


def test_variables_belong_to_the_snippet():
    [hit] = [
        h for h in synapse("DECLARE @n int = 3\nSELECT a / @n AS x FROM stg.T") if h.code == "INT_DIVISION"
    ]
    assert (hit.line, hit.snippet) == (2, "a / @n")


def test_a_word_without_brackets_has_its_place():
    hits = [h for h in synapse("SELECT id,\n CURRENT_TIMESTAMP AS x,\n CURRENT_TIMESTAMP AS y FROM stg.T") if h.code == "VOLATILE_FUNCTION"]  # fmt: skip
    assert [(h.line, h.columns) for h in hits] == [(2, ("x",)), (3, ("y",))]


def test_cells_of_a_notebook():
    text = (
        "-- Databricks notebook source\n-- MAGIC %md notes\n\n-- COMMAND ----------\n\nSELECT id,\n"
        "  a / b AS x\nFROM silver.t;\n"
    )
    [hit] = [h for h in databricks(text) if h.code == "INT_DIVISION"]
    assert (hit.line, hit.column) == (7, 3)


def test_sql_inside_of_python():
    text = 'x = 1\nresult = spark.sql("""\n  SELECT id,\n    a / b AS x\n  FROM silver.t\n""")\n'
    [hit] = [h for h in databricks(text, python=True) if h.code == "INT_DIVISION"]
    assert (hit.line, hit.column, hit.snippet) == (4, 5, "a / b")


def test_sql_on_one_line_of_python():
    text = 'result = spark.sql("SELECT a / b AS x FROM silver.t")\n'
    [hit] = [h for h in databricks(text, python=True) if h.code == "INT_DIVISION"]
    assert lines_of(hit, text).startswith("a / b")


def test_a_cell_of_sql_in_a_python_notebook():
    text = (
        "# Databricks notebook source\nx = 1\n\n# COMMAND ----------\n\n# MAGIC %sql\n"
        "# MAGIC SELECT bround(d, 1) AS x FROM silver.t\n"
    )
    [hit] = [h for h in databricks(text, python=True) if h.code == "ROUNDING"]
    assert hit.line == 7


def test_what_cannot_be_read_is_said():
    [hit] = [h for h in synapse("SELECT id FROM stg.T\nSELECT id FROM WHERE ) x") if h.code == "NOT_READ"]
    assert hit.line == 2
    [hit] = [h for h in databricks("def f(:\n", python=True) if h.code == "NOT_READ"]
    assert hit.line == 1


def test_every_token_of_a_statement_keeps_its_place():
    text = "SELECT [a b] , 'it''s'\n  FROM  dbo.T  -- x\n WHERE  a  =  @v"
    [piece] = tsql_pieces(Script("x.sql", text)).read
    for node in piece.tree.walk():
        line, column = piece.place(node)
        if line:
            assert text.split("\n")[line - 1][column - 1] in "[a'dTSW@", (node.sql(), line, column)
