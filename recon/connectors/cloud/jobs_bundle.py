"""One Python file with all that a PySpark variant needs on Databricks: its text, and its world's fence.

The same code that moves names here moves them there, at run time: a name that a program computes is seen by
nobody before. The file needs nothing but PySpark; sqlglot comes with it, so that no package is fetched.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import recon

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODULES: Final = (
    "__init__.py",
    "errors.py",
    "model.py",
    "connectors/__init__.py",
    "connectors/ledger.py",
    "connectors/spark/__init__.py",
    "connectors/spark/fence.py",
    "connectors/spark/utils.py",
    "connectors/cloud/__init__.py",
    "connectors/cloud/databricks_faults.py",
    "connectors/cloud/engine_moves.py",
    "connectors/cloud/engine_names.py",
    "connectors/cloud/engine_script.py",
    "connectors/cloud/engine_words.py",
    "connectors/cloud/jobs_guard.py",
    "connectors/cloud/jobs_runner.py",
    "sqlscript/__init__.py",
)
_FILE = '''"""One run of recon. It is removed when the run is over; see the schema {world}."""
import base64, json, os, shutil, sys, tempfile

CODE = "{code}"
ORDER = "{order}"


def main():
    folder = tempfile.mkdtemp(prefix="recon-")
    path = os.path.join(folder, "recon.zip")
    try:
        with open(path, "wb") as file:
            file.write(base64.b64decode(CODE))
        sys.path.insert(0, path)
        from recon.connectors.cloud.jobs_runner import run

        run(json.loads(base64.b64decode(ORDER)), folder)
    finally:
        if path in sys.path:
            sys.path.remove(path)
        shutil.rmtree(folder, ignore_errors=True)


main()
'''


def bundle(world: str, order: Mapping[str, object]) -> bytes:
    """The file. `order` is what `jobs_runner.run` is to do, in JSON's types."""
    told = base64.b64encode(json.dumps(order).encode()).decode()
    return _FILE.format(world=world, code=_code(), order=told).encode()


@cache
def _code() -> str:
    """The modules as a zip file in base64. Always the same bytes."""
    import sqlglot

    own, theirs = Path(recon.__file__).parent, Path(sqlglot.__file__).parent
    found = {f"recon/{name}": own / name for name in _MODULES}
    scripts = sorted((own / "sqlscript").glob("databricks*.py"))
    found |= {f"recon/sqlscript/{file.name}": file for file in scripts}
    found |= {f"sqlglot/{f.relative_to(theirs).as_posix()}": f for f in sorted(theirs.rglob("*.py"))}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in found.items():
            archive.writestr(zipfile.ZipInfo(name), file.read_bytes(), zipfile.ZIP_DEFLATED)
    return base64.b64encode(out.getvalue()).decode()
