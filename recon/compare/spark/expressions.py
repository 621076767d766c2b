"""Expressions in Spark's spelling, each with its type. What is not known here is an error."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import trees as t
from recon.compare.spark import doubles, unicode
from recon.compare.spark.build import Value, cast, integer, literal
from recon.compare.spark.casts import casted
from recon.compare.spark.functions import FUNCTIONS
from recon.compare.spark.kinds import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    HUGEINT,
    INT,
    NULL,
    TEXT,
    Kind,
    of_type,
    refused,
    wider,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.compare.spark.scopes import Columns, Scope

    Lower = Callable[[exp.Expr], Value]
    Make = Callable[[exp.Expr, Lower], Value]
    Inner = Callable[[exp.Expr], tuple[exp.Query, Columns]]

_COMPARED: Final = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)


def lowered(node: exp.Expr, scope: Scope, inner: Inner) -> Value:
    """The expression for Spark; `inner` does a query within it. EngineError for what Spark cannot do."""

    def lower(inside: exp.Expr) -> Value:
        return lowered(inside, scope, inner)

    if isinstance(node, exp.Column):
        return scope.column(node)
    if isinstance(node, exp.In) and node.args.get("query"):
        return _in_query(node, lower, inner)
    known: Make | None = next((make for kind, make in _NODES if type(node) is kind), None)
    if known is None and isinstance(node, _COMPARED):
        known = _compared
    if known is None:
        raise refused(f"the expression {type(node).__name__}")
    return known(node, lower)


def _in_query(node: exp.In, lower: Lower, inner: Inner) -> Value:
    inside, _ = inner(node.args["query"].this)
    return Value(exp.In(this=lower(node.this).tree, query=exp.Subquery(this=inside)), BOOLEAN)


def _literal(node: exp.Expr, _: Lower) -> Value:
    if node.is_string:
        return Value(literal(node.name), TEXT)
    if not node.name.isdigit():
        digits, __, decimals = node.name.partition(".")
        if not (digits + decimals).isdigit():
            raise refused(f"the number {node.name}")
        if len(digits) + len(decimals) > 38:  # no decimal: DuckDB reads it as a double too
            return Value(cast(t.text(node.name), "DOUBLE"), DOUBLE)
        return Value(t.number(node.name), Kind(exp.DType.DECIMAL, len(digits) + len(decimals), len(decimals)))
    size = int(node.name)
    kind = INT if size < 2**31 else BIGINT if size < 2**63 else HUGEINT
    return Value(t.number(node.name), kind)


def _null(_: exp.Expr, __: Lower) -> Value:
    return Value(exp.null(), NULL)


def _boolean(node: exp.Expr, _: Lower) -> Value:
    return Value(exp.true() if node.this else exp.false(), BOOLEAN)


def _paren(node: exp.Expr, lower: Lower) -> Value:
    inside = lower(node.this)
    return Value(t.grouped(inside.tree), inside.kind)


def _connector(node: exp.Expr, lower: Lower) -> Value:
    one, other = (lower(x).tree for x in (node.this, node.expression))
    return Value(t.operator(type(node), one, other), BOOLEAN)  # pyright: ignore[reportArgumentType]


def _not(node: exp.Expr, lower: Lower) -> Value:
    return Value(t.negate(lower(node.this).tree), BOOLEAN)


def _is(node: exp.Expr, lower: Lower) -> Value:
    if not isinstance(node.expression, exp.Null):
        raise refused("IS with anything but NULL")
    return Value(t.is_null(lower(node.this).tree), BOOLEAN)


def _compared(node: exp.Expr, lower: Lower) -> Value:
    one, other = lower(node.this), lower(node.expression)
    _check_comparable(one.kind, other.kind)
    return Value(t.operator(type(node), one.tree, other.tree), BOOLEAN)  # pyright: ignore[reportArgumentType]


def _check_comparable(one: Kind, other: Kind) -> None:
    both = (one, other)
    alike = one == other or NULL in both
    alike = alike or all(k.text for k in both) or all(k.number for k in both)
    alike = alike or all(k.stamp or k == DATE for k in both)
    if not alike or exp.DType.MAP in {k.type for k in both}:
        raise refused(f"comparing {one} with {other}")


def _in(node: exp.Expr, lower: Lower) -> Value:
    value = lower(node.this)
    among = [lower(x) for x in node.expressions]
    for one in among:
        _check_comparable(value.kind, one.kind)
    return Value(exp.In(this=t.grouped(value.tree), expressions=[x.tree for x in among]), BOOLEAN)


def _case(node: exp.Expr, lower: Lower) -> Value:
    if node.args.get("this") is not None:
        raise refused("CASE with an operand")
    branches = [(lower(b.this).tree, lower(b.args["true"])) for b in node.args["ifs"]]
    default = node.args.get("default")
    last = lower(default) if default is not None else Value(exp.null(), NULL)
    kind = reduce(wider, [value.kind for _, value in branches], last.kind)
    tree = t.case(*((c, _as(v, kind)) for c, v in branches), otherwise=_as(last, kind))
    return Value(tree, kind)


def _as(value: Value, kind: Kind) -> exp.Expr:
    """A branch in the common type; numbers are converted by Spark, which knows the wider one."""
    return casted(value, kind, lenient=False).tree if value.kind == DATE and kind.stamp else value.tree


def _coalesce(node: exp.Expr, lower: Lower) -> Value:
    values = [lower(x) for x in (node.this, *node.expressions)]
    kind = reduce(wider, [v.kind for v in values])
    return Value(t.call("coalesce", *(_as(v, kind) for v in values)), kind)


def _nullif(node: exp.Expr, lower: Lower) -> Value:
    one, other = lower(node.this), lower(node.expression)
    _check_comparable(one.kind, other.kind)
    return Value(t.call("nullif", one.tree, other.tree), one.kind)


def _cast(node: exp.Expr, lower: Lower) -> Value:
    return casted(lower(node.this), of_type(node.args["to"]), lenient=isinstance(node, exp.TryCast))


def _joined(node: exp.Expr, lower: Lower) -> Value:
    parts = [lower(x) for x in (node.this, node.expression)]
    if not all(p.kind.text for p in parts):
        raise refused("|| of anything but texts")
    return Value(exp.DPipe(this=t.own(parts[0].tree), expression=t.own(parts[1].tree), safe=True), TEXT)


def _of_text(node: exp.Expr, lower: Lower) -> Value:
    value = lower(node.this)
    if not value.kind.text:
        raise refused(f"{type(node).__name__} of {value.kind}")
    if isinstance(node, exp.Length):
        return Value(cast(t.call("char_length", value.tree), "BIGINT"), BIGINT)
    if isinstance(node, exp.MD5):
        return Value(t.call("md5", cast(value.tree, "BINARY")), TEXT)
    if isinstance(node, exp.SHA2):
        return Value(t.call("sha2", cast(value.tree, "BINARY"), t.number(256)), TEXT)
    return Value((unicode.lowered if isinstance(node, exp.Lower) else unicode.uppered)(value.tree), TEXT)


# --- numbers ---


def _numbers(node: exp.Expr, lower: Lower) -> tuple[Value, Value]:
    one, other = lower(node.this), lower(node.expression)
    if not (one.kind.number and other.kind.number):
        raise refused(f"{type(node).__name__} of {one.kind} and {other.kind}")
    return one, other


def _arithmetic(node: exp.Expr, lower: Lower) -> Value:
    one, other = _numbers(node, lower)
    kind = _result(type(node), one.kind, other.kind)
    trees = [integer(v.tree) if kind == HUGEINT and v.kind != HUGEINT else v.tree for v in (one, other)]
    return Value(t.operator(type(node), *trees), kind)  # pyright: ignore[reportArgumentType]


def _result(node: type[exp.Expr], one: Kind, other: Kind) -> Kind:
    """The type of a sum, difference or product. One that 38 digits might cut is refused; HUGEINT raises."""
    if one.floating or other.floating:
        return DOUBLE if DOUBLE in (one, other) or not (one.floating and other.floating) else one
    if one.integer and other.integer:
        return one if one.digits >= other.digits else other
    if node is exp.Mul:
        digits, scale = one.digits + other.digits + 1, one.scale + other.scale
    else:
        scale = max(one.scale, other.scale)
        digits = max(one.digits - one.scale, other.digits - other.scale) + scale + 1
    if digits > 38 and scale:
        raise refused(f"{node.__name__} of {one} and {other}, which may not fit 38 digits")
    return Kind(exp.DType.DECIMAL, min(digits, 38), scale)


def _divided(node: exp.Expr, lower: Lower) -> Value:
    one, other = (cast(v.tree, "DOUBLE") for v in _numbers(node, lower))
    return Value(doubles.divided(one, other), DOUBLE)


def _whole_division(node: exp.Expr, lower: Lower) -> Value:
    one, other = _numbers(node, lower)
    if not (one.kind.integer and other.kind.integer) or HUGEINT in (one.kind, other.kind):
        raise refused(f"// of {one.kind} and {other.kind}")
    return Value(t.operator(exp.IntDiv, one.tree, _not_zero(other.tree)), one.kind)


def _remainder(node: exp.Expr, lower: Lower) -> Value:
    one, other = _numbers(node, lower)
    kind = wider(one.kind, other.kind)
    if kind.floating and not isinstance(other.tree, exp.Literal):
        raise refused(f"% of {one.kind} and {other.kind}")
    return Value(t.operator(exp.Mod, one.tree, _not_zero(other.tree)), kind)


def _not_zero(divisor: exp.Expr) -> exp.Expr:
    """DuckDB gives NULL where Spark gives an error."""
    if isinstance(divisor, exp.Literal) and divisor.name.strip("0."):
        return divisor
    return t.call("nullif", divisor, t.number(0))


def _bits(node: exp.Expr, lower: Lower) -> Value:
    """On the hash, which is a BIGINT here and an unsigned one in DuckDB: only to skip what is equal."""
    one, other = _numbers(node, lower)
    if not (one.kind == BIGINT and other.kind.integer):
        raise refused(f"{type(node).__name__} of {one.kind}")
    if isinstance(node, exp.BitwiseRightShift):
        return Value(t.call("shiftright", one.tree, other.tree), BIGINT)
    return Value(t.operator(exp.BitwiseAnd, one.tree, cast(other.tree, "BIGINT")), BIGINT)


def _signed(node: exp.Expr, lower: Lower) -> Value:
    value = lower(node.this)
    if not value.kind.number:
        raise refused(f"{type(node).__name__} of {value.kind}")
    tree = exp.Neg(this=t.grouped(value.tree)) if isinstance(node, exp.Neg) else t.magnitude(value.tree)
    return Value(tree, value.kind)


# --- aggregates and windows ---


def _count(node: exp.Expr, lower: Lower) -> Value:
    if isinstance(node.this, exp.Star):
        return Value(t.rows_counted(), BIGINT)
    if isinstance(node.this, exp.Distinct):
        values = [lower(x).tree for x in node.this.expressions]
        return Value(exp.Count(this=exp.Distinct(expressions=values)), BIGINT)
    return Value(exp.Count(this=lower(node.this).tree), BIGINT)


def _sum(node: exp.Expr, lower: Lower) -> Value:
    """In 38 digits, with an error where they do not suffice. Of floats it would depend on the order."""
    value = lower(node.this)
    if value.kind.integer:
        return Value(exp.Sum(this=integer(value.tree)), HUGEINT)
    if value.kind.decimal:
        scale = value.kind.scale
        return Value(
            exp.Sum(this=cast(value.tree, f"DECIMAL(38,{scale})")), Kind(exp.DType.DECIMAL, 38, scale)
        )
    raise refused(f"SUM of {value.kind}")


def _end(node: exp.Expr, lower: Lower) -> Value:
    value = lower(node.this)
    if value.kind.type is exp.DType.MAP:
        raise refused(f"{type(node).__name__} of {value.kind}")
    return Value(type(node)(this=t.own(value.tree)), value.kind)


def _distinct_roughly(node: exp.Expr, lower: Lower) -> Value:
    return Value(
        t.call("approx_count_distinct", lower(node.this).tree, cast(t.text("0.01"), "DOUBLE")), BIGINT
    )


def _window(node: exp.Expr, lower: Lower) -> Value:
    if type(node.this) not in {exp.RowNumber, exp.Rank, exp.DenseRank} or node.args.get("spec"):
        raise refused(f"the window function {type(node.this).__name__}")
    order = node.args.get("order")
    terms = [lower(o).tree for o in order.expressions] if order is not None else []
    return Value(
        exp.Window(
            this=type(node.this)(),
            partition_by=[lower(p).tree for p in node.args.get("partition_by") or ()],
            order=exp.Order(expressions=terms or [t.ordered(t.number(1))]),
        ),
        BIGINT,
    )


def _ordered(node: exp.Expr, lower: Lower) -> Value:
    value = lower(node.this)
    args = {"desc": bool(node.args.get("desc")), "nulls_first": bool(node.args.get("nulls_first"))}
    return Value(exp.Ordered(this=t.own(value.tree), **args), value.kind)


def _called(node: exp.Expr, lower: Lower) -> Value:
    make = FUNCTIONS.get(node.name.lower())
    if make is None:
        raise refused(f"the function {node.name}")
    return make([lower(x) for x in node.expressions])


_NODES: Final = (
    (exp.Literal, _literal), (exp.Null, _null), (exp.Boolean, _boolean), (exp.Paren, _paren),
    (exp.And, _connector), (exp.Or, _connector), (exp.Not, _not), (exp.Is, _is), (exp.In, _in),
    (exp.Case, _case), (exp.Coalesce, _coalesce), (exp.Nullif, _nullif), (exp.Cast, _cast),
    (exp.TryCast, _cast), (exp.DPipe, _joined), (exp.Upper, _of_text), (exp.Lower, _of_text),
    (exp.Length, _of_text), (exp.MD5, _of_text), (exp.SHA2, _of_text),
    (exp.Add, _arithmetic), (exp.Sub, _arithmetic),
    (exp.Mul, _arithmetic), (exp.Div, _divided), (exp.IntDiv, _whole_division), (exp.Mod, _remainder),
    (exp.Neg, _signed), (exp.Abs, _signed), (exp.BitwiseAnd, _bits), (exp.BitwiseRightShift, _bits),
    (exp.Count, _count), (exp.Sum, _sum), (exp.Min, _end), (exp.Max, _end),
    (exp.ApproxDistinct, _distinct_roughly), (exp.Window, _window), (exp.Ordered, _ordered),
    (exp.Anonymous, _called),
)  # fmt: skip
