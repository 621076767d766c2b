"""Makes the two sides of a benchmark as Parquet: deterministic, streamed, any number of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from pathlib import Path

CASES = ("equal", "few", "column", "shuffled", "missing")
KEYS = ("date_key", "institution_id", "corporation_id", "product_id")

_AMOUNTS = ("a120", "a30_to_59", "a60_to_89", "a90_to_119", "charge_off", "fraud", "income")
_COUNTS = (
    "a120_count",
    "a30_to_59_count",
    "a60_to_89_count",
    "a90_to_119_count",
    "charge_off_count",
    "fraud_count",
    "number_of_accounts",
    "purchases_count",
    "branch_count",
)


def executive_summary(rows: int) -> str:
    """4 key columns, 7 decimals, 9 integers."""
    amounts = [
        f"(hash(i, {n}) % 100000000 / 100)::DECIMAL(18,2) AS {c}_amount" for n, c in enumerate(_AMOUNTS)
    ]
    counts = [f"(hash(i, {n + 50}) % 1000)::INT AS {c}" for n, c in enumerate(_COUNTS)]
    keys = [
        "(20240101 + i % 24)::INT AS date_key",
        "(i // 24 % 500)::INT AS institution_id",
        "(i // 12000 % 400)::INT AS corporation_id",
        "(i // 4800000)::INT AS product_id",
    ]
    return f"SELECT i, {', '.join(keys + amounts + counts)} FROM range({rows}) t(i)"


def mixed(rows: int) -> str:
    """Text, timestamps, floats and NULLs: the same key, sixteen values."""
    values: list[str] = []
    for n in range(4):
        values += [
            f"CASE WHEN hash(i, {n}) % 20 = 0 THEN NULL ELSE 'customer ' || hash(i, {n}) % 100000 END AS text_{n}",
            f"TIMESTAMP '2024-01-01' + to_microseconds((hash(i, {n}) % 31536000000000)::BIGINT) AS ts_{n}",
            f"(hash(i, {n}) % 1000000007) / 977.0::DOUBLE AS float_{n}",
            f"CASE WHEN hash(i, {n}) % 9 = 0 THEN NULL ELSE hash(i, {n}) % 2 = 0 END AS flag_{n}",
        ]
    keys = [
        f"(i {op})::INT AS {k}"
        for op, k in zip(("% 24", "// 24 % 500", "// 12000 % 400", "// 4800000"), KEYS)
    ]
    return f"SELECT i, {', '.join(keys + values)} FROM range({rows}) t(i)"


TABLES = {"summary": (executive_summary, "income_amount"), "mixed": (mixed, "float_0")}


def write(folder: Path, table: str, rows: int, case: str) -> tuple[Path, Path]:
    """The two files, made once and kept in `folder`."""
    query, column = TABLES[table][0](rows), TABLES[table][1]
    baseline, candidate = (
        folder / f"{table}_{rows}_baseline.parquet",
        folder / f"{table}_{rows}_{case}.parquet",
    )
    change = {
        "equal": "SELECT * EXCLUDE (i) FROM t",
        "few": f"SELECT * EXCLUDE (i) REPLACE (CASE WHEN hash(i) % 10000 = 0 THEN {column} + 1 ELSE {column} END AS {column}) FROM t",
        "column": f"SELECT * EXCLUDE (i) REPLACE ({column} + 1 AS {column}) FROM t",
        "shuffled": "SELECT * EXCLUDE (i) FROM t ORDER BY hash(i)",
        "missing": "SELECT * EXCLUDE (i) FROM t WHERE hash(i) % 20 <> 0",
    }[case]
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"temp_directory": str(folder)}) as db:
        for file, text in ((baseline, "SELECT * EXCLUDE (i) FROM t"), (candidate, change)):
            if not file.exists():
                partial = file.with_suffix(".partial")
                db.execute(
                    f"COPY (WITH t AS ({query}) {text}) TO '{partial}' (FORMAT parquet, COMPRESSION zstd)"
                )
                partial.replace(file)
    return baseline, candidate
