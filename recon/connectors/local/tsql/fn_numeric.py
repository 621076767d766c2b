"""ISNUMERIC: whether a value converts to some type of number, be it int, decimal, float or money.

https://learn.microsoft.com/en-us/sql/t-sql/functions/isnumeric-transact-sql
https://learn.microsoft.com/en-us/sql/t-sql/data-types/money-and-smallmoney-transact-sql (currency signs)
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.duck import binary, case, is_null, matches, negate, num
from recon.connectors.local.tsql.functions import Call, function
from recon.connectors.local.tsql.scope import Typed
from recon.connectors.local.tsql.units import once
from recon.connectors.local.tsql.watched import watch_values
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree

_CURRENCY = r"[$\x{A2}-\x{A5}\x{20AC}]"
_BEFORE, _AFTER = r"[\t\n\x0B\f\r ]*", " *"
_YES = (
    rf"{_BEFORE}[+-]? *([0-9]{{1,300}}(\.[0-9]{{0,300}})?|\.[0-9]{{1,300}}){_AFTER}",
    rf"{_BEFORE}[+-]?([0-9]{{1,100}}(\.[0-9]{{0,100}})?|\.[0-9]{{1,100}})[eEdD][+-]?[0-9]{{1,2}}{_AFTER}",
    rf"{_BEFORE}([+-]?{_CURRENCY}?|{_CURRENCY}[+-])[0-9](,*[0-9]){{0,14}}(\.[0-9]{{0,100}})?{_AFTER}",
    rf"[-+.,\\]|{_CURRENCY}|[\t\n\x0B\f\r]",
)
_NO = (
    " *",
    # Letters, and signs that are neither of a number nor of a currency.
    r".*[A-CF-Za-cf-z\x{C0}-\x{24F}\x{370}-\x{1FFF}\x{3041}-\x{D7AF}].*",
    r""".*[!"#%&'()*/:;<=>?@^_`{|}~\[\]].*""",
    # An exponent without a number, or two of them; a sign or a blank within a number; two points.
    r"[^0-9]*[eEdD][^0-9]*",
    r".*[eEdD].*[eEdD].*",
    r"[^eEdD]*[0-9] *[+-] *[0-9][^eEdD]*",
    r"[+-]?[0-9]+( +[0-9]+)+ *",
    r".*\..*\..*",
    r".*[0-9][\t\n\r]+ *",
)
_UNSURE = "ISNUMERIC meets a text of a form whose answer in Synapse is not proven here"


@function("ISNUMERIC")
def _isnumeric(call: Call) -> Typed:
    """1 or 0, never NULL."""
    call.arity(1)
    given = call.value(0)
    if given.type.family in {Family.INTEGER, Family.BIT, Family.DECIMAL, Family.MONEY, Family.FLOAT}:
        return Typed(case((is_null(given.tree), num(0)), default=num(1)), types.INT)
    if given.type.family is Family.NULL:
        return Typed(num(0), types.INT)
    if given.type.family is not Family.TEXT:
        return call.env.refuse(call.node, f"ISNUMERIC of {given.type} is not supported here")
    unsure = negate(exp.Paren(this=exp.Or(this=_any(given.tree, _YES), expression=_any(given.tree, _NO))))
    watch_values(call.env, call.node, unsure, _UNSURE)
    good = once(given.tree, lambda tree: _any(tree, _YES))
    return Typed(case((good, num(1)), default=num(0)), types.INT)


def _any(tree: Tree, forms: tuple[str, ...]) -> Tree:
    tests = [matches(tree.copy(), form, "s") for form in forms]
    return exp.Paren(this=reduce(lambda a, b: binary(exp.Or, a, b), tests))
