"""Filters of a reconciliation in words, and their mistakes with the place in the project."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from recon.errors import ProgramError, SpecError
from recon.model_result import FILTERED

if TYPE_CHECKING:
    from collections.abc import Generator

    from recon.model import Table


def notes(table: Table) -> tuple[str, ...]:
    """What every report of the run has to say about rows that were left out on both sides."""
    given = table.filter
    if not (given.synapse and given.databricks):
        return ()
    return (
        f"{FILTERED} on both sides: compared are the rows of Synapse with {given.synapse} "
        f"and the rows of Databricks with {given.databricks}.",
    )


def warnings(table: Table) -> tuple[str, ...]:
    """What every report of the run has to warn of: a filter that the other side does not have."""
    given = table.filter
    found: list[str] = []
    if bool(given.synapse) != bool(given.databricks):
        side, other = ("Synapse", "Databricks") if given.synapse else ("Databricks", "Synapse")
        found.append(
            f"{FILTERED} on one side only: of {side} the rows with {given.synapse or given.databricks} "
            f"are compared, of {other} all."
        )
    found += [
        f"{FILTERED} on one side only: the conversion reads of {each.databricks} the rows with "
        f"{each.filter}, the procedure reads all of {each.synapse}."
        for each in table.inputs
        if each.filter
    ]
    return tuple(found)


@contextmanager
def blamed(table: Table, key: str) -> Generator[None]:
    """What is wrong with the filter under `key` of table.toml, as SpecError with that place.

    Engines say it as ProgramError in a file called "filter"; what is wrong with a script passes.
    """
    try:
        yield
    except ProgramError as error:
        if not error.file.startswith("filter"):
            raise
        raise SpecError(
            f"{table.folder}/table.toml: {key} cannot be used: {error}",
            hint=error.hint or f"Correct {key}.",
        ) from error
