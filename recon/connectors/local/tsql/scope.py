"""What a T-SQL expression can see while it is translated: tables in scope, variables, settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn, Protocol

from recon.connectors.local.tsql.duck import column
from recon.errors import ProgramError
from recon.sqlscript.tsql_parse import line_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlglot import exp

    from recon.connectors.local.tsql.catalog import Catalog
    from recon.connectors.local.tsql.duck import Tree, Value
    from recon.connectors.local.tsql.session import Session
    from recon.sqlscript.tsql_types import SqlType


@dataclass(frozen=True, slots=True)
class Typed:
    """A DuckDB expression and the T-SQL type of its value.

    `literal`: a constant of the script. `explicit`: its collation was asked for with COLLATE.
    """

    tree: Tree
    type: SqlType
    literal: bool = False
    explicit: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A column that can be named: `real` is its name in DuckDB."""

    name: str
    type: SqlType
    real: str


@dataclass(frozen=True, slots=True)
class Source:
    """A table in FROM. `alias` is ours; `names` is what the script may call it, innermost part last."""

    alias: str
    names: tuple[str, ...]
    fields: tuple[Field, ...]
    base: str = ""  # the key of the base table in the catalog; empty for a query

    def answers_to(self, qualifier: tuple[str, ...]) -> bool:
        """Whether `t.x`, `s.t.x` can mean this table."""
        mine = tuple(n.casefold() for n in self.names)
        asked = tuple(n.casefold() for n in qualifier)
        return bool(asked) and mine[-len(asked) :] == asked


@dataclass(frozen=True, slots=True)
class Output:
    """A column of a query's result; in DuckDB it is called `c0`, `c1` ... `origin`: the base column it is."""

    name: str
    type: SqlType
    origin: tuple[str, str] | None = None  # our alias of a base table, the column's name


@dataclass(frozen=True, slots=True)
class Projected:
    """One column of a select list, translated."""

    output: Output
    value: Typed


@dataclass(frozen=True, slots=True)
class Query:
    """A translated query."""

    tree: Tree
    outputs: tuple[Output, ...]

    def fields(self, names: tuple[str, ...] = ()) -> tuple[Field, ...]:
        """Its columns as a table's, under other names if given."""
        called = names or tuple(o.name for o in self.outputs)
        pairs = zip(called, self.outputs, strict=True)
        return tuple(Field(n, o.type, f"c{i}") for i, (n, o) in enumerate(pairs))


@dataclass(frozen=True, slots=True)
class Probe:
    """A query that has a row when an approximation may have mattered; then `note` is said."""

    tree: Tree
    note: str
    line: int


class Variables(Protocol):
    """Where a statement finds its variables."""

    def get(self, name: str) -> tuple[SqlType, Value] | None:
        """Type and value of `@name` or `@@name`."""
        ...


@dataclass(slots=True)
class Context:
    """What one statement is translated with. `probes` and `notes` are what came up on the way.

    By alias: `rows` has the tables that can be asked alone, `traced` the SELECTs behind others.
    """

    catalog: Catalog
    session: Session
    variables: Variables
    file: str
    line: int
    query: Callable[[Env, Tree], Query]
    joined: Callable[[Env, Tree], Typed]  # a query with FOR XML as a value
    probes: list[Probe] = field(default_factory=list[Probe])
    ctes: dict[str, tuple[str, Query]] = field(default_factory=dict[str, tuple[str, Query]])
    with_list: list[exp.CTE] = field(default_factory=list["exp.CTE"])
    rows: dict[str, Tree] = field(default_factory=dict[str, "Tree"])
    traced: dict[str, list[tuple[Tree, ...]]] = field(default_factory=dict[str, "list[tuple[Tree, ...]]"])
    sequences: set[str] = field(default_factory=set[str])  # those that NEXT VALUE FOR has named
    bound: dict[str, Typed] | None = None  # in the body of a function: its parameters and variables
    depth: int = 0  # how many functions are being inlined into each other
    made: int = 0

    def alias(self, prefix: str = "t") -> str:
        """A table alias that nothing else in the statement has."""
        self.made += 1
        return f"{prefix}{self.made}"


@dataclass(frozen=True, slots=True)
class Env:
    """One scope: its tables, those around it, and the keys that its rows are grouped by.

    `results`: where a query's result is put in order, the columns of each SELECT that it comes from.
    """

    ctx: Context
    sources: tuple[Source, ...] = ()
    outer: Env | None = None
    groups: dict[str, Tree] | None = None  # a grouping expression as SQL -> what stands for it
    results: tuple[tuple[Tree, ...], ...] = ()

    @property
    def correlated(self) -> bool:
        """Whether a query here may read columns from outside, so that it cannot be asked alone."""
        return self.outer is not None or self.ctx.bound is not None

    def inner(self, sources: tuple[Source, ...] = ()) -> Env:
        """A scope inside this one."""
        return Env(self.ctx, sources, self)

    def see(self, sources: tuple[Source, ...]) -> Env:
        """The same scope with these tables."""
        return replace(self, sources=sources)

    def ungrouped(self) -> Env:
        """The same scope before grouping: what an aggregate reads."""
        return replace(self, groups=None)

    def refuse(self, node: Tree, message: str, code: str = "") -> NoReturn:
        """ProgramError at the node's line."""
        raise ProgramError(message, file=self.ctx.file, line=line_of(node, self.ctx.line), code=code)

    def note(self, node: Tree, message: str) -> None:
        """Say that something is only approximated."""
        self.ctx.session.note(self.ctx.file, line_of(node, self.ctx.line), message)

    def find(self, node: Tree, named: str, qualifier: tuple[str, ...]) -> Typed:
        """The column that a name means, in this scope or around it."""
        hits = [
            (s, f)
            for s in self.sources
            if not qualifier or s.answers_to(qualifier)
            for f in s.fields
            if f.name.casefold() == named.casefold()
        ]
        if len(hits) > 1:
            self.refuse(node, f"the column {named} is ambiguous", "209")
        if hits:
            source, found = hits[0]
            return Typed(column(source.alias, found.real), found.type)
        if self.outer is not None:
            found = self.outer.find(node, named, qualifier)
            held = (self.outer.groups or {}).get(found.tree.sql("duckdb"))
            return found if held is None else Typed(held, found.type)
        return self.refuse(node, f"there is no column {'.'.join((*qualifier, named))} here", "207")
