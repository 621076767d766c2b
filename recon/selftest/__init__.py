"""Proof that the comparer sees: known defects planted into clean data, each of which it must find exactly.

A comparer that has never been seen to find anything proves nothing by finding nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from recon.compare import Side, Spec, compare
from recon.model import Column, TableRef
from recon.selftest import data
from recon.selftest.defects import CLEAN, DEFECTS
from recon.selftest.planting import REPEATED, TYPE_CHANGE, seen
from recon.wiring import comparer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from recon.model_result import Comparison
    from recon.ports import Comparer
    from recon.selftest.planting import Defective, Planted, Seen

__all__ = ["Defect", "SelftestResult", "selftest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One planted defect and how it was found. A cell of `(whole row)` is a row, one of a schema a column.

    `ok` says that exactly the planted cells were found, of the expected kinds, and nothing else, and that
    the verdict was the right one. `note` says what was otherwise.
    """

    name: str
    column: str
    planted_cells: int
    found_cells: int
    expected_kind: str
    found_kind: str
    ok: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SelftestResult:
    """How many defects were planted, how many of them were found exactly, and each of them.

    `false_alarms` counts the cells, rows and columns that were reported although nobody had touched them, in
    the clean copies (`clean`) and beside the defects.
    """

    planted: int
    found: int
    false_alarms: int
    defects: tuple[Defect, ...]
    clean: tuple[Defect, ...]

    @property
    def ok(self) -> bool:
        """Whether everything was found and nothing else."""
        return self.planted == self.found and not self.false_alarms and all(c.ok for c in self.clean)


def selftest(
    say: Callable[[str], None],
    *,
    open_comparer: Callable[[], AbstractContextManager[Comparer]] = comparer,
    cases: Sequence[Defective] = DEFECTS,
) -> SelftestResult:
    """Compare the clean copies, then one copy for each known defect (`cases`); `say` gets a line for each.

    5,000 rows of 23 columns and some 80 comparisons. EngineError when the engine fails; what was not found is
    said in the result.
    """
    with TemporaryDirectory(prefix="recon-selftest-") as folder, open_comparer() as engine:
        bench = _Bench(engine, Path(folder))
        clean = [bench.check(case, say) for case in CLEAN]
        defects = [bench.check(case, say) for case in cases]
        alarms = bench.false_alarms
    found = sum(d.ok for d in defects)
    say(f"{found} of {len(defects)} defects found, {alarms} false alarms")
    return SelftestResult(
        planted=len(defects), found=found, false_alarms=alarms, defects=tuple(defects), clean=tuple(clean)
    )


class _Bench:
    """The baseline, attached once, and each candidate in turn."""

    def __init__(self, engine: Comparer, folder: Path) -> None:
        self._engine, self._folder = engine, folder
        self.false_alarms = 0
        self._candidate = data.candidate()
        self._clean = data.table(self._candidate, {})
        declared = tuple(
            Column(name=name, type=kept.declared) for name, kept in data.COLUMNS.items() if kept.declared
        )
        table = self._attach("baseline", data.table(data.baseline(), {}))
        self._baseline = Side(table=table, columns=declared)

    def check(self, case: Defective, say: Callable[[str], None]) -> Defect:
        """Plant, compare, and hold what was found against what was planted."""
        planted = case.plant({name: list(values) for name, values in self._candidate.items()})
        table = self._attach("candidate", self._table(planted))
        result = compare(
            self._engine, Spec(keys=planted.keys, sample_rows=3), self._baseline, Side(table=table)
        )
        found = seen(result)
        self.false_alarms += sum(max(0, n - planted.expected.get(what, 0)) for what, n in found.items())
        note = _what_is_wrong(planted, result, found)
        say(f"{case.name}: {note or 'as it must be'}")
        return Defect(
            name=case.name,
            column=case.column,
            planted_cells=_cells(planted.expected, case.column),
            found_cells=_cells(found, case.column),
            expected_kind=_kinds(planted.expected, case.column),
            found_kind=_kinds(found, case.column),
            ok=not note,
            note=note,
        )

    def _table(self, planted: Planted) -> pa.Table:
        """As Arrow; most columns are those of the clean candidate, which need not be made again."""
        types = planted.types
        same = [n for n, v in planted.columns.items() if n not in types and v == self._candidate.get(n)]
        made = data.table({n: v for n, v in planted.columns.items() if n not in same}, types)
        return pa.table({n: (self._clean if n in same else made).column(n) for n in planted.columns})

    def _attach(self, name: str, rows: pa.Table) -> TableRef:
        file = self._folder / f"{name}.parquet"
        pq.write_table(rows, file)
        ref = TableRef("recon_selftest", name)
        self._engine.attach(ref, [str(file)])
        return ref


def _cells(seen_: Seen, column: str) -> int:
    """Of one column: differing cells; or, when it is one of the schema's, the column itself."""
    counts = [
        n for (name, kind), n in seen_.items() if name == column and kind not in {TYPE_CHANGE, REPEATED}
    ]
    return sum(counts)


def _kinds(seen_: Seen, column: str) -> str:
    return ", ".join(sorted(kind for name, kind in seen_ if name == column))


def _what_is_wrong(planted: Planted, result: Comparison, found: Seen) -> str:
    """In words what the comparison says otherwise; empty when all is as it must be."""
    wrong = [
        f"{name}: {kind} {found.get((name, kind), 0):,} instead of {planted.expected.get((name, kind), 0):,}"
        for name, kind in sorted({*planted.expected, *found})
        if found.get((name, kind), 0) != planted.expected.get((name, kind), 0)
    ]
    if result.verdict not in planted.verdicts:
        wrong.append(f"the verdict {result.verdict}")
    return "; ".join(wrong)
