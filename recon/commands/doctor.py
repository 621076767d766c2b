"""`recon doctor`: is everything there that a run needs?"""

from __future__ import annotations

import typer
from rich.text import Text

from recon import api
from recon.commands.terminal import ERROR, MATCH, errors, out


def doctor() -> None:
    """Try every connection and permission, one line each. Exit code 2 when one failed."""
    from recon.api.checks import FAILED, OK

    style = {OK: "green", FAILED: "bold red"}
    with errors():
        found = api.doctor()
        width = max(len(check.name) for check in found)
        for check in found:
            line = Text(f"{check.name:<{width}}  ")
            line.append(f"{check.state:<11}", style=style.get(check.state, "dim"))
            out.print(line.append(f"  {check.said}".rstrip()))
            if check.remedy and check.state != OK:
                out.print(Text(f"{'':<{width}}  {check.remedy}", style="dim"))
        raise typer.Exit(ERROR if any(check.state == FAILED for check in found) else MATCH)
