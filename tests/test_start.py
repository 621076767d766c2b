"""What starts fast stays fast: the command line and the door import what a command needs, when it needs it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from recon import api
from recon.report import FORMATS

ROOT = Path(__file__).parent.parent
HEAVY = {
    "duckdb",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "pyspark",
    "sqlalchemy",
    "sqlglot",
    "streamlit",
    "typst",
}


def loaded(code):
    """The heavy packages that a fresh interpreter has loaded after running the code."""
    said = f"import sys; {code}; print(*sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, cwd=ROOT, check=True)
    return set(done.stdout.split())


def test_help_waits_for_no_engine_and_no_store():
    assert loaded("import recon.cli") == set()


def test_comparing_two_files_waits_for_neither_store_nor_frames():
    assert loaded("from recon import api; api.compare_files") == {"duckdb", "sqlglot"}


def test_the_door_has_every_name_that_it_declares():
    tree = ast.parse((ROOT / "recon/api/__init__.py").read_text("utf-8"))
    declared = {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("recon.api.")
        for alias in node.names
    }
    assert declared == {(f"recon.api.{home}", name) for name, home in api._HOMES.items()}
    for name in api._HOMES:
        assert callable(getattr(api, name))
    assert set(api._HOMES) <= set(dir(api))


def test_the_door_has_no_other_name():
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = api.no_such_thing


def test_help_names_every_export_format():
    done = subprocess.run(
        [sys.executable, "-m", "recon", "export", "--help"], capture_output=True, text=True, cwd=ROOT,
        env={"COLUMNS": "200", "PATH": ""}, check=True,
    )  # fmt: skip
    assert ", ".join(FORMATS) in done.stdout
