"""`recon lint`: the mistakes of a project folder, and what in its scripts differs between the systems."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from recon import api
from recon.commands.terminal import ERROR, err, errors, out, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model_result import LintHit
    from recon.project import Mistake


def lint(
    project: Annotated[
        Path | None,
        typer.Option("--project", "-p", help="The project folder; else RECON_PROJECT, else the demo."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Also write all of it to this file.")
    ] = None,
    extracted: Annotated[
        bool, typer.Option("--extracted", help='Print the query that mode = "query" runs of each procedure.')
    ] = False,
) -> None:
    """Check a project folder, and what in its scripts differs between T-SQL and Databricks."""
    if project is not None:
        os.environ["RECON_PROJECT"] = str(project.absolute())
    with errors():
        mistakes = api.lint()
        for mistake in mistakes:
            err.print(Text(f"{mistake}. {mistake.hint}".rstrip(". ") + "."), soft_wrap=True)
        if extracted and not mistakes:
            _print_extracted()
        scripts = () if mistakes or extracted else api.lint_scripts()
        if json_file:
            write(json_file, _document(mistakes, scripts))
        if mistakes:
            raise typer.Exit(ERROR)
        if extracted:
            return
        said = dict.fromkeys(hit for _, _, hits in scripts for hit in hits)
        for hit in said:
            out.print(_line(hit))
        there = api.project()
        variants = sum(len(t.variants) for t in there.tables)
        found = f"{len(said)} place{'' if len(said) == 1 else 's'} in the scripts to look at"
        out.print(f"{there.name}: {len(there.tables)} tables, {variants} variants, no mistakes, {found}.")


def _print_extracted() -> None:
    """The query behind every procedure that is not run, with the procedure's line numbers.

    Exits with ERROR when one cannot be extracted.
    """
    found = [(t.name, query) for t in api.project().tables if (query := api.extracted_query(t))]
    for table, query in found:
        if query.refusal:
            err.print(Text(f"{table}: {query.refusal}. {query.hint}", style="red"), soft_wrap=True)
            continue
        out.print(Text(f"{table}: what {query.file} line {query.line} writes into {query.target}", "bold"))
        for number, line in query.lines:
            out.print(Text(f"{number or '':>5}  {line}"))
        out.print(Text(f"SHA-256 {query.sha256}"))
    if not found:
        out.print('No table extracts a query from a procedure: none has mode = "query" on one.')
    if any(query.refusal for _, query in found):
        raise typer.Exit(ERROR)


def _line(hit: LintHit) -> Text:
    line = Text(f"{hit.file}:{hit.line}:{hit.column}: ")
    line.append(hit.code, style="bold" if hit.certain else "")
    line.append("" if hit.certain else " (possible)")
    if hit.snippet:
        line.append(f" `{hit.snippet}`")
    line.append(f": {hit.message}")
    if hit.columns:
        line.append(f" -> {', '.join(hit.columns)}")
    return line


def _document(
    mistakes: Sequence[Mistake], scripts: Sequence[tuple[str, str, Sequence[LintHit]]]
) -> dict[str, object]:
    return {
        "schema_version": 1,
        "mistakes": [{"message": str(m), "hint": m.hint} for m in mistakes],
        "scripts": [
            {"table": table, "variant": variant, "hits": [asdict(hit) for hit in hits]}
            for table, variant, hits in scripts
        ],
    }
