"""Sketches to TOML: whole files where there are none, comments behind what a person has written.

A file is made of blocks, each about one thing (a key of the top, an input, a parameter, a column). A block
is added to a file that exists only when nothing in it, no comment either, speaks of that thing. So a second
run adds nothing, and a suggestion that somebody deleted comes back as a comment only.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from recon.errors import SpecError
from recon.model import BaselineMode
from recon.report.keys import summary, toml_line, toml_text
from recon.textfile import NotText, decode, encoding_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from recon.model import TableRef
    from recon.scaffold.evidence import Evidence
    from recon.scaffold.sketch import Input, Sketch

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_MOST_COLUMNS: Final = 60  # of which a draft speaks


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines about one thing. `about` is how a file speaks of it: the start of a line, comment or not.

    Some belong only into a `new` file, some only behind what a file already says (`later`), some there only
    as long as the key `unless` is absent or empty.
    """

    about: str
    lines: tuple[str, ...]
    new: bool = True
    later: bool = True
    unless: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to happen to one file: `data` is its whole content. `new`: it was not there before.

    `added` are the lines that come to a file that exists; empty when it stays as it is.
    """

    path: str  # relative to the project, with `/`
    data: bytes
    new: bool
    added: tuple[str, ...] = ()


def changes(
    folder: Path, name: str, sketches: Sequence[Sketch], known: Mapping[str, Evidence]
) -> tuple[Change, ...]:
    """Every file that the project needs, as it would be; `known` is the evidence by the table's name.

    SpecError, with file and line, for a TOML file that cannot be read.
    """
    found = [_change(folder, "recon.toml", _project_blocks(name))]
    for sketch in sketches:
        found += [_copy(folder, f"{sketch.folder}/{path}", data) for path, data in sketch.copies]
        blocks = list(_table_blocks(sketch, known[sketch.name]))
        found.append(_change(folder, f"{sketch.folder}/table.toml", blocks))
    return tuple(found)


def write(folder: Path, found: Iterable[Change]) -> None:
    """Make the changes: a file that exists only ever grows at its end. SpecError when that fails."""
    for change in found:
        if not (change.new or change.added):
            continue
        file = folder / change.path
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            partial = file.with_name(file.name + ".partial")
            partial.write_bytes(change.data)
            partial.replace(file)
        except OSError as error:
            raise SpecError(
                f"{file} cannot be written: {error.strerror}", hint="Check the folder's permissions."
            ) from error


def _copy(folder: Path, path: str, data: bytes) -> Change:
    there = _bytes(folder / path)
    return Change(path=path, data=data if there is None else there, new=there is None)


def _change(folder: Path, path: str, blocks: Sequence[Block]) -> Change:
    there = _bytes(folder / path)
    if there is None:
        written = [block.lines for block in blocks if block.new]
        lines = [line for n, block in enumerate(written) for line in (*([""] if n else []), *block)]
        return Change(path=path, data=("\n".join(lines) + "\n").encode(), new=True)
    text = _text(folder / path, there)
    data = _parsed(folder / path, text)
    added: list[str] = []
    for block in blocks:
        wanted = block.later and not data.get(block.unless)
        if wanted and not _speaks_of([*text.splitlines(), *added], data, block.about):
            added += ["#", *(_commented(line) for line in block.lines)]
    if not added:
        return Change(path=path, data=there, new=False)
    added[0] = "# recon init found more since; take away the # of what is right:"
    end = "\r\n" if "\r\n" in text else "\n"
    gap = end if text.endswith(("\n", "\r")) or not text else end * 2
    tail = gap + end.join(added) + end
    return Change(path=path, data=there + tail.encode(encoding_of(there)), new=False, added=tuple(added))


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SpecError(f"{file} cannot be read: {error.strerror}", hint="Check its permissions.") from error


def _text(file: Path, data: bytes) -> str:
    try:
        return decode(data)
    except NotText as error:
        raise SpecError(f"{file}:{error.line}: {error}", hint=error.hint) from error


def _parsed(file: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r"\(at line (\d+)", str(error))
        line = place[1] if place else "1"
        raise SpecError(f"{file}:{line}: not TOML: {error}", hint="Mend it; nothing was changed.") from error


def _commented(line: str) -> str:
    return line if line.startswith("#") else f"# {line}".rstrip()


def _speaks_of(lines: Iterable[str], data: dict[str, Any], about: str) -> bool:
    """Whether a line, comment or not, begins with it, or the document has the key in another spelling."""
    wanted = _plain(about)
    if any(_plain(line).startswith(wanted) for line in lines):
        return True
    if about.startswith("[columns."):
        columns = cast("dict[str, Any]", data.get("columns", {}))
        return any(_plain(column_head(column)) == wanted for column in columns)
    return False


def _plain(line: str) -> str:
    """A line to compare: without its comment sign, blanks and case."""
    return re.sub(r"\s+", "", line.lstrip(" \t#")).casefold()


# --- recon.toml -----------------------------------------------------------------------------


def _project_blocks(name: str) -> list[Block]:
    lines = f"""\
# A project: the tables of one migration, and how each is to be compared.
# `recon lint` checks it, `recon run --all` runs it. docs/project-folder.md explains every key.
version = 1
name = {toml_text(name)}

# spark: the T-SQL side runs on DuckDB, the Databricks side on a local Spark
# local: both sides on DuckDB, an approximation that needs no Java
mode = "spark"

[defaults]
partial_above = 95.0     # PARTIAL MATCH above this match percentage, NO MATCH below
sample_rows = 400        # differing cells kept per column and kind
control_totals = true    # sum, least, greatest, distinct and NULLs of each column, in every run
csv_copy = false         # true: what comes out of Synapse is also kept as CSV

[session]                # what both sides must share for their data to be comparable
timezone = "UTC"
ansi = true
collation = "SQL_Latin1_General_CP1_CI_AS"    # of the Synapse database"""
    return [Block(about="version=", lines=tuple(lines.splitlines()), later=False)]


# --- table.toml -----------------------------------------------------------------------------


def _table_blocks(sketch: Sketch, known: Evidence) -> Iterator[Block]:
    yield _head(sketch)
    yield from _keys(known)
    yield Block(
        about="segment =",
        lines=(
            '# segment = "a_column"    # the heatmap\'s second axis; left out, recon chooses one',
            '# owner = "a team"        # whom to ask; shown in the inbox',
        ),
        later=False,
    )
    yield _baseline(sketch)
    yield from _params(sketch)
    for given in sketch.inputs:
        yield _input(given)
    yield from _columns(known)


def _head(sketch: Sketch) -> Block:
    lines = ["version = 1", ""]
    if sketch.original.trouble:
        lines.append(f"# synapse.sql could not be read: {_one_line(sketch.original.trouble)}")
    if sketch.mode is not BaselineMode.QUERY:
        lines.append("# The table that the original fills, and the one that its conversion fills.")
        lines.append(_named("synapse", sketch.synapse, "dbo.THE_TARGET"))
    if sketch.databricks:
        lines.append(_named("databricks", sketch.databricks, ""))
    elif sketch.mode is not BaselineMode.QUERY:
        lines.append('# databricks = "gold.the_target"    # left out: what the conversion writes or selects')
    return Block(about="version =", lines=tuple(lines[: 1 if lines[-1] == "" else None]), later=False)


def _named(key: str, ref: TableRef | None, example: str) -> str:
    return f"{key} = {toml_text(str(ref))}" if ref else f"# {key} = {toml_text(example)}"


def _keys(known: Evidence) -> Iterator[Block]:
    """The key, and for a file that has none yet, a proposal that it did not know."""
    lines = ["# Rows of the two sides pair by these columns, by Synapse's names; [] compares whole rows."]
    if known.proposals:
        lines.append(f"# Proposed from {known.origin}; check them:")
        for proposal in known.proposals:
            lines.append(f"#   {_one_line(', '.join(proposal.columns))}")
            lines.append(f"#       {summary(proposal)}")
    elif known.looked:
        lines.append(f"# No columns, up to four, identify every row of {known.origin}.")
    if known.trouble:
        lines.append(
            f"# {'Only one side was looked at' if known.proposals else 'Not proposed'}: {known.trouble}"
        )
    lines.append(toml_line(known.proposals[0].columns if known.proposals else ()))
    yield Block(about="keys =", lines=tuple(lines), later=False)
    if known.proposals:
        moved = (
            *lines[1:-1],
            "# This line belongs to the top of the file, in place of keys = []:",
            lines[-1],
        )
        yield Block(about=lines[-1], lines=moved, new=False, unless="keys")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _baseline(sketch: Sketch) -> Block:
    words = {
        BaselineMode.CALL: "# How the Synapse side comes about: synapse.sql runs, then the target is read.",
        BaselineMode.QUERY: "# How the Synapse side comes about: the rows of the SELECT in synapse.sql.",
        BaselineMode.TABLE: "# How the Synapse side comes about: the target is read as it stands.",
    }
    lines = [words[sketch.mode], "[baseline]", f"mode = {toml_text(str(sketch.mode))}"]
    if sketch.original.procedure:
        lines.append(f"procedure = {toml_text(sketch.original.procedure)}")
    return Block(about="[baseline]", lines=tuple(lines), later=False)


def _params(sketch: Sketch) -> Iterator[Block]:
    """Parameters as comments: a default needs no line, the others need a value that only a person knows."""
    given = sketch.original.parameters
    if given:
        yield Block(
            about="[params]",
            lines=(
                "# Parameters of the procedure; the conversion gets them by the same names, as :name.",
                "[params]",
                *(_param(p.name, p.type, p.default) for p in given),
            ),
        )
    for p in given:
        lines = ("# This line belongs to [params]:", _param(p.name, p.type, p.default))
        yield Block(about=f"{p.name} =", lines=lines, new=False)


def _param(name: str, type_: str, default: str | None) -> str:
    said = f"default {default}" if default is not None else "has no default: give a value"
    key = name if _BARE.fullmatch(name) else toml_text(name)
    return f"# {key} = ...    # {_one_line(type_)}, {_one_line(said)}"


def _input(given: Input) -> Block:
    synapse = f"synapse = {toml_text(str(given.synapse))}"
    databricks = f"databricks = {toml_text(str(given.databricks))}"
    if given.guessed:
        databricks += "    # a guess: no conversion reads a table of this name"
    note = (
        "    # not there yet" if given.absent else "    # a guess by its name" if given.file_guessed else ""
    )
    file = f"file = {toml_text(given.file)}{note}"
    return Block(about=synapse, lines=("[[inputs]]", synapse, databricks, file))


def column_head(name: str) -> str:
    """The line that opens a column's rule."""
    return f"[columns.{name if _BARE.fullmatch(name) else toml_text(name)}]"


def _columns(known: Evidence) -> Iterator[Block]:
    """Columns to think of, as comments: without a rule each is compared exactly."""
    for pair in known.columns[:_MOST_COLUMNS]:
        lines = (f"# {column_head(pair.name)}    # {_one_line(pair.why)}", *(f"# {r}" for r in pair.rule))
        yield Block(about=column_head(pair.name), lines=lines)
    more = len(known.columns) - _MOST_COLUMNS
    if more > 0:
        yield Block(about=f"{more} more", lines=(f"# {more} more columns differ in name or type.",))
