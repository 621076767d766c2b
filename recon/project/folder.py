"""The project folder to our words: its files found, read and put together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recon.model import Language, Mode, Project, Script, Session, Table, TableInput, Variant
from recon.project.checks import collation_contradictions, contradictions, unknown_columns
from recon.project.documents import ProjectDocument, TableDocument
from recon.project.mistakes import Mistake, closest, nearest, refusal
from recon.project.toml_file import TomlFile, read_toml
from recon.textfile import NotText, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

_LANGUAGES = {".sql": Language.SQL, ".py": Language.PYSPARK}
_ROWS = (".parquet", ".csv")


def load(folder: Path) -> Project:
    """The project in `folder`. Raises SpecError with one line for each mistake of the whole project."""
    project, mistakes = check(folder)
    if project is None:
        raise refusal(f"The project {folder}", mistakes)
    return project


def check(folder: Path) -> tuple[Project | None, tuple[Mistake, ...]]:
    """The project, or None and every mistake in it, in the order of files and lines. Reads, never writes."""
    found: list[Mistake] = []
    project = _Reader(folder, found).project()
    return (None if found else project), tuple(sorted(set(found)))


class _Reader:
    """Reads one folder. Paths in words and mistakes are relative to it, with `/`."""

    def __init__(self, folder: Path, found: list[Mistake]) -> None:
        self._folder = folder
        self._found = found
        self._collation = Session().collation

    def project(self) -> Project | None:
        file = self._project_file()
        # Without a mode that is understood, the tables are still checked for all that holds in every mode.
        mode = file.document.mode if file and not file.broken("mode") else Mode.CLOUD
        self._collation = file.document.session.collation if file else self._collation
        tables = tuple(self._tables(mode))
        if not file:
            return None
        document = file.document
        if not document.name.strip() and not file.broken("name"):
            hint = 'Add name = "..."; it heads every page and report.'
            self._found.append(file.mistake(("name",), "there is no name", hint))
        return Project(
            folder=self._folder,
            name=document.name,
            mode=mode,
            partial_above=document.defaults.partial_above,
            sample_rows=document.defaults.sample_rows,
            control_totals=document.defaults.control_totals,
            csv_copy=document.defaults.csv_copy,
            keep_results=document.defaults.keep_results,
            session=Session(**document.session.model_dump()),
            tables=tables,
        )

    def _project_file(self) -> TomlFile[ProjectDocument] | None:
        if not self._folder.is_dir():
            self._wrong("recon.toml", f"there is no folder {self._folder}", "RECON_PROJECT names the folder.")
            return None
        text = self._text("recon.toml", f"there is no recon.toml in {self._folder}, so it is no project")
        return None if text is None else read_toml("recon.toml", text, ProjectDocument, self._found)

    def _tables(self, mode: Mode) -> Iterator[Table]:
        if not self._folder.is_dir():
            return
        folders = [entry for entry in self._entries("tables") if entry.is_dir()]
        if not folders:
            hint = "Make a folder tables/<table> with table.toml, synapse.sql and variants/."
            self._wrong("recon.toml", "the project has no tables", hint)
        seen: dict[str, str] = {}
        for folder in folders:
            if (first := seen.setdefault(folder.name.casefold(), folder.name)) != folder.name:
                hint = "Windows sees one folder in the two; rename one."
                self._wrong(self._name(folder), f'differs only in case from "{first}"', hint)
            if table := self._table(folder, mode):
                yield table

    def _table(self, folder: Path, mode: Mode) -> Table | None:
        """One table; None when a part of it is missing, which is then among the mistakes."""
        place = self._name(folder)
        text = self._text(f"{place}/table.toml", "there is no table.toml")
        file = None if text is None else read_toml(f"{place}/table.toml", text, TableDocument, self._found)
        original = self._script(f"{place}/synapse.sql", self._no_original(folder))
        ddl = self._script(f"{place}/ddl.sql") if (folder / "ddl.sql").exists() else None
        variants = tuple(self._variants(folder))
        if not file:
            return None
        self._found.extend(contradictions(file, mode))
        self._found.extend(collation_contradictions(file, self._collation))
        if ddl:
            self._found.extend(unknown_columns(file, ddl.text))
        document = file.document
        inputs = tuple(self._inputs(file, mode))
        if not original:
            return None
        return Table(
            name=folder.name,
            folder=place,
            synapse=document.synapse,
            databricks=document.databricks,
            keys=tuple(document.keys),
            segment=document.segment,
            owner=document.owner,
            baseline=document.baseline.mode,
            procedure=document.baseline.procedure,
            params={name.removeprefix("@"): value for name, value in document.params.items()},
            inputs=inputs,
            filter=document.filter.filter(),
            rules={name: rule.rule(self._collation) for name, rule in document.columns.items()},
            original=original,
            ddl=ddl,
            variants=variants,
        )

    def _inputs(self, file: TomlFile[TableDocument], mode: Mode) -> Iterator[TableInput]:
        for number, given in enumerate(file.document.inputs):
            if given.file and mode is not Mode.CLOUD:
                self._rows_file(file, number, given.file)
            if given.synapse and given.databricks:
                yield TableInput(
                    synapse=given.synapse,
                    databricks=given.databricks,
                    file=given.file,
                    filter=given.filter,
                    split_by=given.split_by,
                )

    def _rows_file(self, file: TomlFile[TableDocument], number: int, name: str) -> None:
        """Whether the file of an input can be read; its rows are left to the run."""
        path = self._folder / name
        if Path(name).is_absolute():
            message, hint = f"inputs: {name} is absolute", "Write it relative to the project folder."
        elif path.suffix.lower() not in _ROWS:
            message, hint = f"inputs: {name} is neither .parquet nor .csv", ""
        elif not path.is_file():
            near = closest(path.name, [entry.name for entry in _listed(path.parent)])
            message = f"inputs: there is no file {name}"
            hint = f'Did you mean "{near}"?' if near else "Paths are relative to the project folder, with /."
        else:
            return
        self._found.append(file.mistake(("inputs", number, "file"), message, hint))

    def _variants(self, folder: Path) -> Iterator[Variant]:
        place = f"{self._name(folder)}/variants"
        seen: dict[str, str] = {}
        names = [entry for entry in self._entries(place) if entry.name not in ("__pycache__", "README.md")]
        for entry in names:
            file = self._name(entry)
            language = _LANGUAGES.get(entry.suffix.lower())
            if not entry.is_file() or not language:
                hint = "Variants are .sql and .py files; export a notebook as source."
                self._wrong(file, "is not a variant", hint)
                continue
            if (first := seen.setdefault(entry.stem.casefold(), entry.name)) != entry.name:
                hint = "The name without its ending names the variant; rename one."
                self._wrong(file, f"has the same name as {first}", hint)
            if script := self._script(file):
                yield Variant(name=entry.stem, language=language, script=script)
        if not names:
            self._wrong(place, "there is no variant", "Put each conversion into a .sql or .py file there.")

    def _no_original(self, folder: Path) -> tuple[str, str]:
        others = [entry.name for entry in _listed(folder) if entry.suffix.lower() in (".sql", ".txt")]
        hint = nearest("synapse.sql", [name for name in others if name.casefold() != "ddl.sql"])
        return "there is no synapse.sql", hint or "Put the procedure, a script or one SELECT there."

    # --- Files --------------------------------------------------------------------------

    def _script(self, file: str, missing: tuple[str, str] = ("is missing", "")) -> Script | None:
        text = self._text(file, *missing)
        if text is not None and not text.strip():
            self._wrong(file, "is empty")
            return None
        return None if text is None else Script(file, text)

    def _text(self, file: str, missing: str, hint: str = "") -> str | None:
        """A file's text; None when there is none, which is then among the mistakes."""
        try:
            return decode((self._folder / file).read_bytes())
        except FileNotFoundError:
            self._wrong(file, missing, hint)
        except OSError as error:
            self._wrong(file, f"cannot be read: {error.strerror}")
        except NotText as error:
            self._found.append(Mistake(file, error.line, str(error), error.hint))
        return None

    def _entries(self, place: str) -> list[Path]:
        return _listed(self._folder / place)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._folder).as_posix()

    def _wrong(self, file: str, message: str, hint: str = "") -> None:
        self._found.append(Mistake(file, 1, message, hint))


def _listed(folder: Path) -> list[Path]:
    """What is in a folder, by name, without hidden entries; nothing when there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
