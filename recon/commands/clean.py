"""`recon clean`: remove what runs that are over have left behind."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from recon import api
from recon.commands.terminal import ERROR, errors, out


def clean(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what `recon resume` could still go on from.")
    ] = False,
) -> None:
    """Remove temporary files, objects in the lake and schemas on Databricks of runs that are over."""
    with errors():
        found = api.clean(dry=dry_run, everything=everything)
        if not found:
            out.print("Nothing is left behind.")
            return
        from rich.table import Table

        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in ("Run", "What", "Where", "Age", "Size", "Removed"):
            table.add_column(name)
        for each in found:
            age = "" if each.hours is None else f"{each.hours:.1f} h"
            went = f"no: {each.kept}" if each.kept else "would be" if dry_run else "yes"
            table.add_row(*(Text(v) for v in (each.run, each.kind, each.name, age, each.size, went)))
        out.print(table)
        if any(each.failed for each in found):
            raise typer.Exit(ERROR)
