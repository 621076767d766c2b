"""`recon keys`: which columns could be the key of two files, or of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from recon import api
from recon.commands.terminal import errors, out, write

if TYPE_CHECKING:
    from recon.model_result import KeyProposal, Uniqueness


def keys(
    baseline: Annotated[Path, typer.Argument(help="Parquet or CSV: what Synapse produced.")],
    candidate: Annotated[
        Path | None, typer.Argument(help="What Databricks produced; may be left out.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many keys at most.")] = 5,
    widest: Annotated[int, typer.Option(min=1, help="How many columns a key may have.")] = 4,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write them to this file.")] = None,
) -> None:
    """Propose keys: columns that identify every row, the likeliest first."""
    with errors():
        found = api.propose_keys(baseline, candidate, limit=limit, widest=widest)
        if json_file:
            write(json_file, {"schema_version": 1, "proposals": [_plain(p) for p in found]})
        if not found:
            out.print(Text(f"No {widest} columns or fewer identify every row: compare without a key."))
            return
        from recon.report import keys as words

        for number, proposal in enumerate(found, start=1):
            out.print(Text(f"{number}  {', '.join(proposal.columns)}", style="bold"))
            out.print(Text(f"   {words.summary(proposal)}"))
        out.print(Text(f"\n{words.toml_line(found[0].columns)}"))


def _plain(proposal: KeyProposal) -> dict[str, Any]:
    return {
        "columns": list(proposal.columns),
        "unique": proposal.unique,
        "baseline": _side(proposal.baseline),
        "candidate": _side(proposal.candidate) if proposal.candidate else None,
        "found": proposal.found,
    }


def _side(side: Uniqueness) -> dict[str, int]:
    return {
        "rows": side.rows,
        "distinct": side.distinct,
        "null_rows": side.null_rows,
        "duplicated_keys": side.duplicated_keys,
    }
