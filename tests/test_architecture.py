"""The laws of the house that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [*ROOT.glob("recon/**/*.py"), *ROOT.glob("pages/*.py"), ROOT / "app.py"]
TEXTS = [
    f
    for pattern in (
        "*.md",
        "docs/**/*.md",
        "recon/**/*.py",
        "pages/*.py",
        "demo/**/*.*",
        "tests/**/*.py",
        "Makefile",
    )
    for f in ROOT.glob(pattern)
    if f.suffix != ".parquet" and "__pycache__" not in f.parts
]


def functions():
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{file.relative_to(ROOT)}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_files_stay_under_400_lines():
    long = {
        str(f.relative_to(ROOT)): n for f in SOURCES if (n := len(f.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}


def test_functions_stay_short():
    sizes = dict(functions())
    assert {name: size for name, size in sizes.items() if size > 60} == {}
    assert median(sizes.values()) <= 12


def test_only_the_verdict_says_match():
    """No other module of the core may build the verdict MATCH; tables of words may name it to show it."""
    saying = re.compile(r"verdict\s*=\s*Verdict\.MATCH|return\s+Verdict\.MATCH|Verdict\(\s*[\"']MATCH")
    guilty = [
        str(f.relative_to(ROOT))
        for f in ROOT.glob("recon/**/*.py")
        if f.relative_to(ROOT).as_posix() != "recon/compare/verdict.py"
        and saying.search(f.read_text("utf-8"))
    ]
    assert guilty == []


@pytest.mark.parametrize(
    "phrase", ["TO" + "DO", "FIX" + "ME", "/wor" + "k/", "/roo" + "t/", "../sha" + "red"]
)
def test_nothing_unfinished_and_no_machine_paths(phrase):
    assert [str(f.relative_to(ROOT)) for f in TEXTS if phrase in f.read_text("utf-8")] == []


def test_no_page_imports_more_than_the_door():
    allowed = ("recon.api", "recon.ui", "recon.errors", "recon.model", "recon.model_result", "recon.report")
    for page in ROOT.glob("pages/*.py"):
        for node in ast.walk(ast.parse(page.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("recon"):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
                assert all(name.startswith(allowed) for name in names), (page.name, names)
