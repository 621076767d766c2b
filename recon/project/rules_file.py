"""A `table.toml` on its own: keys and rules for a comparison of two files without a project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon.errors import SpecError
from recon.model import Session
from recon.project.checks import rule_contradictions
from recon.project.documents import TableDocument
from recon.project.mistakes import Mistake, refusal
from recon.project.toml_file import read_toml
from recon.textfile import NotText, decode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from recon.model import Rule
    from recon.project.toml_file import TomlFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a `table.toml` says about comparing rows; what it says about running is left aside."""

    keys: tuple[str, ...]
    rules: dict[str, Rule]
    segment: str


def rules(file: Path) -> Rules:
    """The rules in `file`. Raises SpecError with one line for each mistake, as `load` does."""
    try:
        text = decode(file.read_bytes())
    except NotText as error:
        raise SpecError(f"{file}:{error.line}: {error}", hint=error.hint) from error
    except OSError as error:
        hint = "Name a table.toml: docs/project-folder.md shows one."
        raise SpecError(f"{file} cannot be read: {error.strerror}", hint=hint) from error
    found: list[Mistake] = []
    toml = read_toml(str(file), text, TableDocument, found)
    if toml:
        found.extend(rule_contradictions(toml))
        found.extend(_without_a_project(toml))
    if not toml or found:
        raise refusal(f"The rules file {file}", sorted(set(found)))
    document = toml.document
    return Rules(
        keys=tuple(document.keys),
        rules={name: rule.rule("") for name, rule in document.columns.items()},
        segment=document.segment,
    )


def _without_a_project(toml: TomlFile[TableDocument]) -> Iterator[Mistake]:
    """What says how rows are compared and cannot be had for two files."""
    document = toml.document
    for side in ("synapse", "databricks"):
        if getattr(document.filter, side):
            hint = "Filter while exporting the rows, and keep these rules in a file without [filter]."
            yield toml.mistake(
                ("filter", side), f"filter.{side}: files are compared whole, no engine filters them", hint
            )
    for name, rule in document.columns.items():
        if rule.follows:
            message = f'columns: "{name}" follows the collation of Synapse, which only a project names'
            hint = f'Write it here: collation = "{Session().collation}".'
            yield toml.mistake(("columns", name, "text"), message, hint)
