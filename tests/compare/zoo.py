"""The zoo: traps in which comparers were caught, each with the result that a person reckoned.

A trap is two small tables and everything that may be said of them: what is not named is nought. `check` runs
one on any engine. Traps of single cells are in `test_cells.py`, of types in `golden/`.
"""

from __future__ import annotations

from tests.compare.trap import check, run
from tests.compare.zoo_rows import ROWS
from tests.compare.zoo_values import VALUES

__all__ = ["DEFECTS", "TRAPS", "check", "run"]

TRAPS = [*ROWS, *VALUES]

# Every defect of other tools that is known (numbered as in the origins above), and what shows that it is not
# ours: traps of this zoo ("zoo"), a test as "file::name", or why no comparer could show it.
DEFECTS = {
    1: "zoo",
    2: "tests/compare/test_verdict.py::test_no_count_of_rows_can_be_off_by_one",
    3: "zoo",
    4: "zoo",
    5: "zoo",
    6: "zoo",
    7: "zoo",
    8: "zoo",
    9: "zoo",
    10: "zoo",
    11: "zoo",
    12: "tests/compare/test_rows.py::test_a_spec_that_contradicts_the_data",
    13: "tests/compare/test_outputs.py::test_samples_are_bounded_for_each_column_and_kind_and_do_not_depend_on_the_order",
    14: "zoo",
    15: "zoo",
    16: "zoo",
    17: "zoo",
    18: "zoo",
    19: "not a comparer's: TLS and secrets of connections",
    20: "zoo",
    21: "zoo",
    22: "tests/compare/test_outputs.py::test_nothing_sensitive_leaves_the_engine",
    23: "not a comparer's: what `recon init` does with a file that is there already",
    24: "not a comparer's: which runs a page lists",
    25: "zoo",
    26: "not a test's: memory is measured by the benchmarks",
    27: "zoo",
    28: "tests/compare/test_zoo.py::test_kept_rows_do_not_depend_on_the_process",
    29: "tests/compare/test_verdict.py::test_percentages_are_floored",
}
