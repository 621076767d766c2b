"""Spark has no strings of bits: it counts the slots themselves, and says the same of the keys."""

from __future__ import annotations

import pytest

from tests.compare.test_uniqueness import unique


@pytest.mark.parametrize(("keys", "expected"), [
    ([("int", [3, -1, 2])], True),
    ([("int", [3, -1, 3])], False),
    ([("bigint", [-(2**63), 2**63 - 1])], True),
    ([("int", [1, None, None])], False),
    ([("int", [1, 1, 2, 2]), ("smallint", [7, 8, 7, 8])], True),
    ([("int", [1, 1, 2, 2]), ("smallint", [7, 8, 7, 7])], False),
])  # fmt: skip
def test_keys(benches, keys, expected):
    assert [unique(bench, *keys) for bench in benches] == [expected, expected]
