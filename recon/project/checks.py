"""What one `table.toml` may not say although each of its values is well formed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from recon.collation import comparable
from recon.errors import SpecError
from recon.model import BaselineMode, Mode
from recon.project.columns import declared_columns
from recon.project.grammar import Follow
from recon.project.mistakes import Mistake, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recon.project.documents import TableDocument
    from recon.project.positions import Path
    from recon.project.toml_file import TomlFile

_PARAMETER = re.compile(r"@?[A-Za-z_][A-Za-z0-9_]*")


def contradictions(file: TomlFile[TableDocument], mode: Mode) -> Iterator[Mistake]:
    """Everything that contradicts itself within the file, in no promised order."""
    yield from _target(file, mode)
    yield from rule_contradictions(file)
    yield from _tolerances_without_keys(file)
    yield from _inputs(file, mode)
    yield from _params(file)


def rule_contradictions(file: TomlFile[TableDocument]) -> Iterator[Mistake]:
    """Those that concern only how rows are compared."""
    yield from _keys(file)
    yield from _rules(file)
    yield from _segment(file)


def collation_contradictions(file: TomlFile[TableDocument], synapse: str) -> Iterator[Mistake]:
    """Columns that follow the Synapse database's collation where that cannot be followed."""
    for name, rule in file.document.columns.items():
        if not rule.follows:
            continue
        try:
            comparable(synapse)
        except SpecError as error:
            message = f'columns: "{name}" follows [session] collation of recon.toml, but {error}'
            yield file.mistake(("columns", name, "text"), message, error.hint)


def unknown_columns(file: TomlFile[TableDocument], ddl: str) -> Iterator[Mistake]:
    """Keys, rules and the segment that name no column of the target, where `ddl` declares its columns.

    An ignored column is left to the run: it may exist only in the conversion. So is everything in mode
    "query", where the columns are those of a SELECT.
    """
    document = file.document
    if not document.synapse or document.baseline.mode is BaselineMode.QUERY:
        return
    known = declared_columns(ddl, document.synapse)
    folded = {name.casefold() for name in known}
    named: list[tuple[Path, str]] = [(("keys", n), key) for n, key in enumerate(document.keys) if key]
    named += [(("columns", name), name) for name, rule in document.columns.items() if not rule.ignore]
    if document.segment:
        named.append((("segment",), document.segment))
    for path, name in named if known else []:
        if name.casefold() not in folded:
            message = f'{path[0]}: {document.synapse} has no column "{name}" in ddl.sql'
            yield file.mistake(path, message, nearest(name, known))


def _target(file: TomlFile[TableDocument], mode: Mode) -> Iterator[Mistake]:
    document, baseline = file.document, file.document.baseline
    if file.broken("baseline", "mode"):
        return
    if baseline.mode is not BaselineMode.QUERY and not document.synapse and not file.broken("synapse"):
        yield file.mistake(
            ("baseline", "mode"),
            f'baseline.mode = "{baseline.mode}" reads a table, but there is no synapse',
            'Name it, as in synapse = "dbo.FACT", or set mode = "query" in [baseline].',
        )
    if baseline.mode is not BaselineMode.CALL and baseline.procedure:
        yield file.mistake(
            ("baseline", "procedure"),
            f'baseline.procedure is not called with mode = "{baseline.mode}"',
            'Set mode = "call", or take the procedure away.',
        )
    rows = {given.synapse.key for given in document.inputs if given.synapse}
    as_it_stands = baseline.mode is BaselineMode.TABLE and mode is not Mode.CLOUD
    if as_it_stands and document.synapse and document.synapse.key not in rows and not file.broken("inputs"):
        yield file.mistake(
            ("baseline", "mode"),
            f'baseline.mode = "table", but no [[inputs]] gives the rows of {document.synapse}',
            f'In mode "{mode}" its rows come from a file: add it to [[inputs]].',
        )


def _keys(file: TomlFile[TableDocument]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for number, key in enumerate(file.document.keys):
        if not key:
            yield file.mistake(("keys", number), "keys: a name is empty")
        elif key.casefold() in seen:
            yield file.mistake(("keys", number), f'keys: "{key}" is listed twice', "Take one away.")
        seen.add(key.casefold())


def _rules(file: TomlFile[TableDocument]) -> Iterator[Mistake]:
    keys = {key.casefold() for key in file.document.keys}
    seen: dict[str, str] = {}
    renamed: dict[str, str] = {}
    for name, rule in file.document.columns.items():
        if (first := seen.setdefault(name.casefold(), name)) != name:
            yield file.mistake(
                ("columns", name),
                f'columns: a second rule for "{first}", written "{name}"',
                "Upper and lower case make no difference to a column; keep one rule.",
            )
        other = renamed.setdefault(rule.databricks.casefold(), name) if rule.databricks else name
        if other != name:
            yield file.mistake(
                ("columns", name, "databricks"),
                f'columns: "{rule.databricks}" is already the conversion\'s name of "{other}"',
            )
        if rule.follows and rule.collation:
            yield file.mistake(
                ("columns", name, "collation"),
                f'columns: "{name}" has a collation of its own and follows that of Synapse',
                f'Keep one: collation, or text = ["{Follow.SYNAPSE}"].',
            )
        if rule.ignore and (rule.tolerance or rule.text or rule.collation):
            yield file.mistake(
                ("columns", name, "ignore"),
                f'columns: "{name}" is ignored and yet has a rule to compare it by',
                "Keep either ignore or the others.",
            )
        if name.casefold() in keys and (rule.ignore or rule.tolerance):
            word = "ignore" if rule.ignore else "tolerance"
            yield file.mistake(
                ("columns", name, word),
                f'columns: "{name}" is a key; rows pair by it, so it can have no {word}',
                "Take it out of keys, or take the rule away.",
            )
        for policy in _repeated(rule.text):
            yield file.mistake(("columns", name, "text"), f'columns: "{policy}" stands twice for "{name}"')


def _segment(file: TomlFile[TableDocument]) -> Iterator[Mistake]:
    segment = file.document.segment.casefold()
    for name, rule in file.document.columns.items():
        if segment and name.casefold() == segment and (rule.ignore or rule.sensitive):
            why = "ignored" if rule.ignore else "sensitive, and segments show its values"
            hint = "Choose another segment, or leave it out."
            yield file.mistake(("segment",), f'segment: "{file.document.segment}" is {why}', hint)


def _tolerances_without_keys(file: TomlFile[TableDocument]) -> Iterator[Mistake]:
    """Rows without a key pair only where all their values are equal: there is nothing to be near to."""
    if file.document.keys or file.broken("keys"):
        return
    for name, rule in file.document.columns.items():
        if rule.tolerance and not rule.ignore:
            message = f'columns: "{name}" has a tolerance, but without keys rows pair only on equal values'
            yield file.mistake(("columns", name, "tolerance"), message, "Name the keys, or take it away.")


def _repeated(words: Iterable[str]) -> set[str]:
    seen = list(words)
    return {word for word in seen if seen.count(word) > 1}


def _inputs(file: TomlFile[TableDocument], mode: Mode) -> Iterator[Mistake]:
    seen: dict[tuple[str, tuple[str, str, str]], int] = {}
    for number, given in enumerate(file.document.inputs):
        for side, table in (("synapse", given.synapse), ("databricks", given.databricks)):
            if not table:
                if not file.broken("inputs", number, side):
                    yield file.mistake(("inputs", number), f"inputs: there is no {side}")
            elif (first := seen.setdefault((side, table.key), number)) != number:
                line = file.line("inputs", first, side)
                message = f"inputs: {table} is already the {side} of the input in line {line}"
                yield file.mistake(("inputs", number, side), message)
        if mode is not Mode.CLOUD and not given.file and not file.broken("inputs", number, "file"):
            yield file.mistake(
                ("inputs", number),
                "inputs: there is no file",
                f'In mode "{mode}" rows come from a file, as in file = "data/rows.parquet".',
            )


def _params(file: TomlFile[TableDocument]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for name in file.document.params:
        folded = name.casefold().removeprefix("@")
        if not _PARAMETER.fullmatch(name):
            hint = "Write the variable's name without its @, as in month_start = 2024-01-01."
            yield file.mistake(("params", name), f'params: "{name}" cannot name a variable', hint)
        elif folded in seen:
            message = f'params: "{name}" is given twice'
            hint = "Upper and lower case make no difference to a T-SQL variable."
            yield file.mistake(("params", name), message, hint)
        seen.add(folded)
