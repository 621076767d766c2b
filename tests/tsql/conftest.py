"""A stand-in for Synapse in each test: real DuckDB, real files."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recon.connectors.local.source import LocalSource, local_source
from recon.model import Project, Script, Session, Table, TableInput, TableRef


@dataclass
class Synapse:
    """A source with short ways to run and to look."""

    source: LocalSource

    def run(self, text: str, procedure: str = "", /, **params):
        self.source.call(Script("synapse.sql", text), procedure, params)
        return self

    def rows(self, sql: str, /, **params) -> list[tuple]:
        """The rows of a script's last SELECT, in its order."""
        rows = self.source.query(Script("query.sql", sql), params)
        with rows.batches as batches:
            table = batches.read_all()
        return [tuple(r.values()) for r in table.to_pylist()]

    def value(self, expression: str):
        return self.rows(f"SELECT {expression} AS x")[0][0]

    def type(self, expression: str) -> str:
        rows = self.source.query(Script("query.sql", f"SELECT {expression} AS x"), {})
        rows.batches.close()
        return rows.columns[0].type

    def table(self, name: str, where: str = "") -> list[tuple]:
        """All rows of a table, sorted (NULLs first)."""
        schema, _, bare = name.rpartition(".")
        rows = self.source.read(TableRef(schema or "dbo", bare), where)
        with rows.batches as batches:
            found = [tuple(r.values()) for r in batches.read_all().to_pylist()]
        return sorted(found, key=lambda row: [(v is not None, v) for v in row])

    @property
    def notes(self) -> tuple[str, ...]:
        return self.source.notes


@pytest.fixture
def open_synapse(tmp_path: Path):
    """`open_synapse(ddl, {"stg.t": pa.Table or CSV text}, collation=...)` as a context manager."""

    @contextmanager
    def opened(ddl: str = "", inputs: dict[str, pa.Table | str] | None = None, collation: str = ""):
        made = []
        for name, data in (inputs or {}).items():
            schema, _, bare = name.rpartition(".")
            file = tmp_path / f"{name}.{'csv' if isinstance(data, str) else 'parquet'}"
            if isinstance(data, str):
                file.write_text(data, encoding="utf-8")
            else:
                pq.write_table(data, file)
            ref = TableRef(schema, bare)
            made.append(TableInput(synapse=ref, databricks=TableRef("lake", bare), file=file.name))
        session = Session(collation=collation) if collation else Session()
        table = Table(
            name="t",
            folder="tables/t",
            inputs=tuple(made),
            original=Script("synapse.sql", ""),
            ddl=Script("ddl.sql", ddl) if ddl else None,
        )
        project = Project(folder=tmp_path, name="test", session=session, tables=(table,))
        with local_source(project, table, tmp_path / "scratch") as source:
            yield Synapse(source)

    return opened


@pytest.fixture
def synapse(open_synapse):
    """An empty one."""
    with open_synapse() as made:
        yield made


@pytest.fixture(scope="session")
def calculator(tmp_path_factory):
    """One for the whole session, for expressions that touch no table."""
    folder = tmp_path_factory.mktemp("calculator")
    table = Table(name="t", folder="t", original=Script("synapse.sql", ""))
    with local_source(Project(folder=folder, name="t", tables=(table,)), table, folder) as source:
        yield Synapse(source)
