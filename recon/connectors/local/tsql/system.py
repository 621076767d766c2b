"""The few catalogue views that load scripts ask whether something exists.

https://learn.microsoft.com/en-us/sql/relational-databases/system-catalog-views/catalog-views-transact-sql
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.local.tsql.catalog import TableDef, ViewDef
from recon.connectors.local.tsql.duck import constant
from recon.connectors.local.tsql.scope import Output, Query
from recon.sqlscript import tsql_types as types
from recon.sqlscript.tsql_types import Family, SqlType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from recon.connectors.local.tsql.catalog import Catalog
    from recon.connectors.local.tsql.duck import Value

    Row = tuple[Value, ...]

_NAME = types.varchar(128, national=True)
_OBJECT = (
    ("name", _NAME),
    ("object_id", types.INT),
    ("schema_id", types.INT),
    ("type", SqlType("char", length=2)),
)
_LAYOUTS: dict[str, tuple[tuple[str, SqlType], ...]] = {
    "sys.schemas": (("name", _NAME), ("schema_id", types.INT)),
    "sys.tables": _OBJECT,
    "sys.views": _OBJECT,
    "sys.objects": _OBJECT,
    "information_schema.tables": (
        *(("TABLE_SCHEMA", _NAME), ("TABLE_NAME", _NAME), ("TABLE_TYPE", types.varchar(10))),
    ),
    "information_schema.columns": (
        *(("TABLE_SCHEMA", _NAME), ("TABLE_NAME", _NAME), ("COLUMN_NAME", _NAME)),
        *(("ORDINAL_POSITION", types.INT), ("IS_NULLABLE", types.varchar(3)), ("DATA_TYPE", _NAME)),
        *(("CHARACTER_MAXIMUM_LENGTH", types.INT), ("NUMERIC_PRECISION", SqlType("tinyint"))),
        ("NUMERIC_SCALE", types.INT),
    ),
}


def schema_id(catalog: Catalog, schema: str) -> int | None:
    """A number for each schema that holds something; 1 for dbo."""
    names = ["dbo", *sorted({o.schema.casefold() for o in catalog.objects.values()} - {"dbo"})]
    folded = schema.casefold()
    return names.index(folded) + 1 if folded in names else None


def system_view(catalog: Catalog, parts: tuple[str, ...]) -> Query | None:
    """The rows of a catalogue view, or None for one that is not known."""
    named = ".".join(parts[-2:]).casefold()
    layout = _LAYOUTS.get(named)
    if layout is None:
        return None
    rows = list(_ROWS[named](catalog))
    made = [_select(row, layout) for row in rows] or [
        _select((None,) * len(layout), layout).where(exp.false())
    ]
    tree: exp.Expr = made[0]
    for other in made[1:]:
        tree = exp.Union(this=tree, expression=other, distinct=False)
    return Query(tree, tuple(Output(n, k) for n, k in layout))


def _select(row: Row, layout: tuple[tuple[str, SqlType], ...]) -> exp.Select:
    pairs = zip(row, layout, strict=True)
    return exp.select(
        *(exp.alias_(constant(v, k), f"c{i}", quoted=True) for i, (v, (_, k)) in enumerate(pairs))
    )


def _objects(catalog: Catalog, kind: type[TableDef | ViewDef] | None) -> Iterable[Row]:
    for made in catalog.objects.values():
        if kind is None or isinstance(made, kind):
            letter = "V " if isinstance(made, ViewDef) else "U "
            yield made.name, made.number, schema_id(catalog, made.schema), letter


def _schemas(catalog: Catalog) -> Iterable[Row]:
    for schema in sorted({"dbo", *(o.schema for o in catalog.objects.values())}):
        yield schema, schema_id(catalog, schema)


def _information(catalog: Catalog) -> Iterable[Row]:
    for made in catalog.objects.values():
        yield made.schema, made.name, "VIEW" if isinstance(made, ViewDef) else "BASE TABLE"


def _columns(catalog: Catalog) -> Iterable[Row]:
    for made in catalog.objects.values():
        for at, c in enumerate(made.columns if isinstance(made, TableDef) else ()):
            length = c.type.length if c.type.family in {Family.TEXT, Family.BINARY} else None
            number = c.type if c.type.family in {Family.DECIMAL, Family.MONEY} else None
            yield (
                *(made.schema, made.name, c.name, at + 1, "YES" if c.nullable else "NO", c.type.name),
                *(length, number.precision if number else None, number.scale if number else None),
            )


_ROWS: dict[str, Callable[[Catalog], Iterable[Row]]] = {
    "sys.schemas": _schemas,
    "sys.tables": lambda catalog: _objects(catalog, TableDef),
    "sys.views": lambda catalog: _objects(catalog, ViewDef),
    "sys.objects": lambda catalog: _objects(catalog, None),
    "information_schema.tables": _information,
    "information_schema.columns": _columns,
}
