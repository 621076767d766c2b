"""What networks and warehouses do: the run ends right, or fails with the right name; no secret gets out."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon.connectors.cloud.databricks_faults import sentence
from recon.connectors.cloud.engine import databricks_world
from recon.errors import Cancelled, EngineError, ProgramError, SettingsError
from recon.model import Language, Script, Session, Step, TableRef, Variant
from recon.progress import Progress
from tests.rig.databricks_server import CLIENT, SECRET, TOKEN, wait_until
from tests.rig.entra import DATABRICKS_AUDIENCE, Entra
from tests.rig.fixtures_databricks import *  # noqa: F403 (fixtures)
from tests.rig.thrift_columns import Rows
from tests.rig.thrift_faults import Fault

pytestmark = pytest.mark.spark
FILE = "tables/t/variants/v.sql"
TABLE = TableRef(schema="gold", name="t")


def sql(text):
    return Variant(name="v", language=Language.SQL, script=Script(path=FILE, text=text))


def with_login(cloud, **told):
    return replace(cloud, databricks=replace(cloud.databricks, **{"token": "", **told}))


def count(engine, table, folder):
    return sum(pq.read_metadata(f).num_rows for f in engine.export(table, folder))


def one(cloud, tmp_path, text="select 1 as a", name="r1"):
    """A whole world with one query; how many rows it gave."""
    with databricks_world(cloud, name, Session(), Progress()) as engine:
        return count(engine, engine.run(sql(text), {}, None), tmp_path / name)


# --- Logins ---


def test_a_token_a_service_principal_and_entra_log_in(
    databricks, databricks_cloud, databricks_certificates, tmp_path, monkeypatch
):
    assert one(databricks_cloud, tmp_path) == 1
    oauth = with_login(databricks_cloud, client_id=CLIENT, client_secret=SECRET)
    assert one(oauth, tmp_path) == 1
    with Entra(databricks_certificates) as entra:
        databricks.accept(lambda token: not entra.fault(token, DATABRICKS_AUDIENCE))
        for name, value in entra.environment.items():
            monkeypatch.setenv(name, value)
        assert one(replace(with_login(databricks_cloud), authority=entra.url), tmp_path) == 1
        assert entra.asked == [f"{DATABRICKS_AUDIENCE}/.default"]


def test_a_service_principal_runs_jobs_too(databricks, databricks_cloud):
    cloud = with_login(databricks_cloud, client_id=CLIENT, client_secret=SECRET)
    script = Script(path="v.py", text="result = spark.range(2)")
    variant = Variant(name="v", language=Language.PYSPARK, script=script)
    with databricks_world(cloud, "r1", Session(), Progress()) as engine:
        table = engine.run(variant, {}, None)
        assert [c.name for c in engine.columns(table)] == ["id"]


@pytest.mark.parametrize(
    "told", [{"token": "wrong-canary"}, {"client_id": CLIENT, "client_secret": "wrong-canary"}]
)
def test_a_wrong_login_is_refused_at_once_and_named(databricks, databricks_cloud, tmp_path, told):
    began = time.monotonic()
    with pytest.raises(SettingsError, match="refuses the login") as caught:
        one(with_login(databricks_cloud, **told), tmp_path)
    assert time.monotonic() - began < 15
    assert caught.value.hint
    assert "canary" not in str(caught.value)


def test_an_untrusted_server_is_not_talked_to(databricks_cloud, tmp_path):
    with pytest.raises(SettingsError, match="certificate is not trusted"):
        one(replace(databricks_cloud, ca_file=""), tmp_path)


# --- Before the world is open ---


def test_a_warehouse_that_starts_is_waited_for(databricks, databricks_cloud, tmp_path):
    databricks.faults.order(Fault("OpenSession", status=503, times=2, retry_after=0))
    assert one(databricks_cloud, tmp_path) == 1
    assert databricks.faults.calls.count("OpenSession") == 3


def test_a_refusal_is_not_tried_again(databricks, databricks_cloud, tmp_path):
    databricks.faults.order(Fault("OpenSession", status=403, times=9))
    with pytest.raises(SettingsError, match="HTTP 403"):
        one(databricks_cloud, tmp_path)
    assert databricks.faults.calls == ["OpenSession"]


def test_no_answer_ends_in_time_and_may_be_tried_again(databricks, databricks_cloud, tmp_path):
    own = replace(databricks_cloud.databricks, start_seconds=2, socket_seconds=1)
    databricks.faults.order(Fault("OpenSession", stall=30, times=9))
    with pytest.raises(EngineError, match="connecting to Databricks") as caught:
        one(replace(databricks_cloud, databricks=own), tmp_path)
    assert caught.value.retryable


def test_a_catalog_that_does_not_exist(databricks_cloud, tmp_path):
    with pytest.raises((EngineError, SettingsError), match="connecting to Databricks"):
        one(with_login(databricks_cloud, token=TOKEN, catalog="nowhere"), tmp_path)


# --- On the way back ---


@pytest.mark.parametrize("where", ["", "a > 1"])
def test_rows_that_get_lost_on_the_way_back_are_no_difference(
    databricks, databricks_cloud, tmp_path, monkeypatch, where
):
    whole = Rows.batches
    with databricks_world(databricks_cloud, "r1", Session(), Progress()) as engine:
        table = engine.run(sql("create table gold.t as select explode(sequence(1, 5)) as a"), {}, None)
        assert engine.export(table, tmp_path / "whole", where)
        monkeypatch.setattr(Rows, "batches", lambda *a, **k: whole(*a[:2], max(1, a[2] - 1), **k))
        with pytest.raises(EngineError, match=r"transport fault at Databricks: gold\.t has [45] rows there"):
            engine.export(table, tmp_path / "cut", where)


# --- While the variant runs ---


def test_a_statement_that_lost_its_connection_is_sent_once(databricks, databricks_cloud):
    with databricks_world(databricks_cloud, "r1", Session(), Progress()) as engine:
        engine.run(sql("create table gold.t as select 1 as a"), {}, None)
        sent = databricks.faults.calls.count("ExecuteStatement")
        databricks.faults.order(Fault("ExecuteStatement", drop=True))
        with pytest.raises(EngineError, match="connection to Databricks broke") as caught:
            engine.run(sql("insert into gold.t select 2"), {}, TABLE)
        assert caught.value.retryable
        assert databricks.faults.calls.count("ExecuteStatement") == sent + 1
    assert databricks.spark.schemas == set()


def test_a_statement_that_a_gateway_failed_is_sent_once(databricks, databricks_cloud):
    with databricks_world(databricks_cloud, "r1", Session(), Progress()) as engine:
        databricks.faults.clear()
        databricks.faults.order(Fault("ExecuteStatement", status=502, after=1))
        with pytest.raises(EngineError):
            engine.run(sql("create table t as select 1 as a;\ncreate table u as select 2 as a"), {}, None)
        assert databricks.faults.calls.count("ExecuteStatement") == 2
    assert databricks.spark.schemas == set()


def test_a_poll_that_fails_is_asked_again(databricks, databricks_cloud, tmp_path):
    databricks.faults.order(Fault("GetOperationStatus", status=503, retry_after=0))
    text = "create table gold.t as select count(*) as n from range(30000000) a where hash(a.id) % 3 = 0"
    assert one(databricks_cloud, tmp_path, text) == 1


def test_rows_that_broke_off_are_read_again_whole(databricks, databricks_cloud, tmp_path):
    with databricks_world(databricks_cloud, "r1", Session(), Progress()) as engine:
        table = engine.run(sql("create table gold.t as select id from range(250000)"), {}, None)
        databricks.faults.order(Fault("FetchResults", half=True))
        (file,) = engine.export(table, tmp_path / "out")
        ids = pq.read_table(file)["id"]
        assert (len(ids), len(ids.unique())) == (250_000, 250_000)


def test_rows_of_a_query_that_broke_off_are_an_error(databricks, databricks_cloud, tmp_path):
    """It may not give the same rows twice."""
    with databricks_world(databricks_cloud, "r1", Session(), Progress()) as engine:
        table = engine.run(sql("select id, rand() as r from range(250000)"), {}, None)
        databricks.faults.order(Fault("FetchResults", half=True, times=99))
        with pytest.raises(EngineError) as caught:
            engine.export(table, tmp_path / "out")
        assert caught.value.retryable


def test_a_session_that_has_ended_is_named_and_its_schemas_are_dropped(databricks, databricks_cloud):
    with databricks_world(databricks_cloud, "r1", Session(), Progress()) as engine:
        databricks.warehouse.expire()
        with pytest.raises(EngineError, match="session has ended") as caught:
            engine.run(sql("create table gold.t as select 1 as a"), {}, None)
        assert caught.value.retryable
    assert databricks.spark.schemas == set()


def test_a_session_that_has_ended_does_not_stop_what_may_be_read_again(
    databricks, databricks_cloud, tmp_path
):
    with databricks_world(databricks_cloud, "r1", Session(), Progress()) as engine:
        table = engine.run(sql("create table gold.t as select 1 as a"), {}, None)
        databricks.warehouse.expire()
        assert [c.name for c in engine.columns(table)] == ["a"]
        with pytest.raises(EngineError, match="session of the script has ended"):
            engine.run(sql("insert into gold.t select 2"), {}, TABLE)
        assert count(engine, table, tmp_path / "out") == 1


def test_schemas_that_cannot_be_dropped_are_warned_of_by_name(databricks, databricks_cloud):
    said = []
    progress = Progress(emit=lambda step, message, done, total, level: said.append((level, message)))
    with databricks_world(databricks_cloud, "r1", Session(), progress):
        databricks.faults.order(Fault("ExecuteStatement", status=400, times=99))
    databricks.faults.clear()
    assert ("warning", "The schema recon_r1 could not be dropped: `recon clean` finds and drops it.") in said


def test_cancel_reaches_the_server_and_leaves_nothing(databricks, databricks_cloud, warehouse_spark):
    progress = Progress(current=Step.EXECUTE)
    slow = "create table gold.t as select count(*) as endless from range(1000000000000) where hash(id) = 1"
    timer = threading.Thread(
        target=lambda: (
            wait_until(lambda: any("endless" in s for s in databricks.warehouse.sent)),
            time.sleep(1),
            progress.cancel(),
        )
    )
    timer.start()
    began = time.monotonic()
    with (
        pytest.raises(Cancelled),
        databricks_world(databricks_cloud, "r1", Session(), progress) as engine,
        progress.interruptible(engine.cancel),
    ):
        engine.run(sql(f"{slow};\ncreate table gold.u as select 1 as a"), {}, None)
    timer.join()
    assert time.monotonic() - began < 30
    assert "CancelOperation" in databricks.faults.calls
    assert not any("gold.u" in s or "gold`.u" in s for s in databricks.warehouse.sent)
    assert databricks.spark.schemas == set()
    assert wait_until(lambda: not warehouse_spark.sparkContext.statusTracker().getActiveJobsIds())


def test_no_secret_and_no_value_is_logged_or_told(databricks, databricks_cloud, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    told = []
    progress = Progress(emit=lambda *event: told.append(str(event)))
    databricks.faults.order(Fault("OpenSession", status=503, retry_after=0))
    oauth = with_login(databricks_cloud, client_id=CLIENT, client_secret=SECRET)
    with databricks_world(databricks_cloud, "r1", Session(), progress) as engine:
        pq.write_table(pa.table({"a": ["value-canary"]}), tmp_path / "lake" / "c.parquet")
        engine.attach(TableRef(schema="silver", name="c"), [databricks_cloud.adls.url("c.parquet")])
        with pytest.raises(ProgramError) as caught:
            engine.run(sql("create table gold.t as select cast(a as int) as a from silver.c"), {}, None)
        told += [str(caught.value), caught.value.hint, repr(engine.notes)]
    with databricks_world(oauth, "r2", Session(), progress) as engine:
        count(
            engine, engine.run(sql("select * from (values ('value-canary')) t(a)"), {}, None), tmp_path / "o"
        )
    told.append(repr(databricks_cloud) + repr(oauth))
    logged = "\n".join(
        record.getMessage() for record in caplog.records if record.name.split(".")[0] != "py4j"
    )
    for text in (logged, "\n".join(told)):
        for secret in (TOKEN, SECRET, "canary"):
            assert secret not in text.replace(CLIENT, "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[CAST_INVALID_INPUT] The value 'x y' of the type \"STRING\" cannot be cast. SQLSTATE: 22018", "[CAST_INVALID_INPUT] The value '…' of the type \"STRING\" cannot be cast. SQLSTATE: 22018"),
        ("[NUMERIC_VALUE_OUT_OF_RANGE] 1234.5 cannot be Decimal(5, 2). SQLSTATE: 22003", "[NUMERIC_VALUE_OUT_OF_RANGE] … cannot be Decimal(5, 2). SQLSTATE: 22003"),
        ("[TABLE_OR_VIEW_NOT_FOUND] The table `a` cannot be found. SQLSTATE: 42P01\nmore", "[TABLE_OR_VIEW_NOT_FOUND] The table `a` cannot be found. SQLSTATE: 42P01"),
        ("java.lang.RuntimeException: value 'x'", "the statement failed, and Databricks gives no error class"),
    ],
)  # fmt: skip
def test_a_message_keeps_what_the_script_says_and_no_value(text, says):
    assert sentence(text) == says
