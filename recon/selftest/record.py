"""What the self-test found last on this machine, kept for the reports of later runs."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from recon import __version__
from recon.errors import SettingsError
from recon.report.facts import utc_text

if TYPE_CHECKING:
    from pathlib import Path

    from recon.selftest import SelftestResult

log = logging.getLogger("recon")

_FILE: Final = "selftest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How many defects were planted, how many of them were found exactly, and what else was reported.

    `ok` says that everything was found and nothing else; `of` names the versions that were tested; `at` is
    in UTC.
    """

    planted: int
    found: int
    false_alarms: int
    ok: bool
    of: str
    at: datetime

    @property
    def said(self) -> str:
        """All of it in one line."""
        counts = f"{self.found} of {self.planted} planted defects found, {self.false_alarms} false alarms"
        return f"{counts} ({self.of}, {utc_text(self.at)})"

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why an agreement that this comparer reports proves nothing: a sentence, or none."""
        return () if self.ok else (f"the comparer's self-test failed: {self.said}",)


_ADAPTER: Final = TypeAdapter(Proof)


def keep(result: SelftestResult, home: Path) -> Proof:
    """Write down what was just found, in place of what stood there. SettingsError when that cannot be."""
    proof = Proof(
        planted=result.planted,
        found=result.found,
        false_alarms=result.false_alarms,
        ok=result.ok,
        of=_versions(),
        at=datetime.now(UTC).replace(microsecond=0),
    )
    made = home / f"{_FILE}.{os.getpid()}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        made.write_bytes(_ADAPTER.dump_json(proof, indent=1))
        made.replace(home / _FILE)
    except OSError as error:
        raise SettingsError(
            f"what the self-test found cannot be kept in {home} ({error.strerror or type(error).__name__})",
            hint="Check that RECON_HOME can be written.",
        ) from error
    return proof


def latest(home: Path) -> Proof | None:
    """What was found last with the versions now in use; None when they were not tested here."""
    try:
        proof = _ADAPTER.validate_json((home / _FILE).read_bytes(), strict=True)
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        log.warning("%s is not what `recon selftest` wrote (%s): run it again", _FILE, type(error).__name__)
        return None
    return proof if proof.of == _versions() else None


def _versions() -> str:
    return f"recon {__version__} on DuckDB {version('duckdb')}"
