"""Segments, samples and the file of differences: complete where they say so, and always the same."""

from __future__ import annotations

import json
import random
from datetime import date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon.errors import Cancelled
from recon.model import Rule
from recon.model_result import WHOLE_ROW
from recon.progress import Progress
from tests.compare.tables import table


def axis(result):
    """The labels in order."""
    return list(dict.fromkeys(c.segment for c in result.segments.cells))


def wrong(result, column):
    return {c.segment: (c.mismatches, c.rows) for c in result.segments.cells if c.column == column}


def test_a_date_key_is_the_axis_and_each_segment_says_its_rows(bench):
    days = [20240131, 20240131, 20240229, 20240331, None]
    one = table(date_key=("int", days), id=("int", [1, 2, 1, 1, 1]), v=("int", [1, 1, 1, 1, 1]))
    other = table(date_key=("int", [*days[:3], 20240430]), id=("int", [1, 2, 1, 1]), v=("int", [9, 1, 9, 1]))
    result = bench.compare(one, other, keys=["date_key", "id"])
    assert (result.segments.column, result.segments.grouping) == ("date_key", "")
    assert axis(result) == ["20240131", "20240229", "20240331", "20240430", "NULL"]
    assert wrong(result, "v") == {"20240131": (1, 2), "20240229": (1, 1)}
    assert wrong(result, WHOLE_ROW) == {
        "20240131": (0, 2), "20240229": (0, 1), "20240331": (1, 1), "20240430": (1, 1), "NULL": (1, 1),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("days", "step", "grouping", "first", "segments"),
    [
        (60, 1, "", "2020-01-01", 60),
        (200, 1, "month", "2020-01", 7),
        (2000, 1, "quarter", "2020-Q1", 22),
        (9000, 2, "year", "2020", 50),
    ],
)
@pytest.mark.parametrize("kind", ["date", "int"])
def test_dates_merge_into_the_finest_that_fits(bench, days, step, grouping, first, segments, kind):
    dates = [date(2020, 1, 1) + timedelta(days=n * step) for n in range(days)]
    values = dates if kind == "date" else [int(d.strftime("%Y%m%d")) for d in dates]
    data = table(d=(kind, values), id=("int", list(range(days))))
    result = bench.compare(data, data, keys=["d", "id"])
    assert (result.segments.column, result.segments.grouping) == ("d", grouping)
    labels = axis(result)
    assert labels[0] == (first if grouping or kind == "date" else first.replace("-", ""))
    assert len(labels) == segments
    assert sum(c.rows for c in result.segments.cells) == days


def test_timestamps_merge_too(bench):
    moments = [datetime(2024, 1, 1) + timedelta(hours=n) for n in range(100)]
    data = table(at=("ts", moments), id=("int", list(range(100))))
    assert axis(bench.compare(data, data, keys=["at", "id"]))[:2] == ["2024-01-01", "2024-01-02"]


def test_many_values_become_the_59_most_frequent_and_the_rest(bench):
    names = [f"n{n:03}" for n in range(80) for _ in range(1 + (n < 59))]
    one = table(name=("text", names), id=("int", list(range(len(names)))), v=("int", [1] * len(names)))
    result = bench.compare(one, one.slice(0, 130), keys=["name", "id"], segment="name")
    assert result.segments.grouping == "top 59 and the rest"
    assert (len(axis(result)), axis(result)[-1]) == (60, "(other)")
    assert sum(m for m, _ in wrong(result, WHOLE_ROW).values()) == len(names) - 130


def test_without_a_key_of_few_values_another_column_serves(bench):
    data = table(
        id=("int", list(range(100))),
        region=("text", ["DE", "FR", None, "", "x"] * 20),
        amount=("double", [1.5] * 100),
    )
    result = bench.compare(data, data, keys=["id"])
    assert result.segments.column == "region"
    assert axis(result) == ["(empty)", "DE", "FR", "x", "NULL"]


def test_a_sensitive_column_is_never_the_axis(bench):
    data = table(id=("int", list(range(10))), name=("text", ["Ada", "Bob"] * 5))
    result = bench.compare(data, data, keys=["id"], rules={"name": Rule(sensitive=True)})
    assert result.segments.column != "name"
    assert "Ada" not in str(result)


def test_when_no_column_serves_there_is_one_segment(bench):
    one = table(id=("double", [1.5, 2.5]), v=("double", [1.0, 2.0]))
    other = table(id=("double", [1.5, 3.5]), v=("double", [9.0, 2.0]))
    result = bench.compare(one, other, keys=["id"])
    assert (result.segments.column, axis(result)) == ("", ["(all rows)"])
    assert wrong(result, "v") == {"(all rows)": (1, 1)}
    assert wrong(result, WHOLE_ROW) == {"(all rows)": (2, 3)}


# --- Samples ------------------------------------------------------------------------------------


def noisy(n=300, seed=None):
    one = table(
        day=("int", [20240100 + 1 + i % 4 for i in range(n)]), id=("int", list(range(n))),
        a=("int", list(range(n))), t=("text", [f"t{i}" for i in range(n)]),
    )  # fmt: skip
    other = table(
        day=("int", [20240100 + 1 + i % 4 for i in range(n)]), id=("int", [i if i % 50 else -i - 1 for i in range(n)]),
        a=("int", [None if i % 3 == 0 else i + i % 2 for i in range(n)]), t=("text", [f"T{i}" if i % 2 else f"t{i}" for i in range(n)]),
    )  # fmt: skip
    if seed is None:
        return one, other
    order = list(range(n))
    random.Random(seed).shuffle(order)
    return one.take(order), other.take(order[::-1])


def test_samples_are_bounded_for_each_column_and_kind_and_do_not_depend_on_the_order(bench, tmp_path):
    first = bench.compare(*noisy(), keys=["day", "id"], sample_rows=5, differences=tmp_path / "a.parquet")
    again = bench.compare(
        *noisy(seed=3), keys=["day", "id"], sample_rows=5, differences=tmp_path / "b.parquet"
    )
    assert first == again
    assert pq.read_table(tmp_path / "a.parquet") == pq.read_table(tmp_path / "b.parquet")
    kept = {(s.column, s.cause) for s in first.samples}
    assert kept == {("a", "value"), ("a", "null_vs_value"), ("t", "case")}
    assert all(sum((s.column, s.cause) == k for s in first.samples) == 5 for k in kept)
    assert {r.kind for r in first.row_samples} == {"missing", "extra"}


def test_the_file_of_differences_is_whole_below_its_limit(bench, tmp_path):
    file = tmp_path / "deep" / "differences.parquet"
    result = bench.compare(*noisy(), keys=["day", "id"], differences=file)
    found = pq.read_table(file)
    assert found.column_names == ["segment", "column", "kind", "key", "baseline", "candidate"]
    assert {str(t) for t in found.schema.types} == {"string"}
    cells = found.to_pylist()
    for column in result.columns:
        assert sum(c["column"] == column.name for c in cells) == column.mismatches
    for segment in result.segments.cells:
        here = [c for c in cells if c["segment"] == segment.segment and c["column"] == segment.column]
        assert len(here) == segment.mismatches
    for cell in cells:
        assert set(json.loads(cell["key"])) == {"day", "id"}
        assert (cell["column"] == WHOLE_ROW) == (cell["kind"] in {"missing", "extra"})
    missing = next(c for c in cells if c["kind"] == "missing")
    assert missing["candidate"] is None
    assert json.loads(missing["baseline"])["t"] == "t" + json.loads(missing["baseline"])["a"]
    order = [["day", "id", "a", "t", WHOLE_ROW].index(c["column"]) for c in cells]
    assert order == sorted(order)
    days = [c["segment"] for c in cells if c["column"] == "a"]
    assert days == sorted(days)


def test_the_file_keeps_some_of_each_segment_column_and_kind(bench, tmp_path):
    file = tmp_path / "differences.parquet"
    result = bench.compare(*noisy(), keys=["day", "id"], sample_rows=2, differences=file)
    counts = {}
    for cell in pq.read_table(file).to_pylist():
        place = (cell["segment"], cell["column"], cell["kind"])
        counts[place] = counts.get(place, 0) + 1
    assert max(counts.values()) == 2
    assert {s for s, c, _ in counts if c == "a"} == {"20240101", "20240102", "20240103", "20240104"}
    assert max(sum(s.column == c for s in result.samples) for c in ("a", "t")) <= 4


def test_an_empty_file_of_differences_has_its_columns(bench, tmp_path):
    one, _ = noisy()
    bench.compare(one, one, keys=["day", "id"], differences=tmp_path / "none.parquet")
    found = pq.read_table(tmp_path / "none.parquet")
    assert (found.num_rows, found.num_columns) == (0, 6)


def test_nothing_sensitive_leaves_the_engine(bench, tmp_path):
    secret = ["canary-1", "canary-22", None, "canary-4", "canary-5", "canary-5"]
    one = table(id=("int", [1, 2, 3, 4, 5, 5]), ssn=("text", secret))
    other = table(
        id=("int", [1, 2, 3, 9, 5, 5]),
        ssn=("text", ["canary-9", None, "canary-3", "canary-4", "canary-5", "canary-6"]),
    )
    file = tmp_path / "d.parquet"
    rules = {"ssn": Rule(sensitive=True)}
    for keys in (["id"], ["ssn"], [], ["id", "ssn"]):
        result = bench.compare(one, other, keys=keys, rules=rules, differences=file)
        assert result.rows.missing + result.rows.extra + result.rows.differing > 0
        assert "canary" not in str(result)
        assert "canary" not in str(pq.read_table(file).to_pylist())
    result = bench.compare(one, other, keys=["id"], rules=rules)
    shown = {(s.baseline, s.candidate) for s in result.samples}
    assert ("•••• (8 characters)", "•••• (8 characters)") in shown
    assert ("•••• (9 characters)", None) in shown
    assert (None, "•••• (8 characters)") in shown


def test_progress_is_told_and_a_cancel_stops_it(bench):
    heard = []
    progress = Progress(emit=lambda step, message, done, total, level: heard.append((message, done, total)))
    data = table(k=("int", [1]))
    one, other = bench.attach(data, "baseline"), bench.attach(data, "candidate")
    from recon.compare import Side, Spec, compare

    compare(bench.engine, Spec(keys=("k",)), Side(table=one), Side(table=other), progress=progress)
    assert [(d, t) for _, d, t in heard] == [(n, len(heard)) for n in range(len(heard))]
    progress.cancel()
    with pytest.raises(Cancelled):
        compare(bench.engine, Spec(keys=("k",)), Side(table=one), Side(table=other), progress=progress)


def test_a_wide_table(bench):
    data = pa.Table.from_arrays([pa.array([1, 2, 3])] * 120, [f"c{n}" for n in range(120)])
    changed = data.set_column(119, "c119", pa.array([1, 2, 4]))
    result = bench.compare(data, changed, keys=["c0", "c1"])
    assert {c.name: c.mismatches for c in result.columns if c.mismatches} == {"c119": 1}
    assert result.match_percentage == 99.72
