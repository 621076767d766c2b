"""The command line. Exit codes: 0 MATCH, 1 a difference, 2 usage or platform error, 3 INCONCLUSIVE.

A command imports what it needs when it is called: `recon --help` must not wait for engines and stores.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from recon import api
from recon.commands.clean import clean
from recon.commands.compare import compare
from recon.commands.doctor import doctor
from recon.commands.init import init
from recon.commands.keys import keys as propose_keys
from recon.commands.lint import lint
from recon.commands.resume import resuming
from recon.commands.terminal import DIFFERENCE, ERROR, MATCH, UNCLEAR, JsonOption, err, out
from recon.commands.terminal import errors as _errors
from recon.commands.terminal import write as _write
from recon.commands.terminal import write_bytes as _write_bytes
from recon.commands.verdicts import CODE, STYLE, print_result
from recon.model import Run, RunState
from recon.model_result import Result, Verdict

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from rich.progress import Progress, TaskID

app = typer.Typer(
    name="recon",
    help="Does the code converted from Azure Synapse to Databricks give the same data, and if not, why not?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("init")(init)
app.command("compare")(compare)
app.command("keys")(propose_keys)
app.command("lint")(lint)
app.command("doctor")(doctor)
app.command("clean")(clean)

_FORMATS = "pdf, csv, excel-csv, json, totals-csv, html, junit"  # as in recon.report, which is slow to import
ProjectOption = Annotated[
    Path | None,
    typer.Option("--project", "-p", help="The project folder; else RECON_PROJECT, else the demo."),
]


@app.command()
def run(
    project: ProjectOption = None,
    table: Annotated[str, typer.Option("--table", "-t", help="The table to reconcile.")] = "",
    variant: Annotated[
        list[str] | None, typer.Option("--variant", "-v", help="A variant; all if none.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every variant of every table.")] = False,
    json_file: JsonOption = None,
    junit_file: Annotated[
        Path | None, typer.Option("--junit", help="Also write JUnit XML, for pipelines.")
    ] = None,
) -> None:
    """Run and wait: one line a run, with a live progress bar on a terminal."""
    if every == bool(table):
        raise typer.BadParameter("Name one table with --table, or ask for --all.")
    if variant and every:
        raise typer.BadParameter("--variant goes with --table.")
    with _errors(), _project(project):
        chosen = tuple(api.start(table, name) for name in variant or ())
        asked = chosen or api.start_all(table=table)
        done = _wait(asked)
        found = [api.result(r.id) for r in done]
        if json_file:
            from recon.report import codec

            _write(json_file, codec.runs_document([r for r in found if r]))
        if junit_file:
            from recon.report.junit import junit_xml

            _write_bytes(junit_file, junit_xml(zip(done, found, strict=True)))
        raise typer.Exit(_worst(_code(r, f) for r, f in zip(done, found, strict=True)))


@app.command("list")
def list_runs(
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
) -> None:
    """The runs in the store, newest first."""
    from rich.table import Table

    with _errors():
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in ("Run", "Table", "Variant", "State", "Verdict", "Match %", "Asked (UTC)"):
            table.add_column(name, justify="right" if name == "Match %" else "left")
        for each in api.all_runs(limit=limit):
            share = "" if each.match_percentage is None else f"{each.match_percentage:.2f}"
            table.add_row(
                *(Text(v) for v in (each.id, each.table, each.variant, each.state)),
                Text(each.verdict, style=STYLE.get(Verdict(each.verdict), "") if each.verdict else ""),
                share,
                f"{each.asked_at:%Y-%m-%d %H:%M}",
            )
        out.print(table)


@app.command()
def show(run_id: Annotated[str, typer.Argument(metavar="RUN")], json_file: JsonOption = None) -> None:
    """What a run says. Exits with the code of its verdict."""
    with _errors():
        this = _known(run_id)
        found = api.result(this.id)
        if json_file and found:
            from recon.report import codec

            _write(json_file, codec.to_json(found))
        if found:
            print_result(found)
        else:
            out.print(Text(f"{this.id}  {this.table} · {this.variant}  {this.state}"))
            _explain(this)
        raise typer.Exit(_code(this, found))


@app.command()
def export(
    run_id: Annotated[str, typer.Argument(metavar="RUN")],
    format: Annotated[str, typer.Option(help=f"{_FORMATS}.")] = "pdf",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write.")] = None,
) -> None:
    """Write a run's report to a file."""
    with _errors():
        made = api.export(_known(run_id).id, format)
        file = output or Path(made.filename)
        _write_bytes(file, made.data)
        out.print(Text(str(file)))


@app.command()
def cancel(run_id: Annotated[str, typer.Argument(metavar="RUN")]) -> None:
    """Ask a run to stop."""
    with _errors():
        api.cancel(_known(run_id).id)


def _to_the_end(run: Run) -> int:
    """Wait for a run; its exit code."""
    (done,) = _wait([run])
    return _code(done, api.result(done.id))


app.command("resume")(resuming(_to_the_end))


@app.command("selftest")
def prove() -> None:
    """Plant known defects in clean data, and prove that the comparer finds all of them and nothing else.

    Later runs say in their report what was found.
    """
    from recon import settings
    from recon.selftest import record, selftest

    with _errors():
        found = selftest(lambda line: out.print(Text(line)))
        record.keep(found, settings.read().home)
        raise typer.Exit(MATCH if found.ok else DIFFERENCE)


@app.command(hidden=True)
def work(name: Annotated[str, typer.Option(help="The worker's name in the store.")] = "worker") -> None:
    """Be a worker: walk queued runs until the queue has been empty for a while."""
    from recon import settings
    from recon.worker import work as serve_queue

    with _errors():
        said = settings.read()
        handlers: list[logging.Handler] = [logging.StreamHandler()]
        said.log_file.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(logging.FileHandler(said.log_file, encoding="utf-8"))
        layout = "%(asctime)s %(levelname)s %(name)s %(message)s"
        logging.basicConfig(level=logging.WARNING, format=layout, handlers=handlers)
        logging.getLogger("recon").setLevel(logging.INFO)
        serve_queue(said, name)


def main() -> None:
    """The entry point of `recon` and `python -m recon`."""
    app()


# --- waiting -----------------------------------------------------------------------------------


def _wait(asked: Sequence[Run]) -> tuple[Run, ...]:
    """Follow the runs until all are over, printing one line each as they end. Ctrl-C cancels them."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    waiting = {r.id: r for r in asked}
    done: dict[str, Run] = {}
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    width = max((len(f"{r.table} · {r.variant}") for r in asked), default=0)
    try:
        with Progress(*columns, console=err, transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("", total=1.0)
            while waiting:
                for run_id in list(waiting):
                    now = api.run(run_id)
                    if now is None or now.state.over:
                        done[run_id] = now or waiting[run_id]
                        del waiting[run_id]
                        _print_line(done[run_id], width)
                _show_progress(bar, task, [api.run(i) for i in waiting], len(done), len(asked))
                time.sleep(0.3 if waiting else 0)
    except KeyboardInterrupt:
        for run_id in waiting:
            api.cancel(run_id)
        err.print("Cancelled.")
        raise typer.Exit(ERROR) from None
    return tuple(done[r.id] for r in asked)


def _show_progress(bar: Progress, task: TaskID, active: Iterable[Run | None], done: int, total: int) -> None:
    at_work = next((r for r in active if r and r.state is RunState.RUNNING), None)
    if at_work:
        what = f"{done + 1}/{total} {at_work.table} · {at_work.variant} — {at_work.message}"
        bar.update(task, completed=at_work.fraction, description=what.replace("[", r"\["))


# --- printing ------------------------------------------------------------------------------------


def _print_line(this: Run, width: int) -> None:
    verdict = Verdict(this.verdict or Verdict.INCONCLUSIVE)
    share = "" if this.match_percentage is None else f"{this.match_percentage:.2f} %"
    line = Text(f"{this.id}  {f'{this.table} · {this.variant}':<{width}}  ")
    line.append(f"{verdict:<13}", style=STYLE[verdict])
    found = api.result(this.id)
    why = (found.reasons[0] if found and found.reasons else "") or this.error
    line.append(f"  {share:>9}  {why}".rstrip())
    out.print(line)


def _explain(this: Run) -> None:
    for text in (this.message if not this.state.over else "", this.error, this.hint):
        if text:
            out.print(Text(f"  {text}"))


# --- within --------------------------------------------------------------------------------------


def _code(this: Run, found: Result | None) -> int:
    """What a platform or the project did wrong is an error; what the scripts did is INCONCLUSIVE."""
    if found and found.failure:
        return UNCLEAR if found.failure.kind in {"ProgramError", "Cancelled"} else ERROR
    if this.state in {RunState.FAILED, RunState.INTERRUPTED}:
        return ERROR
    return CODE[Verdict(this.verdict or Verdict.INCONCLUSIVE)]


def _worst(codes: Iterable[int]) -> int:
    """The worst code in the order 2, 1, 3, 0."""
    return min(codes, key=[ERROR, DIFFERENCE, UNCLEAR, MATCH].index, default=ERROR)


def _known(run_id: str) -> Run:
    this = api.run(run_id)
    if this is None:
        err.print(Text(f"There is no run {run_id} in the store. `recon list` shows those that are there."))
        raise typer.Exit(ERROR)
    return this


@contextmanager
def _project(folder: Path | None) -> Generator[None]:
    """The project in force for this command, and for the worker that it starts."""
    if folder is not None:
        os.environ["RECON_PROJECT"] = str(folder.absolute())
    yield
