"""The project folder -> words; every mistake reported with file and line. `docs/project-folder.md` says
what a project folder holds.
"""

from __future__ import annotations

from recon.project.folder import check, load
from recon.project.mistakes import Mistake, nearest
from recon.project.rules_file import Rules, rules

__all__ = ["Mistake", "Rules", "check", "load", "nearest", "rules"]
