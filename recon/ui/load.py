"""What a finished run says, kept between reruns.

A result never changes: its content hash, which the functions take without reading it, is the cache's key.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import streamlit as st

from recon import api
from recon.errors import ReconError

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.api import Scripts
    from recon.model import Run
    from recon.model_result import Result
    from recon.report.facts import Facts

log = logging.getLogger("recon")


@st.cache_resource(max_entries=64, show_spinner=False)
def _result(run_id: str, sha256: str) -> Result | None:
    return api.result(run_id)


@st.cache_resource(max_entries=16, show_spinner=False)
def _facts(run_id: str, sha256: str) -> Facts:
    return api.facts(run_id)


@st.cache_resource(max_entries=64, show_spinner=False)
def scripts(run_id: str) -> Scripts | None:
    """The texts of a run, frozen when it was asked for."""
    return api.scripts(run_id)


@st.cache_data(max_entries=16, show_spinner=False)
def _file(run_id: str, sha256: str, name: str) -> bytes:
    return api.export(run_id, name).data


def result(run: Run) -> Result | None:
    """The run's result, or None while there is none."""
    return _result(run.id, run.result_sha256) if run.result_sha256 else None


def facts(run: Run) -> Facts:
    """The frozen view that page, PDF and CSV share. SettingsError when the run has no result."""
    return _facts(run.id, run.result_sha256)


def export_later(run: Run, name: str) -> Callable[[], bytes]:
    """A download that is made when it is clicked, in a thread that cannot show an error: it never raises.

    When the file cannot be made, a text that says so takes its place.
    """

    def make() -> bytes:
        try:
            return _file(run.id, run.result_sha256, name)
        except (ReconError, OSError, ValueError, RuntimeError) as error:
            log.exception("export %s of %s failed", name, run.id)
            return f"The {name} of {run.id} could not be made: {error}\nNothing was changed.\n".encode()

    return make
