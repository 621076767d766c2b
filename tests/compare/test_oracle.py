"""The engine and a plain Python comparison agree on random tables."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.compare.oracle import Oracle
from tests.compare.random_tables import MANY, cases, cells, counts, obey_the_laws, run

pytestmark = pytest.mark.timeout(1200)  # hundreds of comparisons, on a machine that others use too


@MANY
@given(case=cases())
def test_engine_and_oracle_agree(bench, case):
    columns, keys, baseline, candidate = case
    result = run(bench, *case)
    truth = Oracle(columns, keys, baseline, candidate)
    obey_the_laws(result)
    assert counts(result.rows) == truth.rows()
    for i, column in enumerate(result.columns):
        assert cells(column) == truth.column(i), column
