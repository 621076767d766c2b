"""Two texts as a table with one variant, and what the lint says about them."""

from __future__ import annotations

from recon.model import BaselineMode, Language, Script, Table, TableInput, TableRef, Variant
from recon.sqlscript.lint import lint

DDL = """
CREATE TABLE stg.T (id int NOT NULL, a int, b int, d decimal(10,2), m money, f float, s varchar(10), n nvarchar(20),
  c char(5), dt date, ts datetime2(3), old datetime, flag bit, tiny tinyint);
GO
CREATE TABLE dbo.DIM (id int NOT NULL, name varchar(20), is_current bit);
GO
CREATE TABLE dbo.OUT (id int, x int, y int, s varchar(50));
"""
_INPUTS = (
    TableInput(synapse=TableRef("stg", "T"), databricks=TableRef("silver", "t")),
    TableInput(synapse=TableRef("dbo", "DIM"), databricks=TableRef("gold", "dim")),
)


def table(tsql: str, *, ddl: str = DDL, target: bool = False) -> Table:
    """A table whose baseline is the query, or with `target` what the script puts into dbo.OUT."""
    return Table(
        name="t",
        folder="tables/t",
        synapse=TableRef("dbo", "OUT") if target else None,
        databricks=TableRef("gold", "out") if target else None,
        baseline=BaselineMode.CALL if target else BaselineMode.QUERY,
        inputs=_INPUTS,
        original=Script("tables/t/synapse.sql", tsql),
        ddl=Script("tables/t/ddl.sql", ddl),
    )


def variant(text: str, *, python: bool = False) -> Variant:
    """A conversion called v1."""
    name = "v1.py" if python else "v1.sql"
    language = Language.PYSPARK if python else Language.SQL
    return Variant(name="v1", language=language, script=Script(f"tables/t/variants/{name}", text))


def read(tsql: str, databricks: str = "SELECT 1 AS one", *, python: bool = False, target: bool = False):
    """The lint of both."""
    return lint(table(tsql, target=target), variant(databricks, python=python))


def synapse(tsql: str, databricks: str = "SELECT 1 AS one", *, target: bool = False):
    """The hits in the original."""
    return [h for h in read(tsql, databricks, target=target).hits if h.side == "synapse"]


def databricks(text: str, *, python: bool = False):
    """The hits in the conversion."""
    return [h for h in read("SELECT id FROM stg.T", text, python=python).hits if h.side == "databricks"]


def codes(hits) -> set[str]:
    """Their codes."""
    return {h.code for h in hits}
