"""What a run adds to its verdict: control totals, and keys where there is none or it repeats."""

from __future__ import annotations

from pathlib import Path

import pytest

from recon import api
from recon.errors import SpecError
from recon.report import codec
from recon.report.keys import advice
from tests.conftest import wait_for


def over(*asked):
    wait_for(lambda: all(api.run(r.id).state.over for r in asked), 120, "the end of the runs")
    return [api.result(r.id) for r in asked]


def test_every_run_takes_control_totals(finished_project):
    found = {t.column: t for t in api.result(finished_project["orders/null_amount"].id).control_totals}
    assert list(found) == ["order_id", "month_key", "region_name", "amount", "note"]
    assert found["order_id"].equal and found["order_id"].baseline.rows == 588
    assert found["amount"].differs == ("nulls",)  # a NULL instead of 0 leaves the sum as it is
    assert (found["amount"].baseline.nulls, found["amount"].candidate.nulls) == (0, 24)
    extra = {t.column: t for t in api.result(finished_project["orders/left_join"].id).control_totals}
    assert extra["order_id"].differs[0] == "rows" and extra["order_id"].difference[0] != "-"
    assert all(t.equal for t in api.result(finished_project["orders/faithful"].id).control_totals)


def test_a_run_with_another_key_says_what_is_missing_from_it(home):
    text = (Path(api.project_folder()) / "tables/orders/table.toml").read_text("utf-8")
    one = api.start("orders", "faithful", keys=("month_key", "region_name"))
    none = api.start("orders", "faithful", keys=())
    repeats, keyless = over(one, none)
    assert repeats.key_proposals[0].columns == ("order_id", "month_key", "region_name")
    assert repeats.key_proposals[0].added == ("order_id",) and repeats.key_proposals[0].unique
    assert repeats.rows.duplicate_keys.baseline == 12
    said = advice(repeats, ("month_key", "region_name"))
    assert said[1].startswith("Adding order_id makes the key unique on both sides")
    assert keyless.key_proposals[0].columns == ("order_id",)
    assert keyless.key_proposals[0].added == ()
    assert codec.loads(codec.dumps(repeats)) == repeats and codec.loads(codec.dumps(keyless)) == keyless
    assert (Path(api.project_folder()) / "tables/orders/table.toml").read_text("utf-8") == text
    known = api.known_keys("orders")
    assert known.proposals == keyless.key_proposals and none.id in known.origin


def test_the_project_can_switch_totals_off(home):
    file = Path(api.project_folder()) / "recon.toml"
    file.write_text(file.read_text("utf-8") + "[defaults]\ncontrol_totals = false\n", "utf-8")
    [found] = over(api.start("totals", "faithful"))
    assert found.control_totals == () and found.verdict == "MATCH"


def test_what_is_known_of_a_key(finished_project):
    known = api.known_keys("orders")
    assert known.proposals == () and "order_id identified every row on both sides" in known.origin


def test_nothing_is_known_before_the_first_run(home):
    assert "the first run" in api.known_keys("orders").origin
    with pytest.raises(SpecError, match="no table"):
        api.known_keys("nowhere")


def test_a_baseline_that_lies_in_a_file_is_only_looked_into_when_asked(home):
    file = Path(api.project_folder()) / "tables/totals/table.toml"
    text = file.read_text("utf-8").replace('"query"', '"table"')
    file.write_text(text.replace("version = 1", 'version = 1\nsynapse = "stg.ORDERS"'), "utf-8")
    assert api.known_keys("totals", read=False).unread == "data/orders.parquet"
    known = api.known_keys("totals")
    assert known.proposals[0].columns == ("order_id",) and "data/orders.parquet" in known.origin


def test_a_column_with_a_tolerance_cannot_be_the_key_of_a_run(home):
    file = Path(api.project_folder()) / "tables/orders/table.toml"
    file.write_text(file.read_text("utf-8") + '[columns.amount]\ntolerance = "abs 1"\n', "utf-8")
    with pytest.raises(SpecError, match="amount cannot be in the key"):
        api.start("orders", "faithful", keys=("AMOUNT",))
    assert api.runs() == ()
