"""Value for value: what the trees compute is the same on both engines."""

from __future__ import annotations

import math
import random
import re
import struct
import unicodedata
from decimal import Decimal

import pyarrow as pa
import pytest
from sqlglot import exp

from recon.compare import dialect as d
from recon.compare import reading
from recon.compare import trees as t

pytestmark = pytest.mark.spark

HOSTILE = [
    "", "a", "A", " a", "a ", "ΟΔΟΣ", "İ", "ß", "ŉ", "falſe", "\u212a", "é", "e\u0301", "ﬁ", "\u1112\u1161\u11ab",
    "하\u11ab", "\u0344", "12", "+1", "-0", "1.50", "01", "1e5", "1E-3", "1e400", "nan", "-NaN", "+inf", "Infinity",
    " 1 ", "\t1\n", "\v1", "1,5", "1d", "0x1", "1_0", ".5", "5.", ".", "e5", "--1", "true", "T", "on", "falsE",
    "2024-01-31", "20240131", "2024-02-30", "2024-01-31T13:00:00+01:00", "2024-01-31 12:00:00Z", "0000-01-01",
    "9999-12-31 23:59:59.9999999", "2024-01-31 12:00:00+99", "2024-01-31 12:00:00-0530", "0001-01-01 00:00:00+12",
    "infinity", "01:02", "01:02:03.5", "24:00", "0x00ff", "x'y\"z\\", "a\x00b", "é\x00e\u0301", "\x01\x02\x00",
    "\u00a0a\u2003b\u3000", "\ufeffa\u200b", "line\nbreak", "\x1f\x7f\u2028", "9" * 40 + ".5", "1.2345678901234567890123",
    "\u0661", "😀x", "a|b|a", '{"a":1}', "NULL", "1e22", "3.4028235677973366e38", "5e-324", "1.7976931348623159e308", None,
]  # fmt: skip
MARKS = [chr(c) for c in range(0x110000) if unicodedata.combining(chr(c))]
LETTERS = [
    chr(c)
    for c in [*range(0x20, 0x530), *range(0xAC00, 0xAC40), *range(0x1100, 0x1113), *range(0x1161, 0x1200)]
]
WHOLE = [chr(c) for c in range(0x110000) if unicodedata.decomposition(chr(c))[:1] not in {"", "<"}]


def texts():
    rnd = random.Random(1)
    plain = "aAzZ09 .-+eE:TZ/\t\n\x0b\u0301\u0327\u1161Σσςßé\u212b😀\u00a0"
    found = ["".join(rnd.choice(plain) for _ in range(rnd.randint(1, 7))) for _ in range(300)]
    found += ["".join(rnd.choice("0123456789.+-eE ") for _ in range(rnd.randint(1, 8))) for _ in range(200)]
    found += [
        "".join(rnd.choice(rnd.choice([MARKS, LETTERS, WHOLE])) for _ in range(rnd.randint(1, 5)))
        for _ in range(300)
    ]
    return HOSTILE + found


def doubles():
    rnd = random.Random(2)
    bits = [struct.unpack("<d", struct.pack("<Q", rnd.getrandbits(64)))[0] for _ in range(200)]
    sizes = [x for x in bits if not 0 < abs(x) < 1e-307]
    found = [x for x in sizes if math.isnan(x) or 1e-14 < abs(x) < 1e37]
    found += [rnd.uniform(-1e6, 1e6) for _ in range(200)] + [
        round(rnd.uniform(-1e9, 1e9), 2) for _ in range(200)
    ]
    found += [rnd.uniform(0, 1) * 10.0 ** rnd.randint(-13, 36) for _ in range(200)]
    found += [float(rnd.randint(-(2**62), 2**62)) for _ in range(100)] + [2.0**n for n in range(-40, 80)]
    edges = [
        0.0,
        -0.0,
        math.inf,
        -math.inf,
        1e23,
        2e23,
        1e22,
        1e15,
        1e16,
        9999999999999998.0,
        1e-4,
        1e-5,
        1e300,
        None,
    ]
    return [x for x in found if x is None or not math.isnan(x)] + edges


def moments():
    rnd = random.Random(3)
    ends = [
        0,
        253402300799999999,
        -62135596800000000,
        253402300800000000,
        -62135596800000001,
        2**63 - 1,
        None,
    ]
    return (
        [rnd.randint(-(2**61), 2**61) for _ in range(60)]
        + [rnd.randint(0, 2 * 10**15) for _ in range(60)]
        + ends
    )


def table_of(kind, values):
    return pa.table({"i": list(range(len(values))), "v": pa.array(values, kind)})


def computed(benches, data, trees):
    """The trees over the column `v`, by name, on DuckDB and on Spark."""
    answers = []
    for bench in benches:
        rows = t.table(bench.attach(data, "values"))
        rows.set(
            "alias", exp.TableAlias(this=exp.to_identifier("t"), columns=[exp.to_identifier(n) for n in "iv"])
        )
        columns = [t.named(t.column("i", "t"), "i")]
        columns += [t.named(build(t.column("v", "t")), f"o{n}") for n, build in enumerate(trees.values())]
        found = bench.engine.query(t.select(columns, rows))
        answers.append({row.pop("i"): row for row in found})
    return answers


def alike(one: str, other: str) -> bool:
    """The same text; of a double in 16 or 17 digits the last may be another one that reads as the same double."""
    if one == other:
        return True
    digits = [re.sub(r"e.*|[^0-9]", "", text) for text in (one, other)]
    return (
        len(digits[0]) == len(digits[1]) >= 16
        and digits[0][:-1] == digits[1][:-1]
        and float(one) == float(other)
    )


def same(benches, data, trees):
    one, other = computed(benches, data, trees)
    assert len(one) == len(other) == data.num_rows
    values = data["v"].to_pylist() if not pa.types.is_temporal(data["v"].type) else list(range(data.num_rows))
    for n, name in enumerate(trees):
        wrong = [
            (values[i], row[f"o{n}"], other[i][f"o{n}"])
            for i, row in one.items()
            if not alike(str(row[f"o{n}"]), str(other[i][f"o{n}"]))
        ]
        assert not wrong, (name, wrong[:5])


def test_texts(benches):
    trees = {
        "lower": t.lower,
        "upper": t.upper,
        "nfc": d.composed,
        "visible": d.visible,
        "length": t.length,
        "md5": d.digest,
        "a number from a hash": d.digest_number,
        "json": lambda v: d.json_of(["a'\"\\", "B"], [v, t.joined(v, t.text("x"))]),
        "rtrim": lambda v: t.call("rtrim", v, t.text(" ")),
        "left": lambda v: t.call("left", v, t.number(2)),
        "substr": lambda v: t.call("substr", v, t.number(2), t.number(3)),
        "lpad": lambda v: t.call("lpad", v, t.number(5), t.text("0")),
        "split_part": lambda v: t.call("split_part", v, t.text("."), t.number(2)),
        "sorted parts": lambda v: t.same(d.sorted_parts(v, "|"), d.sorted_parts(t.text("a|a|b"), "|")),
    }
    same(benches, table_of(pa.string(), texts()), trees)


def test_texts_read_as_another_kind(benches):
    trees = {
        "readable": reading.readable_number,
        "numeral": lambda v: reading.numeral(v, boolean=True),
        "double": lambda v: reading.floating(v, single=False),
        "float": lambda v: reading.floating(v, single=True),
        "instant": lambda v: d.as_text(reading.instant(v)),
        "time": lambda v: d.as_text(reading.time_of_day(v)),
        "octets": reading.octets,
        "truth": lambda v: d.try_type(v, "BOOLEAN"),
        "decimal": lambda v: t.case(
            (reading.readable_number(v), d.try_type(v, "DECIMAL(38,18)")), otherwise=exp.null()
        ),
    }
    same(benches, table_of(pa.string(), HOSTILE + texts()[-500:-300]), trees)


def test_doubles(benches):
    trees = {
        "text": d.float_text,
        "bits": lambda v: d.bits(v, single=False),
        "trunc": lambda v: t.equals(t.call("trunc", v), v),
        "isfinite": lambda v: t.call("isfinite", v),
        "isnan": lambda v: t.call("isnan", v),
        "a third": lambda v: t.operator(exp.Div, v, t.number(3)),
        "divided by": lambda v: t.operator(exp.Div, t.number(3), v),
        "four bytes": lambda v: d.bits(d.try_type(v, "REAL"), single=True),
    }
    same(benches, table_of(pa.float64(), doubles()), trees)


def test_doubles_written_out(benches):
    values = [n / 2**k for n in (1, 3, 2**52 + 1, 123456789, 2**53 - 1) for k in range(0, 19, 3)] + [
        1e22,
        2.0**100,
        -0.5,
    ]
    whole = [x for x in values if x * 2**18 == int(x * 2**18)]
    same(benches, table_of(pa.float64(), whole), {"fixed": lambda v: d.fixed(v, 18)})


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        ("timestamp[us]", 1),
        ("timestamp[us, tz=UTC]", 1),
        ("timestamp[ns]", 1),
        ("date32", 10**13),
        ("time64[us]", 0),
        ("time64[ns]", 0),
    ],
)
def test_moments(benches, kind, unit):
    stored = {
        "timestamp[us]": pa.timestamp("us"), "timestamp[us, tz=UTC]": pa.timestamp("us", "UTC"), "timestamp[ns]": pa.timestamp("ns"),
        "date32": pa.date32(), "time64[us]": pa.time64("us"), "time64[ns]": pa.time64("ns"),
    }[kind]  # fmt: skip
    day = 86_400_000_000 * (1000 if kind.endswith("[ns]") else 1)
    scaled = [v if v is None else v // unit if unit else v % day for v in moments()]
    if kind == "date32":
        scaled = [v if v is None else max(-(2**31) + 1, min(v, 2**31 - 1)) for v in scaled] + [
            2932896,
            2932897,
            -719162,
            -719163,
        ]
    data = table_of(pa.int32() if kind == "date32" else pa.int64(), scaled)
    data = data.set_column(1, "v", data["v"].cast(stored))
    trees = {"text": d.as_text}
    if kind.startswith("timestamp[us"):
        trees |= {"micros": d.microseconds, "day": lambda v: d.as_text(d.as_type(v, "DATE"))}
    if kind in {"timestamp[ns]", "date32"}:
        trees["instant"] = lambda v: d.as_text(d.instant(v, date=kind == "date32", nanos=kind != "date32"))
    if kind == "time64[ns]":
        trees["cut"] = lambda v: d.as_text(d.time_of_day(v, nanos=True))
    same(benches, data, trees)


def test_bytes_and_nested_values(benches):
    rnd = random.Random(5)
    same(
        benches,
        table_of(
            pa.binary(),
            [bytes(rnd.randrange(256) for _ in range(n % 7)) for n in range(80)] + [None, b"a'\"\\ ~"],
        ),
        {"hex": d.hexadecimal, "text": d.as_text},
    )
    shape = pa.struct([("a", pa.int64()), ("b c", pa.string()), ("d", pa.list_(pa.float64()))])
    cells = [{"a": n, "b c": text, "d": [1.5, None] * (n % 2)} for n, text in enumerate(HOSTILE)] + [None]
    same(benches, table_of(shape, cells), {"text": d.as_text})


def test_decimals(benches):
    rnd = random.Random(4)
    values = [Decimal(rnd.randint(-(10**n), 10**n)).scaleb(-12) for n in range(1, 38)] + [None]
    trees = {
        "text": d.as_text,
        "numeral": lambda v: reading.numeral_of_decimal(v, 12),
        "double": lambda v: d.bits(d.as_type(d.as_text(v), "DOUBLE"), single=False),
    }
    same(benches, table_of(pa.decimal128(38, 12), values), trees)
