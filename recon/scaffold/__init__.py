"""Drafts of a project folder, from what is there: scripts, declared types, files of rows.

Nothing that a person wrote is ever changed: a file that exists is kept byte for byte, and what is new is
added behind it as comments.
"""

from __future__ import annotations

from recon.scaffold.documents import Change, changes, write
from recon.scaffold.evidence import ColumnPair, Evidence, pairs_of
from recon.scaffold.sketch import Sketch, from_files, from_folder, project_of

__all__ = [
    "Change",
    "ColumnPair",
    "Evidence",
    "Sketch",
    "changes",
    "from_files",
    "from_folder",
    "pairs_of",
    "project_of",
    "write",
]
