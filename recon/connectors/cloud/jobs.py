"""PySpark variants as jobs on Databricks: sent as one file, waited for, and nothing of them stays behind."""

from __future__ import annotations

import json
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlglot import exp

from recon.connectors.cloud.databricks_login import workspace
from recon.connectors.cloud.jobs_bundle import bundle
from recon.connectors.cloud.jobs_runner import OUTCOME, check_python, encoded
from recon.errors import EngineError, ProgramError, SettingsError
from recon.model import TableRef
from recon.sqlscript.databricks_text import CellKind, cells, statements

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from recon.connections import Cloud
    from recon.connectors.cloud.databricks_session import Warehouse
    from recon.connectors.cloud.engine_names import Names
    from recon.errors import ReconError
    from recon.model import Scalar, Session, Variant

# Python and PySpark of serverless jobs: https://docs.databricks.com/release-notes/serverless/environment-version/
_ENVIRONMENT: Final = "3"
_OVER = {"TERMINATED", "SKIPPED", "INTERNAL_ERROR"}
_KEY: Final = "variant"
_PATIENCE: Final = 60.0  # seconds that a cancelled job may take to end


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which table is the result, and what a reviewer must know."""

    table: TableRef
    notes: tuple[str, ...]


class Job:
    """Runs one variant. `cancel` may come from another thread."""

    def __init__(self, cloud: Cloud, warehouse: Warehouse, names: Names, session: Session) -> None:
        self._cloud = cloud
        self._warehouse = warehouse
        self._names = names
        self._session = session
        self._client: Any = None
        self._run_id = 0
        self._stop = threading.Event()

    def run(
        self, variant: Variant, params: Mapping[str, Scalar], target: TableRef | None, log: Path
    ) -> Outcome:
        """ProgramError with the author's file and line, as the job found it. Its prints go to `log`."""
        _check(variant)
        content = bundle(self._names.base, self._order(variant, params, target))
        with _ours("sending the job"):
            self._client = workspace(self._cloud)
            path = self._upload(content)
        try:
            state, message = self._work(path)
            self._print(log)
        finally:
            self._remove(path)
        if self._stop.is_set():
            raise EngineError("the world was cancelled")
        return self._outcome(state, message)

    def cancel(self) -> None:
        """End the job on Databricks."""
        self._stop.set()
        if self._run_id:
            self._end()

    def _end(self) -> None:
        with _ours("cancelling the job"):
            self._client.jobs.cancel_run(self._run_id)

    # --- Parts ---

    def _order(
        self, variant: Variant, params: Mapping[str, Scalar], target: TableRef | None
    ) -> dict[str, object]:
        now = self._session.now
        return {
            "catalog": self._names.catalog,
            "base": self._names.base,
            "file": variant.script.path,
            "text": variant.script.text,
            "language": str(variant.language),
            "params": encoded(params),
            "target": [target.schema, target.name] if target else None,
            "timezone": self._session.timezone,
            "ansi": self._session.ansi,
            "now": now.isoformat() if now else "",
        }

    def _upload(self, content: bytes) -> str:
        from databricks.sdk.service.workspace import ImportFormat

        home = f"/Users/{self._client.current_user.me().user_name}/.recon"
        self._client.workspace.mkdirs(home)
        path = f"{home}/{self._names.base}.py"
        self._client.workspace.upload(path, content, format=ImportFormat.RAW, overwrite=True)
        return path

    def _remove(self, path: str) -> None:
        from databricks.sdk.errors.base import DatabricksError

        try:
            self._client.workspace.delete(path)
        except (DatabricksError, OSError):
            logging.getLogger(__name__).warning("the workspace file %s could not be removed", path)

    def _work(self, path: str) -> tuple[str, str]:
        """Start the job and wait for its end: its state, and what Databricks says about it."""
        with _ours("starting the job"):
            self._run_id = self._submitted(path)
        if self._stop.is_set():  # meanwhile
            self._end()
        waited = 0.0  # since somebody cancelled
        while waited < _PATIENCE:
            with _ours("asking for the job"):
                state = self._client.jobs.get_run(self._run_id).state
            life = str(state.life_cycle_state.value) if state and state.life_cycle_state else ""
            if life in _OVER:
                ended = str(state.result_state.value) if state.result_state else life
                return (life if life != "TERMINATED" else ended), str(state.state_message or "")
            pause = self._cloud.databricks.job_poll_seconds
            if self._stop.wait(pause):
                time.sleep(pause)
                waited += pause
        return "CANCELED", ""

    def _submitted(self, path: str) -> int:
        from databricks.sdk.service import compute, jobs

        own = self._cloud.databricks
        task = jobs.SubmitTask(
            task_key=_KEY,
            spark_python_task=jobs.SparkPythonTask(
                python_file=f"/Workspace{path}", source=jobs.Source.WORKSPACE
            ),
            existing_cluster_id=own.cluster or None,
            environment_key=None if own.cluster else _KEY,
            disable_auto_optimization=True,  # which would try a failed task again
        )
        where = jobs.JobEnvironment(_KEY, compute.Environment(environment_version=_ENVIRONMENT))
        waiter = self._client.jobs.submit(
            run_name=self._names.base,
            tasks=[task],
            environments=None if own.cluster else [where],
            timeout_seconds=own.statement_seconds or None,
        )
        return int(waiter.run_id)

    def _print(self, log: Path) -> None:
        """What the job printed: for its author, in a file that only the run's owner sees."""
        from databricks.sdk.errors.base import DatabricksError

        try:
            tasks = self._client.jobs.get_run(self._run_id).tasks or []
            said = [self._client.jobs.get_run_output(task.run_id).logs or "" for task in tasks]
        except (DatabricksError, OSError):
            logging.getLogger(__name__).warning("the output of the job could not be read")
            return
        log.write_text("".join(said), encoding="utf-8")

    def _outcome(self, state: str, message: str) -> Outcome:
        picked = exp.select(exp.column("outcome", quoted=True)).from_(self._names.node(OUTCOME))
        try:
            rows = self._warehouse.rows(picked, "reading how the job went")
        except EngineError as error:
            if error.retryable:
                raise
            raise _without_outcome(state, message) from error
        told = json.loads(str(rows[0][0]))
        if "error" in told:
            raise _retold(told["error"])
        return Outcome(TableRef(*told["table"]), tuple(told["notes"]))


def _check(variant: Variant) -> None:
    """What can be refused before anything is sent."""
    for cell in cells(variant.script.text, variant.language):
        if cell.kind is CellKind.PYTHON:
            check_python(cell.text, variant.script.path)
        elif cell.kind is CellKind.SQL:
            statements(cell.text, variant.script.path)


def _retold(error: dict[str, Any]) -> ReconError:
    if "file" not in error:
        return EngineError(error["message"], hint=error["hint"])
    return ProgramError(
        error["message"], file=error["file"], line=error["line"], code=error["code"], hint=error["hint"]
    )


def _without_outcome(state: str, message: str) -> ReconError:
    """The job ended and left no word."""
    if state == "TIMEDOUT":
        return EngineError("the job took too long", hint="Raise DATABRICKS_STATEMENT_SECONDS.")
    said = message.strip().split("\n", 1)[0] if state in {"INTERNAL_ERROR", "SKIPPED"} else ""
    return EngineError(
        f"the job ended as {state} before the variant could run{': ' + said if said else ''}",
        hint="Look at the run in Databricks (Workflows); a cluster must exist and start.",
        retryable=state == "INTERNAL_ERROR",
    )


class _ours:  # noqa: N801 (used as a function)
    """The SDK's exceptions as ours."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from databricks.sdk.errors import PermissionDenied, Unauthenticated
        from databricks.sdk.errors.base import DatabricksError

        if isinstance(error, (PermissionDenied, Unauthenticated)):
            raise SettingsError(
                f"{self._what}: Databricks refuses the login or lacks a permission",
                hint="The login must be allowed to run jobs, and to write into its home folder.",
            ) from error
        if isinstance(error, (DatabricksError, OSError, TimeoutError)):
            code = getattr(error, "error_code", None) or type(error).__name__
            raise EngineError(
                f"{self._what}: Databricks answered {code}", hint="Run it again.", retryable=True
            ) from error
