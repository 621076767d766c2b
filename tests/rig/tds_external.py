"""CREATE EXTERNAL TABLE AS SELECT: rows as Parquet in a folder that stands for the lake.

https://learn.microsoft.com/en-us/sql/t-sql/statements/create-external-table-as-select-transact-sql
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from recon.connectors.local.tsql.statements import run_leaf
from recon.sqlscript.tokens import solid, tokenize
from recon.sqlscript.tsql_header import object_name
from recon.sqlscript.tsql_options import closing
from recon.sqlscript.tsql_tree import Leaf
from tests.rig.tds_tokens import TdsError

if TYPE_CHECKING:
    from recon.connectors.local.tsql.run import Runner
    from recon.sqlscript.tokens import Token
    from tests.rig.tds_engine import Connection

_MADE = ("DATA", "FILE", "TABLE")


def external(connection: Connection, runner: Runner, leaf: Leaf) -> bool:
    """Carry out a statement about something EXTERNAL; false for every other statement."""
    words = [t.word for t in leaf.parts[:3]]
    if words[1:2] != ["EXTERNAL"] or words[0] not in {"CREATE", "DROP"} or words[2] not in _MADE:
        return False
    if words[0] == "CREATE" and words[2] == "TABLE":
        _write(connection, runner, leaf)
    return True


def _write(connection: Connection, runner: Runner, leaf: Leaf) -> None:
    parts, at = object_name(leaf.parts, 3)
    if connection.database.lake is None or leaf.parts[at].word != "WITH":
        raise TdsError(105001, "CREATE EXTERNAL TABLE AS SELECT statement failed.", line=leaf.line)
    end = closing(leaf.parts, at + 1)
    folder = connection.database.lake / _location(leaf.parts[at:end]).strip("/")
    query = leaf.parts[end + 2 :]
    if folder.exists() and any(folder.iterdir()):
        said = f"the location of {'.'.join(parts)} is not empty"
        raise TdsError(15842, f"CREATE EXTERNAL TABLE AS SELECT statement failed: {said}.", line=leaf.line)
    text = " ".join(t.text for t in query)
    run_leaf(runner, Leaf("SELECT", text, leaf.line, tuple(solid(tokenize(text)))))
    assert runner.result is not None
    table = connection.session.stream(runner.result.tree, 100_000).read_all()
    names = [o.name for o in runner.result.outputs]
    folder.mkdir(parents=True, exist_ok=True)
    half = max(1, table.num_rows // 2)
    for number, begin in enumerate(range(0, max(table.num_rows, 1), half)):
        pq.write_table(
            table.slice(begin, half).rename_columns(names), folder / f"QID1_20260101_{number}_0.parquet"
        )
    runner.result = None


def _location(options: tuple[Token, ...] | list[Token]) -> str:
    for at, token in enumerate(options):
        if token.word == "LOCATION":
            return options[at + 2].text.lstrip("Nn").strip("'")
    raise TdsError(102, "Incorrect syntax near 'LOCATION'.", level=15)
