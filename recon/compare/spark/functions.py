"""The engine's own functions that the trees call, by DuckDB's names: how Spark says the same."""

from __future__ import annotations

import re
from functools import reduce
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.compare import trees as t
from recon.compare.spark import doubles, moments, unicode
from recon.compare.spark.build import Value, cast, let
from recon.compare.spark.kinds import (
    BIGINT,
    BLOB,
    BOOLEAN,
    DATE,
    DOUBLE,
    STAMP,
    STAMP_NS,
    STAMP_TZ,
    TEXT,
    TIME,
    UBIGINT,
    Kind,
    refused,
    wider,
)
from recon.compare.spark.patterns import full, java

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Make = Callable[[Sequence[Value]], Value]

_ARRAY: Final = Kind(exp.DType.ARRAY, parts=(("", TEXT),))


def _texts(values: Sequence[Value], *, most: int) -> list[exp.Expr]:
    """The trees, of which the first `most` must be texts and the others integers."""
    for n, value in enumerate(values):
        if not (value.kind.text if n < most else value.kind.integer):
            raise refused(f"a text function of {value.kind}")
    return [v.tree for v in values]


def _same(name: str, *, texts: int, kind: Kind = TEXT) -> Make:
    """A function that Spark has too, by that name, of texts and then integers."""
    return lambda values: Value(t.call(name, *_texts(values, most=texts)), kind)


def _counted(name: str) -> Make:
    """LEFT, REPEAT, SUBSTR, LPAD: counts are INT in Spark, and BIGINT in DuckDB."""

    def make(values: Sequence[Value]) -> Value:
        if not values[0].kind.text:
            raise refused(f"{name} of {values[0].kind}")
        trees = [v.tree if v.kind.text else _int(v) for v in values]
        return Value(t.call(name, *trees), TEXT)

    return make


def _int(value: Value) -> exp.Expr:
    if not value.kind.integer:
        raise refused(f"a count that is {value.kind}")
    return value.tree if isinstance(value.tree, exp.Literal) else cast(value.tree, "INT")


def _trimmed(name: str) -> Make:
    """TRIM(text, characters): Spark has them the other way round. Without characters: blanks."""

    def make(values: Sequence[Value]) -> Value:
        trees = _texts(values, most=2)
        return Value(t.call(name, *reversed(trees)), TEXT)

    return make


def _pattern(value: Value) -> str:
    if not isinstance(value.tree, exp.Literal):
        raise refused("a pattern that is not written out")
    return value.tree.name


def _rlike(spell: Callable[[str], str]) -> Make:
    def make(values: Sequence[Value]) -> Value:
        said, pattern = values
        _texts([said], most=1)
        tree = exp.RegexpLike(this=t.grouped(said.tree), expression=t.text(spell(_pattern(pattern))))
        return Value(tree, BOOLEAN)

    return make


def _caught(values: Sequence[Value]) -> Value:
    said, pattern, which = values
    _texts([said], most=1)
    return Value(t.call("regexp_extract", said.tree, t.text(java(_pattern(pattern))), which.tree), TEXT)


def _replaced(values: Sequence[Value]) -> Value:
    said, pattern, by, how = values
    _texts([said], most=1)
    if _pattern(how) != "g":
        raise refused("regexp_replace of the first match only")
    spelled = re.sub(r"\\(\d)", r"$\1", _pattern(by).replace("$", r"\$"))
    if re.search(r"\\[^$]", spelled):
        raise refused(f"the replacement {_pattern(by)}")
    return Value(t.call("regexp_replace", said.tree, t.text(java(_pattern(pattern))), t.text(spelled)), TEXT)


def _of_double(build: Callable[[exp.Expr], exp.Expr], kind: Kind) -> Make:
    def make(values: Sequence[Value]) -> Value:
        [value] = values
        if not value.kind.floating:
            raise refused(f"a function of doubles, of {value.kind}")
        return Value(let(value.tree, build), kind)

    return make


def _extreme(name: str) -> Make:
    """GREATEST and LEAST leave NULL out on both engines, and take NaN for the greatest number."""

    def make(values: Sequence[Value]) -> Value:
        kind = reduce(wider, [v.kind for v in values])
        if not kind.number:
            raise refused(f"{name} of {kind}")
        return Value(t.call(name, *(v.tree for v in values)), kind)

    return make


def _fixed(values: Sequence[Value]) -> Value:
    spec, value = values
    if spec.tree.name == "{:.16e}" and value.kind == DOUBLE:  # for what DuckDB prints wrongly
        return Value(doubles.printed(value.tree, single=False), TEXT)
    if value.kind != DOUBLE or not (spec.tree.name.startswith("{:.") and spec.tree.name.endswith("f}")):
        raise refused(f"format({spec.tree.name})")
    return Value(doubles.fixed(value.tree, int(spec.tree.name[3:-2])), TEXT)


def _micros(values: Sequence[Value]) -> Value:
    [value] = values
    if value.kind == TIME:
        return Value(value.tree, BIGINT)
    if not (value.kind.stamp or value.kind == STAMP_TZ):
        raise refused(f"epoch_us of {value.kind}")
    return Value(moments.known_micros(value.tree, zoned=value.kind == STAMP_TZ), BIGINT)


def _nanos(values: Sequence[Value]) -> Value:
    if values[0].kind != STAMP_NS:
        raise refused(f"epoch_ns of {values[0].kind}")
    return Value(moments.known_nanos(values[0].tree), BIGINT)


def _stamp(values: Sequence[Value]) -> Value:
    if not values[0].kind.integer:
        raise refused(f"make_timestamp of {values[0].kind}")
    return Value(moments.of_micros(values[0].tree), STAMP)


def _hex(values: Sequence[Value]) -> Value:
    if values[0].kind != BLOB:
        raise refused(f"hex of {values[0].kind}")
    return Value(t.call("hex", values[0].tree), TEXT)


def _last_of_md5(values: Sequence[Value]) -> Value:
    """The last 8 of the 16 bytes as a number, the first of them as its lowest."""
    said = _texts(values, most=1)[0]

    def number(digits: exp.Expr) -> exp.Expr:
        pairs = [t.call("substr", digits, t.number(n), t.number(2)) for n in range(31, 16, -2)]
        return cast(t.call("conv", t.call("concat", *pairs), t.number(16), t.number(10)), "DECIMAL(20,0)")

    return Value(let(t.call("md5", cast(said, "BINARY")), number), UBIGINT)


def _json(values: Sequence[Value]) -> Value:
    """Spark leaves NULL fields out unless told not to; both escape alike."""
    if not all(v.kind.text for v in values):
        raise refused("json_object of anything but texts")
    if not values:
        return Value(t.text("{}"), TEXT)
    fields = [v.tree if n % 2 == 0 else cast(v.tree, "STRING") for n, v in enumerate(values)]
    struct = t.call("named_struct", *fields)
    options = t.call("map", t.text("ignoreNullFields"), t.text("false"))
    return Value(t.call("to_json", struct, options), TEXT)


def _hash(values: Sequence[Value]) -> Value:
    """64 bits, others than DuckDB's. xxhash64 passes over NULL: whether there is one goes in too."""
    parts: list[exp.Expr] = []
    for value in values:
        if value.kind.type is exp.DType.MAP:
            raise refused("a hash of a map")
        parts += [t.is_null(value.tree), value.tree]
    return Value(t.call("xxhash64", *parts), BIGINT)


def _slots(values: Sequence[Value]) -> Value:
    """Bits of which only the number of ones is asked: that, in their place."""
    slot = values[0]
    if slot.kind != BIGINT:
        raise refused(f"bitstring_agg of {slot.kind}")
    return Value(exp.Count(this=exp.Distinct(expressions=[slot.tree])), BIGINT)


def _split(values: Sequence[Value]) -> Value:
    r"""By a text, not a pattern: \Q and \E quote it."""
    said, separator = values
    quoted = rf"\Q{_pattern(separator)}\E"
    if "\\E" in _pattern(separator):
        raise refused("a separator with \\E")
    return Value(t.call("split", said.tree, t.text(quoted)), _ARRAY)


def _sorted(values: Sequence[Value]) -> Value:
    if values[0].kind != _ARRAY:
        raise refused(f"list_sort of {values[0].kind}")
    return Value(t.call("sort_array", values[0].tree), _ARRAY)


def _code(values: Sequence[Value]) -> Value:
    """CHR of an ASCII code: Spark takes others modulo 256."""
    [value] = values
    if not (isinstance(value.tree, exp.Literal) and value.kind.integer and int(value.tree.name) < 128):
        raise refused("chr beyond ASCII")
    return Value(t.call("char", value.tree), TEXT)


def _part_of_time(name: str) -> Make:
    """YEAR, MONTH, DAY, HOUR, MINUTE or SECOND of a date or timestamp; NULL of an infinite one."""

    def make(values: Sequence[Value]) -> Value:
        [value] = values
        if value.kind == DATE and name in {"year", "month", "day"}:
            return Value(cast(moments.part_of_date(name, value.tree), "BIGINT"), BIGINT)
        if value.kind.stamp or value.kind == STAMP_TZ:
            part = moments.part_of_stamp(name, value.tree, zoned=value.kind == STAMP_TZ)
            return Value(cast(part, "BIGINT"), BIGINT)
        raise refused(f"{name} of {value.kind}")

    return make


def _bytes(values: Sequence[Value]) -> Value:
    if not (values[0].kind.text or values[0].kind == BLOB):
        raise refused(f"octet_length of {values[0].kind}")
    return Value(cast(t.call("octet_length", values[0].tree), "BIGINT"), BIGINT)


def _composed(values: Sequence[Value]) -> Value:
    _texts(values, most=1)
    return Value(unicode.composed(values[0].tree), TEXT)


FUNCTIONS: Final[dict[str, Make]] = {
    "trim": _same("trim", texts=1),
    "ltrim": _trimmed("ltrim"),
    "rtrim": _trimmed("rtrim"),
    "left": _counted("left"),
    "right": _counted("right"),
    "substr": _counted("substr"),
    "repeat": _counted("repeat"),
    "lpad": _counted("lpad"),
    "rpad": _counted("rpad"),
    "split_part": _counted("split_part"),
    "replace": _same("replace", texts=3),
    "translate": _same("translate", texts=3),
    "starts_with": _same("startswith", texts=2, kind=BOOLEAN),
    "regexp_full_match": _rlike(full),
    "regexp_matches": _rlike(java),
    "regexp_extract": _caught,
    "regexp_replace": _replaced,
    "nfc_normalize": _composed,
    "string_split": _split,
    "list_sort": _sorted,
    "json_object": _json,
    "hex": _hex,
    "format": _fixed,
    "isnan": _of_double(doubles.is_nan, BOOLEAN),
    "isfinite": _of_double(doubles.is_finite, BOOLEAN),
    "trunc": _of_double(doubles.truncated, DOUBLE),
    "greatest": _extreme("greatest"),
    "least": _extreme("least"),
    "epoch_us": _micros,
    "epoch_ns": _nanos,
    "make_timestamp": _stamp,
    "hash": _hash,
    "bitstring_agg": _slots,
    "bit_count": lambda values: values[0],
    "md5_number_lower": _last_of_md5,
    "chr": _code,
    "contains": _same("contains", texts=2, kind=BOOLEAN),
    "octet_length": _bytes,
    **{name: _part_of_time(name) for name in ("year", "month", "day", "hour", "minute", "second")},
}
