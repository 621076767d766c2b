"""Pairs of types, on DuckDB and on Spark: the same result, to the last sample."""

from __future__ import annotations

import pytest

from tests.compare.golden import GOLDEN
from tests.spark_compare.both import EVERY, lots, same_result, side_by_side

pytestmark = pytest.mark.spark
TYPES = [
    (p.stored[0], [c[0] for c in p.cells], p.stored[1], [c[1] for c in p.cells], None, p.types)
    for pairs in GOLDEN.values()
    for p in pairs
]


@pytest.mark.parametrize("lot", lots(TYPES if EVERY else TYPES[::6]), ids=lambda lot: f"{len(lot)} pairs")
def test_pairs_of_types(benches, lot):
    frames, options = side_by_side(lot)
    assert same_result(benches, *frames, keys=["k"], **options).rows.differing
