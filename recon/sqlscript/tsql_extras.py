"""TOP and OUTPUT of INSERT, UPDATE, DELETE and MERGE, taken out of a statement before it is parsed.

https://learn.microsoft.com/en-us/sql/t-sql/queries/output-clause-transact-sql
https://learn.microsoft.com/en-us/sql/t-sql/queries/top-transact-sql
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from recon.errors import ProgramError
from recon.sqlscript.tsql_header import object_name
from recon.sqlscript.tsql_leaf import words
from recon.sqlscript.tsql_options import closing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_tree import Leaf

_VERBS = words("INSERT UPDATE DELETE MERGE")
_AFTER_OUTPUT = {
    "INSERT": words("SELECT VALUES EXEC EXECUTE WITH DEFAULT ("),
    "UPDATE": words("FROM WHERE OPTION"),
    "DELETE": words("FROM WHERE OPTION"),
    "MERGE": words("OPTION ;"),
}


@dataclass(frozen=True, slots=True)
class Extras:
    """`top`: the number of TOP. `output`: the list of OUTPUT; `into` and `columns`: the table it fills."""

    top: tuple[Token, ...] = ()
    output: tuple[Token, ...] = ()
    into: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


NO_EXTRAS = Extras()


def without_extras(leaf: Leaf, file: str) -> tuple[Leaf, Extras]:
    """The statement without them, and what they say. ProgramError on TOP .. PERCENT and two OUTPUTs."""
    tokens = list(leaf.parts)
    main = next((i for i, t in enumerate(tokens) if t.word == leaf.verb and _outside(tokens, i)), -1)
    if main < 0 or leaf.verb not in _VERBS:
        return leaf, NO_EXTRAS
    tokens, top = _top(tokens, main, file)
    tokens, extras = _output(tokens, main, leaf.verb, file)
    return replace(leaf, parts=tuple(tokens)), replace(extras, top=top)


def _outside(tokens: Sequence[Token], at: int) -> bool:
    return sum((t.word == "(") - (t.word == ")") for t in tokens[:at]) == 0


def _top(tokens: list[Token], main: int, file: str) -> tuple[list[Token], tuple[Token, ...]]:
    if _word(tokens, main + 1) != "TOP":
        return tokens, ()
    begin = main + 2
    if _word(tokens, begin) == "(":
        end = closing(tokens, begin) + 1
        number = tokens[begin + 1 : end - 1]
    else:  # without brackets only in old code
        end, number = begin + 1, tokens[begin : begin + 1]
    if _word(tokens, end) == "PERCENT" or not number:
        line = tokens[main].line
        raise ProgramError("only TOP (n) rows are supported here", file=file, line=line)
    return tokens[: main + 1] + tokens[end:], tuple(number)


def _output(tokens: list[Token], main: int, verb: str, file: str) -> tuple[list[Token], Extras]:
    marks = [i for i in range(main, len(tokens)) if tokens[i].word == "OUTPUT" and _outside(tokens, i)]
    if not marks:
        return tokens, NO_EXTRAS
    at = marks[0]
    if len(marks) > 1:
        raise ProgramError("a second OUTPUT is not supported", file=file, line=tokens[marks[1]].line)
    end = at + 1
    while end < len(tokens) and not (_outside(tokens, end) and _ends(tokens, end, at, verb)):
        end += 1
    clause = tokens[at + 1 : end]
    into = next((i for i, t in enumerate(clause) if t.word == "INTO" and _outside(clause, i)), len(clause))
    if into == 0 or into == len(clause) - 1:
        raise ProgramError("this OUTPUT is not understood", file=file, line=tokens[at].line)
    parts, columns = _target(clause[into + 1 :], file, tokens[at].line)
    return tokens[:at] + tokens[end:], Extras((), tuple(clause[:into]), parts, columns)


def _ends(tokens: Sequence[Token], at: int, begin: int, verb: str) -> bool:
    word = tokens[at].word
    if word not in _AFTER_OUTPUT[verb]:
        return False
    before = [t.word for t in tokens[begin:at]]
    in_target = "INTO" in before  # behind INTO t, `(` opens t's columns; before it, a function's arguments
    return word != "(" or (verb == "INSERT" and in_target and before[-1] == ")")


def _target(tokens: Sequence[Token], file: str, line: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not tokens:
        return (), ()
    parts, end = object_name(tokens, 0)
    rest = tokens[end:]
    listed = tuple(t.name for t in rest[1:-1] if t.word != ",") if rest else ()
    if not parts or (rest and (rest[0].word != "(" or closing(rest, 0) != len(rest) - 1)):
        raise ProgramError("OUTPUT INTO is not understood", file=file, line=line)
    return parts, listed


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].word if at < len(tokens) else ""
