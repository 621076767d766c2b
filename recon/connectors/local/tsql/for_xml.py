"""FOR XML PATH(''): texts put one behind the other, the old way before STRING_AGG. Other XML is refused.

https://learn.microsoft.com/en-us/sql/relational-databases/xml/use-path-mode-with-for-xml
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.aggregate import ordered_term
from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import column, fn, subquery, text
from recon.connectors.local.tsql.scope import Query, Typed
from recon.connectors.local.tsql.watched import columns_of
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_options import XML_AS_TEXT
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree
    from recon.connectors.local.tsql.scope import Env

_ESCAPED = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#x0D;"))
_ONLY = "FOR XML is supported as PATH('') over one column without a name only"


def joined_texts(env: Env, node: Tree) -> Typed:
    """The value of `(SELECT ',' + x FROM t ORDER BY y FOR XML PATH(''))`; NULL without rows."""
    plain_text = _checked(env, node)
    inner = node.copy()
    inner.set("for_", None)
    order = inner.args.get("order")
    terms = list(order.expressions) if order is not None else []
    if not inner.args.get("limit"):
        inner.set("order", None)
    distinct = bool(inner.args.get("distinct"))
    if terms and not distinct:
        for term in terms:
            inner.append("expressions", exp.alias_(term.this.copy(), "recon_order"))
    elif any(term.this != inner.expressions[0] for term in terms):
        env.refuse(node, "ORDER BY items must stand in the select list of SELECT DISTINCT", "145")
    made = env.ctx.query(env, inner)
    if not terms:
        env.note(node, "FOR XML PATH without ORDER BY puts its parts in no certain order")
    return _aggregated(env, node, made, terms, escape=not plain_text)


def _checked(env: Env, node: Tree) -> bool:
    """Whether `.value(...)` turns the XML back into text; refuses what is not the one supported form."""
    if "XML" not in str(node.args["for_"].args.get("kind")).upper():
        env.refuse(node, "FOR JSON is not supported")
    if not isinstance(node, exp.Select) or len(node.expressions) != 1:
        env.refuse(node, _ONLY)
    item = node.expressions[0]
    if isinstance(item, exp.Star) or (isinstance(item, exp.Alias) and item.alias != "text()"):
        env.refuse(node, _ONLY)
    if isinstance(item, exp.Column):
        env.refuse(node, f"{_ONLY}: {item.name} would become a tag")
    said = [option.sql("tsql").replace(" ", "").upper() for option in node.args["for_"].expressions]
    marked = XML_AS_TEXT.replace(" ", "").upper()
    if not said or said[0] != "PATH('')" or set(said[1:]) - {"TYPE", marked}:
        env.refuse(node, _ONLY)
    return marked in said


def _aggregated(env: Env, node: Tree, made: Query, terms: list[Tree], *, escape: bool) -> Typed:
    alias = env.ctx.alias("x")
    env.ctx.traced[alias] = columns_of(made.tree)
    kind = made.outputs[0].type
    if kind.family not in {Family.TEXT, Family.INTEGER}:
        env.refuse(node, f"FOR XML PATH('') of {kind}: convert it to text first")
    wide = types.varchar(types.MAX, national=True)
    given = convert(env, node, Typed(column(alias, "c0"), kind), wide).tree
    if escape:
        for sign, spelled in _ESCAPED:
            given = fn("replace", given, text(sign), text(spelled))
    separator: Tree = text("")
    if terms:
        places = [min(n + 1, len(made.outputs) - 1) for n in range(len(terms))]
        order = [
            ordered_term(env, term, Typed(column(alias, f"c{at}"), made.outputs[at].type), matters=True)
            for term, at in zip(terms, places, strict=True)
        ]
        separator = exp.Order(this=separator, expressions=order)
    # NULL parts are left out, but a row of nothing else is still a row: '' and not NULL.
    parts = fn("string_agg", fn("coalesce", given, text("")), separator)
    tree = exp.select(exp.alias_(parts, "c0", quoted=True)).from_(subquery(made.tree, alias))
    return Typed(subquery(tree), wide)
