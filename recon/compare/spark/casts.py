"""Casts in Spark: each pair of types that the trees use, with DuckDB's meaning. Any other pair is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlglot import exp

from recon.compare import trees as t
from recon.compare.spark import double_bits, doubles, moments, nested
from recon.compare.spark.build import Value, cast, integer, let, string, try_cast
from recon.compare.spark.kinds import (
    BIGINT,
    BLOB,
    BOOLEAN,
    DATE,
    DOUBLE,
    FLOAT,
    HUGEINT,
    INT,
    NULL,
    STAMP,
    STAMP_NS,
    STAMP_TZ,
    TEXT,
    TIME,
    TIME_NS,
    Kind,
    held_as,
    refused,
)
from recon.compare.spark.patterns import full

_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_GREATEST_FLOAT: Final = (
    "3.4028234663852886e38"  # what is halfway to the next power of two is still read as it
)
_NUMBER: Final = r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*"
_SPECIAL: Final = r"(?i)\s*[+-]?(?:nan|inf|infinity)\s*"


def casted(value: Value, to: Kind, *, lenient: bool) -> Value:
    """The value as `to`; where it cannot be, NULL when the cast is `lenient`, otherwise an error."""
    if to.type is exp.DType.BIT:  # its digits say of how many bits
        to = Kind(to.type, digits=32 if value.kind == FLOAT else 64)
    return Value(_casted(value, to, lenient=lenient), to)


def _casted(value: Value, to: Kind, *, lenient: bool) -> exp.Expr:
    kind, tree = value.kind, value.tree
    if kind == to and not to.decimal:
        return t.own(tree)
    if kind == NULL and isinstance(tree, exp.Null):
        return exp.Cast(this=exp.null(), to=held_as(to))
    if exp.DType.BIT in {kind.type, to.type}:
        return _bits(value, to)
    if to == TEXT:
        return as_text(value)
    if kind.text:
        return _read(tree, to, lenient=lenient)
    if to.number and (kind.number or kind == BOOLEAN):
        return _number(value, to, lenient=lenient)
    return _moment(value, to)


def _bits(value: Value, to: Kind) -> exp.Expr:
    """A float's bits, which only ever become an integer: until then the float stands for them."""
    if value.kind.floating and to.type is exp.DType.BIT:
        return t.own(value.tree)
    if value.kind.type is not exp.DType.BIT or to != (INT if value.kind.digits == 32 else BIGINT):
        raise refused(f"a cast from {value.kind} to {to}")
    return double_bits.bits(value.tree, single=value.kind.digits == 32)


def as_text(value: Value) -> exp.Expr:  # noqa: PLR0911 (a table of types)
    """The value as DuckDB prints it."""
    kind, tree = value.kind, value.tree
    if kind.text:
        return t.own(tree)
    if kind == BOOLEAN or kind.exact:
        return _digits(string(tree), kind)
    if kind.floating:
        return doubles.printed(tree, single=kind == FLOAT)
    if kind == DATE:
        return moments.printed_date(tree)
    if kind.stamp or kind == STAMP_TZ:
        return moments.printed_stamp(tree, zoned=kind == STAMP_TZ)
    if kind == STAMP_NS:
        return moments.printed_nanos(tree)
    if kind in {TIME, TIME_NS}:
        return moments.printed_time(tree, 9 if kind == TIME_NS else 6)
    if kind == BLOB:
        return nested.printed_bytes(tree)
    if kind.nested:
        return nested.printed(tree, kind, lambda item, part: as_text(Value(item, part)))
    raise refused(f"printing {kind}")


def _digits(said: exp.Expr, kind: Kind) -> exp.Expr:
    """DuckDB prints .5 where all digits are decimals."""
    if not kind.decimal or kind.digits > kind.scale:
        return said
    return t.call("regexp_replace", said, t.text("^(-?)0[.]"), t.text("$1."))


def _number(value: Value, to: Kind, *, lenient: bool) -> exp.Expr:
    kind, tree = value.kind, value.tree
    if to == FLOAT and kind == DOUBLE:
        return _single(tree, lenient=lenient)
    if kind.floating and to.exact and to != HUGEINT:
        raise refused(f"a cast from {kind} to {to}")
    if kind == DOUBLE and to == HUGEINT:  # whole doubles below 2**63, such as sums are made of
        return integer(cast(tree, "BIGINT"))
    if kind == BOOLEAN and to.decimal:
        tree = cast(tree, "INT")
    make = exp.TryCast if lenient else exp.Cast
    return make(this=t.own(tree), to=held_as(to))


def _single(tree: exp.Expr, *, lenient: bool) -> exp.Expr:
    """The nearest 4-byte float; beyond them there is none."""
    if not lenient:
        raise refused("a cast from DOUBLE to FLOAT")

    def near(x: exp.Expr) -> exp.Expr:
        narrow = cast(x, "FLOAT")
        lost = t.all_of(doubles.is_finite(x), t.negate(doubles.is_finite(narrow)))
        return t.case((lost, exp.null()), otherwise=narrow)

    return let(tree, near)


def _moment(value: Value, to: Kind) -> exp.Expr:
    kind, tree = value.kind, value.tree
    zoned = kind == STAMP_TZ
    if kind == STAMP_NS and to.stamp:
        return moments.stamp_of_nanos(tree)
    if kind == DATE and (to.stamp or to == STAMP_TZ):
        stamp = moments.stamp_of_date(tree)
        return stamp if to.stamp else cast(stamp, "TIMESTAMP")
    if (kind.stamp or zoned) and to == DATE:
        return moments.date_of_stamp(tree, zoned=zoned)
    if (kind.stamp or zoned) and to.stamp:
        return cast(tree, "TIMESTAMP_NTZ")
    if kind.stamp and to == STAMP_TZ:
        return cast(tree, "TIMESTAMP")
    raise refused(f"a cast from {kind} to {to}")


def _read(tree: exp.Expr, to: Kind, *, lenient: bool) -> exp.Expr:
    """A text as another type."""
    if to.floating:
        return _floating(tree, to, lenient=lenient)
    if to in {INT, BIGINT, HUGEINT} or to.decimal:
        plain = _matching(tree, _NUMBER if to.decimal else r"[+-]?\d+", exp.TryCast, to)
        return plain if lenient else exp.Cast(this=t.own(tree), to=held_as(to))
    if isinstance(tree, exp.Literal) and (to == DATE or to.stamp):
        return _written(tree.name, to)
    if not lenient and to != TIME:
        raise refused(f"a cast from text to {to}")
    if to == BOOLEAN:
        return let(t.lower(tree), lambda x: t.case(
            (t.one_of(x, _TRUE), exp.true()), (t.one_of(x, _FALSE), exp.false()), otherwise=exp.null()
        ))  # fmt: skip
    if to == STAMP:
        return moments.read_stamp(tree, zoned=False)
    if to == STAMP_TZ:
        return moments.read_stamp(tree, zoned=True)
    if to == TIME:
        return moments.read_time(tree)
    raise refused(f"a cast from text to {to}")


def _written(said: str, to: Kind) -> exp.Expr:
    """A date or a timestamp that a tree spells out."""
    if said == "infinity" and to.stamp:
        return moments.infinite()
    try:
        moment = datetime.fromisoformat(said)
    except ValueError as error:
        raise refused(f"the {to} {said}") from error
    if moment.tzinfo is not None:
        raise refused(f"the {to} {said}")
    if to == DATE:
        return cast(t.text(moment.date().isoformat()), "DATE")
    return cast(t.text(moment.isoformat(" ")), "TIMESTAMP_NTZ")


def _matching(tree: exp.Expr, pattern: str, kind: type[exp.Cast], to: Kind) -> exp.Expr:
    """The cast where the text has the form, else NULL: Spark reads more than DuckDB does."""

    def read(said: exp.Expr) -> exp.Expr:
        has = exp.RegexpLike(this=t.own(said), expression=t.text(full(pattern)))
        return t.case((has, kind(this=t.own(said), to=held_as(to))), otherwise=exp.null())

    return let(tree, read)


def _floating(tree: exp.Expr, to: Kind, *, lenient: bool) -> exp.Expr:
    if isinstance(tree, exp.Literal):
        return cast(tree, str(to))
    if not lenient:  # a number that was printed
        return cast(tree, str(to))
    spelled = "FLOAT" if to == FLOAT else "DOUBLE"

    def read(said: exp.Expr) -> exp.Expr:
        number, special = (
            exp.RegexpLike(this=t.own(said), expression=t.text(full(p))) for p in (_NUMBER, _SPECIAL)
        )
        unsigned = t.call("regexp_replace", said, t.text("[+-]"), t.text(""))
        nan = t.equals(t.lower(t.call("trim", unsigned)), t.text("nan"))
        return t.case(
            (number, try_cast(said, spelled)),
            (t.all_of(special, nan), cast(t.text("NaN"), spelled)),
            (special, try_cast(said, spelled)),
            otherwise=exp.null(),
        )

    return let(tree, read)
