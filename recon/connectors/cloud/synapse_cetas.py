"""Tables too large to pull: Synapse writes them as Parquet to the lake itself, and only files' names travel.

CREATE EXTERNAL TABLE AS SELECT writes the files and a description of them; the description is dropped
again at once, which leaves the files.
https://learn.microsoft.com/sql/t-sql/statements/create-external-table-as-select-transact-sql
https://learn.microsoft.com/sql/t-sql/statements/drop-external-table-transact-sql
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from recon.connectors.cloud.synapse_scripts import written
from recon.connectors.cloud.synapse_types import parsed
from recon.connectors.cloud.synapse_words import as_written, named, predicate, table
from recon.errors import ReconError, SourceError, SpecError
from recon.sqlscript.tsql_types import Family

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from recon.connectors.cloud.synapse_session import SynapseSession
    from recon.model import Column, TableRef

# What is written as another type, so that Parquet holds the very value.
# https://learn.microsoft.com/sql/t-sql/statements/create-external-file-format-transact-sql
_WRITTEN_AS: Final[dict[str, tuple[str, int | None]]] = {
    "time": ("VARCHAR(16)", 121),
    "uniqueidentifier": ("VARCHAR(36)", None),
    "money": ("DECIMAL(19, 4)", None),
    "smallmoney": ("DECIMAL(10, 4)", None),
    "datetime": ("DATETIME2(3)", None),  # .003, not a 300th of a second
    "smalldatetime": ("DATETIME2(0)", None),
}


@dataclass(frozen=True, slots=True)
class Staging:
    """What the pool's administrator has made once: an external data source over the lake's container, a file
    format of type PARQUET, and a schema in which the login may create external tables.
    """

    data_source: str
    file_format: str
    schema: str = "dbo"


def cetas(
    session: SynapseSession,
    source: TableRef,
    columns: Sequence[Column],
    staging: Staging,
    location: str,
    listed: Callable[[str], Sequence[str]],
    where: str = "",
) -> tuple[str, ...]:
    """Let Synapse write the table under `location`, a folder of the data source that is still empty.

    Returns the names of the Parquet files, sorted, as `listed` finds them in the lake. SourceError when the
    write fails or leaves no file, SpecError for a location or column that cannot be written.
    """
    if listed(location):
        hint = "Choose another folder, or delete what is there."
        raise SourceError(f"{location} is not empty: Synapse would not write there", hint=hint)
    name = f"recon_{secrets.token_hex(8)}"
    what = f"writing {source} to the lake"
    made = statement(name, source, columns, staging, location, where)
    try:
        session.run(made, (), what, "filter" if where else "", 1 if where else 0)
    except ReconError:
        _drop(session, staging.schema, name, what, exists=False)
        raise
    _drop(session, staging.schema, name, what, exists=True)
    files = tuple(sorted(n for n in listed(location) if n.endswith(".parquet")))
    if not files:
        raise SourceError(
            f"{what} left no file under {location}", hint="Is the data source that of the lake?"
        )
    return files


def statement(
    name: str, source: TableRef, columns: Sequence[Column], staging: Staging, location: str, where: str = ""
) -> str:
    """CREATE EXTERNAL TABLE AS SELECT, of a tree and quoted names."""
    if not location.strip("/") or any(part in {"", ".", ".."} for part in location.strip("/").split("/")):
        raise SpecError(f"{location!r} is no folder of a lake", hint="Write it as folder/folder.")
    chosen = exp.select(*(_cell(c, source) for c in columns)).from_(table(source))
    if where:
        chosen = chosen.where(predicate(where))
    options = [
        exp.EQ(this=as_written("LOCATION"), expression=exp.Literal.string(f"/{location.strip('/')}/")),
        exp.EQ(this=as_written("DATA_SOURCE"), expression=_quoted(staging.data_source)),
        exp.EQ(this=as_written("FILE_FORMAT"), expression=_quoted(staging.file_format)),
    ]
    inside = exp.Tuple(expressions=options)
    pieces = ["CREATE EXTERNAL TABLE", written(named((staging.schema, name))), "WITH", written(inside), "AS"]
    return " ".join([*pieces, written(chosen)])


def _quoted(name: str) -> exp.Identifier:
    return exp.to_identifier(name, quoted=True)


def _cell(column: Column, source: TableRef) -> exp.Expr:
    cell = exp.column(column.name, quoted=True)
    try:
        kind = parsed(column.type)
    except ValueError as error:
        said = f"{source}.{column.name} cannot be written: {error}"
        raise SpecError(said, hint="Read a view that leaves the column out, or casts it.") from error
    if kind.family is Family.OFFSET or (kind.name == "datetime2" and kind.scale == 7):
        raise SpecError(
            f"{source}.{column.name} is {column.type}: Synapse would round what a Parquet file cannot hold",
            hint="Use SYNAPSE_EXTRACT=odbc, or read a view that casts the column to datetime2(6).",
        )
    if kind.name in _WRITTEN_AS:
        cell = _converted(*_WRITTEN_AS[kind.name], cell)
    return exp.alias_(cell, column.name, quoted=True)


def _converted(to: str, style: int | None, cell: exp.Expr) -> exp.Expr:
    how = [exp.Literal.number(style)] if style is not None else []
    return exp.Anonymous(this="CONVERT", expressions=[exp.DataType.build(to, dialect="tsql"), cell, *how])


def _drop(session: SynapseSession, schema: str, name: str, what: str, *, exists: bool) -> None:
    """Forget the description. One that may not exist is asked for first, in the catalogue."""
    target = named((schema, name))
    if not exists:
        tables = named(("INFORMATION_SCHEMA", "TABLES"))
        asked = exp.select("TABLE_NAME").from_(tables)
        asked = asked.where(exp.EQ(this=exp.column("TABLE_NAME", quoted=True), expression=exp.Placeholder()))
        if session.stopped or not session.fetch(written(asked), (name,), what):
            return
    session.run(f"DROP EXTERNAL TABLE {written(target)}", (), what, "", 0)
