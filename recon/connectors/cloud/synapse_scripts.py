"""A T-SQL script as what is sent to Synapse: its batches with the project's values in their variables.

A script goes as it is written. Its variables get the values of [params] where they are declared, because a
parameter bound by the driver would put the batch inside sp_executesql, whose #temp tables end with it.
https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-executesql-transact-sql
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.cloud.synapse_words import as_written, literal, matched, type_of
from recon.errors import SpecError
from recon.sqlscript.tokens import Kind, tokenize
from recon.sqlscript.tsql_header import declared
from recon.sqlscript.tsql_tree import Leaf, Procedure, ScriptTree, tokens_of, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon.model import Scalar
    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_tree import Batch


@dataclass(frozen=True, slots=True)
class Sent:
    """One batch as it is sent, `count` times; its first line in the file."""

    text: str
    line: int
    count: int = 1


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of the script's text, by offsets, and what stands there instead."""

    begin: int
    end: int
    text: str


def sent(tree: ScriptTree, params: Mapping[str, Scalar], *, without_procedures: bool = False) -> list[Sent]:
    """The batches in order. SpecError for a parameter that the script has no variable for.

    `without_procedures` leaves out the batches that create one.
    """
    given = variables(tree, params)
    return [
        made
        for batch in tree.batches
        if not (without_procedures and has_procedure(batch)) and (made := of_batch(tree, batch, given)).text
    ]


def has_procedure(batch: Batch) -> bool:
    """Whether the batch creates or alters a procedure."""
    return any(isinstance(s, Procedure) for s in batch.body)


def variables(tree: ScriptTree, params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The project's values by the script's variables."""
    used = {t.text for t in tokenize(tree.text, tree.file) if t.kind is Kind.VARIABLE}
    return matched(params, used, tree.file, "variable")


def of_batch(tree: ScriptTree, batch: Batch, given: Mapping[str, Scalar]) -> Sent:
    """One batch with its variables set; empty when nothing stands in it."""
    tokens = tokens_of(ScriptTree(tree.file, tree.text, (batch,)))
    solid = list(itertools.takewhile(lambda t: t.kind is not Kind.GO, tokens))
    if batch.body:
        end = solid[-1].offset + len(solid[-1].text)
        text = edited(tree, solid[0].offset, end, edits(tree, batch, given))
        return Sent(head(batch, solid, given) + text, solid[0].line, batch.count)
    return Sent("", 0, 0)


def edits(tree: ScriptTree, batch: Batch, given: Mapping[str, Scalar]) -> list[Edit]:
    """Where the batch declares a given variable, its value."""
    made: list[Edit] = []
    for leaf in leaves(batch):
        if leaf.verb != "DECLARE" or leaf.parts[1].kind is not Kind.VARIABLE:
            continue
        for item in declared(leaf, tree.file):
            key = item.name.casefold()
            if key not in given or item.columns is not None:
                continue
            value = written(literal(given[key]))
            if item.value:
                made.append(Edit(item.value[0].offset, _end(item.value[-1]), value))
            else:
                made.append(Edit(_end(item.type[-1]), _end(item.type[-1]), f" = {value}"))
    return made


def head(batch: Batch, tokens: list[Token], given: Mapping[str, Scalar]) -> str:
    """Declarations of the given variables that the batch uses but does not declare, on its first line."""
    if has_procedure(batch):
        return ""
    used = {t.text.casefold() for t in tokens if t.kind is Kind.VARIABLE}
    mine: set[str] = set()
    for leaf in leaves(batch):
        if leaf.verb == "DECLARE" and leaf.parts[1].kind is Kind.VARIABLE:
            mine |= {item.name.casefold() for item in declared(leaf, "")}
    wanted = [key for key in given if key in used - mine]
    return "".join(_declaration(key, given[key]) for key in wanted)


def leaves(batch: Batch) -> list[Leaf]:
    """The leaves of a batch outside of procedures, in order."""
    plain = tuple(s for s in batch.body if not isinstance(s, Procedure))
    return [s for s in walk(plain) if isinstance(s, Leaf)]


def edited(tree: ScriptTree, begin: int, end: int, changes: list[Edit]) -> str:
    """A piece of the script with the edits that lie in it."""
    made: list[str] = []
    at = begin
    for change in sorted(changes, key=lambda e: e.begin):
        if begin <= change.begin and change.end <= end:
            made += [tree.text[at : change.begin], change.text]
            at = change.end
    return "".join([*made, tree.text[at:end]])


def written(tree: exp.Expr) -> str:
    """A tree as T-SQL."""
    return tree.sql("tsql")


def _declaration(name: str, value: Scalar) -> str:
    item = exp.DeclareItem(
        this=[as_written(name)],
        kind=exp.DataType.build(type_of(value), dialect="tsql"),
        default=literal(value),
    )
    return written(exp.Declare(expressions=[item])) + "; "


def _end(token: Token) -> int:
    return token.offset + len(token.text)


def procedure_of(tree: ScriptTree, name: tuple[str, ...]) -> Procedure | None:
    """The procedure that the script creates under a name; a missing schema is dbo."""
    for batch in tree.batches:
        for made in batch.body:
            if isinstance(made, Procedure) and _key(made.name) == _key(name):
                return made
    return None


def arguments(found: Procedure | None, params: Mapping[str, Scalar], file: str) -> dict[str, Scalar]:
    """A procedure's parameters by `@name`. SpecError for one that it does not have, or has no value for.

    A procedure that the project does not hold is not checked: Synapse does it.
    """
    if found is None:
        return {"@" + key.lstrip("@"): value for key, value in params.items()}
    made = matched(params, [p.name for p in found.parameters], file, "parameter")
    for parameter in found.parameters:
        if parameter.name.casefold() not in made and parameter.default is None:
            raise SpecError(
                f"{file}: the parameter {parameter.name} has neither a value nor a default",
                hint="Give it a value under [params] in table.toml.",
            )
    return made


def _key(name: tuple[str, ...]) -> tuple[str, str]:
    last, before, *_ = (*reversed(name), "", "")
    return (before or "dbo").casefold(), last.casefold()
