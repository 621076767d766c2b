"""Dropping schemas of ours on Databricks: those of a world at its end, and what crashed runs have left."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from recon.connectors.cloud.databricks_session import Warehouse
from recon.connectors.cloud.engine_names import place, safe
from recon.errors import EngineError, ReconError, SpecError
from recon.model import Session

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from recon.connections import Cloud

_SAID = re.compile(r"recon: the world (\S+), made at (\S+)")


@dataclass(frozen=True, slots=True)
class Leftover:
    """A schema that a run has made: of which world (`recon_<run>`), and when (None when it does not say)."""

    schema: str
    world: str
    made: datetime | None


def comment(world: str, made: datetime) -> str:
    """What a schema of ours says about itself."""
    return f"recon: the world {world}, made at {made.astimezone(UTC).isoformat(timespec='seconds')}"


def leftovers(cloud: Cloud) -> tuple[Leftover, ...]:
    """The schemas in the catalog that carry our prefix and our comment, sorted by name.

    Those of runs at work are among them: `made` and the world's name tell them apart.
    """
    with _session(cloud) as warehouse:
        what = "listing the schemas of the catalog"
        prefix = safe(cloud.databricks.schema_prefix)
        names = [str(row[0]) for row in warehouse.rows(_listing(cloud, prefix), what)]
        found = [_described(warehouse, cloud, name) for name in names if name.startswith(f"{prefix}_")]
    return tuple(sorted((f for f in found if f is not None), key=lambda left: left.schema))


def drop_leftover(cloud: Cloud, schema: str) -> None:
    """Drop a schema that a run has left, with all in it. SpecError for one that does not say it is ours."""
    with _session(cloud) as warehouse:
        if _described(warehouse, cloud, schema) is None:
            raise SpecError(
                f"the schema {schema} was not made by recon", hint="Name one that `recon clean` lists."
            )
        warehouse.do(_drop(cloud.databricks.catalog, schema), f"dropping the schema {schema}")


class Janitor:
    """Drops the schemas of one world, on its own session or, when that is gone, on a new one."""

    def __init__(self, cloud: Cloud, warehouse: Warehouse, catalog: str) -> None:
        self._cloud = cloud
        self._warehouse = warehouse
        self._catalog = catalog

    def drop(self, schemas: Iterable[str]) -> tuple[str, ...]:
        """Drop them all, and what a job has made beside them; those that could not be dropped."""
        self._warehouse.open_again()
        *_, base = known = tuple(schemas)
        found = dict.fromkeys((*self._made_by_jobs(base), *known))
        return tuple(schema for schema in found if not self._dropped(schema))

    def _made_by_jobs(self, base: str) -> list[str]:
        try:
            rows = self._warehouse.rows(_listing(self._cloud, f"{base}_"), "listing the world's schemas")
        except ReconError:
            return []  # those that are known are dropped all the same
        return [str(row[0]) for row in rows if str(row[0]).startswith(f"{base}__")]

    def _dropped(self, schema: str) -> bool:
        what, tree = f"dropping the schema {schema}", _drop(self._catalog, schema)
        try:
            self._warehouse.do(tree, what)
        except ReconError:
            try:
                with _session(self._cloud) as another:
                    another.do(tree, what)
            except ReconError:
                return False
        return True


@contextmanager
def _session(cloud: Cloud) -> Generator[Warehouse]:
    warehouse = Warehouse(cloud, Session())
    try:
        yield warehouse
    finally:
        warehouse.close()


def _described(warehouse: Warehouse, cloud: Cloud, schema: str) -> Leftover | None:
    """What a schema says about itself; None when it is not ours, or gone."""
    asked = f"DESCRIBE SCHEMA EXTENDED {place(cloud.databricks.catalog, schema).sql('databricks')}"
    try:
        rows = warehouse.rows(asked, f"asking about the schema {schema}")
    except EngineError as error:
        if "SCHEMA_NOT_FOUND" in str(error):
            return None
        raise
    said = next(
        (_SAID.search(str(row[1])) for row in rows if str(row[0]) in {"Comment", "Description"}), None
    )
    return Leftover(schema, said[1], _moment(said[2])) if said else None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _listing(cloud: Cloud, prefix: str) -> str:
    """https://docs.databricks.com/sql/language-manual/sql-ref-syntax-aux-show-schemas"""
    catalog = cloud.databricks.catalog
    there = f" IN {exp.to_identifier(catalog, quoted=True).sql('databricks')}" if catalog else ""
    return f"SHOW SCHEMAS{there} LIKE {exp.Literal.string(f'{prefix}_*').sql('databricks')}"


def _drop(catalog: str, schema: str) -> exp.Drop:
    return exp.Drop(tables=[place(catalog, schema)], kind="SCHEMA", exists=True, cascade=True)
