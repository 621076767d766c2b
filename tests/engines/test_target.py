"""Whether the target must be there before a variant runs."""

from __future__ import annotations

import pytest

from recon.errors import ProgramError
from recon.model import Language, Script, TableRef, Variant
from recon.sqlscript.databricks_target import needs_table

GOLD = TableRef("gold", "t")


def needs(text, language=Language.SQL):
    return needs_table(Variant(name="v", language=language, script=Script("v", text)), GOLD)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("INSERT INTO gold.t SELECT 1", True),
        ("INSERT OVERWRITE TABLE Gold.T SELECT 1", True),
        ("MERGE INTO cat.gold.t USING s ON t.a = s.a WHEN MATCHED THEN DELETE", True),
        ("USE gold; INSERT INTO t SELECT 1", True),
        ("USE silver; INSERT INTO t SELECT 1", False),
        (
            "CREATE OR REPLACE TEMP VIEW v AS SELECT 1; DELETE FROM gold.t; INSERT INTO gold.t SELECT * FROM v",
            True,
        ),
        ("CREATE OR REPLACE TABLE gold.t AS SELECT 1 AS a", False),
        ("CREATE TABLE gold.t (a INT); INSERT INTO gold.t VALUES (1)", False),
        ("INSERT INTO gold.other SELECT 1", False),
        ("SELECT 1 AS a", False),
    ],
)
def test_sql(text, answer):
    assert needs(text) is answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("df.write.insertInto('gold.t')", True),
        ("df.write.mode('overwrite').saveAsTable('gold.t')", True),
        ("df.write.saveAsTable('gold.t', mode='append')", True),
        ("df.write.saveAsTable('gold.t')", False),
        ("df.writeTo('gold.t').create()", False),
        ("df.writeTo('gold.t').append()", True),
        ("this is no Python", True),
        (
            "# Databricks notebook source\nx = 1\n# COMMAND ----------\n# MAGIC %sql\n# MAGIC CREATE TABLE gold.t (a INT)",
            False,
        ),
    ],
)
def test_python(text, answer):
    assert needs(text, Language.PYSPARK) is answer


def test_refused_sql_is_refused_before_anything_runs():
    with pytest.raises(ProgramError, match="v:2"):
        needs("SELECT 1;\nDROP SCHEMA gold CASCADE")
