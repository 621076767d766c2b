"""The traps of single cells, on DuckDB and on Spark: the same result, to the last sample."""

from __future__ import annotations

import pytest

from tests.compare.test_cells import ZOO
from tests.spark_compare.both import EVERY, lots, same_result, side_by_side

pytestmark = pytest.mark.spark
CELLS = [(*(*trap, 0, None, ("", ""))[:4], (*trap, 0, None)[6] if len(trap) > 6 else None, trap[7] if len(trap) > 7 else ("", ""))
         for trap in ZOO.values()]  # fmt: skip


@pytest.mark.parametrize("lot", lots(CELLS if EVERY else CELLS[::4]), ids=lambda lot: f"{len(lot)} traps")
def test_traps_of_single_cells(benches, lot, tmp_path):
    frames, options = side_by_side(lot)
    assert same_result(benches, *frames, keys=["k"], tmp_path=tmp_path, **options).rows.differing
