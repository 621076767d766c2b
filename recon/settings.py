"""What the environment says, read once and checked. Secrets come from nowhere else."""

from __future__ import annotations

import getpass
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recon.errors import SettingsError
from recon.model import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of this process. Paths are absolute."""

    home: Path  # run artefacts, the store, the worker's log
    project: Path
    store_url: str
    log_file: Path
    user: str
    mode: Mode | None = None  # overrides the project's mode
    spark_memory: str = "2g"
    idle_seconds: float = 600.0  # a worker without work ends after this long
    queue_limit: int = 200  # runs that may wait at once
    keep_hours: float = 24.0  # what a broken run has whole can be continued for this long

    @property
    def store_shown(self) -> str:
        """The store's address without its password."""
        scheme, sep, rest = self.store_url.partition("://")
        who, at, place = rest.rpartition("@")
        return (
            f"{scheme}{sep}{who.split(':', 1)[0]}{':***' if ':' in who else ''}{at}{place.split('?', 1)[0]}"
        )

    def run_folder(self, run: str) -> Path:
        """Where a run keeps what outlives it: its differing cells."""
        return self.home / "runs" / run

    def scratch(self, run: str) -> Path:
        """Where a run keeps its temporary files."""
        return self.home / "scratch" / run

    def place(self, run: str) -> str:
        """The name of a run in systems that others use too: the lake, Databricks.

        Two stores both have a RUN-0001; what they leave in one container must not be taken for each other's.
        """
        return f"{run}-{self.mark}"

    @property
    def mark(self) -> str:
        """What tells the places of this home and store from all others. SettingsError as for `mask_key`."""
        said = f"{self._secret('instance.id')} {self.store_url}"
        return hashlib.sha256(said.encode()).hexdigest()[:8]

    def mask_key(self) -> str:
        """The secret with which masked values are told apart: made on first use, kept in `home`.

        SettingsError when it can be neither read nor made.
        """
        return self._secret("mask.key")

    def _secret(self, name: str) -> str:
        """A random text of our own, made on first use."""
        file = self.home / name
        try:
            if not file.is_file():
                _put_once(file, secrets.token_hex(32))
            return file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{file} can be neither read nor made ({type(error).__name__})",
                hint="Check that RECON_HOME can be written. The file holds a secret that recon made.",
            ) from error

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a child process see the same settings."""
        said = {
            "RECON_HOME": str(self.home),
            "RECON_PROJECT": str(self.project),
            "RECON_STORE_URL": self.store_url,
            "RECONCILE_LOG_FILE": str(self.log_file),
            "RECON_SPARK_MEMORY": self.spark_memory,
            "RECON_WORKER_IDLE": str(self.idle_seconds),
            "RECON_QUEUE_LIMIT": str(self.queue_limit),
            "RECON_KEEP_HOURS": str(self.keep_hours),
        }
        return said | ({"RECON_MODE": str(self.mode)} if self.mode else {})


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. SettingsError names the variable that is wrong and what it may be."""
    env = os.environ if environment is None else environment
    home = Path(env.get("RECON_HOME") or ".recon").absolute()
    return Settings(
        home=home,
        project=Path(env.get("RECON_PROJECT") or _bundled_demo()).absolute(),
        store_url=env.get("RECON_STORE_URL") or f"sqlite:///{(home / 'recon.db').as_posix()}",
        log_file=Path(env.get("RECONCILE_LOG_FILE") or "reconciliation.log").absolute(),
        user=env.get("RECON_USER") or _login(),
        mode=_mode(env.get("RECON_MODE", "")),
        spark_memory=env.get("RECON_SPARK_MEMORY") or "2g",
        idle_seconds=_positive(env, "RECON_WORKER_IDLE", "600", "seconds"),
        queue_limit=int(_positive(env, "RECON_QUEUE_LIMIT", "200", "runs")),
        keep_hours=_positive(env, "RECON_KEEP_HOURS", "24", "hours"),
    )


def _put_once(file: Path, text: str) -> None:
    """Write a file that only its owner may read, whole; one that another process has just made stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    made = file.with_name(f"{file.name}.{os.getpid()}")
    made.touch(mode=0o600)
    made.write_text(text, encoding="ascii")
    try:
        file.hardlink_to(made)
    except FileExistsError:
        pass  # the other process was first: its secret counts
    except OSError:  # a file system without links
        made.replace(file)
    finally:
        made.unlink(missing_ok=True)


def _bundled_demo() -> Path:
    """`demo/` here, else the one beside the package."""
    here = Path("demo")
    return here if (here / "recon.toml").is_file() else Path(__file__).parent.parent / "demo"


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no login name, as in some containers
        return "unknown"


def _mode(text: str) -> Mode | None:
    if not text:
        return None
    try:
        return Mode(text)
    except ValueError as error:
        known = ", ".join(m.value for m in Mode)
        raise SettingsError(
            f"RECON_MODE is {text!r}",
            hint=f"Set it to one of {known}, or unset it to use the project's mode.",
        ) from error


def _positive(env: Mapping[str, str], name: str, default: str, unit: str) -> float:
    text = env.get(name) or default
    try:
        said = float(text)
    except ValueError:
        said = -1.0
    if not 0 <= said < float("inf"):
        raise SettingsError(f"{name} is {text!r}", hint=f"Set it to a number of {unit}, e.g. {default}.")
    return said
