"""The project in force, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recon import project as projects
from recon import settings
from recon.model import Mode, Project
from recon.sqlscript.lint import lint as lint_texts

if TYPE_CHECKING:
    from pathlib import Path

    from recon.model_result import LintHit
    from recon.project import Mistake


def project(folder: Path | None = None) -> Project:
    """The project in force. SpecError with every mistake when it is broken."""
    said = settings.read()
    found = projects.load((folder or said.project).absolute())
    return replace(found, mode=said.mode) if said.mode else found


def project_folder() -> str:
    """The folder of the project in force."""
    return str(settings.read().project)


def lint(folder: Path | None = None) -> tuple[Mistake, ...]:
    """Every mistake of the project folder, in the order of files and lines."""
    return projects.check((folder or settings.read().project).absolute())[1]


def lint_scripts(folder: Path | None = None) -> tuple[tuple[str, str, tuple[LintHit, ...]], ...]:
    """What the texts of every run hold that is not the same on both systems: (table, variant, hits)."""
    there = project(folder)
    duckdb, pinned = there.mode is Mode.LOCAL, there.session.now is not None
    return tuple(
        (t.name, v.name, lint_texts(t, v, duckdb=duckdb, pinned=pinned).hits)
        for t in there.tables
        for v in t.variants
    )
