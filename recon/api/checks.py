"""The doctor: every connection and permission that a run needs, tried for real, one line each."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from recon import connections, settings
from recon import project as projects
from recon.api.workers import the_store
from recon.errors import EngineError, LakeError, ReconError
from recon.model import BaselineMode, Mode, TableRef
from recon.progress import Progress
from recon.wiring import Wiring

if TYPE_CHECKING:
    from types import TracebackType

    from recon.model import Project
    from recon.ports import Ports
    from recon.settings import Settings

OK: Final = "ok"
FAILED: Final = "failed"
NOT_SET: Final = "not set"
NOT_CHECKED: Final = "not checked"

_LEAST_FREE = 2 * 1024**3  # bytes of disk; a run of ten million rows needs about as much
_SET_UP = "Set them (README, “Connect Synapse, ADLS and Databricks”); needed for mode cloud only."
_PROBE = TableRef("recon_doctor", "probe")
_ROWS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line: what was tried, how it went (`OK` ...), what was found, and what to do about it."""

    name: str
    state: str
    said: str = ""
    remedy: str = ""


def in_force() -> tuple[tuple[str, str], ...]:
    """The settings of this process in words, by name; of a secret only that it is set.

    SettingsError when one of them is malformed.
    """
    said = settings.read()
    shown = (
        ("RECON_PROJECT", str(said.project)),
        ("RECON_MODE", str(said.mode) if said.mode else "as the project says"),
        ("RECON_HOME", str(said.home)),
        ("RECON_STORE_URL", said.store_shown),
        ("RECONCILE_LOG_FILE", str(said.log_file)),
        ("RECON_QUEUE_LIMIT", f"{said.queue_limit} runs"),
        ("RECON_KEEP_HOURS", f"{said.keep_hours:g} hours"),
        ("RECON_SPARK_MEMORY", said.spark_memory),
    )
    return (*shown, *((name, "set" if given else "not set") for name, given in connections.given().items()))


def doctor() -> tuple[Check, ...]:
    """Try everything that runs of the project in force need; nothing that is tried stays behind.

    What fails is a line, never an exception, and leaves what builds on it "not checked". Without the settings
    of the cloud its line says "not set", or "failed" where the project's mode is "cloud".
    """
    work = _Work()
    said, project = _here(work)
    if said is None:
        return tuple(work.checks)
    if absent := connections.missing():
        wanted = project is not None and project.mode is Mode.CLOUD
        work.note("Cloud", FAILED if wanted else NOT_SET, f"without {', '.join(absent)}", _SET_UP)
    elif project is not None and project.tables:
        with tempfile.TemporaryDirectory(prefix="recon-") as scratch:
            _cloud(work, said, replace(project, mode=Mode.CLOUD), Path(scratch))
    return tuple(work.checks)


@dataclass(slots=True)
class _Work:
    """The lines so far."""

    checks: list[Check] = field(default_factory=list[Check])

    def note(self, name: str, state: str, said: str, remedy: str = "") -> None:
        """One more line."""
        self.checks.append(Check(name=name, state=state, said=said, remedy=remedy))

    def line(self, name: str) -> _Line:
        """Try what is inside: the words put into the list say what was found; an error is a failed line."""
        return _Line(self, name)


class _Line:
    """One thing that is tried, as a context manager that ends the errors made for people."""

    def __init__(self, work: _Work, name: str) -> None:
        self._work, self._name = work, name
        self._words: list[str] = []

    def __enter__(self) -> list[str]:
        return self._words

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            self._work.note(self._name, OK, " ".join(self._words))
        elif isinstance(error, ReconError):
            self._work.note(self._name, FAILED, str(error), error.hint)
        elif isinstance(error, OSError):
            why = error.strerror or type(error).__name__
            self._work.note(self._name, FAILED, why, "Check the permissions of the folder.")
        return isinstance(error, ReconError | OSError)


def _here(work: _Work) -> tuple[Settings | None, Project | None]:
    """This machine: settings, store, disk, project, Spark."""
    said: Settings | None = None
    project: Project | None = None
    with work.line("Settings") as words:
        said = settings.read()
        words.append(f"RECON_HOME is {said.home}")
    if said is None:
        return None, None
    with work.line("Store") as words:
        words.append(f"{len(the_store().runs(limit=1000)):,} runs can be read")
    with work.line("Disk") as words:
        words.append(_disk(said.home))
    with work.line("Project") as words:
        found = projects.load(said.project)
        project = replace(found, mode=said.mode) if said.mode else found
        words.append(f"{project.name}: {len(project.tables)} tables, mode {project.mode}")
    why_not = Wiring(said).spark_absent()
    if not why_not:
        work.note("Spark", OK, "Java and PySpark are there")
    elif project is not None and project.mode is Mode.SPARK:
        work.note("Spark", FAILED, why_not, "pip install -r requirements-spark.txt -r requirements-java.txt")
    else:
        work.note("Spark", NOT_SET, f"{why_not}; this project does not need it")
    return said, project


def _disk(home: Path) -> str:
    """Words about the disk of RECON_HOME. OSError when it cannot be written, EngineError when it is full."""
    home.mkdir(parents=True, exist_ok=True)
    probe = home / f"doctor-{uuid.uuid4().hex}"
    probe.write_bytes(b"recon")
    probe.unlink()
    free = shutil.disk_usage(home).free
    if free < _LEAST_FREE:
        raise EngineError(
            f"only {free / 1024**3:.1f} GB are free below {home}",
            hint="Make room (`recon clean`), or set RECON_HOME to a larger disk.",
        )
    return f"{free / 1024**3:.1f} GB free, can be written"


def _cloud(work: _Work, said: Settings, project: Project, scratch: Path) -> None:
    """Synapse, ADLS, Databricks, and whether Databricks reads what lies in ADLS."""
    place = f"doctor-{said.mark}-{uuid.uuid4().hex[:8]}"
    ports: Ports | None = None
    with work.line("Cloud settings") as words:
        ports = Wiring(said).ports(replace(project, tables=project.tables[:1]), scratch, Progress())
        words.append("all are there")
    if ports is None:
        return
    _synapse(work, ports, project)
    url = _lake(work, ports, place, scratch)
    _databricks(work, ports, place, url)
    with work.line("ADLS: delete") as words:
        ports.lake.drop(place)
        words.append("what was written is gone")


def _synapse(work: _Work, ports: Ports, project: Project) -> None:
    """Log in once; read the catalogue, and no row, of every table that the project names."""
    named = {each.synapse.key: each.synapse for table in project.tables for each in table.inputs}
    named |= {
        t.synapse.key: t.synapse for t in project.tables if t.synapse and t.baseline is not BaselineMode.QUERY
    }
    with work.line("Synapse: login") as words, ports.source() as source:
        words.append("connected")
        for table in named.values():
            with work.line(f"Synapse: SELECT on {table}") as found:
                columns = source.columns(table)
                source.read(table, "1 = 0").batches.close()
                found.append(f"{len(columns)} columns")
    for procedure in sorted({t.procedure for t in project.tables if t.procedure}):
        work.note(f"Synapse: EXECUTE on {procedure}", NOT_CHECKED, "calling it would write: a run will tell")


def _lake(work: _Work, ports: Ports, place: str, scratch: Path) -> str:
    """Write a small file and read it back; its URL, or nothing."""
    url = ""
    file = scratch / "probe.parquet"
    pq.write_table(pa.table({"n": pa.array(range(_ROWS), pa.int32())}), file)
    with work.line("ADLS: write") as words:
        url = ports.lake.put(file, f"{place}/probe.parquet")
        words.append("a file was written")
    if not url:
        return ""
    with work.line("ADLS: read") as words:
        same = ports.lake.get(f"{place}/probe.parquet", scratch / "back").read_bytes() == file.read_bytes()
        if not same:
            raise LakeError("what was read back is not what was written", hint="Check what stands between.")
        words.append("it was read back, byte for byte")
    return url


def _databricks(work: _Work, ports: Ports, place: str, url: str) -> None:
    """Make a schema; put a table over the file in ADLS; count it; drop all."""
    with work.line("Databricks: login and CREATE SCHEMA") as words, ports.world(place) as engine:
        words.append(engine.name)
        if not url:
            work.note("Databricks: reads ADLS", NOT_CHECKED, "nothing could be written there")
            return
        with work.line("Databricks: reads ADLS") as found:
            engine.attach(_PROBE, [url])
            if (rows := engine.count(_PROBE)) != _ROWS:
                raise EngineError(
                    f"it finds {rows} rows where {_ROWS} were written",
                    hint="Check that ADLS_STORAGE_ACCOUNT is the account that Databricks reads.",
                )
            found.append("a table over the file has its rows")
