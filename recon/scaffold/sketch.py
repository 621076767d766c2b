"""What a project folder could hold, read from what is there. Reads the folder, writes nothing."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recon.errors import SpecError
from recon.model import (
    BaselineMode,
    Language,
    Mode,
    Project,
    Script,
    Table,
    TableInput,
    TableRef,
    Variant,
)
from recon.scaffold import scripts
from recon.textfile import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recon.scaffold.scripts import Original

_ROWS: Final = (".parquet", ".csv")
_LANGUAGES: Final = {".sql": Language.SQL, ".py": Language.PYSPARK}
_PREFIX: Final = re.compile(r"^(?:dim|fact|stg|stage|tbl|vw|v)_")
BASELINE, CANDIDATE = "dbo", "converted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One table that both sides read. What is `guessed` was not found in any script or folder."""

    synapse: TableRef
    databricks: TableRef
    file: str
    guessed: bool = False
    file_guessed: bool = False
    absent: bool = False  # the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """One table of the project. `copies` are texts to write: path within the table's folder -> bytes."""

    name: str
    synapse: TableRef | None = None
    databricks: TableRef | None = None
    mode: BaselineMode = BaselineMode.CALL
    original: Original
    script: Script
    ddl: Script | None = None
    variants: tuple[Variant, ...] = ()
    inputs: tuple[Input, ...] = ()
    copies: tuple[tuple[str, bytes], ...] = ()

    @property
    def folder(self) -> str:
        """Relative to the project, with `/`."""
        return f"tables/{self.name}"


def from_folder(folder: Path) -> tuple[Sketch, ...]:
    """One sketch for each `tables/<table>` with a synapse.sql; without tables, one for the scripts that lie
    in the folder itself, which are then to be copied into a table of their own.

    SpecError when there is nothing to begin with, or a script is not text.
    """
    places = sorted(p.parent for p in folder.glob("tables/*/synapse.sql"))
    if places:
        return tuple(_sketch(folder, place, place.name, copy=False) for place in places)
    if (folder / "synapse.sql").is_file():
        return (_sketch(folder, folder, "", copy=True),)
    raise SpecError(
        f"{folder}: there is nothing to make a project of",
        hint="Put the procedure into tables/<table>/synapse.sql and its conversions into "
        "tables/<table>/variants/, or name two files of rows: --baseline FILE --candidate FILE.",
    )


def _sketch(folder: Path, place: Path, name: str, *, copy: bool) -> Sketch:
    script = _script(folder, place / "synapse.sql")
    original = scripts.original(script)
    ddl = _script(folder, place / "ddl.sql") if (place / "ddl.sql").is_file() else None
    files = sorted(f for f in place.glob("variants/*") if f.suffix.lower() in _LANGUAGES)
    variants = tuple(
        Variant(name=f.stem, language=_LANGUAGES[f.suffix.lower()], script=_script(folder, f)) for f in files
    )
    made = scripts.converted(variants)
    target = original.target
    query = not original.procedure and target is None and original.selects
    kept = [place / "synapse.sql", *([place / "ddl.sql"] if ddl else []), *files] if copy else []
    return Sketch(
        name=name or (target.name.casefold() if target else folder.absolute().name),
        synapse=None if query else target,
        databricks=_same(target, made.writes),
        mode=BaselineMode.QUERY if query else BaselineMode.CALL,
        original=original,
        script=script,
        ddl=ddl,
        variants=variants,
        inputs=tuple(_inputs(folder, original.reads, made.reads)),
        copies=tuple((f.relative_to(place).as_posix(), f.read_bytes()) for f in kept),
    )


def _script(folder: Path, file: Path) -> Script:
    path = file.relative_to(folder).as_posix()
    try:
        return Script(path, decode(file.read_bytes()))
    except OSError as error:
        raise SpecError(f"{path} cannot be read: {error.strerror}", hint="Check its permissions.") from error


def _same(target: TableRef | None, written: Sequence[TableRef]) -> TableRef | None:
    """The written table of the target's name, else the last one."""
    named = [w for w in written if target and w.name.casefold() == target.name.casefold()]
    return next(iter(named or written[-1:]), None)


def _inputs(folder: Path, synapse: Iterable[TableRef], databricks: Sequence[TableRef]) -> Iterable[Input]:
    there = (f.relative_to(folder).as_posix() for f in folder.glob("data/*") if f.suffix.lower() in _ROWS)
    files = sorted(there)
    read = list(synapse)
    own = {ref.key: _file_of(ref, files) for ref in read}
    left = [f for f in files if f not in own.values()]
    for ref in read:
        partner = _like(ref, databricks)
        near = "" if own[ref.key] else _nearest_file(ref, left)
        yield Input(
            synapse=ref,
            databricks=partner or TableRef(ref.schema.casefold(), ref.name.casefold()),
            file=own[ref.key] or near or f"data/{ref.name.casefold()}.parquet",
            guessed=partner is None,
            file_guessed=bool(near),
            absent=not (own[ref.key] or near),
        )


def _nearest_file(ref: TableRef, files: Sequence[str]) -> str:
    """A file whose name is nearly the table's, without such prefixes as DIM_."""
    stems = {Path(f).stem.casefold(): f for f in files}
    near = get_close_matches(_PREFIX.sub("", ref.name.casefold()), stems, n=1, cutoff=0.8)
    return stems[near[0]] if near else ""


def _like(ref: TableRef, others: Sequence[TableRef]) -> TableRef | None:
    names = {o.name.casefold(): o for o in others}
    near = get_close_matches(ref.name.casefold(), names, n=1, cutoff=0.8)
    return names[near[0]] if near else None


def _file_of(ref: TableRef, files: Sequence[str]) -> str:
    """The file named like the table, with or without its schema."""
    stems = {Path(f).stem.casefold(): f for f in reversed(files)}
    name, schema = ref.name.casefold(), ref.schema.casefold()
    return next((stems[s] for s in (name, f"{schema}.{name}", f"{schema}_{name}") if s in stems), "")


def from_files(folder: Path, name: str, baseline: Path, candidate: Path) -> Sketch:
    """A table that compares two files of rows: each is an input, and both scripts only select from theirs."""
    one, other = (_within(folder, path if path.exists() else folder / path) for path in (baseline, candidate))
    named = name or baseline.stem.casefold()
    synapse = TableRef(BASELINE, named)
    delivered = TableRef(CANDIDATE, named)
    texts = {
        "synapse.sql": "-- What Synapse produced, as exported. The procedure can take its place.\n"
        f"SELECT * FROM {_tsql(synapse)};\n",
        "variants/as_delivered.sql": "-- What Databricks produced, as exported. Put conversions beside it.\n"
        f"SELECT * FROM {_spark(delivered)};\n",
    }
    script = Script(f"tables/{named}/synapse.sql", texts["synapse.sql"])
    variant = Script(f"tables/{named}/variants/as_delivered.sql", texts["variants/as_delivered.sql"])
    both = ((synapse, TableRef("exported", named), one), (TableRef("delivered", named), delivered, other))
    return Sketch(
        name=named,
        mode=BaselineMode.QUERY,
        original=scripts.original(script),
        script=script,
        variants=(Variant(name="as_delivered", language=Language.SQL, script=variant),),
        inputs=tuple(Input(synapse=s, databricks=d, file=f) for s, d, f in both),
        copies=tuple((path, text.encode()) for path, text in texts.items()),
    )


def _within(folder: Path, path: Path) -> str:
    """The file relative to the project folder, with `/`."""
    if not path.is_file() or path.suffix.lower() not in _ROWS:
        what = "is not a file" if not path.is_file() else "is neither .parquet nor .csv"
        raise SpecError(
            f"{path} {what}",
            hint="A project reads single Parquet or CSV files; `recon compare` also takes folders.",
        )
    try:
        return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()
    except ValueError as error:  # another drive, on Windows
        raise SpecError(f"{path} is on another drive than {folder}", hint="Copy it to data/.") from error


def _tsql(ref: TableRef) -> str:
    return ".".join(f"[{part.replace(']', ']]')}]" for part in (ref.schema, ref.name))


def _spark(ref: TableRef) -> str:
    return ".".join(f"`{part.replace('`', '``')}`" for part in (ref.schema, ref.name))


def project_of(folder: Path, sketch: Sketch) -> tuple[Project, Table]:
    """The sketch as a project of one table, both sides on DuckDB: to look at rows before it is written."""
    table = Table(
        name=sketch.name,
        folder=sketch.folder,
        synapse=sketch.synapse,
        databricks=sketch.databricks,
        baseline=sketch.mode,
        procedure=sketch.original.procedure,
        inputs=tuple(
            TableInput(synapse=i.synapse, databricks=i.databricks, file=i.file) for i in sketch.inputs
        ),
        original=sketch.script,
        ddl=sketch.ddl,
        variants=sketch.variants,
    )
    return Project(folder=folder, name=sketch.name, mode=Mode.LOCAL, tables=(table,)), table
