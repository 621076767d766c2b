"""The query that stands in for a procedure with `mode = "query"`: read before a run, and kept with it.

Nothing is run for it. The checksum is that of the query's text, so it changes with the procedure alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from recon.errors import ProgramError, SpecError
from recon.model import Approval, BaselineMode
from recon.sqlscript.extract import extract, is_procedure
from recon.sqlscript.tsql_split import split

if TYPE_CHECKING:
    from recon.model import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedQuery:
    """What will be run instead of a procedure, or why nothing can be (`refusal`, then there is no text).

    `lines` are those of the query, each with the line of the procedure that it comes from (0: recon's own).
    """

    file: str
    target: str = ""
    line: int = 0  # of the statement that fills the target, or of what prevents the extraction
    adds: bool = False  # the target held rows before, which are not among those of the query
    lines: tuple[tuple[int, str], ...] = ()
    text: str = ""
    sha256: str = ""
    refusal: str = ""
    hint: str = ""


def extracted_query(table: Table) -> ExtractedQuery | None:
    """The query behind a table's procedure; None where the table does not need one."""
    if table.baseline is not BaselineMode.QUERY:
        return None
    file = table.original.path
    try:
        tree = split(table.original.text, file)
        if not is_procedure(tree):
            return None
        found = extract(tree)
    except ProgramError as error:
        return ExtractedQuery(file=file, line=error.line, refusal=str(error), hint=error.hint)
    return ExtractedQuery(
        file=file,
        target=found.target,
        line=found.line,
        adds=found.adds,
        lines=found.lines,
        text=found.text,
        sha256=hashlib.sha256(found.text.encode()).hexdigest(),
    )


def approved(table: Table, sha256: str, by: str) -> Table:
    """The table as a run asks for it: with the checksum of its extracted query, and who has read that query.

    Without a `sha256` nobody has. SpecError when it is not that of the query in force.
    """
    query = extracted_query(table)
    if query is None or query.refusal:
        if sha256:
            raise SpecError(f"{table.name}: there is no extracted query to confirm", hint="Start without.")
        return table
    if not sha256:
        return replace(table, approval=Approval(sha256=query.sha256))
    if sha256 != query.sha256:
        raise SpecError(
            f"{query.file} has changed since its query was read", hint="Read the query again, then start."
        )
    return replace(table, approval=Approval(sha256=sha256, by=by, at=datetime.now(UTC)))
