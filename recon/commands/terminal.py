"""What commands share: two consoles, exit codes, errors in words, files whole or not at all."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from recon.errors import ReconError

if TYPE_CHECKING:
    from collections.abc import Generator

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)

MATCH: Final = 0
DIFFERENCE: Final = 1
ERROR: Final = 2
UNCLEAR: Final = 3


JsonOption = Annotated[Path | None, typer.Option("--json", help="Also write the result to this file.")]


@contextmanager
def errors() -> Generator[None]:
    """What went wrong, in words; exit code 2."""
    try:
        yield
    except ReconError as error:
        err.print(Text(str(error), style="red"))
        if error.hint:
            err.print(Text(error.hint))
        raise typer.Exit(ERROR) from error


def write(file: Path, document: dict[str, Any]) -> None:
    """A JSON document."""
    write_bytes(file, (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())


def write_bytes(file: Path, data: bytes) -> None:
    """Whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".partial")
    partial.write_bytes(data)
    partial.replace(file)
