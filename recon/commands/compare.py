"""`recon compare`: two files, without a project. What a plain comparison does not need is not imported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from recon import api
from recon.commands.terminal import MATCH, JsonOption, errors, out, write
from recon.commands.verdicts import CODE, print_result
from recon.model_result import Result

if TYPE_CHECKING:
    from collections.abc import Sequence


def compare(
    baseline: Annotated[Path, typer.Argument(help="Parquet or CSV: what Synapse produced.")],
    candidate: Annotated[Path, typer.Argument(help="Parquet or CSV: what Databricks produced.")],
    keys: Annotated[str, typer.Option(help="Key columns, comma separated; none: rows as a multiset.")] = "",
    rules: Annotated[Path | None, typer.Option(help="A table.toml with keys and rules.")] = None,
    exact: Annotated[
        bool, typer.Option("--exact", help="Compare every pair of rows; skip none by hash.")
    ] = False,
    engine: Annotated[
        str, typer.Option(help="What compares: duckdb, or spark (slower; the same result).")
    ] = "duckdb",
    totals: Annotated[bool, typer.Option("--totals", help="Also take control totals.")] = False,
    by: Annotated[str, typer.Option(help="Control totals also by the values of this column.")] = "",
    json_file: JsonOption = None,
) -> None:
    """Compare two files, or folders of files, without a project."""
    with errors():
        from recon.compare import Spec

        spec = api.rules_of(rules) if rules else Spec()
        named = tuple(k.strip() for k in keys.split(",") if k.strip())
        spec = replace(spec, keys=named) if named else spec
        found = api.compare_files(
            baseline, candidate, spec, exact=exact, totals=totals or bool(by), by=by, engine=engine
        )
        table = baseline.parent.name if baseline.stem in {"baseline", "left"} else baseline.stem
        parts = {name: getattr(found, name) for name in type(found).__dataclass_fields__}
        done = Result(**parts, table=table, variant=candidate.stem, engine=engine)
        if json_file:
            from recon.report import codec

            write(json_file, codec.to_json(done))
        print_result(done)
        if done.control_totals:
            from recon.commands.totals import print_totals

            print_totals(done)
        _hint_at_keys(done, spec.keys, baseline, candidate)
        raise typer.Exit(CODE[done.verdict])


def _hint_at_keys(found: Result, keys: Sequence[str], baseline: Path, candidate: Path) -> None:
    repeats = found.rows.duplicate_keys
    if CODE[found.verdict] != MATCH and (not keys or repeats.baseline or repeats.candidate):
        why = "the key repeats" if keys else "no key"
        out.print(Text(f"note      {why}: `recon keys {baseline} {candidate}` proposes some"))
