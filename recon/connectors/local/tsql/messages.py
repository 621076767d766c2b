"""PRINT, RAISERROR and THROW.

https://learn.microsoft.com/en-us/sql/t-sql/language-elements/raiserror-transact-sql
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.connectors.local.tsql.message_text import filled
from recon.connectors.local.tsql.session import Failure
from recon.errors import ProgramError
from recon.sqlscript.tsql_header import commas
from recon.sqlscript.tsql_options import closing

if TYPE_CHECKING:
    from recon.connectors.local.tsql.run import Runner
    from recon.sqlscript.tsql_tree import Leaf


def print_message(runner: Runner, leaf: Leaf) -> None:
    """PRINT: its expression is computed, so that it can fail; the text is not kept."""
    runner.compute(leaf.parts[1:], leaf.line)


def throw(runner: Runner, leaf: Leaf) -> None:
    """THROW number, message, state; alone, in CATCH, the error that was caught."""
    session = runner.session
    if len(leaf.parts) == 1:
        if session.error is None:
            raise ProgramError("THROW without arguments outside of CATCH", file=runner.file, line=leaf.line)
        raise session.error
    values = [runner.compute(piece, leaf.line)[1] for piece in commas(leaf.parts[1:])]
    if len(values) != 3 or not isinstance(values[0], int) or not isinstance(values[2], int):
        raise ProgramError("THROW needs a number, a message and a state", file=runner.file, line=leaf.line)
    session.doomed = session.trancount > 0
    raise Failure(values[0], str(values[1] or ""), state=values[2])


def raise_error(runner: Runner, leaf: Leaf) -> None:
    """RAISERROR(message, severity, state, ...): below 11 a message only, from 11 on an error for CATCH.

    Outside of TRY the script goes on, and its call fails in the end.
    """
    if len(leaf.parts) < 2 or leaf.parts[1].word != "(":
        raise ProgramError("this RAISERROR is not understood", file=runner.file, line=leaf.line)
    inside = leaf.parts[2 : closing(leaf.parts, 1)]
    values = [runner.compute(piece, leaf.line)[1] for piece in commas(inside)]
    severity = values[1] if len(values) > 1 else None
    if not isinstance(severity, int):
        raise ProgramError("RAISERROR needs a message and a severity", file=runner.file, line=leaf.line)
    if severity < 11:
        return
    number = values[0] if isinstance(values[0], int) else 50000
    message = f"Error {number}" if isinstance(values[0], int) else filled(str(values[0] or ""), values[3:])
    state = values[2] if len(values) > 2 and isinstance(values[2], int) else 1
    error = Failure(number, message, severity=severity, state=state)
    if runner.tries:
        raise error
    error.at(runner.file, leaf.line, runner.session.procedure)
    runner.pending = runner.pending or error
