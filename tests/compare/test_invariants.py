"""What must not change a result: fingerprints, the order of sides, rows and columns; on random tables."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.compare.random_tables import SOME, cases, counts, run

pytestmark = pytest.mark.timeout(1200)  # hundreds of comparisons, on a machine that others use too


@SOME
@given(case=cases())
def test_without_fingerprints_the_same_is_said(bench, case):
    quick, slow = (run(bench, *case, exact=exact) for exact in (False, True))
    assert (quick.method, slow.method) == ("fingerprint+pairs", "pairs")
    assert replace(quick, method="") == replace(slow, method="")


@SOME
@given(case=cases())
def test_swapping_the_sides_swaps_the_result(bench, case):
    columns, keys, baseline, candidate = case
    one = run(bench, *case)
    other = run(bench, [(n, b, a, r) for n, a, b, r in columns], keys, candidate, baseline)
    swapped = counts(other.rows)
    for name, value in counts(one.rows).items():
        partner = {"baseline": "candidate", "candidate": "baseline", "missing": "extra", "extra": "missing"}
        expected = swapped[partner.get(name, name)]
        assert value == (expected[::-1] if isinstance(expected, tuple) else expected), name
    for a, b in zip(one.columns, other.columns, strict=True):
        assert (a.mismatches, a.forgiven, a.baseline_null) == (b.mismatches, b.forgiven, b.candidate_null)
        assert {k.cause: k.cells for k in a.causes} == {k.cause: k.cells for k in b.causes}
    assert (one.verdict, one.match_percentage) == (other.verdict, other.match_percentage)


@SOME
@given(case=cases(), data=st.data())
def test_the_order_of_rows_changes_nothing_at_all(bench, case, data):
    columns, keys, baseline, candidate = case
    one = run(bench, *case, sample_rows=2)
    shuffled = (data.draw(st.permutations(rows)) for rows in (baseline, candidate))
    assert run(bench, columns, keys, *shuffled, sample_rows=2) == one


@SOME
@given(case=cases(), data=st.data())
def test_the_order_of_columns_changes_no_count(bench, case, data):
    columns, keys, baseline, candidate = case
    one = run(bench, *case)
    order = data.draw(st.permutations(range(len(columns))))
    moved = [[tuple(r[i] for i in order) for r in rows] for rows in (baseline, candidate)]
    other = run(bench, [columns[i] for i in order], keys, *moved)
    assert (other.rows, other.verdict, other.match_percentage) == (
        one.rows,
        one.verdict,
        one.match_percentage,
    )
    by_name = {c.name: c for c in other.columns}
    assert {c.name: c for c in one.columns} == by_name
