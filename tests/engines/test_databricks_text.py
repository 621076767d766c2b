"""Splitting Databricks scripts and notebooks: nothing lost, every line known."""

from __future__ import annotations

import pytest

from recon.errors import ProgramError
from recon.model import Language
from recon.sqlscript.databricks_text import CellKind, cells, is_notebook, statements, words


def split(text):
    return [(s.line, s.text) for s in statements(text, "v.sql")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("select 1", [(1, "select 1")]),
        ("select 1;\n\nselect 2;\n", [(1, "select 1"), (3, "select 2")]),
        ("-- only a comment\n;/* and; another */;", []),
        ("", []),
        ("-- head\nselect 1 -- tail; not here\n;", [(2, "select 1")]),
        ("select 'a;b', \"c;d\", `e;f`; select 2", [(1, "select 'a;b', \"c;d\", `e;f`"), (1, "select 2")]),
        (r"select 'it\'s; fine'; select 2", [(1, r"select 'it\'s; fine'"), (1, "select 2")]),
        (r"select r'\'; select 2", [(1, r"select r'\'"), (1, "select 2")]),
        ("select 'a\nb;c';\nselect 2", [(1, "select 'a\nb;c'"), (3, "select 2")]),
        ("select /* a;\nb */ 1; select 2", [(1, "select /* a;\nb */ 1"), (2, "select 2")]),
        ("select case when a then 1 else 2 end; select 2", [(1, "select case when a then 1 else 2 end"), (1, "select 2")]),
        ("select 'é', 'ß;';select 2", [(1, "select 'é', 'ß;'"), (1, "select 2")]),
        ("create function f() language python as $$ it's; a\nb $$;\nselect 2",
         [(1, "create function f() language python as $$ it's; a\nb $$"), (3, "select 2")]),
        ("select '$$;'; select '$$'", [(1, "select '$$;'"), (1, "select '$$'")]),
        ("select 1;select 2\n", [(1, "select 1"), (1, "select 2")]),
    ],
)  # fmt: skip
def test_statements_are_split_at_their_semicolons(text, expected):
    assert split(text) == expected


def test_a_compound_statement_stays_whole():
    block = """begin
  declare n int default 0;
  if n = 0 then select case when n = 1 then 2 end; end if;
  while n < 2 do set n = n + 1; end while;
  case n when 1 then select 1; else select 2; end case;
  begin select 3; end;
end"""
    assert split(f"{block};\nselect 4;") == [(1, block), (8, "select 4")]


@pytest.mark.parametrize(
    ("text", "line"),
    [("select 1;\nselect 'open;\nselect 2", 2), ("select `open", 1), ("select 1;\n\nbegin select 1;", 3)],
)
def test_what_is_not_closed_is_refused_with_its_line(text, line):
    with pytest.raises(ProgramError) as caught:
        statements(text, "v.sql")
    assert (caught.value.file, caught.value.line) == ("v.sql", line)


def test_words_keep_their_places():
    text = "select `a b`, 'x''y' -- c\nfrom t group by 1"
    for word in words(text):
        assert text[word.start : word.end].strip("`'") == word.text or word.key == ""
    assert [w.key for w in words("order by x")] == ["ORDER", "BY", "X"]


NOTEBOOK = """# Databricks notebook source
x = 1

# COMMAND ----------

# MAGIC %sql
# MAGIC select 1;
# MAGIC select 2

# COMMAND ----------

# DBTITLE 1,A title
# MAGIC %md
# MAGIC # Heading

# COMMAND ----------

# MAGIC %run ./other

# COMMAND ----------

y = 2
"""


def test_a_notebook_falls_into_cells_with_the_files_line_numbers():
    found = cells(NOTEBOOK, Language.PYSPARK)
    assert [(c.kind, c.line) for c in found] == [
        (CellKind.PYTHON, 2),
        (CellKind.SQL, 6),
        (CellKind.TEXT, 13),
        (CellKind.OTHER, 18),
        (CellKind.PYTHON, 21),
    ]
    assert [(s.line, s.text) for s in statements(found[1].text)] == [(7, "select 1"), (8, "select 2")]
    assert found[4].text.split("\n").index("y = 2") + 1 == 22
    assert found[3].magic == "%run"


def test_an_sql_notebook_and_a_plain_script():
    found = cells(
        "-- Databricks notebook source\nselect 1;\n-- COMMAND ----------\n-- MAGIC %python\n-- MAGIC x = 1",
        Language.SQL,
    )
    assert [c.kind for c in found] == [CellKind.SQL, CellKind.PYTHON]
    plain = cells("-- select\nselect 1", Language.SQL)
    assert [(c.kind, c.line, c.text) for c in plain] == [(CellKind.SQL, 1, "-- select\nselect 1")]
    assert not is_notebook("# something else")
    assert is_notebook("# Databricks notebook source\r\nx = 1")
