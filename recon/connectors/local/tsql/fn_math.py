"""T-SQL's number functions. https://learn.microsoft.com/en-us/sql/t-sql/functions/mathematical-functions-transact-sql"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.arithmetic import scaled, unscaled
from recon.connectors.local.tsql.convert import convert
from recon.connectors.local.tsql.duck import binary, cast, fn, num, times, whole
from recon.connectors.local.tsql.functions import Call, function, guarded, result
from recon.connectors.local.tsql.scope import Typed
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from recon.connectors.local.tsql.duck import Tree

_DOMAIN = "An invalid floating point operation occurred."


def _number(call: Call, at: int) -> Typed:
    """An argument as a number: text becomes a float, bits and small integers stay what they are."""
    given = call.value(at)
    if given.type.family in {Family.INTEGER, Family.DECIMAL, Family.MONEY, Family.FLOAT}:
        return given
    return convert(call.env, call.node, given, types.FLOAT)


@function("ABS", "SIGN")
def _abs(call: Call) -> Typed:
    call.arity(1)
    given = _number(call, 0)
    return result(fn(call.name.lower(), given.tree), given.type)


@function("CEILING", "FLOOR")
def _floor(call: Call) -> Typed:
    call.arity(1)
    given = _number(call, 0)
    made = fn("ceil" if call.name == "CEILING" else "floor", given.tree)
    kind = replace(given.type, scale=0) if given.type.family is Family.DECIMAL else given.type
    return result(made, kind)


@function("ROUND")
def _round(call: Call) -> Typed:
    """Half away from zero, keeping the type; a third argument other than 0 cuts instead."""
    call.arity(2, 3)
    given = _number(call, 0)
    digits = call.whole_constant(1)
    if digits is None:
        return call.env.refuse(call.node, "ROUND to a number of digits that varies is not supported")
    mode = call.whole_constant(2) if len(call.args) == 3 else 0
    if mode is None:
        return call.env.refuse(call.node, "ROUND needs a constant as its third argument")
    if mode != 0:
        return _cut(call, given, digits)
    if given.type.family is Family.FLOAT:
        call.env.note(call.node, "ROUND of a float may differ in the last digit for values half way")
    if digits >= given.type.scale and given.type.family is not Family.FLOAT:
        return given
    return result(fn("round", given.tree, num(digits)), given.type)


def _cut(call: Call, given: Typed, digits: int) -> Typed:
    if given.type.family is Family.FLOAT:
        call.env.note(call.node, "ROUND that cuts a float may differ in the last digit")
        power = cast(num(str(10.0**digits)), "DOUBLE")
        return result(binary(exp.Div, fn("trunc", times(given.tree, power)), power), given.type)
    drop = given.type.scale - digits
    if drop <= 0:
        return given
    if given.type.family is Family.INTEGER:
        step = num(10**drop)
        return result(times(whole(cast(given.tree, "HUGEINT"), step), step), given.type)
    step = cast(num(10**drop), "HUGEINT")
    return result(scaled(times(whole(unscaled(given), step), step), given.type), given.type)


@function("POWER")
def _power(call: Call) -> Typed:
    """The result has the type of the base: POWER(2, 0.5) is 1."""
    call.arity(2)
    base, exponent = _number(call, 0), _number(call, 1)
    made = fn("pow", cast(base.tree, "DOUBLE"), cast(exponent.tree, "DOUBLE"))
    kind = base.type
    if kind.family is Family.DECIMAL:
        kind = types.decimal(38, kind.scale)
    if kind.family is Family.INTEGER:
        kind = types.INT if kind.name in {"tinyint", "smallint"} else kind
        made = fn("trunc", made)
    finite = fn("isfinite", made)
    checked = guarded(call, 3623, exp.Not(this=finite), made, _DOMAIN)
    return result(checked, kind)


@function("SQRT", "EXP", "LOG10", "SIN", "COS", "TAN", "ASIN", "ACOS", "ATAN", "RADIANS", "DEGREES", "COT")
def _float_function(call: Call) -> Typed:
    call.arity(1)
    given = call.as_type(0, types.FLOAT).tree
    bad: Tree | None = None
    if call.name == "SQRT":
        bad = binary(exp.LT, given, num(0))
    elif call.name == "LOG10":
        bad = binary(exp.LTE, given, num(0))
    elif call.name in {"ASIN", "ACOS"}:
        bad = binary(exp.GT, fn("abs", given), num(1))
    if call.name in {"RADIANS", "DEGREES"} and call.value(0).type.family is not Family.FLOAT:
        return call.env.refuse(call.node, f"{call.name} of other than float is not supported")
    made = fn(call.name.lower(), given)
    return Typed(made if bad is None else guarded(call, 3623, bad, made, _DOMAIN), types.FLOAT)


@function("LOG")
def _log(call: Call) -> Typed:
    """LOG(x) is natural; LOG(x, base) has the base second."""
    call.arity(1, 2)
    given = call.as_type(0, types.FLOAT).tree
    made = guarded(call, 3623, binary(exp.LTE, given, num(0)), fn("ln", given), _DOMAIN)
    if len(call.args) == 2:
        base = call.as_type(1, types.FLOAT).tree
        made = binary(exp.Div, made, fn("ln", base))
    return Typed(made, types.FLOAT)


@function("ATN2")
def _atn2(call: Call) -> Typed:
    call.arity(2)
    return Typed(fn("atan2", *(call.as_type(i, types.FLOAT).tree for i in (0, 1))), types.FLOAT)


@function("SQUARE")
def _square(call: Call) -> Typed:
    call.arity(1)
    given = call.as_type(0, types.FLOAT).tree
    return Typed(times(given, given), types.FLOAT)


@function("PI")
def _pi(call: Call) -> Typed:
    call.arity(0)
    return Typed(fn("pi"), types.FLOAT)


@function("RAND")
def _rand(call: Call) -> Typed:
    call.arity(0)
    call.env.note(call.node, "RAND() differs from run to run")
    return Typed(exp.Subquery(this=exp.select(fn("random"))), types.FLOAT)
