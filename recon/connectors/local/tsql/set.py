"""SET options: those that change no result are passed over, the rest is done or refused.

https://learn.microsoft.com/en-us/sql/t-sql/statements/set-statements-transact-sql
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon.connectors.local.tsql.ddl import table_name
from recon.errors import ProgramError
from recon.sqlscript.tsql_header import commas
from recon.sqlscript.tsql_leaf import words

if TYPE_CHECKING:
    from recon.connectors.local.tsql.run import Runner
    from recon.sqlscript.tsql_tree import Leaf

# Without effect on rows, whatever they are set to.
_FREE = words(
    "NOCOUNT XACT_ABORT TRANSACTION LOCK_TIMEOUT DEADLOCK_PRIORITY STATISTICS SHOWPLAN_ALL FORCEPLAN"
    " RESULT_SET_CACHING CONTEXT_INFO PARSEONLY NOEXEC"
)
# On in a dedicated pool, and on is what recon does.
_ON = words(
    "ANSI_NULLS ANSI_PADDING ANSI_WARNINGS ARITHABORT CONCAT_NULL_YIELDS_NULL QUOTED_IDENTIFIER"
    " ANSI_DEFAULTS ANSI_NULL_DFLT_ON"
)


def set_option(runner: Runner, leaf: Leaf) -> None:
    """One SET without a variable. ProgramError for an option that would change results."""
    runner.session.rowcount = 0
    names = [t.word for t in leaf.parts[1:]]
    option, given = names[0], leaf.parts[-1].text.strip("'").upper()
    if option == "IDENTITY_INSERT":
        _identity_insert(runner, leaf, given)
    elif option == "DATEFIRST" and given.isdigit() and 1 <= int(given) <= 7:
        runner.session.datefirst = int(given)
    elif not _harmless(leaf, given):
        raise ProgramError(f"SET {option} {given} is not supported", file=runner.file, line=leaf.line)


def _harmless(leaf: Leaf, given: str) -> bool:
    options = [piece[0].word if piece else "" for piece in commas(leaf.parts[1:])]
    if all(o in _FREE for o in options) and "NOEXEC" not in options and "PARSEONLY" not in options:
        return True
    if all(o in _ON for o in options):
        return given == "ON"
    fixed = {
        "DATEFORMAT": {"MDY"},
        "LANGUAGE": {"US_ENGLISH", "ENGLISH"},
        "ROWCOUNT": {"0"},
        "NUMERIC_ROUNDABORT": {"OFF"},
        "IMPLICIT_TRANSACTIONS": {"OFF"},
    }
    return len(options) == 1 and given in fixed.get(options[0], set())


def _identity_insert(runner: Runner, leaf: Leaf, given: str) -> None:
    parts, _ = table_name(leaf.parts, 2)
    table = runner.session.catalog.table(parts)
    if table is None or given not in {"ON", "OFF"}:
        raise ProgramError("this SET IDENTITY_INSERT is not understood", file=runner.file, line=leaf.line)
    held = runner.session.identity_insert
    (held.add if given == "ON" else held.discard)(table.number)
