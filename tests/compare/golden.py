"""The golden table: every T-SQL type beside its likely Databricks types, as data in `golden/*.toml`."""

from __future__ import annotations

import json
import tomllib
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class GoldenPair:
    """Cells are (baseline, candidate, outcome), the values as `tests.compare.tables.column` takes them."""

    name: str
    types: tuple[str, str]
    stored: tuple[str, str]
    changed: bool
    comparable: bool
    cells: tuple


def python_value(read, kind):
    """What JSON says, as Arrow wants it for that kind; the nanoseconds of `ns` as an integer."""
    if read is None or kind in {"list", "struct", "text", "null"}:
        return read
    if kind in {"double", "float"}:
        return float(read)
    if kind.startswith("decimal(") or kind == "wide":
        return Decimal(read)
    if kind == "bool":
        return bool(read)
    if kind == "map":
        return [tuple(entry) for entry in read]
    if kind == "duration":
        return timedelta(microseconds=int(read))
    if kind == "binary":
        return bytes.fromhex(read[2:])
    if kind == "uuid":
        return uuid.UUID(read).bytes
    return moment(read, kind)


def moment(read, kind):
    if kind == "date":
        return date.fromisoformat(read)
    if kind == "time":
        return time.fromisoformat(read)
    if kind == "tz":
        return datetime.fromisoformat(read).astimezone(UTC)
    if kind in {"ts", "ms"}:
        return datetime.fromisoformat(read)
    if kind == "ns":
        whole, _, digits = read.partition(".")
        seconds = (datetime.fromisoformat(whole) - datetime(1970, 1, 1)) // timedelta(seconds=1)
        return seconds * 10**9 + int(digits.ljust(9, "0"))
    return int(read)


def cell(line, stored):
    one, other, outcome = line.split(" | ")
    sides = zip((one, other), stored, strict=True)
    return *(python_value(json.loads(v, parse_float=str), kind) for v, kind in sides), outcome


def load():
    """File name -> its pairs, in order."""
    return {
        file.stem: [
            GoldenPair(
                name=f"{file.stem} {n}: {' and '.join(entry['types'])} stored as {' and '.join(entry['stored'])}",
                types=tuple(entry["types"]),
                stored=tuple(entry["stored"]),
                changed=entry["changed"],
                comparable=not entry.get("not_comparable", False),
                cells=tuple(cell(line, entry["stored"]) for line in entry["cells"]),
            )
            for n, entry in enumerate(tomllib.loads(file.read_text("utf-8"))["pair"])
        ]
        for file in sorted(FOLDER.glob("*.toml"))
    }


GOLDEN = load()
PAIRS = [pair for pairs in GOLDEN.values() for pair in pairs]
