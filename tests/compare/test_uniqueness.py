"""Keys of whole numbers are told apart by a slot each where that is cheaper: never at the price of a repeat."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.compare import uniqueness
from recon.compare.plan import make_plan
from recon.compare.spec import Side, Spec
from tests.compare.tables import table

LOWEST, HIGHEST = -(2**63), 2**63 - 1
WHOLE = ["tinyint", "smallint", "int", "bigint"]


def unique(bench, *keys):
    """What is said of a table whose key columns are `keys`: kind, values."""
    names = [f"k{n}" for n in range(len(keys))]
    ref = bench.attach(table(**dict(zip(names, keys, strict=True))), "one")
    stored = bench.engine.columns(ref)
    plan = make_plan(Spec(keys=tuple(names)), Side(table=ref), Side(table=ref), (stored, stored))
    return uniqueness.unique(bench.engine, plan, ref, "b")


@pytest.mark.parametrize(("keys", "expected"), [
    ([("int", [3, 1, 2])], True),
    ([("int", [3, 1, 3])], False),
    ([("int", [-5, 0, 5])], True),
    ([("int", [])], True),
    ([("bigint", [LOWEST, HIGHEST])], True),  # their distance is more than a BIGINT holds
    ([("bigint", [HIGHEST, HIGHEST - 1])], True),
    ([("bigint", [LOWEST, LOWEST])], False),
    ([("int", [1, None])], True),
    ([("int", [1, None, None])], False),
    ([("int", [None, None])], False),
    ([("int", [None])], True),
    ([("int", [1, 1, 2, 2]), ("bigint", [7, 8, 7, 8])], True),
    ([("int", [1, 1, 2, 2]), ("bigint", [7, 8, 7, 7])], False),
    ([("int", [0, 1, 10]), ("int", [10, 0, 0])], True),  # a slot must not be another key's
    ([("int", [1, 1]), ("text", ["1", "2"])], True),
    ([("int", [1, 1]), ("text", ["2", "2"])], False),
])  # fmt: skip
def test_keys(bench, keys, expected):
    assert unique(bench, *keys) is expected


@given(
    rows=st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.tuples(*[st.none() | st.integers(-3, 3) | st.sampled_from([-128, 127])] * width), max_size=30
        )
    ),
    kind=st.sampled_from(WHOLE),
)
def test_random_keys(bench, rows, kind):
    keys = [(kind, list(values)) for values in zip(*rows, strict=True)] or [(kind, [])]
    assert unique(bench, *keys) is (len(set(rows)) == len(rows))


@pytest.mark.parametrize("most", [1, uniqueness._MOST_SLOTS])
@pytest.mark.parametrize("repeated", [False, True])
def test_both_ways_say_the_same(bench, monkeypatch, most, repeated):
    monkeypatch.setattr(uniqueness, "_MOST_SLOTS", most)
    first = [n // 100 for n in range(5_000)]
    second = [n % 100 for n in range(5_000)]
    if repeated:
        first[-1], second[-1] = first[17], second[17]
    assert unique(bench, ("int", first), ("smallint", second)) is not repeated
