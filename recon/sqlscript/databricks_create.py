"""The tail of CREATE TABLE: what belongs to Delta Lake is taken out, what would leave the run is refused."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from recon.sqlscript.databricks_escapes import OWN_FORMATS
from recon.sqlscript.databricks_words import QUERIES, Edit, split

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.sqlscript.databricks_words import Reader


def create_table(reader: Reader) -> tuple[tuple[Edit, ...], int, tuple[str, ...]]:
    """Read from behind the table's name to the end: the edits, where a query begins (-1 without one), and
    the columns that are NOT NULL, which a Delta table enforces and a Parquet table does not.

    PARTITIONED BY goes: partition columns of a Delta table keep their place, those of a Parquet table move
    to the end, and an INSERT by position would fill the wrong columns.
    """
    edits: list[Edit] = []
    required = not_null(reader)
    while not reader.done:
        key = reader.peek()
        if key == "AS" or (key in QUERIES and key != "("):
            reader.take("AS")
            return tuple(edits), reader.place, required
        if key in _CLAUSES:
            edits.extend(_CLAUSES[key](reader))
        else:
            reader.skip()
    return tuple(edits), -1, required


def not_null(reader: Reader) -> tuple[str, ...]:
    """The columns declared NOT NULL in the list that comes next, if one does. Does not move."""
    mark, found = reader.at, list[str]()
    for piece in split(reader.group()):
        keys = [word.key for word in piece]
        if ("NOT", "NULL") in itertools.pairwise(keys):
            found.append(piece[0].text)
    reader.at = mark
    return tuple(found)


def _location(reader: Reader) -> list[Edit]:
    raise reader.refuse("a table with a LOCATION of its own leaves the run", "Leave LOCATION out.")


def _using(reader: Reader) -> list[Edit]:
    reader.need("USING")
    word = reader.words[reader.at] if not reader.done else None
    reader.skip()
    if word is None:
        raise reader.unclear("a format expected")
    if word.text.upper() not in OWN_FORMATS or reader.peek() == ".":
        raise reader.refuse(
            f"a table USING {word.text} does not lie in the run", "Leave USING out, or write USING DELTA."
        )
    return [Edit(word.start, word.end, "PARQUET")] if word.text.upper() == "DELTA" else []


def _options(reader: Reader) -> list[Edit]:
    reader.need("OPTIONS")
    if any(word.text.upper() == "PATH" for word in reader.group()):
        return _location(reader)
    return []


def _partitioned(reader: Reader) -> list[Edit]:
    start = reader.place
    reader.need("PARTITIONED", "BY")
    columns = reader.group()
    if any(a.name and b.name for a, b in itertools.pairwise(columns)):
        raise reader.refuse(
            "PARTITIONED BY with types is not supported", "Declare the partition columns with the others."
        )
    return [Edit(start, reader.last)]


def _clustered(reader: Reader) -> list[Edit]:
    start = reader.place
    reader.need("CLUSTER", "BY")
    reader.skip()
    return [Edit(start, reader.last)]


def _properties(reader: Reader) -> list[Edit]:
    start = reader.place
    reader.need("TBLPROPERTIES")
    reader.skip()
    return [Edit(start, reader.last)]


def _clone(reader: Reader) -> list[Edit]:
    start = reader.place
    _ = reader.take("SHALLOW") or reader.take("DEEP")
    reader.need("CLONE")
    begin = reader.place
    reader.name()
    if reader.peek() in {"VERSION", "TIMESTAMP"}:
        raise reader.refuse("time travel is not supported: a fresh world has no history", "Clone the table.")
    return [Edit(start, begin, "AS SELECT * FROM ")]


_CLAUSES: dict[str, Callable[[Reader], list[Edit]]] = {
    "LOCATION": _location,
    "USING": _using,
    "OPTIONS": _options,
    "PARTITIONED": _partitioned,
    "CLUSTER": _clustered,
    "TBLPROPERTIES": _properties,
    "SHALLOW": _clone,
    "DEEP": _clone,
    "CLONE": _clone,
}
