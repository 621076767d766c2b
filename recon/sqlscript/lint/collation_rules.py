"""Text in the original that is compared under a collation: case and trailing blanks do not count there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.sqlscript.lint.families import is_text
from recon.sqlscript.lint.found import Found, literal, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon.sqlscript.lint.found import Look, Rule

_COLLATED = (
    "compares text: Synapse's default collation ignores case and trailing blanks, Databricks does not. "
    "Compare lower(rtrim(x)), or use a collation on both"
)


def joined(node: exp.Expr, look: Look) -> Iterator[Found]:
    """JOIN ... ON text = text, and keys made NULL-safe by a default."""
    on = node.args.get("on")
    if not isinstance(on, exp.Expr):
        return
    for pair in on.find_all(exp.EQ):
        sides = [unwrapped(pair.args[part]) for part in ("this", "expression")]
        if all(isinstance(s, exp.Column) for s in sides) and any(is_text(look.kind(s)) for s in sides):
            yield Found("COLLATION_CASE", pair, f"this join {_COLLATED}", certain=False)
        defaults = [s for s in sides if isinstance(s, exp.Anonymous) and s.name.upper() in _DEFAULTS]
        if len(defaults) == 2:
            said = "the join pairs NULL with NULL through a default: a plain = loses these rows, use <=>"
            yield Found("NULL_JOIN_KEY", pair, said, certain=False)


_DEFAULTS = {"ISNULL", "COALESCE", "NVL", "IFNULL"}


def grouped(node: exp.Expr, look: Look) -> Iterator[Found]:
    """GROUP BY text."""
    columns = [c for c in node.expressions if isinstance(c, exp.Column) and is_text(look.kind(c))]
    if columns:
        yield Found("COLLATION_CASE", node, f"this GROUP BY {_COLLATED}", certain=False)


def distinct(node: exp.Expr, look: Look) -> Iterator[Found]:
    """DISTINCT over text."""
    values = node.expressions or (node.parent.expressions if isinstance(node.parent, exp.Select) else [])
    columns = [c for c in (v.unalias() for v in values) if isinstance(c, exp.Column)]
    if any(is_text(look.kind(c)) for c in columns):
        place = node.parent if isinstance(node.parent, exp.Select) else None
        first = next(c for c in columns if is_text(look.kind(c)))
        yield Found("COLLATION_CASE", first, f"this DISTINCT {_COLLATED}", certain=False, place=place)


def compared(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Column = 'constant', or one text = another, in a filter or a CASE."""
    sides = [unwrapped(node.args.get(part)) for part in ("this", "expression")]
    if all(_is_text_column(side, look) for side in sides) and node.find_ancestor(exp.Join) is None:
        yield Found("COLLATION_CASE", node, f"this {_COLLATED}", certain=False)
        return
    column = next((s for s in sides if isinstance(s, exp.Column)), None)
    other = next((literal(s) for s in sides if literal(s) is not None), None)
    if column is None or other is None or other.lower() == other.upper():
        return
    if is_text(look.kind(column)) and node.find_ancestor(exp.Join) is None:
        yield Found("COLLATION_CASE", node, f"this {_COLLATED}", certain=False)


def _is_text_column(side: exp.Expr | None, look: Look) -> bool:
    """A column of text, or ISNULL(column, ...) of one."""
    if isinstance(side, exp.Anonymous) and side.name.upper() in _DEFAULTS and side.expressions:
        side = unwrapped(side.expressions[0])
    return isinstance(side, exp.Column) and is_text(look.kind(side))


def listed(node: exp.Expr, look: Look) -> Iterator[Found]:
    """Column IN ('constants'), and CASE column WHEN 'constant'."""
    column = unwrapped(node.this) if isinstance(node.this, exp.Expr) else None
    values = node.expressions if isinstance(node, exp.In) else [b.this for b in node.args.get("ifs") or ()]
    texts = [text for text in map(literal, values) if text is not None]
    cased = any(text.lower() != text.upper() for text in texts)
    if isinstance(column, exp.Column) and cased and is_text(look.kind(column)):
        yield Found("COLLATION_CASE", node, f"this {_COLLATED}", certain=False)


COLLATION_NODES: dict[type[exp.Expr], Rule] = {
    exp.Join: joined,
    exp.Group: grouped,
    exp.Distinct: distinct,
    exp.EQ: compared,
    exp.NEQ: compared,
    exp.In: listed,
    exp.Case: listed,
}
