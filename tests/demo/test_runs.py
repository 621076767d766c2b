"""The demo as a visitor runs it, on real Spark: each faithful conversion matches, each other one differs
exactly where its name says. The expected counts come from `truth`, which knows no SQL.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest

from recon import api
from recon.model import RunState
from recon.model_result import WHOLE_ROW, Verdict
from tests.conftest import end_workers, settle, wait_for
from tests.demo import truth

pytestmark = [pytest.mark.spark, pytest.mark.timeout(600)]  # eight runs share one fixture


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Every result of the demo by table and variant."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, folder, truth.DEMO)
        asked = api.start_all(by="ada")
        wait_for(lambda: all(api.run(r.id).state.over for r in asked), 560, "the end of the demo")
        runs = [api.run(r.id) for r in asked]
        end_workers()
        if any((found := api.result(r.id)) and found.approximate for r in runs):
            pytest.skip("no Spark on this machine: DuckDB stood in for it")
        assert {(r.variant, r.error) for r in runs if r.state is not RunState.FINISHED} == set()
        yield {(r.table, r.variant): api.result(r.id) for r in runs}


def mismatches(result) -> dict[str, int]:
    return {column.name: column.mismatches for column in result.columns if column.mismatches}


def by_segment(result, column) -> Counter:
    cells = [c for c in result.segments.cells if c.column == column and c.mismatches]
    return Counter({c.segment: c.mismatches for c in cells})


@pytest.mark.parametrize("variant", ["faithful_sql", "faithful_pyspark"])
def test_a_faithful_executive_summary_matches(results, variant):
    result = results["fact_executive_summary", variant]
    assert (result.verdict, result.approximate) == (Verdict.MATCH, False)
    assert result.rows.equal == result.rows.baseline == result.rows.candidate == len(truth.loaded())
    assert len(result.columns) == 20
    assert result.match_percentage == result.rows_equal_percentage == 100


def test_null_income(results):
    result = results["fact_executive_summary", "null_income"]
    nulls = Counter(str(row["date_value"]) for row in truth.loaded() if row["income_amount"] is None)
    assert mismatches(result) == {"income_amount": nulls.total()}
    assert (result.rows.missing, result.rows.extra) == (0, 0)
    assert by_segment(result, "income_amount") == nulls
    income = next(column for column in result.columns if column.name == "income_amount")
    assert [(kind.cause, kind.cells) for kind in income.causes] == [("null_vs_value", nulls.total())]
    assert (income.baseline_null, income.candidate_null) == (0, nulls.total())


def test_dropped_corporation_join(results):
    result = results["fact_executive_summary", "dropped_corporation_join"]
    extra = len(truth.staged_with_known_ids()) - len(truth.loaded())
    assert mismatches(result) == {}
    assert (result.rows.missing, result.rows.extra, result.rows.differing) == (0, extra, 0)
    assert set(by_segment(result, WHOLE_ROW)) == {"20230630", "20241031", "20241130", "20241231"}


def test_scd_fanout(results):
    result = results["fact_executive_summary", "scd_fanout"]
    doubled = sum(row["corporation_id"] in truth.old_versions() for row in truth.loaded())
    assert mismatches(result) == {}
    assert (result.rows.missing, result.rows.extra, result.rows.differing) == (0, doubled, 0)
    assert (result.rows.duplicate_keys.baseline, result.rows.duplicate_keys.candidate) == (0, doubled)
    assert len(by_segment(result, WHOLE_ROW)) == 16


def test_wrong_rounding(results):
    result = results["fact_executive_summary", "wrong_rounding"]
    amounts = [row["purchases_amount"] for row in truth.loaded()]
    wrong = sum(truth.through_a_spark_float(amount) != amount for amount in amounts)
    assert mismatches(result) == {"purchases_amount": wrong}
    assert 0.05 < wrong / len(amounts) < 0.30
    worst = {segment for segment, _ in by_segment(result, "purchases_amount").most_common(4)}
    assert worst == {"20231130", "20231231", "20241130", "20241231"}


def test_a_faithful_account_month_matches(results):
    result = results["fact_account_month", "faithful_sql"]
    assert result.verdict is Verdict.MATCH
    assert result.rows.equal == result.rows.baseline == len(truth.account_month(truth.january()))


def test_month_boundary(results):
    result = results["fact_account_month", "month_boundary"]
    last = datetime(2024, 1, 31)
    right = truth.account_month(truth.january())
    wrong = truth.account_month([row for row in truth.january() if row["txn_ts"] <= last])
    both = [(right[account], wrong[account]) for account in wrong]
    assert (result.rows.missing, result.rows.extra) == (len(right) - len(wrong), 0)
    assert result.rows.differing == sum(a != b for a, b in both)
    names = ("txn_count", "fee_count", "total_amount", "max_amount", "last_txn_date")
    assert mismatches(result) == {
        name: count for n, name in enumerate(names) if (count := sum(a[n] != b[n] for a, b in both))
    }


def test_no_broken_conversion_passes(results):
    faithful = {"faithful_sql", "faithful_pyspark"}
    verdicts = {key: result.verdict for key, result in results.items() if key[1] not in faithful}
    assert len(verdicts) == 5
    assert set(verdicts.values()) <= {Verdict.PARTIAL, Verdict.NO_MATCH}
