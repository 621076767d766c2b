"""Makes the demo's data: the same rows every time, in demo/data/*.parquet.

    python demo/make_data.py [FOLDER]

What is in them on purpose: NULL income, most of it in three months; negative income; corporations that
the staging area knows before DIM_CORPORATION does; a corporation with an old row in its dimension; ids
that no dimension has; amounts of zero; NULL beside NULL; amounts too large for a single-precision float;
transactions late on the last day of a month, accounts without a segment and accounts unknown.
"""

from __future__ import annotations

import calendar
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20240131
MONEY = pa.decimal128(18, 2)

MONTH_ENDS = [date(y, m, calendar.monthrange(y, m)[1]) for y in (2023, 2024) for m in range(1, 13)]
INSTITUTIONS = range(101, 113)
CORPORATIONS = range(1, 41)
PRODUCTS = range(10, 100, 10)

RENAMED = 17  # has an old and a current row in DIM_CORPORATION, and data only since it was bought
RENAMED_SINCE = date(2023, 9, 30)
UNKNOWN_CORPORATIONS = (901, 902, 903)  # staged, but not yet in DIM_CORPORATION
UNKNOWN_SINCE = date(2024, 10, 31)
EARLY_LOAD = date(2023, 6, 30)  # they were also staged once by mistake
NULL_INCOME = {date(2023, 11, 30): 0.40, date(2024, 4, 30): 0.65, date(2024, 5, 31): 0.25}

BUCKETS = ("a120", "a30_to_59", "a60_to_89", "a90_to_119", "charge_off", "fraud")
BUCKET_SHARE = {"a120": 12, "a30_to_59": 35, "a60_to_89": 22, "a90_to_119": 15, "charge_off": 8, "fraud": 5}


def day_key(day: date) -> int:
    """yyyymmdd as a number."""
    return day.year * 10_000 + day.month * 100 + day.day


def cents(rng: Random, low: int, high: int) -> Decimal:
    """An amount from `low` to `high`, with cents."""
    return Decimal(rng.randrange(low * 100, high * 100)).scaleb(-2)


# --- FACT_EXECUTIVE_SUMMARY -------------------------------------------------------------


def staged_keys(rng: Random) -> list[tuple[int, int, int, int]]:
    """Keys of the staging table: unique, some of them unknown to a dimension."""
    keys = []
    for end in MONTH_ENDS:
        corporations = [c for c in CORPORATIONS if c != RENAMED or end >= RENAMED_SINCE]
        if end >= UNKNOWN_SINCE or end == EARLY_LOAD:
            corporations += UNKNOWN_CORPORATIONS
        for institution in INSTITUTIONS:
            for corporation in corporations:
                keys += [(day_key(end), institution, corporation, p) for p in PRODUCTS if rng.random() < 0.97]
    keys += [(20221231, i, c, 10) for i in INSTITUTIONS for c in CORPORATIONS if rng.random() < 0.25]
    keys += [(day_key(end), 999, c, 20) for end in MONTH_ENDS for c in (3, 5, 8)]
    keys += [(day_key(end), 101, c, 77) for end in MONTH_ENDS for c in (2, 7)]
    return keys


def staging(rng: Random) -> pa.Table:
    """STG_HOLDING_METRICS. Amounts come from small pools, which keeps the file small."""
    units = [cents(rng, 40, 900) for _ in range(40)]
    ordinary = [cents(rng, 500, 120_000) for _ in range(600)]
    large = [cents(rng, 150_000, 900_000) for _ in range(300)]
    incomes = [cents(rng, 100, 25_000) for _ in range(300)]
    null_share = {day_key(end): share for end, share in NULL_INCOME.items()}

    rows = []
    for key in staged_keys(rng):
        month = key[0] // 100 % 100
        row = dict(zip(("date_value", "institution_id", "corporation_id", "product_id"), key, strict=True))
        for bucket in BUCKETS:
            count = rng.randrange(1, 13) if rng.randrange(100) < BUCKET_SHARE[bucket] else 0
            row[f"{bucket}_count"] = count
            row[f"{bucket}_amount"] = count * rng.choice(units) if count else Decimal("0.00")
        if rng.random() < 0.01:  # not reported: NULL on both sides, which is equal
            row["fraud_amount"] = row["fraud_count"] = None
        # Sales peak before Christmas, and the business grew.
        peak = {11: 0.45, 12: 0.70}.get(month, 0.06) + (0.08 if key[0] > 20240000 else 0)
        row["purchases_amount"] = rng.choice(large if rng.random() < peak else ordinary)
        row["purchases_count"] = rng.randrange(1, 60)
        row["number_of_accounts"] = rng.randrange(5, 400)
        income = rng.choice(incomes)
        if rng.random() < null_share.get(key[0], 0.004):
            row["income_amount"] = None
        else:
            row["income_amount"] = -income if rng.random() < 0.05 else income
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=staging_schema())


def staging_schema() -> pa.Schema:
    """The columns of STG_HOLDING_METRICS in order."""
    names = ["date_value", "institution_id", "corporation_id", "product_id"]
    for bucket in BUCKETS:
        names += [f"{bucket}_amount", f"{bucket}_count"]
    names += ["income_amount", "number_of_accounts", "purchases_amount", "purchases_count"]
    return pa.schema([(name, MONEY if name.endswith("_amount") else pa.int32()) for name in names])


def dim_date() -> pa.Table:
    """Every day of both years."""
    days = [date(2023, 1, 1) + timedelta(days=n) for n in range(731)]
    return pa.table(
        {
            "date_key": pa.array([day_key(day) for day in days], pa.int32()),
            "calendar_date": pa.array(days, pa.date32()),
            "month_name": pa.array([calendar.month_name[day.month] for day in days], pa.string()),
        }
    )


def dim_institution() -> pa.Table:
    """Twelve institutions."""
    regions = ("CA", "US", "EU")
    return pa.table(
        {
            "institution_id": pa.array(INSTITUTIONS, pa.int32()),
            "institution_name": pa.array([f"Institution {n}" for n in INSTITUTIONS], pa.string()),
            "region": pa.array([regions[n % 3] for n in INSTITUTIONS], pa.string()),
        }
    )


def dim_corporation() -> pa.Table:
    """Forty corporations, one of them with an old row before its current one."""
    rows = [
        {
            "corporation_id": number,
            "corporation_name": f"Corporation {number}",
            "is_current": True,
            "valid_from": RENAMED_SINCE if number == RENAMED else date(2015, 1, 1),
        }
        for number in CORPORATIONS
    ]
    rows.append(
        {
            "corporation_id": RENAMED,
            "corporation_name": "Northern Holdings",
            "is_current": False,
            "valid_from": date(2015, 1, 1),
        }
    )
    schema = pa.schema(
        [
            ("corporation_id", pa.int32()),
            ("corporation_name", pa.string()),
            ("is_current", pa.bool_()),
            ("valid_from", pa.date32()),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def dim_product() -> pa.Table:
    """Nine products."""
    return pa.table(
        {
            "product_id": pa.array(PRODUCTS, pa.int32()),
            "product_name": pa.array([f"Product {n}" for n in PRODUCTS], pa.string()),
        }
    )


# --- FACT_ACCOUNT_MONTH -----------------------------------------------------------------


def transactions(rng: Random) -> pa.Table:
    """TXN: three months, of which the demo loads the middle one. Most accounts are quiet on most days."""
    first, days = datetime(2023, 12, 1), 91  # noqa: DTZ001 (a datetime2 has no zone)
    amounts = [cents(rng, 1, 2_500) for _ in range(400)]
    minutes = sorted(rng.randrange(days * 1440) for _ in range(40_000))
    rows = [
        {
            "txn_id": number,
            "account_id": rng.randrange(1, 6_001),
            "txn_ts": first + timedelta(minutes=minute),
            "amount": rng.choice(amounts) * (-1 if rng.random() < 0.08 else 1),
            "channel": rng.choices(("POS", "ATM", "WEB", "FEE"), (50, 20, 22, 8))[0],
        }
        for number, minute in enumerate(minutes, start=1)
    ]
    schema = pa.schema(
        [
            ("txn_id", pa.int32()),
            ("account_id", pa.int32()),
            ("txn_ts", pa.timestamp("us")),
            ("amount", pa.decimal128(12, 2)),
            ("channel", pa.string()),
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def dim_account(rng: Random) -> pa.Table:
    """DIM_ACCOUNT: one in fifty accounts is missing, some have no segment, some are closed."""
    closing = date(2023, 11, 1)
    rows = [
        {
            "account_id": number,
            "segment": rng.choices(("RETAIL", "SMB", "PRIVATE", None), (60, 25, 10, 5))[0],
            "closed_on": closing + timedelta(days=rng.randrange(150)) if rng.random() < 0.07 else None,
        }
        for number in range(1, 6_001)
        if rng.random() > 0.02
    ]
    schema = pa.schema([("account_id", pa.int32()), ("segment", pa.string()), ("closed_on", pa.date32())])
    return pa.Table.from_pylist(rows, schema=schema)


def tables() -> dict[str, pa.Table]:
    """Every file of the demo by name, without `.parquet`."""
    return {
        "stg_holding_metrics": staging(Random(SEED)),
        "dim_date": dim_date(),
        "dim_institution": dim_institution(),
        "dim_corporation": dim_corporation(),
        "dim_product": dim_product(),
        "txn": transactions(Random(SEED + 1)),
        "dim_account": dim_account(Random(SEED + 2)),
    }


def write(folder: Path) -> None:
    """Write every file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables().items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd", compression_level=15)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "data")
