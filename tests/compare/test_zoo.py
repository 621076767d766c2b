"""Every trap on the real engine, with and without fingerprints; and nothing else is said of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from recon.model_result import Verdict
from tests.compare.zoo import DEFECTS, TRAPS, check, run

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("exact", [False, True], ids=["fingerprints", "exact"])
@pytest.mark.parametrize("trap", TRAPS, ids=[t.name for t in TRAPS])
def test_trap(bench, trap, exact):
    check(trap, bench.engine, bench.folder, exact=exact)


def test_the_zoo_is_as_large_as_it_should_be():
    assert len({t.name for t in TRAPS}) == len(TRAPS) >= 60
    assert {t.verdict for t in TRAPS} == set(Verdict) - {Verdict.ACCEPTED}


@pytest.mark.parametrize("number", DEFECTS)
def test_every_known_defect_has_its_proof(number):
    where = DEFECTS[number]
    if where == "zoo":
        origins = [t.origin.partition(":")[0].split() for t in TRAPS]
        assert ["d7", str(number)] in origins
    elif where.startswith("not a"):
        assert ": " in where
    else:
        file, name = where.split("::")
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_the_list_of_defects_has_no_gap():
    assert list(DEFECTS) == list(range(1, 30))


SCRIPT = """
import sys, tempfile
from pathlib import Path
from recon.connectors.local.comparer import duckdb_comparer
from tests.compare.tables import Bench
from tests.compare.zoo import TRAPS, run
trap = next(t for t in TRAPS if t.name == "900 rows against 1,000")
with tempfile.TemporaryDirectory() as folder, duckdb_comparer(Path(folder) / "work") as engine:
    found = run(trap, Bench(engine, Path(folder)), sample_rows=20)
    print([r.key["k"] for r in found.row_samples])
"""


def test_kept_rows_do_not_depend_on_the_process(bench):
    trap = next(t for t in TRAPS if t.name == "900 rows against 1,000")
    here = [r.key["k"] for r in run(trap, bench, sample_rows=20).row_samples]
    there = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={"PYTHONHASHSEED": "7", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(here) == 20 and there.stdout.strip() == str(here)


@pytest.mark.parametrize(("number", "exact"), [(1000, False), (400, True)], ids=["fingerprints", "exact"])
def test_a_thousand_columns(bench, number, exact):
    one = pa.Table.from_arrays([pa.array(range(100))] * number, [f"c{n}" for n in range(number)])
    last = f"c{number - 2}"
    other = one.set_column(number - 2, last, pa.array([*range(99), None]))
    result = bench.compare(one, other, keys=["c0"], exact=exact)
    assert {c.name: (c.mismatches, c.candidate_null) for c in result.columns if c.mismatches} == {
        last: (1, 1)
    }
    assert (result.rows.equal, result.rows.differing, result.match_percentage) == (99, 1, 99.99)
    assert [(s.column, s.baseline, s.candidate) for s in result.samples] == [(last, "99", None)]
    assert result.verdict is Verdict.PARTIAL
