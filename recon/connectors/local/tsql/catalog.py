"""The tables and views that a script can see, with their T-SQL types. DuckDB holds the rows.

A #temp table belongs to the call of the procedure that made it, or to the session outside of one:
https://learn.microsoft.com/en-us/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-tables-temporary
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.duck import name as quoted

if TYPE_CHECKING:
    from recon.sqlscript.tokens import Token
    from recon.sqlscript.tsql_types import SqlType

DEFAULT_SCHEMA = "dbo"


@dataclass(frozen=True, slots=True)
class ColumnDef:
    """A column as declared. `identity`: seed and increment; `default`: the tokens of its DEFAULT.

    `copied`: SELECT INTO or CTAS made it of an IDENTITY column, and it may number its rows too.
    """

    name: str
    type: SqlType
    nullable: bool = True
    default: tuple[Token, ...] = ()
    identity: tuple[int, int] | None = None
    copied: bool = False


@dataclass(frozen=True, slots=True)
class Partitions:
    """How a table is partitioned: `right` says that a boundary belongs to the partition above it."""

    column: str
    right: bool
    bounds: tuple[tuple[Token, ...], ...]


@dataclass(frozen=True, slots=True)
class TableDef:
    """A table. `schema` and `real` are its names in DuckDB, `name` the one it has in T-SQL."""

    schema: str
    name: str
    real: str
    columns: tuple[ColumnDef, ...]
    number: int
    partitions: Partitions | None = None

    @property
    def key(self) -> str:
        """Its place in the catalog."""
        return key_of((self.schema, self.name) if self.schema else (self.name,))

    @property
    def tree(self) -> exp.Table:
        """Its name for DuckDB."""
        schema = quoted(duck_schema(self.schema)) if self.schema else None
        return exp.Table(this=quoted(self.real), db=schema)

    def column(self, name: str) -> ColumnDef | None:
        """The column of that name, or None."""
        folded = name.casefold()
        return next((c for c in self.columns if c.name.casefold() == folded), None)


@dataclass(frozen=True, slots=True)
class ViewDef:
    """A view: its query is read anew wherever it is used."""

    schema: str
    name: str
    columns: tuple[str, ...]
    query: exp.Expr
    number: int

    @property
    def key(self) -> str:
        """Its place in the catalog."""
        return key_of((self.schema, self.name))


def duck_schema(schema: str) -> str:
    """A schema's name in DuckDB, where `temp`, `main` and others mean something else."""
    return f"s_{schema}"


def key_of(parts: tuple[str, ...]) -> str:
    """`dbo.t` for `t`, `[dbo].[T]`, `db.dbo.t` and `db..t`; `#t` for a temp table and `@t` for a variable."""
    last = parts[-1].casefold()
    if last.startswith(("#", "@")):
        return last
    return f"{schema_of(parts).casefold()}.{last}"


def schema_of(parts: tuple[str, ...]) -> str:
    """The schema in a table's name; `dbo` where it is left out."""
    before = parts[:-1]
    return (before[-1] if before else "") or DEFAULT_SCHEMA


def parts_of(table: exp.Expr) -> tuple[str, ...]:
    """The parts of a table's name in a statement, `#` and `@` included."""
    from_parameter = isinstance(table.this, exp.Parameter)
    prefix = "@" if from_parameter else ""
    if not from_parameter:
        this = table.this
        prefix = "##" if this.args.get("global_") else "#" if this.args.get("temporary") else ""
    catalog, schema = table.args.get("catalog"), table.args.get("db")
    before = [p.name if isinstance(p, exp.Expr) else str(p or "") for p in (catalog, schema)]
    last = prefix + (table.this.this.name if from_parameter else table.this.name)
    return (*(before if before[0] else [b for b in before if b]), last)


@dataclass(slots=True)
class Catalog:
    """What exists. `frames` are the #temp tables and table variables, innermost call last."""

    objects: dict[str, TableDef | ViewDef] = field(default_factory=dict[str, "TableDef | ViewDef"])
    frames: list[dict[str, TableDef]] = field(default_factory=lambda: [{}])
    made: int = 0

    def get(self, parts: tuple[str, ...]) -> TableDef | ViewDef | None:
        """The object that a name means here."""
        key = key_of(parts)
        if key.startswith("@"):
            return self.frames[-1].get(key)
        if key.startswith("#"):
            return next((f[key] for f in reversed(self.frames) if key in f), None)
        return self.objects.get(key)

    def stored(self, tree: exp.Table) -> TableDef | None:
        """The table that DuckDB knows by this name."""
        every = [*self.objects.values(), *(t for f in self.frames for t in f.values())]
        tables = [t for t in every if isinstance(t, TableDef)]
        return next((t for t in tables if (t.tree.db, t.real) == (tree.db, tree.name)), None)

    def table(self, parts: tuple[str, ...]) -> TableDef | None:
        """The table that a name means; None for a view or nothing."""
        found = self.get(parts)
        return found if isinstance(found, TableDef) else None

    def number(self) -> int:
        """A fresh object number."""
        self.made += 1
        return self.made

    def define(self, parts: tuple[str, ...], columns: tuple[ColumnDef, ...]) -> TableDef:
        """A new table's entry; DuckDB does not know it yet."""
        number = self.number()
        key = key_of(parts)
        if key.startswith(("#", "@")):
            made = TableDef("", parts[-1], f"{parts[-1]} {number}", columns, number)
            (self.frames[0] if key.startswith("##") else self.frames[-1])[key] = made
            return made
        schema = schema_of(parts)
        made = TableDef(schema, parts[-1], parts[-1], columns, number)
        self.objects[key] = made
        return made

    def define_view(self, parts: tuple[str, ...], columns: tuple[str, ...], query: exp.Expr) -> ViewDef:
        """A new view's entry."""
        made = ViewDef(schema_of(parts), parts[-1], columns, query, self.number())
        self.objects[made.key] = made
        return made

    def replace(self, old: TableDef, new: TableDef) -> None:
        """The table under another definition."""
        for frame in self.frames:
            if frame.get(old.name.casefold()) is old:
                frame[old.name.casefold()] = new
                return
        self.objects.pop(old.key, None)
        self.objects[new.key] = new

    def forget(self, entry: TableDef | ViewDef) -> None:
        """Remove an entry."""
        for frame in self.frames:
            if frame.get(entry.name.casefold()) is entry:
                del frame[entry.name.casefold()]
                return
        self.objects.pop(entry.key, None)

    def copy(self) -> Catalog:
        """As it is now, for a ROLLBACK."""
        return Catalog(dict(self.objects), [dict(f) for f in self.frames], self.made)

    def restore(self, saved: Catalog) -> None:
        """As it was. Calls that began since then have no temp tables left."""
        self.objects = saved.objects
        self.frames = [saved.frames[i] if i < len(saved.frames) else {} for i in range(len(self.frames))]

    def near(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """The names of everything, for a suggestion."""
        temporary = [t.name for f in self.frames for t in f.values()]
        return (*(f"{o.schema}.{o.name}" for o in self.objects.values()), *temporary)
