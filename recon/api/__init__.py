"""THE DOOR: start, cancel, runs, events, results, export. Pages and the command line call nothing else.

Every function reads the settings from the environment, works on the store, and raises only the errors
of `recon.errors`. Nothing here walks a run: that is a worker's work, in a process of its own.

A name is imported when it is first asked for: comparing two files must not wait for the store, nor listing
runs for what reads T-SQL.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from recon.api.approval import ExtractedQuery as ExtractedQuery
    from recon.api.approval import extracted_query as extracted_query
    from recon.api.asking import all_runs as all_runs
    from recon.api.asking import cancel as cancel
    from recon.api.asking import events as events
    from recon.api.asking import previous as previous
    from recon.api.asking import run as run
    from recon.api.asking import runs as runs
    from recon.api.asking import start as start
    from recon.api.asking import start_all as start_all
    from recon.api.checks import Check as Check
    from recon.api.checks import doctor as doctor
    from recon.api.checks import in_force as in_force
    from recon.api.files import compare_files as compare_files
    from recon.api.files import init as init
    from recon.api.files import propose_keys as propose_keys
    from recon.api.files import rules_of as rules_of
    from recon.api.folder import lint as lint
    from recon.api.folder import lint_scripts as lint_scripts
    from recon.api.folder import project as project
    from recon.api.folder import project_folder as project_folder
    from recon.api.outcome import Page as Page
    from recon.api.outcome import Scripts as Scripts
    from recon.api.outcome import differences as differences
    from recon.api.outcome import export as export
    from recon.api.outcome import facts as facts
    from recon.api.outcome import known_keys as known_keys
    from recon.api.outcome import result as result
    from recon.api.outcome import scripts as scripts
    from recon.api.upkeep import Leftover as Leftover
    from recon.api.upkeep import clean as clean
    from recon.api.upkeep import resume as resume
    from recon.api.workers import the_store as the_store
    from recon.api.workers import worker_processes as worker_processes

_NAMES: Final = {
    "approval": "ExtractedQuery extracted_query",
    "asking": "all_runs cancel events previous run runs start start_all",
    "checks": "Check doctor in_force",
    "files": "compare_files init propose_keys rules_of",
    "folder": "lint lint_scripts project project_folder",
    "outcome": "Page Scripts differences export facts known_keys result scripts",
    "upkeep": "Leftover clean resume",
    "workers": "the_store worker_processes",
}
_HOMES: Final = {name: home for home, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
