"""What one Databricks statement does, read from its words: what it writes, and what must be refused.

The head of a statement is a small, regular grammar; everything behind it (queries, expressions) stays as
written. A statement whose head is not known here is refused: nothing runs that might escape from its world.
https://docs.databricks.com/sql/language-manual/
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from recon.sqlscript.databricks_create import create_table
from recon.sqlscript.databricks_escapes import check, dotted, setting_leaves
from recon.sqlscript.databricks_words import QUERIES, Edit, Name, Reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.sqlscript.databricks_text import Statement


class Kind(StrEnum):
    """The kinds of statement that a world tells apart."""

    QUERY = "query"
    INSERT = "insert"
    MERGE = "merge"
    UPDATE = "update"
    DELETE = "delete"
    TRUNCATE = "truncate"
    CREATE_TABLE = "create table"
    CREATE_VIEW = "create view"
    ALTER = "alter"
    RENAME = "rename"
    DROP = "drop"
    CREATE_SCHEMA = "create schema"
    USE = "use"
    SETTING = "setting"  # variables, options, caches, functions: nothing that holds rows
    IDLE = "idle"  # no effect on data
    BLOCK = "block"  # BEGIN ... END


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a statement does. `table` is what it writes, creates, renames or drops."""

    kind: Kind
    table: Name | None = None
    renamed: Name | None = None  # RENAME: to what
    schema: str = ""  # CREATE SCHEMA, USE
    catalog: str = ""  # USE CATALOG
    temporary: bool = False  # a temporary view
    replace: bool = False  # CREATE OR REPLACE
    overwrite: bool = False  # INSERT OVERWRITE
    query: int = -1  # where the query begins, in the statement as written; -1 when there is none
    edits: tuple[Edit, ...] = ()  # towards an engine that has no Delta
    required: tuple[str, ...] = ()  # CREATE TABLE: its NOT NULL columns
    note: str = ""  # what was left out
    inner: tuple[Meaning, ...] = ()  # BLOCK: what its statements do


def meaning(statement: Statement) -> Meaning:
    """What the statement does. ProgramError with file and line for what is refused or not understood."""
    check(statement)
    reader = Reader(statement)
    if reader.block:
        return _block(reader)
    return _single(reader)


def _single(reader: Reader) -> Meaning:
    verb = reader.peek()
    if verb in _REFUSED:
        raise reader.refuse(f"{verb} is refused: {_REFUSED[verb][0]}", _REFUSED[verb][1])
    if verb in _IDLE:
        return Meaning(kind=Kind.IDLE, note=f"{verb} left out: it has no effect on the data")
    if verb in _SHOWS:
        return Meaning(kind=Kind.SETTING)
    if verb not in _HEADS:
        raise reader.refuse(
            f"statement not understood: {reader.opening()}",
            "Only statements whose effect is known are run. Check the spelling, or take it out.",
        )
    return _HEADS[verb](reader)


# --- Queries and changes of rows ------------------------------------------------------------


def _query(reader: Reader) -> Meaning:
    """A query; or, behind WITH, the statement that the common table expressions belong to."""
    start = reader.place
    if reader.take("WITH"):
        reader.until("SELECT", "VALUES", "FROM", "TABLE", "INSERT", "MERGE", "UPDATE", "DELETE")
        if reader.peek() == "INSERT":
            return replace(_insert(reader), query=-1)
        if reader.peek() in {"MERGE", "UPDATE", "DELETE"}:
            raise reader.refuse(f"WITH before {reader.peek()} is not supported", "Use a temporary view.")
    if reader.peek() == "FROM" and reader.until("INSERT") and not reader.done:
        raise reader.refuse("one FROM with several INSERTs is not supported", "Write one INSERT a table.")
    return Meaning(kind=Kind.QUERY, query=start)


def _insert(reader: Reader) -> Meaning:
    reader.need("INSERT")
    if reader.take("WITH", "SCHEMA", "EVOLUTION"):
        raise reader.refuse("schema evolution is not supported", "Create the table with all columns first.")
    overwrite = reader.take("OVERWRITE")
    if not overwrite:
        reader.need("INTO")
    if reader.peek() in {"DIRECTORY", "LOCAL"} and reader.peek(1) != ".":
        raise reader.refuse("INSERT OVERWRITE DIRECTORY writes outside of the run", "Write to a table.")
    reader.take("TABLE")
    table = reader.name()
    if reader.peek() in {"PARTITION", "REPLACE"}:
        raise reader.refuse(
            f"INSERT ... {reader.peek()} needs Delta Lake, which this engine lacks",
            "Write it as DELETE of the old rows and INSERT of the new ones, or run it on Databricks.",
        )
    reader.take("BY", "NAME")
    if reader.peek() == "(" and reader.peek(1) not in QUERIES:
        reader.skip()
    reader.take("BY", "NAME")
    if reader.peek() not in QUERIES:
        raise reader.unclear("a query expected")
    return Meaning(kind=Kind.INSERT, table=table, overwrite=overwrite, query=reader.place)


def _change(kind: Kind, *head: str) -> Callable[[Reader], Meaning]:
    def read(reader: Reader) -> Meaning:
        reader.need(head[0])
        if reader.take("WITH", "SCHEMA", "EVOLUTION"):
            raise reader.refuse(
                "schema evolution is not supported", "Create the table with all columns first."
            )
        reader.need(*head[1:])
        return Meaning(kind=kind, table=reader.name())

    return read


# --- Tables, views, schemas --------------------------------------------------------------------


def _create(reader: Reader) -> Meaning:
    reader.need("CREATE")
    replaced = reader.take("OR", "REPLACE") or reader.take("OR", "REFRESH")
    anew = replace(_created(reader), replace=replaced)
    if replaced and anew.kind is Kind.CREATE_TABLE:
        first, last = reader.words[1], reader.words[2]
        return replace(anew, edits=(*anew.edits, Edit(first.start, last.end)))
    return anew


def _created(reader: Reader) -> Meaning:
    if reader.take("TABLE"):
        reader.take("IF", "NOT", "EXISTS")
        table = reader.name()
        edits, query, required = create_table(reader)
        return Meaning(kind=Kind.CREATE_TABLE, table=table, edits=edits, query=query, required=required)
    if reader.take("SCHEMA") or reader.take("DATABASE"):
        reader.take("IF", "NOT", "EXISTS")
        schema = reader.name()
        reader.until("LOCATION")
        if not reader.done:
            raise reader.refuse("a schema with a LOCATION of its own leaves the run", "Leave LOCATION out.")
        return Meaning(kind=Kind.CREATE_SCHEMA, schema=schema.parts[-1])
    global_view = reader.take("GLOBAL")
    temporary = reader.take("TEMPORARY") or reader.take("TEMP")
    if reader.take("VIEW"):
        reader.take("IF", "NOT", "EXISTS")
        view = reader.name()
        head = reader.until("AS", "USING")
        if reader.done or reader.peek() == "USING":
            raise reader.refuse("a view over files reaches out of the run", "Name the files as an input.")
        if any(word.key == "METRICS" for word in head):
            raise reader.refuse("metric views are not supported", "Write its query.")
        reader.take("AS")
        return Meaning(
            kind=Kind.CREATE_VIEW, table=view, temporary=temporary or global_view, query=reader.place
        )
    if reader.take("FUNCTION"):
        return _function(reader)
    if temporary and reader.peek() == "TABLE":
        raise reader.refuse("temporary tables are not supported", "Use CREATE TEMPORARY VIEW or a table.")
    raise reader.refuse(
        f"CREATE {reader.peek()} is refused", "A conversion may create tables, views, functions and schemas."
    )


def _function(reader: Reader) -> Meaning:
    """A function of SQL. Code from a jar or a class is refused."""
    reader.take("IF", "NOT", "EXISTS")
    reader.name()
    if reader.peek() == "AS" or any(w.key in {"JAR", "FILE", "ARCHIVE"} for w in reader.words[reader.at :]):
        raise reader.refuse("a function made of a class or a jar may do anything", "Write it in SQL.")
    return Meaning(kind=Kind.SETTING)


def _drop(reader: Reader) -> Meaning:
    reader.need("DROP")
    if reader.take("TABLE") or reader.take("VIEW"):
        reader.take("IF", "EXISTS")
        return Meaning(kind=Kind.DROP, table=reader.name())
    temporary = reader.take("TEMPORARY") or reader.take("TEMP")
    if reader.peek() in {"FUNCTION", "VARIABLE"}:
        return Meaning(kind=Kind.SETTING)
    if temporary and reader.take("TABLE"):
        raise reader.refuse("temporary tables are not supported", "Use temporary views.")
    raise reader.refuse(
        f"DROP {reader.peek()} is refused: it reaches beyond the run's own tables",
        "Drop single tables, or leave the statement out.",
    )


_IDLE_CHANGES = (
    ("SET", "TBLPROPERTIES"),
    ("UNSET", "TBLPROPERTIES"),
    ("SET", "TAGS"),
    ("UNSET", "TAGS"),
    ("SET", "OWNER"),
    ("OWNER", "TO"),
    ("CLUSTER", "BY"),
    ("DROP", "CONSTRAINT"),
    ("ENABLE", "PREDICTIVE"),
    ("DISABLE", "PREDICTIVE"),
    ("INHERIT", "PREDICTIVE"),
)


def _alter(reader: Reader) -> Meaning:
    reader.need("ALTER")
    if not (reader.take("TABLE") or reader.take("VIEW")):
        raise reader.refuse(f"ALTER {reader.peek()} is refused", "A conversion may alter tables and views.")
    table = reader.name()
    if reader.take("RENAME", "TO"):
        return Meaning(kind=Kind.RENAME, table=table, renamed=reader.name())
    informational = reader.peek() == "ADD" and reader.peek(1) == "CONSTRAINT"
    if informational and not any(word.key == "CHECK" for word in reader.words):
        reader.take("ADD")  # primary and foreign keys are not enforced on Databricks either
        return Meaning(kind=Kind.IDLE, note=f"{reader.opening()} left out: it has no effect on the data")
    if any(reader.take(*keys) for keys in _IDLE_CHANGES):
        return Meaning(kind=Kind.IDLE, note=f"{reader.opening()} left out: it has no effect on the data")
    if reader.peek() == "AS" or (reader.peek() == "ADD" and reader.peek(1) in {"COLUMN", "COLUMNS"}):
        return Meaning(kind=Kind.ALTER, table=table)
    raise reader.refuse(
        f"ALTER TABLE ... {reader.peek()} {reader.peek(1)} needs Delta Lake, which this engine lacks",
        "Create the table in its final shape, or run this conversion on Databricks.",
    )


def _use(reader: Reader) -> Meaning:
    if reader.take("SET", "CATALOG") or reader.take("USE", "CATALOG"):
        name = reader.words[reader.at].text if not reader.done else ""
        return Meaning(kind=Kind.USE, catalog=name)
    reader.need("USE")
    for word in ("SCHEMA", "DATABASE", "NAMESPACE"):
        if reader.peek() == word and len(reader.words) > 2:
            reader.take(word)
    name = reader.name()
    return Meaning(kind=Kind.USE, schema=name.parts[-1], catalog=name.parts[0] if len(name.parts) > 1 else "")


# --- Settings ------------------------------------------------------------------------------------

# https://docs.databricks.com/sql/language-manual/sql-ref-parameters
_PARAMETERS = {"ANSI_MODE": "spark.sql.ansi.enabled", "TIMEZONE": "spark.sql.session.timeZone"}
_IDLE_PARAMETERS = {
    "ENABLE_PHOTON", "MAX_FILE_PARTITION_BYTES", "READ_ONLY_EXTERNAL_METASTORE", "STATEMENT_TIMEOUT",
    "USE_CACHED_RESULT",
}  # fmt: skip


def _set(reader: Reader) -> Meaning:
    if reader.peek(1) == "CATALOG" and reader.peek(2) != "=":
        return _use(reader)
    reader.need("SET")
    key = reader.peek()
    name = dotted(reader.words[reader.at :])
    if setting_leaves(name):
        raise reader.refuse(f"the setting {name} reaches out of the run", "Leave it out.")
    if key in _PARAMETERS and reader.peek(1) == "=":
        word = reader.words[reader.at]
        return Meaning(kind=Kind.SETTING, edits=(Edit(word.start, word.end, _PARAMETERS[key]),))
    if key in _IDLE_PARAMETERS or reader.take("SPARK", ".", "DATABRICKS"):
        return Meaning(kind=Kind.IDLE, note=f"{reader.opening()} left out: it has no effect on the data")
    return Meaning(kind=Kind.SETTING)


def _setting(_: Reader) -> Meaning:
    return Meaning(kind=Kind.SETTING)


def _block(reader: Reader) -> Meaning:
    """A compound statement. Each statement inside is looked at; those that need a rewrite are refused."""
    if reader.peek() == "CREATE":
        raise reader.refuse("CREATE PROCEDURE is not supported", "Put the procedure's body into the script.")
    inner: list[Meaning] = []
    while not reader.done:
        before = reader.peek(-1) if reader.at else ""
        if reader.peek() == "HANDLER" and before in {"EXIT", "CONTINUE"}:
            _handler(reader)
            continue
        closes = reader.at > 1 and reader.peek(-2) == "END"  # END LOOP name
        if before in _STARTS and not closes and _is_statement(reader):
            found = _single(Reader(_rest(reader)))
            if found.kind in {Kind.MERGE, Kind.UPDATE, Kind.DELETE} or found.edits:
                raise reader.refuse(
                    f"{reader.peek()} inside BEGIN ... END needs Delta Lake, which this engine lacks",
                    "Move it out of the block, or run this conversion on Databricks.",
                )
            if found.kind is not Kind.QUERY:
                inner.append(found)
        reader.at += 1
    return Meaning(kind=Kind.BLOCK, inner=tuple(inner))


def _is_statement(reader: Reader) -> bool:
    """Whether a statement begins here that is more than control flow. WITH and FROM may hold an INSERT."""
    key, following = reader.peek(), reader.peek(1)
    return bool(key) and following != ":" and key not in _CONTROL


def _handler(reader: Reader) -> None:
    """Move over `HANDLER FOR condition, ...`; what it runs must stand between BEGIN and END."""
    reader.take("HANDLER")
    reader.need("FOR")
    while not reader.done and reader.peek() not in {*_HEADS, *_REFUSED, *_CONTROL}:
        reader.at += 1
    if reader.peek() != "BEGIN":
        raise reader.refuse(
            "a handler of a single statement is not supported", "Put the statement between BEGIN and END."
        )


def _rest(reader: Reader) -> Statement:
    """The statement that begins at this place of a block, as far as its semicolon."""
    mark = reader.at
    start = reader.place
    reader.until(";")
    end = reader.last
    reader.at = mark
    whole = reader.statement
    return replace(whole, text=whole.text[start:end], line=whole.line_at(start))


_CONTROL = {
    *(
        "BEGIN",
        "END",
        "IF",
        "ELSE",
        "ELSEIF",
        "WHILE",
        "LOOP",
        "REPEAT",
        "UNTIL",
        "FOR",
        "CASE",
        "WHEN",
        "DO",
    ),
    *("LEAVE", "ITERATE", "SIGNAL", "RESIGNAL", "GET", "RETURN", "DECLARE", "OPEN", "FETCH", "CLOSE", ";"),
}
_STARTS = {";", "BEGIN", "THEN", "ELSE", "DO", "LOOP", "REPEAT", "ATOMIC"}
_IDLE = dict.fromkeys(("OPTIMIZE", "VACUUM", "ANALYZE", "COMMENT", "GRANT", "REVOKE", "DENY"))
_SHOWS = {"SHOW", "DESCRIBE", "DESC", "EXPLAIN"}
_REFUSED: dict[str, tuple[str, str]] = {
    "COPY": ("it loads files from a path", "Name the files' table as an input in table.toml."),
    "LOAD": ("it loads files from a path", "Name the files' table as an input in table.toml."),
    "EXECUTE": ("text made at run time cannot be checked", "Write the statement itself."),
    "CALL": ("procedures are not part of the script", "Put the procedure's body into the script."),
    "UNDROP": ("there is no history in a fresh world", "Leave it out."),
    "RESTORE": ("there is no history in a fresh world", "Leave it out."),
    "ADD": ("it loads code or files from a path", "Leave it out, or run this conversion on Databricks."),
}
_HEADS: dict[str, Callable[[Reader], Meaning]] = {
    **dict.fromkeys(QUERIES, _query),
    "INSERT": _insert,
    "MERGE": _change(Kind.MERGE, "MERGE", "INTO"),
    "UPDATE": _change(Kind.UPDATE, "UPDATE"),
    "DELETE": _change(Kind.DELETE, "DELETE", "FROM"),
    "TRUNCATE": _change(Kind.TRUNCATE, "TRUNCATE", "TABLE"),
    "CREATE": _create,
    "DROP": _drop,
    "ALTER": _alter,
    "USE": _use,
    "SET": _set,
    **dict.fromkeys(("RESET", "DECLARE", "CACHE", "UNCACHE", "CLEAR", "REFRESH"), _setting),
}
