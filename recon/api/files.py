"""Without a store: two files compared, keys proposed for them, a project drafted from them.

Comparing must not wait for what only the others need, so they import it when they are called.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recon import settings
from recon.compare import Side, Spec, compare
from recon.errors import SpecError
from recon.model import TableRef
from recon.wiring import comparer

if TYPE_CHECKING:
    from pathlib import Path

    from recon.model_result import Comparison, KeyProposal
    from recon.scaffold import Change


def compare_files(
    baseline: Path,
    candidate: Path,
    spec: Spec,
    *,
    exact: bool = False,
    totals: bool = False,
    by: str = "",
    engine: str = "duckdb",
) -> Comparison:
    """Compare two Parquet or CSV files, or folders of Parquet files; with `engine` "spark" on local Spark.

    `exact` skips no rows by their hash; what is said is the same. With `totals` also the control totals of
    all rows and, `by` a column, of the rows with each of its values.
    """
    sides = (TableRef("recon_sides", "baseline"), TableRef("recon_sides", "candidate"))
    with comparer(engine) as bench:
        for table, path in zip(sides, (baseline, candidate), strict=True):
            bench.attach(table, _files(path))
        both = Side(table=sides[0]), Side(table=sides[1])
        found = compare(bench, spec, *both, exact=exact)
        if not totals:
            return found
        from recon.compare.totals import control_totals

        added = control_totals(bench, spec, *both)
        added += control_totals(bench, spec, *both, segment=by) if by else ()
        return replace(found, control_totals=added)


def propose_keys(
    baseline: Path, candidate: Path | None = None, *, limit: int = 5, widest: int = 4
) -> tuple[KeyProposal, ...]:
    """The keys that two Parquet or CSV files (or folders of them) could have, best first; or one alone.

    SpecError when a file is not there, EngineError when it cannot be read.
    """
    from recon import profiling

    files = [_files(path) if path else [] for path in (baseline, candidate)]
    return profiling.keys_of_files(files[0], files[1], limit=limit, widest=widest)


def init(
    folder: Path,
    *,
    files: tuple[Path, Path] | None = None,
    table: str = "",
    run: bool = True,
    dry: bool = False,
) -> tuple[Change, ...]:
    """Draft a project in `folder`: from two files of rows, or from the scripts and files that lie there.

    What exists is kept byte for byte; what is new comes behind it as comments. With `run` the scripts run
    once on DuckDB, so that keys can be proposed; `dry` writes nothing. Returns every file of the draft.
    SpecError when there is nothing to begin with, or a file is in the way.
    """
    from recon import profiling

    return profiling.draft(settings.read(), folder, files=files, table=table, run=run, dry=dry)


def rules_of(file: Path) -> Spec:
    """The keys and rules of a `table.toml`, for a comparison without a project."""
    from recon.project import rules

    found = rules(file)
    masked = any(rule.sensitive for rule in found.rules.values())
    key = settings.read().mask_key() if masked else ""
    return Spec(keys=found.keys, rules=found.rules, segment=found.segment, mask_key=key)


def _files(path: Path) -> list[str]:
    if path.is_dir():
        found = sorted(str(p) for p in path.glob("*.parquet")) or sorted(str(p) for p in path.glob("*.csv"))
        if not found:
            raise SpecError(f"{path}: no Parquet or CSV file in this folder", hint="Name the files' folder.")
        return found
    if not path.is_file():
        raise SpecError(f"{path}: no such file or folder", hint="Check the path.")
    return [str(path)]
