"""What a procedure and its conversions read and write, as far as their texts tell. Pure.

These are suggestions for a person to check: what cannot be read is left out, and `trouble` says so.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recon.errors import ProgramError
from recon.model import Language, TableRef
from recon.sqlscript.databricks_meaning import Kind as Act
from recon.sqlscript.databricks_meaning import meaning
from recon.sqlscript.databricks_text import CellKind, cells, statements
from recon.sqlscript.databricks_tree import reads, tree
from recon.sqlscript.tokens import Kind, spell
from recon.sqlscript.tsql_header import object_name
from recon.sqlscript.tsql_split import split
from recon.sqlscript.tsql_tree import Leaf, Procedure, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from recon.model import Script, Variant
    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_tree import Parameter, ScriptTree

_WRITES = {Act.INSERT, Act.MERGE, Act.UPDATE, Act.CREATE_TABLE}
_READERS = {"FROM", "JOIN", "USING", "APPLY"}
_PYTHON_WRITES = {"saveAsTable", "insertInto", "writeTo"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A parameter of the procedure: its name without @, its type and default as written."""

    name: str
    type: str
    default: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The T-SQL side. `writes` and `reads` are in the order of the text, without temporary tables."""

    procedure: str = ""
    parameters: tuple[Given, ...] = ()
    writes: tuple[TableRef, ...] = ()
    reads: tuple[TableRef, ...] = ()
    selects: bool = False
    trouble: str = ""

    @property
    def target(self) -> TableRef | None:
        """The table that it is there to fill: the last that it writes."""
        return self.writes[-1] if self.writes else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """The Databricks side of all variants together."""

    writes: tuple[TableRef, ...] = ()
    reads: tuple[TableRef, ...] = ()


def original(script: Script) -> Original:
    """What the original does; with `trouble` when its text cannot be read."""
    try:
        found = split(script.text, script.path)
    except ProgramError as error:
        return Original(trouble=str(error))
    procedure = next((s for s in _statements(found) if isinstance(s, Procedure)), None)
    leaves = [s for s in _statements(found) if isinstance(s, Leaf)]
    names = {name for leaf in leaves for name in _ctes(leaf.parts)}
    writes = [ref for leaf in leaves for ref in _written(leaf)]
    read = [ref for leaf in leaves for ref in _read(leaf.parts, names)]
    return Original(
        procedure=".".join(_bracketed(p) for p in procedure.name) if procedure else "",
        parameters=tuple(_parameter(p, found.text) for p in procedure.parameters) if procedure else (),
        writes=_each(writes),
        reads=tuple(r for r in _each(read) if r.key not in {w.key for w in writes}),
        selects=any(leaf.verb == "SELECT" for leaf in leaves),
    )


def _statements(found: ScriptTree) -> Iterator[object]:
    for batch in found.batches:
        yield from walk(batch.body)


def _parameter(found: Parameter, text: str) -> Given:
    default = None if found.default is None else spell(found.default, text)
    return Given(name=found.name.lstrip("@"), type=spell(found.type, text), default=default)


def _bracketed(part: str) -> str:
    plain = part.replace("_", "a").isalnum() and part.isascii() and not part[0].isdigit()
    return part if plain else f"[{part.replace(']', ']]')}]"


def _each(refs: Iterable[TableRef]) -> tuple[TableRef, ...]:
    return tuple({ref.key: ref for ref in refs}.values())


def _table(tokens: Sequence[Token], at: int) -> tuple[TableRef | None, int]:
    """The table named at `at` (None for a temporary one, a variable or no name), and where its name ends."""
    parts, end = object_name(tokens, at)
    if not parts or any(t.kind in {Kind.TEMP, Kind.VARIABLE} for t in tokens[at:end]):
        return None, max(end, at + 1)
    spelled = ("", *parts) if len(parts) > 1 else ("", "dbo", *parts)
    return TableRef(spelled[-2] or "dbo", spelled[-1], spelled[-3]), end


def _written(leaf: Leaf) -> Iterator[TableRef]:
    """What INSERT, MERGE, SELECT INTO, CREATE TABLE AS and an UPDATE of a named table write."""
    tokens, created = leaf.parts, leaf.verb == "CREATE"
    if created and not any(t.word == "SELECT" for t in tokens):
        return
    for at, token in enumerate(tokens[:-1]):
        into = token.word == "INTO" or (token.word == "TABLE" and created)
        bare = token.word in {"INSERT", "MERGE"} and tokens[at + 1].word not in {"INTO", "TOP"}
        if into or (bare and at == 0):
            ref, _ = _table(tokens, at + 1)
            if ref:
                yield ref
    if leaf.verb == "UPDATE" and len(object_name(tokens, 1)[0]) > 1:
        ref, _ = _table(tokens, 1)
        if ref:
            yield ref


def _ctes(tokens: Sequence[Token]) -> Iterator[str]:
    """The names before `AS (`, with or without a list of columns between."""
    for at in range(len(tokens) - 2):
        if tokens[at].kind in {Kind.NAME, Kind.QUOTED} and [t.word for t in tokens[at + 1 : at + 3]] == [
            "AS",
            "(",
        ]:
            yield tokens[at].name.casefold()
        if tokens[at].word == ")" and [t.word for t in tokens[at + 1 : at + 3]] == ["AS", "("]:
            opened = next((i for i in range(at, -1, -1) if tokens[i].word == "("), 0)
            if opened:
                yield tokens[opened - 1].name.casefold()


def _read(tokens: Sequence[Token], ctes: set[str]) -> Iterator[TableRef]:
    """The tables behind FROM, JOIN, USING and APPLY, and behind the commas of an old-style FROM."""
    at = 0
    while at < len(tokens) - 1:
        at += 1
        if tokens[at - 1].word not in _READERS:
            continue
        while True:
            parts, _ = object_name(tokens, at)
            ref, at = _table(tokens, at)
            called = at < len(tokens) and tokens[at].word == "("  # a function that returns rows
            if ref and not called and not (len(parts) == 1 and parts[0].casefold() in ctes):
                yield ref
            after = _behind_alias(tokens, at)
            if after >= len(tokens) or tokens[after].word != "," or not ref:
                break
            at = after + 1


def _behind_alias(tokens: Sequence[Token], at: int) -> int:
    at += at < len(tokens) and tokens[at].word == "AS"
    named = at < len(tokens) and tokens[at].kind in {Kind.NAME, Kind.QUOTED}
    return at + 1 if named else at


def converted(variants: Iterable[Variant]) -> Converted:
    """What the variants read and write; statements that cannot be read are left out."""
    writes: list[TableRef] = []
    read: list[TableRef] = []
    for variant in variants:
        for cell in cells(variant.script.text, variant.language):
            if cell.kind is CellKind.SQL:
                _sql(cell.text, writes, read)
            elif cell.kind is CellKind.PYTHON:
                _python(cell.text, writes, read)
    written = {ref.key for ref in writes}
    return Converted(
        writes=_each(w for w in writes if w.schema),
        reads=_each(r for r in read if r.schema and r.key not in written),
    )


def _sql(text: str, writes: list[TableRef], read: list[TableRef]) -> None:
    try:
        for statement in statements(text):
            act = meaning(statement)
            if act.kind in _WRITES and act.table:
                writes.append(act.table.ref)
            read += reads(tree(statement))
    except ProgramError:
        return  # the run says what is wrong with it, and where; a draft takes what it can read


def _python(text: str, writes: list[TableRef], read: list[TableRef]) -> None:
    try:
        found = ast.parse(text)
    except SyntaxError:
        return  # as above
    for node in ast.walk(found):
        match node:
            case ast.Call(func=ast.Attribute(attr=called), args=[ast.Constant(value=str(said)), *_]):
                if called == "sql":
                    _sql(said, writes, read)
                elif called in _PYTHON_WRITES | {"table"}:
                    (read if called == "table" else writes).append(_dotted(said))
            case _:
                pass


def _dotted(name: str) -> TableRef:
    parts = ("", "", *(p.strip("`") for p in name.split(".")))
    return TableRef(parts[-2], parts[-1], parts[-3])


def is_sql(variant: Variant) -> bool:
    """Whether DuckDB can stand in for its engine."""
    return variant.language is Language.SQL
