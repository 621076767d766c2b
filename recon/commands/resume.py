"""`recon resume`: take up a run that broke, from its last whole step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from recon import api
from recon.commands.terminal import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.model import Run


def resuming(wait: Callable[[Run], int]) -> Callable[[str], None]:
    """The command; `wait` follows a run to its end, prints it, and returns the exit code."""

    def resume(run_id: Annotated[str, typer.Argument(metavar="RUN")]) -> None:
        """Run again what broke, from its last whole step, and wait for the end."""
        with errors():
            raise typer.Exit(wait(api.resume(run_id)))

    return resume
