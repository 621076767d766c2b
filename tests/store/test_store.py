"""The store's promises: a run is asked once, claimed once, ends once, and a silent worker is noticed."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from recon.errors import SettingsError
from recon.model import (
    Language,
    Mode,
    Project,
    Rule,
    RunEvent,
    RunState,
    Script,
    Step,
    Table,
    TableInput,
    TableRef,
    TextPolicy,
    Tolerance,
    ToleranceKind,
    Variant,
)
from recon.model_result import Verdict
from recon.store import Outcome, Store

TABLE = Table(
    name="orders",
    folder="tables/orders",
    synapse=TableRef("dbo", "ORDERS"),
    databricks=TableRef("gold", "orders"),
    keys=("id",),
    owner="finance",
    params={
        "day": date(2024, 1, 31),
        "at": datetime(2024, 1, 31, 12, 30),
        "rate": Decimal("1.10"),
        "note": "2024-01-31",
        "on": True,
        "n": 7,
        "none": None,
    },
    inputs=(
        TableInput(synapse=TableRef("stg", "O"), databricks=TableRef("silver", "o"), file="data/o.parquet"),
    ),
    rules={
        "amount": Rule(tolerance=Tolerance(ToleranceKind.ABS, Decimal("0.005"))),
        "name": Rule(text=(TextPolicy.CASE,), sensitive=True),
    },
    original=Script("tables/orders/synapse.sql", "SELECT 1"),
    variants=(
        Variant(name="v1", language=Language.SQL, script=Script("v1.sql", "SELECT 1")),
        Variant(name="v2", language=Language.PYSPARK, script=Script("v2.py", "result = 1")),
    ),
)
PROJECT = Project(folder=Path("/p/orders"), name="Orders", mode=Mode.LOCAL, tables=(TABLE,))
V1 = TABLE.variants[0]


class Clock:
    def __init__(self):
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.now

    def passes(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(tmp_path, clock):
    store = Store(f"sqlite:///{tmp_path / 'sub' / 'recon.db'}", clock)
    yield store
    store.close()


def ask(store, table="orders"):
    return store.ask(PROJECT, replace(TABLE, name=table), V1, "ada")


def test_a_run_is_queued_with_what_was_asked(store, clock):
    run = store.run(ask(store))
    assert (run.id, run.state, run.table, run.variant, run.by, run.owner) == (
        "RUN-0001", RunState.QUEUED, "orders", "v1", "ada", "finance",
    )  # fmt: skip
    assert run.asked_at == clock.now
    assert run.queue_position == 1


def test_the_request_is_frozen_with_the_types_of_its_parameters(store):
    asked = store.project_of(ask(store))
    assert asked.tables[0].params == TABLE.params
    assert [type(v) for v in asked.tables[0].params.values()] == [type(v) for v in TABLE.params.values()]
    assert [v.name for v in asked.tables[0].variants] == ["v1"]
    assert asked.tables[0].rules == TABLE.rules
    assert asked.tables[0].inputs == TABLE.inputs
    assert (asked.folder, asked.mode, asked.partial_above) == (
        PROJECT.folder,
        PROJECT.mode,
        PROJECT.partial_above,
    )


def test_runs_are_claimed_oldest_first_and_only_once(store):
    first, second = ask(store), ask(store, "customers")
    assert store.run(second).queue_position == 2
    assert [store.claim("w1"), store.claim("w2"), store.claim("w3")] == [first, second, None]
    assert store.run(first).state is RunState.RUNNING


def test_runs_of_one_table_wait_for_each_other(store, clock):
    """Both would call one procedure, which writes one table."""
    first, second, other = ask(store), ask(store), ask(store, "customers")
    assert [store.claim("w1"), store.claim("w2"), store.claim("w3")] == [first, other, None]
    assert store.finish(first, "w1", Outcome(state=RunState.FAILED))
    assert store.claim("w3") == second
    clock.passes(60)  # a dead worker's run does not hold up its table
    third = ask(store)
    assert store.claim("w4") == third


def test_many_workers_at_once_never_take_two_runs_of_one_table(store):
    asked = {ask(store, f"t{n % 4}") for n in range(40)}
    at_work, both = set(), []
    lock = threading.Lock()

    def worker(name):
        while run := store.claim(name):
            table = store.run(run).table
            with lock:
                both.extend([table] if table in at_work else [])
                at_work.add(table)
                asked.discard(run)
            with lock:
                at_work.discard(table)
            store.finish(run, name, Outcome(state=RunState.FAILED))

    threads = [threading.Thread(target=worker, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while run := store.claim("last"):  # a worker ends when what is left waits for another's run
        asked.discard(run)
        store.finish(run, "last", Outcome(state=RunState.FAILED))
    assert (asked, both) == (set(), [])


def test_the_queue_has_an_end(store):
    for n in range(3):
        ask(store, f"t{n}")
    store.room(2, 5)
    with pytest.raises(SettingsError, match="3 runs wait, 3 more") as caught:
        store.room(3, 5)
    assert "RECON_QUEUE_LIMIT" in caught.value.hint
    store.claim("w")
    store.room(3, 5)


def test_a_run_may_take_up_another(store):
    first = ask(store)
    again = store.ask(PROJECT, TABLE, V1, "ada", continues=first)
    assert (store.continues(first), store.continues(again)) == ("", first)
    assert store.project_of(again) == store.project_of(first)


def test_workers_at_once_never_take_one_run(store):
    asked = {ask(store, f"t{n}") for n in range(20)}
    taken = []

    def worker(name):
        while run := store.claim(name):
            taken.append(run)

    threads = [threading.Thread(target=worker, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(asked)


def test_a_result_becomes_visible_together_with_the_state(store):
    run = ask(store)
    store.claim("w")
    assert store.document(run) is None
    done = Outcome(
        state=RunState.FINISHED, document="{}", sha256="ab", verdict=Verdict.MATCH, match_percentage=100.0
    )
    assert store.finish(run, "w", done)
    found = store.run(run)
    assert (found.state, found.verdict, found.match_percentage, found.result_sha256) == (
        RunState.FINISHED, "MATCH", 100.0, "ab",
    )  # fmt: skip
    assert store.document(run) == "{}"


def test_a_silent_worker_leaves_its_run_interrupted_and_never_a_match(store, clock):
    run = ask(store)
    store.claim("w")
    clock.passes(9)
    assert store.run(run).state is RunState.RUNNING
    clock.passes(2)
    found = store.run(run)
    assert (found.state, found.verdict) == (RunState.INTERRUPTED, "INCONCLUSIVE")
    assert "again" in found.hint
    late = Outcome(state=RunState.FINISHED, document="{}", sha256="ab", verdict=Verdict.MATCH)
    assert not store.finish(run, "w", late)
    assert store.run(run).verdict == "INCONCLUSIVE"
    assert store.document(run) is None


def test_a_beating_worker_keeps_its_run(store, clock):
    run = ask(store)
    store.claim("w")
    for _ in range(10):
        clock.passes(5)
        assert store.beat("w", 1) is False
        assert store.run(run).state is RunState.RUNNING
    assert store.worker_alive()
    store.retire("w")
    assert not store.worker_alive()


def test_cancel_of_a_queued_run_is_at_once_and_of_a_running_one_reaches_its_worker(store):
    queued, running = ask(store), ask(store)
    store.cancel(queued)
    assert store.run(queued).state is RunState.CANCELLED
    assert store.run(queued).verdict == "INCONCLUSIVE"
    assert store.claim("w") == running
    store.cancel(running)
    assert store.run(running).state is RunState.RUNNING
    assert store.beat("w", 1) is True
    store.finish(running, "w", Outcome(state=RunState.CANCELLED))
    store.cancel(running)
    assert store.run(running).state is RunState.CANCELLED


def test_events_come_back_in_order_and_move_the_progress(store, clock):
    run = ask(store)
    store.claim("w")
    for n in (1, 2, 3):
        store.tell(
            RunEvent(run_id=run, number=n, at=clock.now, step=Step.EXTRACT, message=f"m{n}", done=n, total=3),
            n / 10,
        )
    assert [e.message for e in store.events(run)] == ["m1", "m2", "m3"]
    assert [e.number for e in store.events(run, after=2)] == [3]
    assert store.events(run)[0].at == clock.now
    found = store.run(run)
    assert (found.step, found.fraction, found.message) == (Step.EXTRACT, 0.3, "m3")


def test_runs_are_listed_newest_first_and_filtered(store):
    first = ask(store)
    second = store.ask(PROJECT, TABLE, TABLE.variants[1], "bob")
    assert [r.id for r in store.runs()] == [second, first]
    assert [r.id for r in store.runs(variant="v2")] == [second]
    assert [r.id for r in store.runs(project=str(PROJECT.folder), limit=1)] == [second]
    assert store.runs(project="/elsewhere") == ()


@pytest.mark.parametrize(
    "name", ["", "RUN-", "RUN-9999", "nonsense", "RUN-1; drop table runs", "run-99999999999"]
)
def test_an_unknown_run_is_none(store, name):
    ask(store)
    assert store.run(name) is None
    assert store.project_of(name) is None
    assert store.document(name) is None


def test_a_store_that_cannot_be_opened_says_what_to_check_and_keeps_the_password():
    with pytest.raises(SettingsError) as raised:
        Store("postgresql+nosuchdriver://ada:s3cret@127.0.0.1/recon")
    assert "s3cret" not in str(raised.value)
    assert "RECON_STORE_URL" in raised.value.hint


def test_two_processes_see_one_store(tmp_path):
    url = f"sqlite:///{tmp_path / 'recon.db'}"
    here, there = Store(url), Store(url)
    run = ask(here)
    assert there.claim("w") == run
    assert here.run(run).state is RunState.RUNNING
    here.close()
    there.close()


def test_a_store_of_another_version_is_refused_and_left_alone(tmp_path):
    import sqlite3

    url = f"sqlite:///{tmp_path / 'recon.db'}"
    Store(url).close()
    with sqlite3.connect(tmp_path / "recon.db") as db:
        db.execute("update store_version set version = 99")
    with pytest.raises(SettingsError, match="version 99"):
        Store(url)
