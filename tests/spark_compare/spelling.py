"""DuckDB as the comparer, and every query that it runs is put into Spark's words too. Needs no Spark."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from sqlglot import exp

from recon.compare.spark import kind_of, spelled
from recon.connectors.local.comparer import duckdb_comparer


class Spelling:
    """A comparer that hands everything on, and notes the statements that Spark would get."""

    def __init__(self, engine):
        self._engine = engine
        self._known = {}
        self.statements = []

    dialect = "duckdb"

    def attach(self, table, urls):
        self._engine.attach(table, urls)
        given = self._engine.columns(table)
        self._known[table.key] = tuple((f"c{n}", kind_of(c.type)) for n, c in enumerate(given))

    def columns(self, table):
        return self._engine.columns(table)

    def save(self, query, table):
        self._known[table.key] = self._spelled(query)
        return self._engine.save(query, table)

    def query(self, query):
        self._spelled(query)
        return self._engine.query(query)

    def write(self, query, file):
        self._spelled(query)
        return self._engine.write(query, file)

    def cancel(self):
        self._engine.cancel()

    def _spelled(self, query):
        before = query.sql("duckdb")
        statement, columns = spelled(query, self._table)
        assert query.sql("duckdb") == before, "spelling must leave the tree as it is"
        self.statements.append(statement)
        return columns

    def _table(self, table):
        return exp.to_table("t"), self._known[table.key]


@contextmanager
def spelling(folder: Path):
    with duckdb_comparer(folder, memory_limit="1GB") as engine:
        yield Spelling(engine)
