"""EXEC: procedures of the script, dynamic SQL, sp_executesql.

https://learn.microsoft.com/en-us/sql/t-sql/language-elements/execute-transact-sql
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from recon.connectors.local.tsql.catalog import key_of
from recon.connectors.local.tsql.ddl import rename
from recon.connectors.local.tsql.session import Failure, Frame
from recon.connectors.local.tsql.tables import as_declared
from recon.errors import ProgramError
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tokens import Kind, solid, tokenize
from recon.sqlscript.tsql_header import commas, declared, object_name
from recon.sqlscript.tsql_options import closing
from recon.sqlscript.tsql_tree import Leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.connectors.local.tsql.duck import Value
    from recon.connectors.local.tsql.run import Registered, Runner
    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_types import SqlType


@dataclass(frozen=True, slots=True)
class _Argument:
    """One argument of EXEC. `name` is empty for a positional one; `output`: the variable to fill."""

    name: str
    tokens: tuple[Token, ...]
    output: str


def execute(runner: Runner, tokens: Sequence[Token], line: int) -> None:
    """EXEC .. or EXECUTE .., or a procedure's name alone."""
    at = 1 if tokens[0].word in {"EXEC", "EXECUTE"} else 0
    into = ""
    if at + 1 < len(tokens) and tokens[at].kind is Kind.VARIABLE and tokens[at + 1].word == "=":
        into, at = tokens[at].text, at + 2
    if at < len(tokens) and tokens[at].word == "(":
        _dynamic(runner, tokens[at + 1 : closing(tokens, at)], tokens[closing(tokens, at) + 1 :], line)
        return
    parts, end = object_name(tokens, at)
    if not parts or parts[0].startswith("@"):
        raise ProgramError("EXEC of a computed name is not supported", file=runner.file, line=line)
    arguments = [_argument(piece) for piece in commas(_without_with(tokens[end:]))]
    if parts[-1].casefold() == "sp_executesql":
        _executesql(runner, arguments, line)
        return
    if parts[-1].casefold() == "sp_rename":
        _rename(runner, arguments, line)
        return
    found = runner.procedures.get(key_of(parts))
    if found is None:
        _missing(runner, parts, line)
    code = call_with(runner, found, arguments, line)
    if into:
        kind = runner.variable(into, line)
        runner.session.frame.variables[into.casefold()] = as_declared(runner, (types.INT, code), kind, line)


def _rename(runner: Runner, arguments: list[_Argument], line: int) -> None:
    """sp_rename 'schema.table', 'new name'."""
    if len(arguments) != 2 and [_text(runner, a.tokens, line).upper() for a in arguments[2:]] != ["OBJECT"]:
        raise ProgramError("sp_rename is supported for tables only", file=runner.file, line=line)
    old, new = (_text(runner, a.tokens, line) for a in arguments[:2])
    parts, _ = object_name(solid(tokenize(old, runner.file)), 0)
    rename(runner.session, parts, new)


def _missing(runner: Runner, parts: tuple[str, ...], line: int) -> NoReturn:
    asked = ".".join(parts)
    near = difflib.get_close_matches(key_of(parts), runner.procedures, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    message = f"the procedure {asked} is not in this script{hint}"
    raise ProgramError(message, file=runner.file, line=line, code="2812")


def _without_with(tokens: Sequence[Token]) -> Sequence[Token]:
    """Without WITH RECOMPILE, which changes no result."""
    if len(tokens) >= 2 and (tokens[-2].word, tokens[-1].word) == ("WITH", "RECOMPILE"):
        return tokens[:-2]
    return tokens


def _argument(piece: tuple[Token, ...]) -> _Argument:
    name = ""
    if len(piece) > 2 and piece[0].kind is Kind.VARIABLE and piece[1].word == "=":
        name, piece = piece[0].text, piece[2:]
    if len(piece) == 2 and piece[1].word in {"OUT", "OUTPUT"}:
        return _Argument(name, piece[:1], piece[0].text)
    return _Argument(name, piece, "")


def _text(runner: Runner, tokens: Sequence[Token], line: int) -> str:
    _, found = runner.compute(tokens, line, types.varchar(types.MAX, national=True))
    return str(found or "")


def _dynamic(runner: Runner, tokens: Sequence[Token], rest: Sequence[Token], line: int) -> None:
    if rest:
        raise ProgramError("EXEC (...) AT or AS is not supported", file=runner.file, line=line)
    runner.dynamic(_text(runner, tokens, line), line, Frame())


def _executesql(runner: Runner, arguments: list[_Argument], line: int) -> None:
    """sp_executesql N'text', N'@a int, @b int OUTPUT', @a = 1, @b = @x OUTPUT."""
    if not arguments:
        raise ProgramError("sp_executesql needs a statement", file=runner.file, line=line)
    text = _text(runner, arguments[0].tokens, line)
    frame = Frame()
    outputs: list[tuple[str, str]] = []
    if len(arguments) > 1:
        written = _text(runner, arguments[1].tokens, line)
        declarations = solid(tokenize(f"DECLARE {written}", runner.file))
        plain = tuple(t for t in declarations if t.word not in {"OUT", "OUTPUT"})
        items = declared(Leaf("DECLARE", written, line, plain), runner.file)
        for at, item in enumerate(items):
            kind = runner.type_of(item.type, line)
            given = _match(arguments[2:], item.name, at)
            if given is None:
                raise Failure(
                    8178, f"The parameterized query expects the parameter '{item.name}'.", exact=False
                )
            frame.variables[item.name.casefold()] = runner.compute(given.tokens, line, kind)
            if given.output:
                outputs.append((given.output, item.name))
    runner.dynamic(text, line, frame)
    _give_back(runner, frame, outputs, line)


def _match(arguments: Sequence[_Argument], name: str, at: int) -> _Argument | None:
    named = next((a for a in arguments if a.name.casefold() == name.casefold()), None)
    return named or (arguments[at] if at < len(arguments) and not arguments[at].name else None)


def call_with(runner: Runner, found: Registered, arguments: Sequence[_Argument], line: int) -> int:
    """Call a procedure; its return code. OUTPUT arguments get their values."""
    parameters = found.tree.parameters
    title = ".".join(found.tree.name)
    if len(arguments) > len(parameters):
        raise Failure(8144, f"Procedure or function {title} has too many arguments specified.", state=2)
    for argument in arguments:
        if argument.name and all(p.name.casefold() != argument.name.casefold() for p in parameters):
            raise Failure(8145, f"{argument.name} is not a parameter for procedure {title}.")
    values: dict[str, tuple[SqlType, Value]] = {}
    outputs: list[tuple[str, str]] = []
    for at, parameter in enumerate(parameters):
        kind = runner.type_of(parameter.type, parameter.line)
        given = _match(arguments, parameter.name, at)
        wants_default = given is None or [t.word for t in given.tokens] == ["DEFAULT"]
        if given is not None and not wants_default:
            values[parameter.name.casefold()] = runner.compute(constant_tokens(given.tokens), line, kind)
        elif parameter.default is not None:
            values[parameter.name.casefold()] = runner.compute(constant_tokens(parameter.default), line, kind)
        else:
            message = f"Procedure or function '{title}' expects parameter '{parameter.name}'."
            raise Failure(201, message, state=4, exact=False)
        if given is not None and given.output and parameter.output:
            outputs.append((given.output, parameter.name))
    code, frame = runner.call(found, values)
    _give_back(runner, frame, outputs, line)
    return code


def constant_tokens(tokens: Sequence[Token]) -> Sequence[Token]:
    """A bare word as an argument is a string: EXEC p Monday."""
    if len(tokens) == 1 and tokens[0].kind in {Kind.NAME, Kind.QUOTED} and tokens[0].word != "NULL":
        word = tokens[0]
        quoted = "'" + word.name.replace("'", "''") + "'"
        return (type(word)(Kind.STRING, quoted, word.offset, word.line),)
    return tokens


def _give_back(runner: Runner, frame: Frame, outputs: list[tuple[str, str]], line: int) -> None:
    for variable, parameter in outputs:
        kind = runner.variable(variable, line)
        held = frame.variables[parameter.casefold()]
        runner.session.frame.variables[variable.casefold()] = as_declared(runner, held, kind, line)
