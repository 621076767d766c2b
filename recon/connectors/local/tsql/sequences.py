"""Sequences: CREATE, ALTER .. RESTART and DROP.

https://learn.microsoft.com/en-us/sql/t-sql/statements/create-sequence-transact-sql
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recon.connectors.local.tsql.catalog import key_of
from recon.connectors.local.tsql.session import Failure, Sequence
from recon.errors import ProgramError
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tokens import Kind
from recon.sqlscript.tsql_header import object_name
from recon.sqlscript.tsql_types import Family, parse_type

if TYPE_CHECKING:
    from recon.connectors.local.tsql.run import Runner
    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_tree import Leaf
    from recon.sqlscript.tsql_types import SqlType

_RANGES = {"tinyint": (0, 255), "smallint": (-(2**15), 2**15 - 1), "int": (-(2**31), 2**31 - 1)}


def create_sequence(runner: Runner, leaf: Leaf, tokens: list[Token]) -> None:
    """CREATE SEQUENCE s [AS type] [START WITH n] [INCREMENT BY n] [NO CACHE ...]."""
    parts, at = object_name(tokens, 2)
    sequences = runner.session.sequences
    if not parts:
        raise _unclear(runner, leaf)
    if key_of(parts) in sequences:
        raise Failure(2714, f"There is already an object named '{parts[-1]}' in the database.", state=6)
    kind = types.BIGINT
    if at < len(tokens) and tokens[at].word == "AS":
        kind, at = _type(runner, leaf, tokens, at + 1)
    least, most = _RANGES.get(kind.name, (-(2**63), 2**63 - 1))
    options = _options(runner, leaf, tokens[at:])
    if not least <= options.get("MINVALUE", least) <= options.get("MAXVALUE", most) <= most:
        raise _unclear(runner, leaf)
    step = options.get("INCREMENT", 1)
    least, most = options.get("MINVALUE", least), options.get("MAXVALUE", most)
    start = options.get("START", least if step > 0 else most)
    sequences[key_of(parts)] = Sequence(kind, start, step, least, most, start)


def alter_sequence(runner: Runner, leaf: Leaf) -> None:
    """ALTER SEQUENCE s RESTART [WITH n], INCREMENT BY n."""
    parts, at = object_name(leaf.parts, 2)
    found = _find(runner, leaf, parts)
    options = _options(runner, leaf, list(leaf.parts[at:]))
    if not options or options.keys() - {"RESTART", "INCREMENT"}:
        raise _unclear(runner, leaf)
    restart = options.get("RESTART", found.following)
    runner.session.sequences[key_of(parts)] = replace(
        found, following=restart, step=options.get("INCREMENT", found.step)
    )


def drop_sequence(runner: Runner, leaf: Leaf, pieces: list[tuple[Token, ...]], *, exists: bool) -> None:
    """DROP SEQUENCE [IF EXISTS] s, t."""
    for piece in pieces:
        parts, _ = object_name(piece, 0)
        if exists and key_of(parts) not in runner.session.sequences:
            continue
        _find(runner, leaf, parts)
        del runner.session.sequences[key_of(parts)]


def _find(runner: Runner, leaf: Leaf, parts: tuple[str, ...]) -> Sequence:
    found = runner.session.sequences.get(key_of(parts)) if parts else None
    if found is None:
        message = f"there is no sequence {'.'.join(parts)}"
        raise ProgramError(message, file=runner.file, line=leaf.line, code="208")
    return found


def _unclear(runner: Runner, leaf: Leaf) -> ProgramError:
    return ProgramError("this SEQUENCE is not understood", file=runner.file, line=leaf.line)


def _type(runner: Runner, leaf: Leaf, tokens: list[Token], at: int) -> tuple[SqlType, int]:
    try:
        kind = parse_type(tokens[at].text)
    except (ValueError, IndexError):
        raise _unclear(runner, leaf) from None
    if kind.family is not Family.INTEGER:
        raise _unclear(runner, leaf)
    return kind, at + 1


def _options(runner: Runner, leaf: Leaf, tokens: list[Token]) -> dict[str, int]:
    """`START WITH 5 INCREMENT BY -1 NO CACHE` as numbers by their first word."""
    found: dict[str, int] = {}
    at = 0
    while at < len(tokens):
        word = tokens[at].word
        at += 1
        if word in {"NO", "CACHE", "MINVALUE", "MAXVALUE", "START", "INCREMENT", "RESTART", "WITH", "BY"}:
            if word == "NO":  # NO CACHE, NO CYCLE, NO MINVALUE, NO MAXVALUE: as without it
                at += 1
                continue
            at += at < len(tokens) and tokens[at].word in {"WITH", "BY"}
            number, at = _number(tokens, at)
            if number is not None and word != "CACHE":
                found[word] = number
            elif number is None and word == "RESTART":
                found[word] = _find(runner, leaf, object_name(leaf.parts, 2)[0]).start
            elif number is None and word != "CACHE":
                raise _unclear(runner, leaf)
        else:
            raise _unclear(runner, leaf)  # CYCLE among them
    return found


def _number(tokens: list[Token], at: int) -> tuple[int | None, int]:
    sign = -1 if at < len(tokens) and tokens[at].word == "-" else 1
    place = at + (sign < 0)
    if place < len(tokens) and tokens[place].kind is Kind.NUMBER and tokens[place].text.isdigit():
        return sign * int(tokens[place].text), place + 1
    return None, at
