"""Whole reconciliations on real Spark against results reckoned by hand."""

from __future__ import annotations

from datetime import date

import pytest

from recon import api
from recon.connectors.spark.worlds import SparkWorlds
from recon.model import RunState, Session
from recon.model_result import Verdict
from tests.cases.project import LOANS, NUMBERS, ONE, SALES, TWO, write_cases
from tests.conftest import end_workers, settle, wait_for

pytestmark = [pytest.mark.spark, pytest.mark.timeout(600)]

DIFFERENT = {Verdict.PARTIAL, Verdict.NO_MATCH}


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """{"table/variant": (run, result)}, all run by one warm worker."""
    folder = tmp_path_factory.mktemp("cases")
    if reason := SparkWorlds(Session(), folder).available():
        pytest.skip(f"Spark cannot be used here: {reason}")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch, folder, write_cases(folder / "project"))
        asked = api.start_all()
        wait_for(lambda: all(api.run(r.id).state.over for r in asked), 500, "the end of all cases")
        done = {f"{r.table}/{r.variant}": (api.run(r.id), api.result(r.id)) for r in asked}
        end_workers()
    return done


def column(result, name):
    return next(c for c in result.columns if c.name == name)


@pytest.mark.parametrize(
    ("case", "rows"),
    [
        ("division/div", len(NUMBERS)),
        ("datediff/boundaries", len(LOANS)),
        ("union/distinct", 30),
        ("upsert/merge", 40),
        ("sales/faithful", len(SALES)),
        ("sales/faithful_pyspark", len(SALES)),
    ],
)
def test_faithful_conversions_match(results, case, rows):
    _, found = results[case]
    assert found.verdict is Verdict.MATCH, found.reasons
    assert (found.rows.baseline, found.rows.candidate, found.rows.equal) == (rows, rows, rows)
    assert not found.approximate
    assert found.engine.startswith("Spark")


def test_integer_division(results):
    _, found = results["division/slash"]
    assert found.verdict in DIFFERENT
    assert column(found, "q").mismatches == sum(a % 7 != 0 for _, a, _ in NUMBERS)
    assert column(found, "r").mismatches == 0


def test_datediff(results):
    def whole_months(opened, closed):
        one, two = date.fromisoformat(opened), date.fromisoformat(closed)
        if two < one:
            return -whole_months(closed, opened)
        return (two.year - one.year) * 12 + two.month - one.month - (two.day < one.day)

    def boundaries(opened, closed):
        one, two = date.fromisoformat(opened), date.fromisoformat(closed)
        return (two.year - one.year) * 12 + two.month - one.month

    _, found = results["datediff/units"]
    assert column(found, "months").mismatches == sum(
        whole_months(o, c) != boundaries(o, c) for _, o, c in LOANS
    )


def test_union_all_gives_rows_twice(results):
    _, found = results["union/all"]
    twice = len(set(ONE) & set(TWO))
    assert (found.rows.equal, found.rows.extra, found.rows.duplicate_keys.candidate) == (30, twice, twice)
    assert found.verdict in DIFFERENT


def test_a_merge_without_update_keeps_old_values(results):
    _, found = results["upsert/insert_only"]
    assert (found.rows.equal, found.rows.differing) == (35, 5)
    assert (column(found, "name").mismatches, column(found, "price").mismatches) == (5, 5)


def test_null_amounts(results):
    _, found = results["sales/nulls"]
    nulls = sum(amount == "" for _, _, amount in SALES)
    assert (column(found, "amount").mismatches, column(found, "amount").candidate_null) == (nulls, nulls)
    assert any("amount" in reason and "NULL" in reason for reason in found.reasons)


def test_a_fan_out_gives_extra_rows(results):
    _, found = results["sales/fan_out"]
    doubled = sum(store == 4 for _, store, _ in SALES)
    assert (found.rows.extra, found.rows.missing, found.rows.duplicate_keys.candidate) == (
        doubled,
        0,
        doubled,
    )
    assert found.rows.equal == len(SALES)


def test_an_inner_join_loses_rows(results):
    _, found = results["sales/inner_join"]
    lost = sum(store not in {1, 2, 3, 4} for _, store, _ in SALES)
    assert (found.rows.missing, found.rows.equal) == (lost, len(SALES) - lost)


def test_an_error_of_spark_is_named_with_its_class_and_place(results):
    run, found = results["sales/bad_cast"]
    assert (run.state, found.verdict) == (RunState.FAILED, Verdict.INCONCLUSIVE)
    assert "CAST_INVALID_INPUT" in found.failure.error
    assert "variants/bad_cast.sql:3" in found.failure.error
