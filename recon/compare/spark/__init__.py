"""The comparer's trees on Spark: the same queries, in Spark's spelling and with the same meaning.

Trees are built once, in DuckDB's words (`recon.compare.dialect`). Just before one runs, `spelled` rewrites
it: it finds the type of every value, because much of what a tree says depends on it, and puts for each
function, cast and operator what gives the same value in Spark. Its ANSI mode must be on, its session's zone
UTC. What has no exact counterpart is an EngineError before anything runs; nothing is passed on unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare.spark.doubles import declared, written_out
from recon.compare.spark.kinds import Kind, held_as, kind_of, refused
from recon.compare.spark.queries import query
from recon.compare.spark.scopes import Columns
from recon.compare.spark.unicode import variables

if TYPE_CHECKING:
    from recon.compare.spark.queries import Tables

# What has a comma, a keyword or its own parentheses on both sides of what it holds.
_CLOSED: Final = (
    exp.Anonymous,
    exp.If,
    exp.Case,
    exp.Alias,
    exp.Cast,
    exp.Paren,
    exp.Lambda,
    exp.AggFunc,
    exp.Where,
)

__all__ = ["Columns", "Kind", "held_as", "kind_of", "preparations", "refused", "spelled"]


def spelled(tree: exp.Query, tables: Tables) -> tuple[str, Columns]:
    """The query as one statement of Spark SQL, and its columns with the types that the trees know them by.

    `tables` gives, for a table of the tree, its name in Spark and its columns. EngineError for what Spark
    cannot do exactly.
    """
    found, columns = query(tree, tables)
    return _text(found), columns


def _bare(tree: exp.Expr) -> None:
    """Without parentheses that separate nothing: Spark's parser looks far ahead at each."""
    for paren in list(tree.find_all(exp.Paren)):
        if isinstance(paren.parent, _CLOSED):
            paren.replace(paren.this)


def _text(tree: exp.Expr) -> str:
    written_out(tree)
    _bare(tree)
    return tree.sql("databricks", identify=True)


def preparations() -> tuple[str, ...]:
    """The statements that a session must run once: they declare what queries name."""
    made = tuple(
        " ".join(
            ("CREATE OR REPLACE TEMPORARY FUNCTION", f"{name}(x {type_}) RETURNS STRING RETURN", _text(value))
        )
        for name, (type_, value) in declared().items()
    )
    return made + tuple(
        " ".join(("DECLARE OR REPLACE VARIABLE", name, type_, "DEFAULT", _text(value)))
        for name, (type_, value) in variables().items()
    )
