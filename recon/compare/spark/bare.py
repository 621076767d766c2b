"""Takes away parentheses that change nothing.

Spark's parser looks ahead at each as far as it reaches, and again at each within: a statement with thirty of
them inside each other takes a minute to parse when it is met first.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

# What has a comma, a keyword or its own parentheses on both sides of what it holds.
_CLOSED: Final = (exp.If, exp.Case, exp.Alias, exp.Paren, exp.Lambda, exp.Where, exp.Func)
_TIGHT: Final = (exp.Func, exp.Column, exp.Literal, exp.Null, exp.Boolean, exp.Paren, exp.Case)
_COMPARED: Final = (
    exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is,
)  # fmt: skip
# What binds more tightly than what stands right of it; one level apart is enough.
# https://spark.apache.org/docs/latest/sql-ref-operators.html
_LEVELS: Final = (
    ((exp.Mul, exp.Div, exp.IntDiv, exp.Mod), 6),
    ((exp.Add, exp.Sub, exp.DPipe), 5),
    (_COMPARED, 3),
    ((exp.Not,), 2),
    ((exp.And,), 1),
    ((exp.Or,), 0),
)
_ANY_ORDER: Final = (exp.And, exp.Or, exp.DPipe)  # a x (b x c) is (a x b) x c


def bare(tree: exp.Expr) -> None:
    """Take the parentheses away in place. The tree means what it meant."""
    for paren in list(tree.find_all(exp.Paren)):
        if paren.parent is not None and _idle(paren, paren.this, paren.parent):
            paren.replace(paren.this)


def _idle(paren: exp.Paren, inside: exp.Expr, around: exp.Expr) -> bool:
    if isinstance(inside, exp.Query):
        return False
    operator = _level(around) is not None
    if isinstance(around, _CLOSED) and not operator:
        return True
    if isinstance(inside, _TIGHT) and _level(inside) is None:
        return operator or isinstance(around, exp.Neg)
    one, other = _level(inside), _level(around)
    if one is None or other is None:
        return False
    if one == other and not isinstance(around, _COMPARED):
        first = around.args.get("this") is paren
        return isinstance(around, exp.Not) or first or (type(inside) is type(around) and _any_order(around))
    return one > other


def _any_order(node: exp.Expr) -> bool:
    return isinstance(node, _ANY_ORDER)


def _level(node: exp.Expr) -> int | None:
    return next((level for kinds, level in _LEVELS if type(node) in kinds), None)
