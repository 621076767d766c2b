"""Clean data: the same rows as Synapse and as Databricks would hold them, of every comparable type.

No chance is involved: value n of a column depends on n alone. Both sides hold the same values, but the
candidate's rows and columns come in another order, its CHARs are not padded and its GUIDs in lower case.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS: Final = 5_000
KEYS: Final = ("region", "id")
Columns: TypeAlias = dict[str, list[Any]]

_SPECIAL_FLOATS: Final = (math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308)
_WORDS: Final = ("Zürich", "naïve", "O'Brien", "日本語", "emoji 😀", "Straße", "plain", "two  blanks")
_START: Final = datetime(2024, 1, 31, 12, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 31, 23, 59, 59, 999_999)  # noqa: DTZ001 (a timestamp without a zone)
_EXACT: Final = Context(prec=50)


@dataclass(frozen=True, slots=True)
class Kept:
    """How a column is made and stored: value of row n, Arrow type, and T-SQL type as declared."""

    of: Callable[[int], Any]
    type: pa.DataType
    declared: str


def _digits(n: int) -> str:
    return hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest()


def _rate(n: int) -> Decimal:
    """Up to all 38 digits."""
    units = int(_digits(n), 16) % 10**38 if n % 2 else n * 10**5 + 7
    return Decimal(units if n % 3 else -units).scaleb(-10, _EXACT)


def _unless(gap: int, of: Callable[[int], Any]) -> Callable[[int], Any]:
    """NULL in every `gap`-th row."""
    return lambda n: None if n % gap == gap - 1 else of(n)


def _wall(n: int) -> datetime:
    return _LAST - timedelta(microseconds=n) if n % 9 == 0 else datetime(2023, 5, 1) + timedelta(seconds=n)  # noqa: DTZ001


COLUMNS: Final[dict[str, Kept]] = {
    "region": Kept(lambda n: None if n % 97 == 0 else f"R{n % 7}", pa.string(), "nvarchar(20)"),
    "id": Kept(lambda n: None if 0 < n < 7 else n, pa.int32(), "int"),
    "flag": Kept(_unless(11, lambda n: n % 3 == 0), pa.bool_(), "bit"),
    "tiny": Kept(_unless(13, lambda n: n % 256), pa.int16(), "smallint"),
    "quantity": Kept(_unless(17, lambda n: n * 7 - 9_000), pa.int32(), "int"),
    "big": Kept(_unless(19, lambda n: 2**53 + n if n % 2 else -(2**63) + n), pa.int64(), "bigint"),
    "amount": Kept(
        _unless(23, lambda n: Decimal(n * 137 + 512).scaleb(-2)), pa.decimal128(18, 2), "decimal(18,2)"
    ),
    "fee": Kept(
        _unless(29, lambda n: Decimal(n * 31 + 205).scaleb(-2)), pa.decimal128(18, 2), "decimal(18,2)"
    ),
    "rate": Kept(_unless(31, _rate), pa.decimal128(38, 10), "decimal(38,10)"),
    "price": Kept(
        _unless(37, lambda n: _SPECIAL_FLOATS[n // 10 % 6] if n % 10 == 0 else n * 0.1 + 1),
        pa.float64(),
        "float",
    ),
    "ratio": Kept(_unless(41, lambda n: n / 8 + 1), pa.float32(), "real"),
    "day": Kept(_unless(43, lambda n: date(1, 1, 1) + timedelta(days=n * 700)), pa.date32(), "date"),
    "at": Kept(_unless(47, _wall), pa.timestamp("us"), "datetime2(6)"),
    "changed": Kept(
        _unless(53, lambda n: _START + timedelta(minutes=n)), pa.timestamp("us", "UTC"), "datetimeoffset(6)"
    ),
    "clock": Kept(_unless(59, lambda n: time(n % 24, n % 60, n % 59, n)), pa.time64("us"), "time(6)"),
    "name": Kept(_unless(61, lambda n: f"{_WORDS[n % 8]} {n}x"), pa.string(), "nvarchar(100)"),
    "code": Kept(_unless(67, lambda n: f"{n:06d}"), pa.string(), "varchar(20)"),
    "note": Kept(lambda n: (None, "", "text", "NULL")[n % 4], pa.string(), "nvarchar(100)"),
    "pad": Kept(_unless(71, lambda n: f"P{n}".ljust(10)), pa.string(), "char(10)"),
    "guid": Kept(_unless(73, lambda n: _digits(n).upper()), pa.string(), "uniqueidentifier"),
    "payload": Kept(_unless(79, lambda n: n.to_bytes(4, "big")[n % 3 :]), pa.binary(), "varbinary(8)"),
    "tags": Kept(_unless(83, lambda n: [n, None, n + 1]), pa.list_(pa.int64()), ""),
    "nothing": Kept(lambda _: None, pa.int32(), "int"),
}


def baseline() -> Columns:
    """What Synapse holds."""
    return {name: [kept.of(n) for n in range(ROWS)] for name, kept in COLUMNS.items()}


def candidate() -> Columns:
    """The same as Databricks would hold it: other orders, CHAR without padding, GUIDs in lower case."""
    step = 1_237  # has no divisor in common with the number of rows, so every row comes once
    columns = {name: [kept.of(n * step % ROWS) for n in range(ROWS)] for name, kept in COLUMNS.items()}
    columns["pad"] = [v and v.rstrip(" ") for v in columns["pad"]]
    columns["guid"] = [v and v.lower() for v in columns["guid"]]
    return dict(reversed(columns.items()))


def table(columns: Columns, types: dict[str, pa.DataType]) -> pa.Table:
    """As Arrow; `types` where a column has another type than in clean data."""
    arrays = {
        name: pa.array(values, types.get(name) or COLUMNS[name].type) for name, values in columns.items()
    }
    return pa.table(arrays)
