"""The demo's data: what the generator makes is what lies in the folder, and it holds what the variants need."""

from __future__ import annotations

import importlib.util
from collections import Counter
from datetime import date, datetime
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from recon.project import load
from tests.demo import truth
from tests.demo.truth import DEMO, january, rows

KEYS = ("date_value", "institution_id", "corporation_id", "product_id")


def generator():
    spec = importlib.util.spec_from_file_location("make_data", DEMO / "make_data.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def staged():
    return rows("stg_holding_metrics")


@pytest.fixture(scope="module")
def loaded():
    """The staged rows that the procedure loads."""
    return truth.loaded()


def by_month(found) -> Counter:
    return Counter(row["date_value"] for row in found)


def test_the_generator_makes_what_is_committed(tmp_path):
    module = generator()
    module.write(tmp_path)
    made = {file.name: pq.read_table(file) for file in tmp_path.iterdir()}
    kept = {file.name: pq.read_table(file) for file in (DEMO / "data").glob("*.parquet")}
    assert made.keys() == kept.keys()
    for name, table in kept.items():
        assert made[name].equals(table), name


def test_the_files_are_small():
    assert sum(file.stat().st_size for file in (DEMO / "data").iterdir()) < 4_000_000


def test_the_project_has_no_mistakes():
    project = load(DEMO)
    assert {table.name: [v.name for v in table.variants] for table in project.tables} == {
        "fact_account_month": ["faithful_sql", "month_boundary"],
        "fact_executive_summary": [
            "dropped_corporation_join",
            "faithful_pyspark",
            "faithful_sql",
            "null_income",
            "scd_fanout",
            "wrong_rounding",
        ],
    }


def test_the_target_has_the_columns_of_the_procedure():
    """The order is Synapse's: INSERT pairs columns by place on both sides."""
    table = load(DEMO).table("fact_executive_summary")
    original = table.original.text
    inserted = original.split("(", 1)[1].split(")", 1)[0].replace(",", " ").split()
    declared = table.ddl.text.split("dbo.FACT_EXECUTIVE_SUMMARY (")[1].split("\n)")[0].splitlines()
    assert [line.split()[0] for line in declared if line.strip()] == inserted
    assert len(inserted) == 20


def test_about_a_hundred_thousand_rows_over_two_years(staged, loaded):
    assert 95_000 <= len(staged) <= 105_000
    assert len(by_month(loaded)) == 24
    assert min(by_month(loaded).values()) > 3_000


def test_the_keys_of_the_target_are_unique(staged):
    keys = Counter(tuple(row[name] for name in KEYS) for row in staged)
    assert max(keys.values()) == 1


def test_null_income_gathers_in_three_months(loaded):
    nulls = by_month(row for row in loaded if row["income_amount"] is None)
    worst = {month for month, _ in nulls.most_common(3)}
    assert worst == {20231130, 20240430, 20240531}
    assert sum(nulls[month] for month in worst) > 0.8 * sum(nulls.values())
    assert len(nulls) == 24
    assert 0.01 < sum(nulls.values()) / len(loaded) < 0.20


def test_income_is_negative_and_zero_amounts_occur(loaded):
    negative = sum(row["income_amount"] is not None and row["income_amount"] < 0 for row in loaded)
    assert 0.02 < negative / len(loaded) < 0.10
    for name in ("a120_amount", "a30_to_59_amount", "charge_off_amount", "fraud_amount"):
        assert any(row[name] == 0 for row in loaded)
        assert any(row[name] for row in loaded)


def test_null_stands_beside_null(loaded):
    """The procedure hands on a NULL: equal on both sides, for whoever thinks NULL never equals NULL."""
    assert any(row["fraud_amount"] is None and row["fraud_count"] is None for row in loaded)


def test_corporations_are_staged_before_the_dimension_knows_them(staged):
    known = {row["corporation_id"] for row in rows("dim_corporation")}
    unknown = by_month(row for row in staged if row["corporation_id"] not in known)
    assert set(unknown) == {20230630, 20241031, 20241130, 20241231}
    assert min(unknown.values()) > 200


def test_one_corporation_has_an_old_row_and_data_only_since_it_was_bought(loaded):
    dimension = rows("dim_corporation")
    versions = Counter(row["corporation_id"] for row in dimension)
    (renamed,) = (number for number, count in versions.items() if count > 1)
    assert versions[renamed] == 2
    assert sum(row["is_current"] for row in dimension if row["corporation_id"] == renamed) == 1
    months = by_month(row for row in loaded if row["corporation_id"] == renamed)
    assert min(months) == 20230930
    assert len(months) == 16


def test_every_dimension_misses_an_id(staged):
    for name, column, key in (
        ("dim_date", "date_value", "date_key"),
        ("dim_institution", "institution_id", "institution_id"),
        ("dim_product", "product_id", "product_id"),
    ):
        known = {row[key] for row in rows(name)}
        assert {row[column] for row in staged} - known, name


def test_large_amounts_peak_before_christmas(loaded):
    """Above 131,072 a single-precision float has no room for every cent (24 bits: 2^17 and 7 for cents)."""
    large = by_month(row for row in loaded if row["purchases_amount"] > 131_072)
    assert {month for month, _ in large.most_common(4)} == {20231130, 20231231, 20241130, 20241231}
    assert 0.05 < sum(large.values()) / len(loaded) < 0.30
    assert all(row["purchases_amount"].as_tuple().exponent == -2 for row in loaded)


# --- FACT_ACCOUNT_MONTH -----------------------------------------------------------------


def test_transactions_lie_before_in_and_after_the_month():
    stamps = [row["txn_ts"] for row in rows("txn")]
    assert min(stamps) < datetime(2024, 1, 1)
    assert max(stamps) >= datetime(2024, 2, 1)
    assert len(january()) > 10_000


def test_a_real_share_of_accounts_trades_on_the_last_day():
    last = {row["account_id"] for row in january() if row["txn_ts"] > datetime(2024, 1, 31)}
    earlier = {row["account_id"] for row in january() if row["txn_ts"] <= datetime(2024, 1, 31)}
    assert 0.03 < len(last) / len(last | earlier) < 0.20
    assert last - earlier, "some accounts trade on no other day: their rows go missing"
    assert last & earlier


def test_accounts_without_segment_closed_and_unknown():
    accounts = {row["account_id"]: row for row in rows("dim_account")}
    trading = {row["account_id"] for row in january()}
    assert trading - accounts.keys()
    known = [accounts[number] for number in trading & accounts.keys()]
    assert any(row["segment"] is None for row in known)
    closed = [row["closed_on"] for row in known if row["closed_on"]]
    assert min(closed) < date(2024, 1, 1)
    assert max(closed) > date(2024, 1, 31)
    assert len(accounts) == len(rows("dim_account"))


def test_amounts_are_exact_cents():
    assert all(row["amount"] == row["amount"].quantize(Decimal("0.01")) for row in january())
