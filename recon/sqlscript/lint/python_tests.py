"""What stands in a PySpark text: the columns that it tests somewhere, and the texts that it writes out."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_FRAMES: Final = frozenset({"filter", "where", "join", "dropna", "drop", "isin"})  # their arguments
_OF_COLUMNS: Final = frozenset(  # what they are called on, too
    {"between", "eqNullSafe", "isNull", "isNotNull", "isin", "like", "ilike", "rlike"}
    | {"startswith", "endswith", "contains"}
)


_KINDS: Final = {
    **dict.fromkeys(("", "inner", "cross"), "inner"),
    **dict.fromkeys(("left", "leftouter"), "left"),
    **dict.fromkeys(("right", "rightouter"), "right"),
    **dict.fromkeys(("full", "outer", "fullouter"), "full"),
}


def tested(text: str) -> frozenset[str]:
    """Their names, folded; more than they are, never less: a condition may be kept in a variable, or be a
    value. Every word of a text with blanks or signs in it counts. Empty for what is not Python.
    """
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return frozenset()
    return frozenset(name.casefold() for node in ast.walk(tree) for name in _named(node))


def strings(text: str) -> frozenset[str]:
    """Its constants of text. Empty for what is not Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return frozenset()
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return frozenset(value for value in constants if isinstance(value, str))


def join_kinds(text: str) -> frozenset[str]:
    """How its DataFrames are joined: "inner", "left", "right", "full", other words as written, "?"."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join":
            given = [*node.args[2:3], *(k.value for k in node.keywords if k.arg == "how")]
            if given or len(node.args) > 1 or node.keywords:  # ", ".join(x) has one argument
                how = given[0].value if given and isinstance(given[0], ast.Constant) else "?" if given else ""
                found.add(_KINDS.get(str(how).replace("_", "").lower(), str(how)))
    return frozenset(found)


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Compare):
        yield from _words(node)
    elif isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in _OF_COLUMNS:
            yield from _words(node)
        elif name in _OF_FRAMES:
            for argument in (*node.args, *(k.value for k in node.keywords)):
                yield from _words(argument)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"[^\w.*]", node.value):
        yield from re.findall(r"\w+", node.value)


def _words(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield from re.findall(r"\w+", part.value)
        elif isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.Name):
            yield part.id
