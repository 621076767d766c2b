"""What the rest of a statement takes of one of its queries: columns, and rows by their number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree


def used_names(node: Tree) -> set[str] | None:
    """The lower-case names that are read outside of a query in a FROM or a WITH; None: any may be."""
    place = node.parent
    if not isinstance(place, (exp.CTE, exp.Subquery)):
        return None
    if isinstance(place, exp.Subquery) and not isinstance(place.parent, (exp.From, exp.Join)):
        return None
    alias = place.args.get("alias")
    if isinstance(alias, exp.TableAlias) and alias.columns:
        return None
    root = node.root()
    stars = [s for s in root.find_all(exp.Star) if not _inside(s, node)]
    if any(not isinstance(s.parent, (exp.Count, exp.Anonymous)) for s in stars):
        return None
    return {c.name.casefold() for c in root.find_all(exp.Column) if not _inside(c, node)}


def _inside(part: Tree, node: Tree) -> bool:
    above: exp.Expr | None = part
    while above is not None and above is not node:
        above = above.parent
    return above is node


def cuts_of(node: exp.Select, item: Tree) -> set[int] | None:
    """After which numbers the statement tells rows apart by an item of the query's select list, a ROW_NUMBER.

    `rn = 1` and `rn > 1` tell the first row from the others: {1}. Empty when the number is only shown; None
    when it is read in another way.
    """
    if not isinstance(item, exp.Alias) or not isinstance(item.this, exp.Window):
        cuts: set[int] = set()
        for window in item.find_all(exp.Window):
            cuts |= _cuts(window) or set()
        return cuts
    named = item.alias.casefold()
    read = [
        c for c in node.root().find_all(exp.Column) if c.name.casefold() == named and not _inside(c, node)
    ]
    found = {id(c): _cuts(c) for c in read}
    every = {cut for cuts in found.values() for cut in cuts or ()}
    if all(found[id(c)] is not None or _only_shown(c) for c in read):
        return every
    return None


def _only_shown(read: exp.Column) -> bool:
    """Whether it is an item of a select list, or sorts rows of which none is left out."""
    above = read.parent.parent if isinstance(read.parent, exp.Alias) else read.parent
    if isinstance(above, exp.Select):
        return read.arg_key == "expressions" or isinstance(read.parent, exp.Alias)
    order = read.find_ancestor(exp.Order)
    if order is None or isinstance(order.parent, exp.Window):
        return False
    return not (order.parent and (order.parent.args.get("limit") or order.parent.args.get("offset")))


def _cuts(number: Tree) -> set[int] | None:
    """Of a comparison of the number with whole constants."""
    above = number.parent
    while isinstance(above, exp.Paren):
        number, above = above, above.parent
    if isinstance(above, exp.In):
        return (
            _ends({n for e in above.expressions if (n := _whole(e)) is not None})
            if above.expressions
            else None
        )
    if isinstance(above, exp.Between) and above.this is number:
        low, high = _whole(above.args["low"]), _whole(above.args["high"])
        return None if low is None or high is None else _positive({low - 1, high})
    if not isinstance(above, (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)):
        return None
    left = above.this is number
    n = _whole(above.expression if left else above.this)
    if n is None:
        return None
    if isinstance(above, (exp.EQ, exp.NEQ)):
        return _ends({n})
    below = isinstance(above, (exp.LT, exp.GTE)) if left else isinstance(above, (exp.GT, exp.LTE))
    return _positive({n - 1 if below else n})


def _whole(tree: Tree) -> int | None:
    return int(str(tree.this)) if isinstance(tree, exp.Literal) and tree.is_int else None


def _ends(numbers: set[int]) -> set[int]:
    return _positive({k for n in numbers for k in (n - 1, n) if (k in numbers) != (k + 1 in numbers)})


def _positive(numbers: set[int]) -> set[int]:
    return {n for n in numbers if n > 0}
