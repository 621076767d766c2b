"""Dates as text: patterns that are not those of the style that the original names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.sqlscript.lint.between import Between
from recon.sqlscript.lint.found import PATTERNS, Found, argument, calls_of, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.sqlscript.lint.pieces import Piece
    from recon.sqlscript.lint.reader import Reading


def other_patterns(ours: Reading, theirs: Reading) -> Iterator[Between]:
    """Columns that the original writes in one style, and the conversion with no pattern of that style."""
    written: dict[str, list[tuple[str, exp.Expr, Piece]]] = {}
    for piece in theirs.leading():
        for name, node in calls_of(piece.tree):
            pattern = literal(argument(node, 1)) if name == "DATE_FORMAT" else None
            for column in _fed(theirs, node) if pattern else ():
                written.setdefault(column, []).append((pattern or "", node, piece))
    for column, styles in _styles(ours).items():
        style = next(iter(styles))
        wanted = PATTERNS.get(style, "")
        patterns = written.get(column, [])
        # a shorter one is that of a shorter text; letters of the wrong case are another rule's
        if len(styles) > 1 or not wanted or any(wanted.lower().startswith(p.lower()) for p, _, _ in patterns):
            continue
        for pattern, node, piece in patterns:
            said = f"style {style} is {wanted} in the original, this is {pattern}"
            yield Between(Found("DATE_FORMAT_PARSE", node, said), piece)


def _styles(ours: Reading) -> dict[str, set[str]]:
    """The styles in which the original makes text for a column, by its folded name."""
    found: dict[str, set[str]] = {}
    for piece in ours.leading():
        for node in piece.tree.find_all(exp.Convert):
            text = isinstance(node.this, exp.DataType) and node.this.is_type(*exp.DataType.TEXT_TYPES)
            style = literal(node.args.get("style"))
            for column in _fed(ours, node) if text and style else ():
                found.setdefault(column, set()).add(style or "")
    return found


def _fed(reading: Reading, node: exp.Expr) -> tuple[str, ...]:
    fed = reading.feeds(node)
    return tuple(c.casefold() for c in fed[1]) if fed and not fed[0] else ()
