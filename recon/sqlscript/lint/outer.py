"""Outer joins: whose columns they may make NULL, and which conditions undo them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.sqlscript.lint.found import unwrapped
from recon.sqlscript.lint.queries import from_items
from recon.sqlscript.lint.slots import alias_of

if TYPE_CHECKING:
    from recon.sqlscript.lint.flow import Flow


def nullable(select: exp.Expr | None, flow: Flow) -> set[str]:
    """The relations of a query whose columns are NULL where an outer join finds no partner."""
    scope = flow.scopes.get(id(select))
    if not isinstance(select, exp.Select) or scope is None:
        return set()
    before, found = set[str](), set[str]()
    sides = {id(join.this): str(join.args.get("side") or "").upper() for join in select.find_all(exp.Join)}
    for item in from_items(select):
        relation = scope.sources.get(alias_of(item), "")
        side = sides.get(id(item), "")
        found |= {relation} if side in {"LEFT", "FULL"} else set()
        found |= before if side in {"RIGHT", "FULL"} else set()
        before.add(relation)
    return found - {""}


def rejects_null(test: exp.Expr, column: exp.Column, place: exp.Expr) -> bool:
    """Whether rows in which the column is NULL fail `place`, of which `test` is a part: one that compares the
    column itself, and that nothing else can make up for.
    """
    at = column.parent if test is not column else None
    while at is not None and at is not test:
        if not isinstance(at, (exp.Paren, exp.Cast, exp.TryCast)):
            return False
        at = at.parent
    above = test.parent
    while above is not place and isinstance(above, (exp.And, exp.Paren, exp.Not)):
        above = above.parent
    negated = isinstance(test.parent, exp.Not)
    accepts = isinstance(test, exp.NullSafeEQ) or (isinstance(test, exp.Is) and not negated)
    return above is place and not accepts


def null_safe(test: exp.Expr | None) -> bool:
    """Whether `a IS NULL` stands beside `a = b`: `a = b OR (a IS NULL AND b IS NULL)` joins, and filters
    nothing.
    """
    if not isinstance(test, exp.Is):
        return False
    either = test.find_ancestor(exp.Or)
    pairs = either.find_all(exp.EQ) if either else ()
    return any(
        unwrapped(test.this) in (unwrapped(pair.this), unwrapped(pair.expression))
        and isinstance(unwrapped(pair.this), exp.Column)
        and isinstance(unwrapped(pair.expression), exp.Column)
        for pair in pairs
    )
