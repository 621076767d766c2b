"""Databricks statements as sqlglot trees: what they read, and how their catalog names come off.

The tree only points at places in the text; the text itself stays as the author wrote it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from recon.errors import ProgramError
from recon.model import TableRef
from recon.sqlscript.databricks_words import Edit

if TYPE_CHECKING:
    from recon.sqlscript.databricks_text import Statement

BUILT_IN = {"system", "session", "global_temp"}


def tree(statement: Statement) -> exp.Expr:
    """The statement as a tree. ProgramError when sqlglot cannot read it."""
    try:
        found = sqlglot.parse_one(statement.text, read="databricks")
    except SqlglotError as error:
        raise ProgramError(
            f"not understood: {str(error).splitlines()[0].rstrip('.')}",
            file=statement.file,
            line=statement.line + _line(error) - 1,
            hint='Real Spark may understand it: set mode = "spark".',
        ) from error
    if isinstance(found, exp.Command):
        raise statement.refuse(f"not understood: {found.name}", hint='Set mode = "spark".')
    return found


def _line(error: SqlglotError) -> int:
    """The line in the statement at which sqlglot stopped, 1 when it does not say."""
    places = error.errors if isinstance(error, ParseError) else []
    return int(places[0].get("line") or 1) if places else 1


def reads(found: exp.Expr) -> tuple[TableRef, ...]:
    """The tables and views that a tree names, in order, without its common table expressions.

    A statement's own target is among them.
    """
    named = {cte.alias.casefold() for cte in found.find_all(exp.CTE)}
    seen: dict[tuple[str, str, str], TableRef] = {}
    for table in found.find_all(exp.Table, bfs=False):
        ref = TableRef(schema=table.db, name=table.name, catalog=table.catalog)
        if table.name and not (not table.db and table.name.casefold() in named):
            seen.setdefault(ref.key, ref)
    return tuple(seen.values())


def catalogs(statement: Statement) -> tuple[tuple[Edit, ...], tuple[TableRef, ...]]:
    """The edits that take the catalogs off all three-level names, and the tables that had one.

    A text that sqlglot cannot read keeps its names: the engine then says that it does not know the table.
    """
    if not _three_levels(statement):
        return (), ()
    try:
        found = sqlglot.parse_one(statement.text, read="databricks")
    except SqlglotError:
        return (), ()
    tables = [t for t in found.find_all(exp.Table) if t.catalog and t.catalog.casefold() not in BUILT_IN]
    keys = {_key(t) for t in tables}
    columns = [
        c for c in found.find_all(exp.Column) if c.catalog and (c.catalog, c.db, c.table) and _key(c) in keys
    ]
    edits = tuple(
        Edit(int(node.args["catalog"].meta["start"]), int(node.args["db"].meta["start"]))
        for node in (*tables, *columns)
    )
    refs = tuple(TableRef(schema=t.db, name=t.name, catalog=t.catalog) for t in tables)
    return edits, refs


def _key(node: exp.Table | exp.Column) -> tuple[str, str, str]:
    name = node.name if isinstance(node, exp.Table) else node.table
    return node.catalog.casefold(), node.db.casefold(), name.casefold()


def _three_levels(statement: Statement) -> bool:
    words = statement.words
    return any(
        a.name and b.key == "." and c.name and d.key == "." and e.name
        for a, b, c, d, e in zip(words, words[1:], words[2:], words[3:], words[4:], strict=False)
    )
