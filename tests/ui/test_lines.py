"""Lists of runs and the steps of a run at work."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from recon.model import RunState, Step
from recon.ui import header, lists, live
from tests.ui.sample import sample_result
from tests.ui.stories import NOON, a_run, an_event


@pytest.mark.parametrize(
    ("run", "word", "group"),
    [
        (a_run(), "MATCH", "Match"),
        (a_run(verdict="MATCH with accepted differences"), "MATCH with accepted differences", "Match"),
        (a_run(verdict="PARTIAL MATCH"), "PARTIAL MATCH", "Differences"),
        (a_run(verdict="NO MATCH"), "NO MATCH", "Differences"),
        (a_run(verdict="INCONCLUSIVE"), "INCONCLUSIVE", "No verdict"),
        (a_run(verdict="INCONCLUSIVE", state=RunState.FAILED), "Failed", "No verdict"),
        (a_run(verdict="INCONCLUSIVE", state=RunState.CANCELLED), "Cancelled", "No verdict"),
        (a_run(verdict="INCONCLUSIVE", state=RunState.INTERRUPTED), "Interrupted", "No verdict"),
        (a_run(verdict="", state=RunState.RUNNING), "Running", "In progress"),
        (a_run(verdict="", state=RunState.QUEUED), "Queued", "In progress"),
        (None, "Not run yet", "Not run yet"),
    ],
)
def test_every_state_has_its_word_and_its_group(run, word, group):
    line = lists.Line("orders", "v1", "finance", run)
    assert (line.status, line.group) == (word, group)
    assert line.group in lists.GROUPS


def test_a_run_that_did_not_finish_shows_no_number():
    runs = [a_run(), a_run(state=RunState.FAILED, verdict="INCONCLUSIVE"), a_run(state=RunState.RUNNING)]
    frame = lists.frame(lists.every(runs), NOON)
    assert list(frame["equal"]) == ["100 %", "–", "–"]
    assert list(frame["cells"]) == ["0", "–", "–"]
    assert list(frame["open"]) == [lists.OPEN, lists.OPEN, lists.PROGRESS]


def test_shares_are_floored_and_one_hundred_means_all():
    runs = [
        a_run(rows_equal_percentage=99.99, verdict="NO MATCH", differing_cells=1),
        a_run(rows_equal_percentage=100.0, verdict="NO MATCH", differing_cells=1),
        a_run(rows_equal_percentage=None, verdict="INCONCLUSIVE"),
    ]
    assert list(lists.frame(lists.every(runs), NOON)["equal"]) == ["99.99 %", ">99.99 %", "–"]


def test_filters_look_at_table_variant_owner_and_run():
    lines = lists.every(
        [a_run(id="RUN-0007", table="Orders"), a_run(table="items", owner="hr", verdict="NO MATCH")]
    )
    assert [line.table for line in lists.matching(lines, text="order")] == ["Orders"]
    assert [line.table for line in lists.matching(lines, text="HR")] == ["items"]
    assert [line.table for line in lists.matching(lines, text="0007")] == ["Orders"]
    assert [line.table for line in lists.matching(lines, group="Differences")] == ["items"]
    assert lists.matching(lines, group="Differences", text="orders") == []


def test_steps_follow_the_walk():
    run = a_run(state=RunState.RUNNING, step=Step.EXECUTE, finished_at=None, verdict="")
    story = [
        an_event(1, Step.EXTRACT, 0),
        an_event(2, Step.EXTRACT, 2, "rows", done=12, total=12),
        an_event(3, Step.TRANSFER, 5),
        an_event(4, Step.WORLD, 6),
        an_event(5, Step.EXECUTE, 8),
    ]
    lines = live.steps(run, story, NOON + timedelta(seconds=10))
    assert [line.state for line in lines] == ["done", "done", "done", "running", "waiting", "waiting"]
    assert [line.seconds for line in lines] == [5, 1, 2, 2, None, None]
    assert lines[0].progress == "rows · 12 of 12"


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED, RunState.INTERRUPTED])
def test_the_step_that_stopped_is_named(state):
    run = a_run(state=state, step=Step.TRANSFER)
    lines = live.steps(run, [an_event(1, Step.EXTRACT, 0), an_event(2, Step.TRANSFER, 3)], NOON)
    assert [line.state for line in lines] == ["done", str(state), "waiting", "waiting", "waiting", "waiting"]


def test_a_queued_run_says_its_place():
    run = a_run(state=RunState.QUEUED, queue_position=3, started_at=None, finished_at=None)
    assert live.headline(run, NOON) == "Queued · number 3 in the queue"
    assert all(line.state == "waiting" for line in live.steps(run, [], NOON))


def test_the_headline_escapes_what_a_script_says():
    run = a_run(state=RunState.RUNNING, step=Step.EXECUTE, finished_at=None, message="CREATE VIEW `a*b*`")
    assert "\\`a\\*b\\*\\`" in live.headline(run, NOON + timedelta(seconds=5))


def test_the_log_marks_warnings():
    text = live.log_text([an_event(1, Step.EXTRACT, 0), an_event(2, Step.EXECUTE, 1, "odd", level="warning")])
    assert text.splitlines() == ["12:00:00  extract   at work", "12:00:01  execute   WARNING: odd"]


def test_changes_against_the_run_before():
    before = sample_result()
    now = replace(
        before,
        rows=replace(before.rows, missing=10),
        rows_equal_percentage=75.1,
        columns=tuple(replace(c, mismatches=0) if c.name == "region" else c for c in before.columns),
    )
    assert header.deltas(now, before) == (-2, "+1.01 pp", -12, -2, -1)
    assert header.deltas(before, before) == (0, 0, 0, 0, 0)
