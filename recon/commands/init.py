"""`recon init`: a project folder drafted from what is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from recon import api
from recon.commands.terminal import err, errors, out

if TYPE_CHECKING:
    from recon.scaffold import Change


def init(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="The project folder; else the current one.")
    ] = None,
    project: Annotated[Path | None, typer.Option("--project", "-p", help="The same as DIR.")] = None,
    baseline: Annotated[Path | None, typer.Option(help="Parquet or CSV: what Synapse produced.")] = None,
    candidate: Annotated[Path | None, typer.Option(help="Parquet or CSV: what Databricks produced.")] = None,
    table: Annotated[str, typer.Option(help="With two files: the table's name, else the first file's.")] = "",
    no_run: Annotated[
        bool, typer.Option("--no-run", help="Do not run the scripts; no keys are proposed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be written.")] = False,
) -> None:
    """Draft a project: recon.toml and a commented table.toml for each table.

    Begins with DIR/tables/<table>/synapse.sql, ddl.sql, variants/ and DIR/data/, or with two files of rows.
    Run it again at any time: what you wrote stays as it is, and what is new is added as comments.
    """
    if folder and project:
        raise typer.BadParameter("Name the folder once.")
    if (baseline is None) != (candidate is None):
        raise typer.BadParameter("--baseline and --candidate go together.")
    if table and baseline is None:
        raise typer.BadParameter("--table goes with --baseline and --candidate.")
    place = folder or project or Path()
    files = (baseline, candidate) if baseline and candidate else None
    with errors():
        made = api.init(place, files=files, table=table, run=not no_run, dry=dry_run)
        for change in made:
            _print_content(change) if dry_run else _print_line(place, change)
        if not dry_run:
            _print_lint(place)


def _print_line(place: Path, change: Change) -> None:
    what = "made" if change.new else "added to" if change.added else "kept"
    out.print(Text(f"{what:<9} {place / change.path}", style="" if change.new or change.added else "dim"))


def _print_content(change: Change) -> None:
    if change.new:
        out.print(Text(f"--- {change.path} would be made", style="bold"))
        out.print(Text(change.data.decode(errors="replace")))
    elif change.added:
        out.print(Text(f"--- {change.path} would get", style="bold"))
        out.print(Text("\n".join(change.added)))
    else:
        out.print(Text(f"--- {change.path} would stay as it is", style="bold"))


def _print_lint(place: Path) -> None:
    """What a person must still do, as `recon lint` says it."""
    mistakes = api.lint(place)
    for mistake in mistakes:
        err.print(Text(f"{mistake}. {mistake.hint}".rstrip(". ") + "."), soft_wrap=True)
    if not mistakes:
        out.print(Text(f"Look through it, then: recon run --all --project {place}"))
