"""The comparer's trees on Spark: the same queries, in Spark's spelling and with the same meaning.

Trees are built once, in DuckDB's words (`recon.compare.dialect`). Just before one runs, `spelled` rewrites
it: it finds the type of every value, because much of what a tree says depends on it, and puts for each
function, cast and operator what gives the same value in Spark. Its ANSI mode must be on, its session's zone
UTC. What has no exact counterpart is an EngineError before anything runs; nothing is passed on unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.compare.spark.bare import bare
from recon.compare.spark.kinds import Kind, held_as, kind_of, refused
from recon.compare.spark.queries import query
from recon.compare.spark.scopes import Columns
from recon.compare.spark.unicode import variables

if TYPE_CHECKING:
    from sqlglot import exp

    from recon.compare.spark.queries import Tables

__all__ = ["Columns", "Kind", "held_as", "kind_of", "preparations", "refused", "spelled"]


def spelled(tree: exp.Query, tables: Tables) -> tuple[str, Columns]:
    """The query as one statement of Spark SQL, and its columns with the types that the trees know them by.

    `tables` gives, for a table of the tree, its name in Spark and its columns. EngineError for what Spark
    cannot do exactly.
    """
    found, columns = query(tree, tables)
    return _text(found), columns


def _text(tree: exp.Expr) -> str:
    bare(tree)
    return tree.sql("databricks", identify=True)


def preparations() -> tuple[str, ...]:
    """The statements that a session must run once: they declare what queries name."""
    return tuple(
        " ".join(("DECLARE OR REPLACE VARIABLE", name, type_, "DEFAULT", _text(value)))
        for name, (type_, value) in variables().items()
    )
