"""The common form of two types: what both sides of a column become before they are compared.

In its form equal values are the same value of one SQL type, so `IS NOT DISTINCT FROM` decides, rows can
be joined and grouped on it, and NULL stays NULL.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import reading
from recon.compare import trees as t
from recon.compare.types import Family

if TYPE_CHECKING:
    from recon.compare.types import Type


class Form(StrEnum):
    """What the values of a column become."""

    INTEGER = "integer"  # BIGINT
    DECIMAL = "decimal"  # DECIMAL(p,s) that holds both types exactly
    FLOAT = "float"  # DOUBLE; no -0.0, one NaN
    NUMERAL = "numeral"  # a number as exact text, where no SQL type holds both sides
    FLOAT_TEXT = "float text"  # a float and a text read as a float
    DATE = "date"  # DATE
    INSTANT = "instant"  # TIMESTAMP, microseconds, UTC
    INSTANT_TEXT = "instant text"
    TIME = "time"
    TIME_TEXT = "time text"
    TEXT = "text"
    GUID = "guid"
    BINARY = "binary"
    BINARY_TEXT = "binary text"
    NESTED = "nested"


NUMBERS: Final = {Form.INTEGER, Form.DECIMAL, Form.FLOAT, Form.NUMERAL, Form.FLOAT_TEXT}
FLOATS: Final = {Form.FLOAT, Form.FLOAT_TEXT}
INSTANTS: Final = {Form.DATE, Form.INSTANT, Form.INSTANT_TEXT}
TIMES: Final = {Form.TIME, Form.TIME_TEXT}
READ: Final = {Form.NUMERAL, Form.FLOAT_TEXT, Form.INSTANT_TEXT, Form.TIME_TEXT, Form.BINARY_TEXT}
_LONG: Final = {"bigint", "long"}
_EXACT_IN_DOUBLE: Final = 15  # decimal digits that an 8-byte float always holds


@dataclass(frozen=True, slots=True)
class Common:
    """The form of a pair of types, and both types as the form reads them."""

    form: Form
    baseline: Type
    candidate: Type
    digits: int = 0
    scale: int = 0


def common(baseline: Type, candidate: Type) -> Common | None:
    """The form in which the two types compare, the same for either order; None if there is none."""
    baseline, candidate = _as_read(baseline, candidate), _as_read(candidate, baseline)
    if baseline.family is not candidate.family or baseline.family is Family.UNKNOWN:
        return None
    read = baseline.read or candidate.read
    match baseline.family:
        case Family.NUMBER:
            return _numbers(baseline, candidate)
        case Family.INSTANT:
            dates = baseline.date and candidate.date
            form = Form.INSTANT_TEXT if read else Form.DATE if dates else Form.INSTANT
        case Family.TIME:
            form = Form.TIME_TEXT if read else Form.TIME
        case Family.BINARY:
            form = Form.BINARY_TEXT if read else Form.BINARY
        case Family.TEXT:
            form = Form.GUID if baseline.guid or candidate.guid else Form.TEXT
        case _:  # nested: only the very same type, and no map, whose entries have no order
            if _spelling(baseline) != _spelling(candidate) or "map" in _spelling(baseline):
                return None
            form = Form.NESTED
    return Common(form, baseline, candidate)


def _spelling(nested: Type) -> str:
    """As the engine holds it, however a system declares it; declared, where no engine holds it."""
    return "".join(nested.stored.split()) or nested.neutral


def _as_read(type_: Type, other: Type) -> Type:
    """A text beside another kind is read as that kind."""
    if type_.family is not Family.TEXT or other.family in {Family.TEXT, Family.NESTED, Family.UNKNOWN}:
        return type_
    return replace(other, read=True, spelled=type_.spelled, neutral=type_.neutral, padded=type_.padded)


def _numbers(baseline: Type, candidate: Type) -> Common:
    both = (baseline, candidate)
    digits, scale = max(t.digits for t in both), max(t.scale for t in both)
    floating, read = any(t.floating for t in both), any(t.read for t in both)
    if read:
        form = Form.FLOAT_TEXT if floating else Form.NUMERAL
    elif floating:
        exact = all(t.floating or (t.scale == 0 and t.digits <= _EXACT_IN_DOUBLE) for t in both)
        form = Form.FLOAT if exact else Form.NUMERAL
    elif digits + scale > 38:
        form = Form.NUMERAL
    else:
        long = all(t.digits <= 18 or t.stored in _LONG for t in both)
        form = Form.INTEGER if scale == 0 and long else Form.DECIMAL
    return Common(form, baseline, candidate, digits, scale)


def canonical(common_: Common, type_: Type, raw: exp.Expr) -> exp.Expr:
    """The tree that turns a raw value of `type_` into the form. `raw` itself where nothing is to do."""
    match common_.form:
        case Form.INTEGER:
            return t.own(raw) if type_.stored in _LONG else d.as_type(raw, "BIGINT")
        case Form.DECIMAL:
            return _decimal(type_, raw, f"decimal({common_.digits + common_.scale},{common_.scale})")
        case Form.FLOAT:
            return _plain_float(_double(type_, raw))
        case Form.NUMERAL:
            return _numeral(common_, type_, raw)
        case Form.FLOAT_TEXT:
            return _float_text(common_, type_, raw)
        case Form.GUID:
            return t.upper(raw)
        case Form.INSTANT | Form.INSTANT_TEXT | Form.TIME | Form.TIME_TEXT | Form.BINARY_TEXT:
            return _moment(common_.form, type_, raw)
        case _:
            return t.own(raw)


def _decimal(type_: Type, raw: exp.Expr, spelled: str) -> exp.Expr:
    if type_.stored.replace(" ", "") == spelled:
        return t.own(raw)
    return d.as_type(d.as_type(raw, "INT") if type_.boolean else raw, spelled)


def _double(type_: Type, raw: exp.Expr) -> exp.Expr:
    """The nearest double; of a decimal by way of its text, because a direct cast may be one bit off."""
    if type_.floating:
        return d.as_type(raw, "DOUBLE")
    return d.as_type(d.as_text(d.as_type(raw, "INT") if type_.boolean else raw), "DOUBLE")


def _plain_float(value: exp.Expr) -> exp.Expr:
    """-0.0 as 0.0 and every NaN as the same one: engines group and hash by the bits."""
    return t.case(
        (t.call("isnan", value), d.as_type(t.text("nan"), "DOUBLE")),
        (t.equals(value, t.number(0)), d.as_type(t.number(0), "DOUBLE")),
        otherwise=value,
    )


def _numeral(common_: Common, type_: Type, raw: exp.Expr) -> exp.Expr:
    if type_.read:
        return reading.numeral(raw, boolean=common_.baseline.boolean or common_.candidate.boolean)
    if type_.floating:
        return _numeral_of_float(d.as_type(raw, "DOUBLE"), common_.scale)
    return reading.numeral_of_decimal(d.as_type(raw, "INT") if type_.boolean else raw, type_.scale)


def _numeral_of_float(value: exp.Expr, scale: int) -> exp.Expr:
    """The exact decimal text of a double with at most `scale` decimals, else "f" and its shortest text.

    A double m * 2^-k (m odd) has exactly k decimals, so it has at most `scale` of them when value * 2^scale,
    which doubles hold exactly, is whole. One with more decimals equals no decimal of that scale.
    """
    shifted = t.operator(exp.Mul, value, d.as_type(t.number(2**scale), "DOUBLE"))
    whole = t.all_of(t.call("isfinite", value), t.equals(shifted, t.call("trunc", shifted)))
    digits = d.fixed(value, scale)
    shortest = t.call("rtrim", t.call("rtrim", digits, t.text("0")), t.text(".")) if scale else digits
    return t.case(
        (t.is_null(value), exp.null()),
        (t.call("isnan", value), t.text("fnan")),
        (t.equals(value, t.number(0)), t.text("0")),
        (whole, shortest),
        otherwise=t.joined(t.text("f"), d.as_text(value)),
    )


def _float_text(common_: Common, type_: Type, raw: exp.Expr) -> exp.Expr:
    def show(value: exp.Expr) -> exp.Expr:
        return d.float_text(_plain_float(value))

    if not type_.read:
        return show(_double(type_, raw))
    other = common_.candidate if type_ is common_.baseline else common_.baseline
    single = type_.single if type_.floating and other.read else other.single
    return reading.unreadable_or(raw, reading.floating(raw, single=single), show)


def _moment(form: Form, type_: Type, raw: exp.Expr) -> exp.Expr:
    if form is Form.INSTANT:
        return (
            t.own(raw) if type_.stored == "timestamp" else d.instant(raw, date=type_.date, nanos=type_.nanos)
        )
    if form is Form.TIME:
        return d.time_of_day(raw, nanos=type_.nanos)
    if form is Form.BINARY_TEXT:
        return reading.octets(raw) if type_.read else reading.octets_of_binary(raw)
    if form is Form.TIME_TEXT:
        if type_.read:
            return reading.unreadable_or(raw, reading.time_of_day(raw), d.as_text)
        return d.as_text(d.time_of_day(raw, nanos=type_.nanos))
    if type_.read:
        return reading.unreadable_or(raw, reading.instant(raw), d.as_text)
    return d.as_text(d.instant(raw, date=type_.date, nanos=type_.nanos))
