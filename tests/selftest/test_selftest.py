"""The self-test finds everything on the real comparer, and says so when a comparer is broken."""

from __future__ import annotations

from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from recon.model_result import WHOLE_ROW
from recon.selftest import selftest
from recon.selftest.defects import DEFECTS
from recon.wiring import comparer

NAMES = (
    "another decimal", "2^53 + 1, which no double holds", "NULL instead of the empty text", "three rows lost",
    "rows that come again", "a column dropped", "text that is no number",
)  # fmt: skip
SOME = [case for case in DEFECTS if case.name in NAMES]


class Tampering:
    """The real engine behind one that changes each candidate as it is attached."""

    def __init__(self, engine, tamper):
        self._engine, self._tamper = engine, tamper

    def attach(self, table, urls):
        if table.name == "candidate":
            for url in urls:
                pq.write_table(self._tamper(pq.read_table(url)), url)
        self._engine.attach(table, urls)

    def __getattr__(self, name):
        return getattr(self._engine, name)


def outcome(tamper):
    @contextmanager
    def broken():
        with comparer() as engine:
            yield Tampering(engine, tamper)

    return selftest(lambda line: None, open_comparer=broken, cases=SOME)


def test_everything_is_found_and_nothing_else():
    said = []
    result = selftest(said.append)
    assert [d for d in (*result.clean, *result.defects) if not d.ok] == []
    assert result.ok and result.planted == result.found == len(result.defects) > 50
    assert result.false_alarms == 0
    assert said[-1] == f"{result.found} of {result.found} defects found, 0 false alarms"
    assert len({d.name for d in result.defects}) == len(result.defects)
    assert all(d.planted_cells == d.found_cells > 0 for d in result.defects)
    assert all(d.expected_kind == d.found_kind != "" for d in result.defects)
    kinds = {kind for d in result.defects for kind in d.expected_kind.split(", ")}
    assert kinds >= {"value", "null_vs_value", "type", "unreadable", "rounding", "whitespace", "case"}


def nulls_as_empty(data):
    """The oldest mistake of all: NULL becomes '' on the way in."""
    columns = [
        pc.fill_null(data.column(f.name), "") if pa.types.is_string(f.type) else data.column(f.name)
        for f in data.schema
    ]
    return pa.table(columns, names=data.schema.names)


def floats_for_bigints(data):
    at = data.schema.get_field_index("big")
    if at < 0 or not pa.types.is_int64(data.schema.field(at).type):
        return data
    return data.set_column(at, "big", data.column("big").cast(pa.float64(), safe=False))


@pytest.mark.parametrize(
    ("tamper", "column"),
    [
        (lambda data: data.slice(0, data.num_rows - 5), WHOLE_ROW),
        (nulls_as_empty, "note"),
        (floats_for_bigints, "big"),
    ],
    ids=["drops rows", "NULL as ''", "bigint as float"],
)
def test_a_broken_comparer_is_seen(tamper, column):
    result = outcome(tamper)
    assert not result.ok and result.found < result.planted and result.false_alarms > 0
    assert not result.clean[0].ok and result.clean[0].note
    assert any(not d.ok for d in result.defects if d.column == column)


class Blind:
    """An engine that answers every question about the candidate from the baseline: nothing ever differs."""

    def __init__(self, engine):
        self._engine, self._files = engine, {}

    def attach(self, table, urls):
        self._files.setdefault("baseline", urls)
        self._engine.attach(table, self._files["baseline"])

    def __getattr__(self, name):
        return getattr(self._engine, name)


def test_a_comparer_that_sees_nothing_finds_nothing():
    @contextmanager
    def blind():
        with comparer() as engine:
            yield Blind(engine)

    result = selftest(lambda line: None, open_comparer=blind, cases=SOME)
    assert len(result.defects) == len(NAMES) and not result.ok
    assert not any(d.ok for d in result.defects)
