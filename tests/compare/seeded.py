"""Defects that a conversion makes, each as the baseline's and the candidate's values of one column.

Every value differs between the sides, so every cell belongs to the reason. Values are what the two systems
give for the same inputs (the sources are in `recon.compare.causes`).
"""

from __future__ import annotations

import hashlib
import math
import struct
import uuid
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

N = range(1, 41)
CENT = Decimal("0.01")
NOON = datetime(2024, 1, 31, 12, 30, 7)
WORDS = ("Straße", "Müller", "naïve", "café", "Zürich")


def single(value):
    """After a way through 4 bytes."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def days(n):
    return date(2024, 1, 1) + timedelta(days=n)


def stamps(**delta):
    """Timestamps on many days, and the same moved by a constant."""
    ours = [NOON + timedelta(days=n, minutes=7 * n) for n in N]
    return ("ts", ours, "ts", [v + timedelta(**delta) for v in ours])


def summer(v, winter, other):
    return v + timedelta(hours=other if 4 <= v.month <= 9 else winter)


def guid(seed, n):
    return str(uuid.UUID(hashlib.md5(f"{seed}{n}".encode()).hexdigest()))


def quotient(n, how):
    return (Decimal(2 * n) / 7).quantize(Decimal("0.000001"), how)


_quotients = [n for n in N if quotient(n, ROUND_DOWN) != quotient(n, ROUND_HALF_UP)]
_halves = [n for n in N if n % 4 == 1 or n % 4 == 0]
_year = [datetime(2024, 1, 1, 9, 5) + timedelta(days=9 * n) for n in N]
_dotted = [f"part{n}|b{n}|c" for n in N]
_odd = [n for n in N if n % 2]
_swappable = [date(2024, m, d) for m in range(1, 13) for d in range(1, 13) if m != d][::3]

_spring = [v for v in (days(n) for n in range(31, 150)) if v.day != v.month]


def exchanged(v):
    """Day and month exchanged; None where there is no such month."""
    return date(v.year, v.day, v.month) if v.day <= 12 else None


SEEDED = {
    "NULL_NOT_HANDLED": ("decimal(18,2)", [0] * 40, "decimal(18,2)", [None] * 40),
    "EMPTY_STRING_NULL": ("text", [""] * 40, "text", [None] * 40),
    "CHAR_PADDING": ("text", [f"a{n}".ljust(8) for n in N], "text", [f"a{n}" for n in N]),
    "TRAILING_SPACE": ("text", [f"a{'x' * n} " for n in N], "text", [f"a{'x' * n}" for n in N]),
    "WHITESPACE": ("text", [f"a  b{n}" for n in N], "text", [f"a\tb{n}" for n in N]),
    "COLLATION_CASE": ("text", [f"A{n}" for n in N], "text", [f"a{n}" for n in N]),
    "GUID_CASE": ("text", [guid("g", n).upper() for n in N], "text", [guid("g", n) for n in N]),
    "UNICODE_FORM": ("text", [f"é{n}" for n in N], "text", [f"e\u0301{n}" for n in N]),
    "ENCODING": ("text", [f"{WORDS[n % 5]} {n}" for n in N], "text",
                 [f"{WORDS[n % 5]} {n}".encode().decode("cp1252") for n in N]),
    "ESCAPE": ("text", [rf"a\nb{n}" for n in N], "text", [f"a\nb{n}" for n in N]),
    "STRING_TRUNCATION": ("text", ["Customer na"] * 40, "text", [f"Customer name{'x' * (n % 7)} {n}" for n in N]),
    "SUBSTRING_INDEX": ("text", [f"{n:03}"[:2] for n in N], "text", [f"{n:03}" for n in N]),
    "CONVERT_STYLE": ("text", [d.strftime("%b %d %Y %I:%M%p") for d in _year], "text", [str(d) for d in _year]),
    "HASH_FUNCTION": ("text", [hashlib.sha256(f"{n}".encode("utf-16-le")).hexdigest().upper() for n in N], "text",
                      [hashlib.sha256(f"{n}".encode()).hexdigest() for n in N]),
    "STRING_AGG_ORDER": ("text", _dotted, "text", ["|".join(sorted(v.split("|"), reverse=True)) for v in _dotted]),
    "INT_DIVISION": ("int", [n // 2 for n in _odd], "double", [n / 2 for n in _odd]),
    "DECIMALS_LOST": ("decimal(18,4)", [Decimal(n) + Decimal("0.1357") for n in N], "decimal(18,2)",
                      [Decimal(n) + Decimal("0.14") for n in N]),
    "MONEY_PRECISION": ("decimal(19,4)", [(Decimal(n) / 7).quantize(Decimal("0.0001"), ROUND_DOWN) for n in _quotients],
                        "decimal(38,10)", [(Decimal(n) / 7).quantize(Decimal("1e-10")) for n in _quotients]),
    "ROUNDING": ("decimal(9,1)", [(Decimal(n) / 2 / 10 + Decimal("0.0")).quantize(Decimal("0.1"), ROUND_HALF_UP)
                                  for n in range(1, 160, 4)], "decimal(9,1)",
                 [(Decimal(n) / 2 / 10).quantize(Decimal("0.1"), ROUND_HALF_EVEN) for n in range(1, 160, 4)]),
    "DECIMAL_ROUNDING": ("decimal(18,6)", [quotient(n, ROUND_DOWN) for n in _quotients], "decimal(18,6)",
                         [quotient(n, ROUND_HALF_UP) for n in _quotients]),
    "FLOAT_PRECISION": ("double", [n + 0.1 for n in N], "float", [n + 0.1 for n in N]),
    "FLOAT_NOISE": ("double", [n * 0.1 for n in N], "double", [n * 0.1 * (1 + 1e-13) for n in N]),
    "FLAG_INVERTED": ("bool", [n % 3 == 0 for n in N], "bool", [n % 3 != 0 for n in N]),
    "DATEPART_BASE": ("int", [n % 7 + 1 for n in N], "int", [(n + 6) % 7 for n in N]),
    "DATEDIFF_BOUNDARY": ("int", list(N), "int", [n - 1 for n in N]),
    "SIGN_FLIP": ("decimal(9,2)", list(N), "decimal(9,2)", [-n for n in N]),
    "SCALE_FACTOR": ("decimal(9,2)", list(N), "decimal(9,2)", [100 * n for n in N]),
    "POWER_LOG": ("double", [math.log(n, 2) for n in N if n > 2], "double", [math.log(2, n) for n in N if n > 2]),
    "CONSTANT_SHIFT": ("decimal(9,2)", list(N), "decimal(9,2)", [n + Decimal("7.25") for n in N]),
    "OVERFLOW_ANSI": ("bigint", [2**31 + 1000 * n for n in N], "bigint", [1000 * n - 2**31 for n in N]),
    "TINYINT": ("smallint", [128 + n for n in N], "smallint", [n - 128 for n in N]),
    "END_OF_TIME": ("ts", [datetime(9999, 12, 31, 23, 59, 59, 999999)] * 40, "ts", [datetime(9999, 12, 31)] * 40),
    "DATETIME_PRECISION": ("ts", [NOON] * 40, "ts", [NOON + timedelta(milliseconds=n % 3 + 1) for n in N]),
    "DATE_ADD_DROPS_TIME": ("ts", _year, "date", [v.date() for v in _year]),
    "DATE_OFFSET": ("ts", [datetime(1900, 1, 1) + timedelta(days=45_000 + n) for n in N], "ts",
                    [datetime(1970, 1, 1) + timedelta(seconds=45_000 + n) for n in N]),
    "DATE_FORMAT_PARSE": ("date", _swappable, "date", [date(v.year, v.day, v.month) for v in _swappable]),
    "TIMEZONE_SHIFT": ("ts", _year, "ts", [summer(v, -5, -4) for v in _year]),
    "VOLATILE_FUNCTION": ("ts", [NOON + timedelta(milliseconds=3 * n) for n in N], "ts",
                          [NOON + timedelta(days=3, seconds=11, milliseconds=7 * n) for n in N]),
    "SURROGATE_KEY": ("bigint", [1000 + 3 * n for n in N], "bigint", [(7 * n) % 41 for n in N]),
    "NONDETERMINISTIC_ORDER": ("text", [f"pick {n * n}" for n in N], "text", [f"pick {(n % 40 + 1) ** 2}" for n in N]),
    "TYPE_CHANGED": ("int", list(N), "text", [f"#{n}" for n in N]),
    "VALUE_DIFF": ("text", [guid("one", n)[:n % 9 + 3] for n in N], "text", [guid("two", n)[4:n % 8 + 7] for n in N]),
}  # fmt: skip

# Other shapes of the same reasons.
MORE = [
    ("NULL_NOT_HANDLED", ("int", [None] * 40, "int", list(N))),
    ("NULL_NOT_HANDLED", ("text", [f"{n} main street" for n in N], "text", [None] * 40)),
    ("EMPTY_STRING_NULL", ("text", [None] * 40, "text", [""] * 40)),
    ("EMPTY_STRING_NULL", ("date", [date(1900, 1, 1)] * 40, "date", [None] * 40)),
    ("UNICODE_FORM", ("text", [f"a b{n}" for n in N], "text", [f"a\u00a0b{n}" for n in N])),
    ("UNICODE_FORM", ("text", [f"ab{n}" for n in N], "text", [f"\ufeffab{n}" for n in N])),
    ("WHITESPACE", ("text", [f"ab{n}" for n in N], "text", [f" ab{n}" for n in N])),
    ("ENCODING", ("text", [f"{WORDS[n % 5]} {n}" for n in N], "text",
                  [f"{WORDS[n % 5]} {n}".encode("ascii", "replace").decode() for n in N])),
    ("CONVERT_STYLE", ("text", [f"{d.day:02}/{d.month:02}/{d.year}" for d in _year], "text", [f"{d:%Y-%m-%d}" for d in _year])),
    ("CONVERT_STYLE", ("text", [f"{d:%m/%d/%Y}" for d in _year], "text", [f"{d:%Y-%m-%d}" for d in _year])),
    ("CONVERT_STYLE", ("text", [f"{d:%Y%m%d}" for d in _year], "text", [f"{d:%Y-%m-%d}" for d in _year])),
    ("CONVERT_STYLE", ("text", [f"{n * 12345.678:.5e}".replace("e+", "e+0") for n in N], "text", [str(n * 12345.678) for n in N])),
    ("CONVERT_STYLE", ("text", [f"{n * 1000 + 0.5:,.2f}" for n in N], "text", [f"{n * 1000 + 0.5:.2f}" for n in N])),
    ("CONVERT_STYLE", ("text", [str(n % 2) for n in N], "text", [("false", "true")[n % 2] for n in N])),
    ("DATE_FORMAT_PARSE", ("text", [f"{d:%Y-%m}" for d in _year], "text", [f"{d:%Y}-{d.minute - 5:02}" for d in _year])),
    ("DATE_FORMAT_PARSE", ("ts", [datetime(2024, n % 11 + 2, n % 27 + 1) for n in N], "ts",
                           [datetime(2024, 1, n % 27 + 1, 0, n % 11 + 2) for n in N])),
    ("STRING_TRUNCATION", ("text", [f"{n:06} and more of it" for n in N], "text", [f"{n:06} and"[:10] for n in N])),
    ("STRING_AGG_ORDER", ("text", [f"a{n}, b, c" for n in N], "text", [f"c, a{n}, b" for n in N])),
    ("INT_DIVISION", ("int", [100 * (n % 3) for n in _odd], "double", [100 * (n % 3) + 100 / (n + 2) for n in _odd])),
    ("INT_DIVISION", ("int", [-(n // 2) for n in _odd], "decimal(9,1)", [-Decimal(n) / 2 for n in _odd])),
    ("INT_DIVISION", ("decimal(9,2)", [n // 2 for n in _odd], "decimal(9,2)", [Decimal(n) / 2 for n in _odd])),
    ("DECIMALS_LOST", ("decimal(9,2)", [n + Decimal("0.37") for n in N], "int", list(N))),
    ("FLOAT_PRECISION", ("decimal(18,2)", [Decimal(n) * 1234567 + Decimal("0.89") for n in N], "decimal(18,2)",
                         [Decimal(single(n * 1234567 + 0.89)).quantize(CENT) for n in N])),
    ("DATEPART_BASE", ("int", [n % 7 + 1 for n in N], "int", [(n + 5) % 7 for n in N])),
    ("SCALE_FACTOR", ("decimal(18,2)", [Decimal(n) * Decimal("13.37") for n in N], "decimal(18,2)",
                      [(Decimal(n) * Decimal("13.37") * Decimal("1.19")).quantize(CENT) for n in N])),
    ("SCALE_FACTOR", ("double", [n * 1.5 for n in N], "double", [n * 0.015 for n in N])),
    ("POWER_LOG", ("double", [math.log10(n) for n in N if n > 1], "double", [math.log(n) for n in N if n > 1])),
    ("CONSTANT_SHIFT", ("date", [days(n) for n in N], "date", [days(n - 1) for n in N])),
    ("CONSTANT_SHIFT", stamps(days=1)),
    ("CONSTANT_SHIFT", ("double", [n * 0.7 for n in N], "double", [n * 0.7 + 12.5 for n in N])),
    ("TIMEZONE_SHIFT", stamps(hours=5, minutes=30)),
    ("TIMEZONE_SHIFT", stamps(hours=-8)),
    ("DATETIME_PRECISION", ("ts", [NOON + timedelta(days=n, microseconds=7001 * n) for n in N], "ts",
                            [NOON + timedelta(days=n) for n in N])),
    ("DATE_ADD_DROPS_TIME", ("ts", [datetime(v.year, v.month, v.day) for v in _year], "ts", _year)),
    ("DATE_OFFSET", ("date", [days(n) for n in N], "date", [days(n + 25_567) for n in N])),
    ("OVERFLOW_ANSI", ("bigint", [2**31 + n for n in N], "bigint", [None] * 40)),
    ("OVERFLOW_ANSI", ("bigint", [2**31 + n for n in N], "bigint", [2**31 - 1] * 40)),
    ("VOLATILE_FUNCTION", ("text", [guid("one", n) for n in N], "text", [guid("two", n) for n in N])),
    ("VOLATILE_FUNCTION", ("double", [n * 0.61803 % 1 for n in N], "double", [n * 0.41421 % 1 for n in N])),
    ("SURROGATE_KEY", ("bigint", [n * 7 % 41 for n in N], "bigint", [2**33 * (n % 3) + n for n in N])),
    ("JOIN_FANOUT", ("decimal(18,2)", [n * Decimal("13.37") for n in N], "decimal(18,2)",
                     [n * Decimal("13.37") * (2 + n % 2) for n in N])),
    ("UNICODE_FORM", ("text", [f"ﬁsh №{n}" for n in N], "text", [f"fish No{n}" for n in N])),
    ("UNICODE_FORM", ("text", [f"ＡＢ\u00a0{n}²" for n in N], "text", [f"AB {n}2" for n in N])),
    ("UNICODE_FORM", ("text", [f"Karl Ⅳ, {n}" for n in N], "text", [f"Karl IV, {n}" for n in N])),
    ("DATE_FORMAT_PARSE", ("date", _spring, "date", [exchanged(d) for d in _spring])),
    ("DATE_FORMAT_PARSE", ("ts", [datetime(d.year, d.month, d.day, 7) for d in _spring], "ts",
                           [d and datetime(d.year, d.month, d.day, 7) for d in map(exchanged, _spring)])),
    *(("DATE_FORMAT_PARSE", ("text", [f"{d:{style}}" for d in _swappable], "text", [f"{exchanged(d):{style}}" for d in _swappable]))
      for style in ("%d/%m/%Y", "%d-%m-%Y", "%m.%d.%Y", "%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y 14:05")),
    ("DATE_FORMAT_PARSE", ("text", [f"{d:%d/%m/%Y}" for d in _spring], "text",
                           [d and f"{d:%d/%m/%Y}" for d in map(exchanged, _spring)])),
    ("CONVERT_STYLE", ("text", [f"{d:%d/%m/%Y}" for d in _spring], "text", [f"{d:%m/%d/%Y}" for d in _spring])),
    ("DECIMALS_LOST", ("double", [n * 1.2345678 for n in N], "double", [round(n * 1.2345678, 2) for n in N])),
    ("DECIMALS_LOST", ("double", [n * -101.2345678 for n in N], "double", [math.trunc(n * -1012.345678) / 10 for n in N])),
    ("DECIMALS_LOST", ("double", [n * 1.2345678 for n in N], "double", [float(round(n * 1.2345678)) for n in N])),
    ("DECIMALS_LOST", ("decimal(18,4)", [n + Decimal("0.1357") for n in N], "decimal(18,4)", [n + Decimal("0.14") for n in N])),
    ("TYPE_CHANGED", ("decimal(18,2)", [n + Decimal("0.37") for n in N], "double", [n + 0.37 for n in N])),
    ("TYPE_CHANGED", ("bigint", [2**53 + 2 * n + 1 for n in N], "double", [float(2**53 + 2 * n + 1) for n in N])),
    ("DECIMAL_ROUNDING", ("decimal(18,2)", [n + Decimal("0.28") for n in N], "double", [n + 0.29 for n in N])),
    ("HASH_FUNCTION", ("binary", [hashlib.md5(f"{n}".encode("utf-16-le")).digest() for n in N], "binary",
                       [hashlib.md5(f"{n}".encode()).digest() for n in N])),
]  # fmt: skip
