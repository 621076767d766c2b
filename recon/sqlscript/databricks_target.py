"""Whether a variant expects its target to exist before it runs, or makes it itself."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from recon.model import Language
from recon.sqlscript.databricks_meaning import Kind, Meaning, meaning
from recon.sqlscript.databricks_text import CellKind, cells, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.model import TableRef, Variant

_WRITES = {Kind.INSERT, Kind.MERGE, Kind.UPDATE, Kind.DELETE, Kind.TRUNCATE, Kind.ALTER}
_MAKES = {Kind.CREATE_TABLE, Kind.CREATE_VIEW}


def needs_table(variant: Variant, target: TableRef) -> bool:
    """True when the first thing that `variant` does to `target` is to write into it.

    In Python the target's name may be computed, so there the kind of write decides: `saveAsTable` without
    a mode, and `writeTo(...).create()`, fail on a table that exists
    (spark.apache.org/docs/latest/api/python, DataFrameWriter.saveAsTable: "default: error"), everything
    else is at home on an empty one. ProgramError, with its line, for SQL that is refused.
    """
    schema = ""  # that of the last USE
    for cell in cells(variant.script.text, variant.language):
        if cell.kind is CellKind.PYTHON and _makes_in_python(cell.text):
            return False
        if cell.kind is CellKind.SQL:
            for act in _acts(cell.text, variant.script.path):
                schema = act.schema if act.kind is Kind.USE else schema
                if act.kind in _MAKES and _is(act, target, schema):
                    return False
                if act.kind in _WRITES and _is(act, target, schema):
                    return True
    return variant.language is Language.PYSPARK


def _acts(text: str, file: str) -> Iterator[Meaning]:
    for statement in statements(text, file):
        act = meaning(statement)
        yield from act.inner or (act,)


def _is(act: Meaning, target: TableRef, schema: str) -> bool:
    if act.table is None:
        return False
    written = act.table.ref
    return (written.schema or schema).casefold() == target.key[1] and written.key[2] == target.key[2]


def _makes_in_python(text: str) -> bool:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return False  # running it says where
    return any(_makes(node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def _makes(call: ast.Call) -> bool:
    """Whether this call makes a table that must not exist yet."""
    names = _chain(call)
    if not names:
        return False
    if names[0] == "create" and "writeTo" in names:
        return True
    modes = {keyword.arg for keyword in call.keywords}
    return names[0] == "saveAsTable" and "mode" not in names and "mode" not in modes


def _chain(call: ast.Call) -> list[str]:
    """The methods of `a.b().c().d()`, last first: d, c, b."""
    names: list[str] = []
    at: ast.expr = call
    while True:
        if isinstance(at, ast.Call):
            at = at.func
        elif isinstance(at, ast.Attribute):
            names.append(at.attr)
            at = at.value
        else:
            return names
