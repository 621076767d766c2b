"""Where the tables of one world lie on Databricks: every schema that a script names has a schema of ours.

A world called `recon_ab12` holds `gold.t` as `recon_ab12__gold.t`, and what is named without a schema in
`recon_ab12`, the current schema of its session. So the last part of a name never changes: aliases, temporary
views and common table expressions mean what their author meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.model import TableRef

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon.model import Column

# https://docs.databricks.com/sql/language-manual/sql-ref-names : at most 255 characters
_LONGEST = 200
RESULT = TableRef(schema="", name="recon_result")
# Characters that a Delta column needs column mapping for: https://docs.databricks.com/delta/column-mapping
_ODD = re.compile(r"[ ,;{}()\n\t=]")


def safe(text: str) -> str:
    """The text as a part of a schema's name: small letters, digits and underscores."""
    return re.sub(r"[^a-z0-9_]", "_", text.casefold())


@dataclass(slots=True)
class Names:
    """The places of one world. `current` is the schema that the script is in; empty: that of the world."""

    catalog: str
    base: str
    current: str = ""
    _places: dict[str, str] = field(default_factory=dict[str, str])

    def schema(self, named: str) -> str:
        """The schema on Databricks for one that a script names; no two share one."""
        key = "" if named.casefold() == "default" else named.casefold()
        if key and key not in self._places:
            place = f"{self.base}__{safe(key)}"[:_LONGEST]
            while place in self._places.values():
                place += "_"
            self._places[key] = place
        return self._places[key] if key else self.base

    @property
    def schemas(self) -> tuple[str, ...]:
        """All schemas on Databricks that may have been made, the world's own last."""
        return (*self._places.values(), self.base)

    def local(self, table: TableRef) -> TableRef:
        """The name without its catalog, and with the current schema where none is written."""
        schema = table.schema or self.current
        return TableRef(schema="" if schema.casefold() == "default" else schema, name=table.name)

    def node(self, table: TableRef) -> exp.Table:
        """The table's place in a tree, quoted. Without a schema it is the world's own."""
        place = self.schema(table.schema)
        return exp.table_(table.name, db=place, catalog=self.catalog or None, quoted=True)

    def schema_node(self, named: str) -> exp.Table:
        """The schema's place in a tree, quoted."""
        return place(self.catalog, self.schema(named))

    def prefix(self, named: str) -> str:
        """What stands before a table's own name in a statement: catalog and schema, quoted, with dots."""
        parts = (self.catalog, self.schema(named))
        return "".join(f"{exp.to_identifier(p, quoted=True).sql('databricks')}." for p in parts if p)

    def readable(self, text: str) -> str:
        """The text with the names of the script in place of ours."""
        for named, schema in sorted(self._places.items(), key=lambda item: -len(item[1])):
            text = re.sub(rf"(`?{re.escape(self.catalog)}`?\.)?`?{re.escape(schema)}`?\.", f"{named}.", text)
        return re.sub(rf"(`?{re.escape(self.catalog)}`?\.)?`?{re.escape(self.base)}`?\.", "", text)


def place(catalog: str, schema: str) -> exp.Table:
    """A schema on Databricks as a tree."""
    return exp.Table(
        db=exp.to_identifier(schema, quoted=True),
        catalog=exp.to_identifier(catalog, quoted=True) if catalog else None,
    )


# --- Statements of ours ----------------------------------------------------------------------------


def files(url: str) -> exp.Table:
    """The rows of Parquet files at an address.

    https://docs.databricks.com/query/formats/parquet
    """
    return exp.table_(url, db="parquet", quoted=True)


def over_files(table: exp.Table, url: str) -> exp.Create:
    """CREATE TABLE ... USING PARQUET LOCATION: an external table, nothing is copied."""
    told = [
        exp.FileFormatProperty(this=exp.Var(this="PARQUET")),
        exp.LocationProperty(this=exp.Literal.string(url)),
    ]
    return exp.Create(this=table, kind="TABLE", properties=exp.Properties(expressions=told))


def lasting(schema: str, name: str) -> exp.Table:
    """A table in a schema that is not ours: `schema` may have its catalog before it."""
    place = exp.to_table(schema, dialect="databricks")
    return exp.table_(name[:_LONGEST], db=place.name, catalog=place.db or None, quoted=True)


def copied(table: exp.Table, query: exp.Expr) -> exp.Create:
    """CREATE TABLE ... AS: a managed table of its own, whatever its columns are called."""
    return exp.Create(this=table, kind="TABLE", expression=query, properties=_any_name())


def declared(table: exp.Table, columns: Sequence[Column]) -> exp.Create:
    """CREATE TABLE with these columns, whose types are Databricks'."""
    found = [
        exp.ColumnDef(
            this=exp.to_identifier(column.name, quoted=True),
            kind=exp.DataType.build(column.type, dialect="databricks"),
        )
        for column in columns
    ]
    odd = any(_ODD.search(column.name) for column in columns)
    return exp.Create(
        this=exp.Schema(this=table, expressions=found),
        kind="TABLE",
        properties=_any_name() if odd else None,
    )


def _any_name() -> exp.Properties:
    """Delta's column mapping: https://docs.databricks.com/delta/column-mapping"""
    mode = exp.Literal.string("delta.columnMapping.mode")
    return exp.Properties(expressions=[exp.Property(this=mode, value=exp.Literal.string("name"))])


def renamed(old: exp.Table, new: exp.Table) -> exp.Alter:
    """ALTER TABLE ... RENAME TO."""
    return exp.Alter(this=old, kind="TABLE", actions=[exp.AlterRename(this=new)])
