"""Ways out of a run that any Databricks statement can hold, wherever in it they stand.

A run may read its inputs and write its own tables. Paths, programs and Java called from SQL, and settings
that open other catalogs or file systems, are refused: on the real Databricks they reach production.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recon.sqlscript.databricks_text import Statement, Word

FILE_FORMATS = frozenset(
    {"DELTA", "PARQUET", "CSV", "JSON", "ORC", "AVRO", "TEXT", "BINARYFILE", "XML", "ICEBERG"}
)
# What a table of the run may be stored as; others (jdbc, kafka, a class) lie somewhere else.
OWN_FORMATS = frozenset({"DELTA", "PARQUET", "CSV", "JSON", "ORC", "TEXT"})
_AN_INPUT = "Name what is read as an input in table.toml."
_CALLS = {
    **dict.fromkeys(
        ("REFLECT", "TRY_REFLECT", "JAVA_METHOD"),
        ("calls Java, which may do anything", "Write it in SQL."),
    ),
    # https://docs.databricks.com/sql/language-manual/functions/read_files
    **dict.fromkeys(
        ("READ_FILES", "CLOUD_FILES", "READ_KAFKA", "READ_KINESIS", "READ_PUBSUB", "READ_PULSAR"),
        ("reads from outside of the run", _AN_INPUT),
    ),
    **dict.fromkeys(
        ("HTTP_REQUEST", "REMOTE_QUERY", "AI_QUERY"),
        ("calls another service", "Leave it out, or name its rows as an input in table.toml."),
    ),
}
_SETTINGS = (
    *("spark.sql.catalog", "spark.sql.warehouse", "spark.sql.extensions", "spark.sql.sources.default"),
    *("spark.hadoop", "spark.jars", "spark.driver", "spark.executor", "spark.files", "spark.archives"),
    *("spark.sql.streaming.checkpoint", "spark.sql.hive", "fs.", "dfs.", "hive.", "mapreduce.", "javax."),
)


def check(statement: Statement) -> None:
    """ProgramError with the line of the first way out; nothing when there is none."""
    words = statement.words
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else None
        if following is None:
            return
        if word.key in _CALLS and following.key == "(":
            what, hint = _CALLS[word.key]
            raise statement.refuse(f"{word.key.lower()} {what}", at=word.start, hint=hint)
        if word.key == "USING" and not following.key and not following.name:
            raise statement.refuse(
                "TRANSFORM ... USING runs a program", at=word.start, hint="Write it in SQL or PySpark."
            )
        if following.key == "." and at + 2 < len(words):
            _path(statement, word, words[at + 2])


def _path(statement: Statement, first: Word, second: Word) -> None:
    quoted = second.name and not second.key
    if quoted and first.text.upper() in FILE_FORMATS and ("/" in second.text or ":" in second.text):
        raise statement.refuse(
            f"the path {second.text} in place of a table",
            at=first.start,
            hint="Name a table: a run may not touch other files.",
        )


def setting_leaves(key: str) -> bool:
    """Whether a Spark setting of that name reaches beyond the run."""
    return key.strip().casefold().startswith(_SETTINGS)


def dotted(words: tuple[Word, ...]) -> str:
    """The key that `SET a.b.c = ...` begins with, without blanks."""
    return "".join(w.text for w in itertools.takewhile(lambda w: w.key != "=", words))
