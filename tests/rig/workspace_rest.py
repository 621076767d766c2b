"""The REST interface of a Databricks workspace, as far as jobs need it: who am I, files, one-time runs.

https://docs.databricks.com/api/workspace/jobs/submit and its neighbours, in the forms that databricks-sdk sends.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from tests.rig.jobs_spark import JobRun, SparkJobs

Answer = tuple[int, dict[str, Any]]
_HOME = "/Users/rig@example.com"


@dataclass
class Workspace:
    """Files by path, and runs by number. `files` are gone only when somebody deletes them."""

    jobs: SparkJobs
    files: dict[str, bytes] = field(default_factory=dict)
    runs: dict[int, JobRun] = field(default_factory=dict)
    folders: set[str] = field(default_factory=lambda: {_HOME})
    submitted: list[dict[str, Any]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1001))

    def answer(self, method: str, path: str, asked: dict[str, Any], files: dict[str, bytes]) -> Answer | None:
        """The answer to one request; None for an address that is not known."""
        act = {
            ("GET", "/api/2.0/preview/scim/v2/Me"): self._me,
            ("POST", "/api/2.0/workspace/mkdirs"): self._mkdirs,
            ("POST", "/api/2.0/workspace/import"): lambda told: self._import(told, files),
            ("POST", "/api/2.0/workspace/delete"): self._delete,
            ("POST", "/api/2.2/jobs/runs/submit"): self._submit,
            ("GET", "/api/2.2/jobs/runs/get"): self._get,
            ("GET", "/api/2.2/jobs/runs/get-output"): self._output,
            ("POST", "/api/2.2/jobs/runs/cancel"): self._cancel,
        }.get((method, path))
        return act(asked) if act else None

    def _me(self, _: dict[str, Any]) -> Answer:
        return 200, {"id": "1", "userName": "rig@example.com", "active": True}

    def _mkdirs(self, asked: dict[str, Any]) -> Answer:
        self.folders.add(asked["path"])
        return 200, {}

    def _import(self, asked: dict[str, Any], files: dict[str, bytes]) -> Answer:
        path = asked["path"]
        if path.rpartition("/")[0] not in self.folders:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such folder"}
        if path in self.files and asked.get("overwrite") != "true":
            return 400, {"error_code": "RESOURCE_ALREADY_EXISTS", "message": "it exists"}
        if len(files["content"]) > 10 * 1024 * 1024:  # the interface's own limit
            return 400, {"error_code": "MAX_NOTEBOOK_SIZE_EXCEEDED", "message": "too large"}
        self.files[path] = files["content"]
        return 200, {}

    def _delete(self, asked: dict[str, Any]) -> Answer:
        if self.files.pop(asked["path"], None) is None:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such file"}
        return 200, {}

    def _submit(self, asked: dict[str, Any]) -> Answer:
        self.submitted.append(asked)
        (task,) = asked["tasks"]
        python = task["spark_python_task"]
        path = python["python_file"].removeprefix("/Workspace")
        known = {e["environment_key"] for e in asked.get("environments", [])}
        if "existing_cluster_id" not in task and task.get("environment_key") not in known:
            return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "no compute for the task"}
        number = next(self._numbers)
        lost = path not in self.files
        self.runs[number] = self.jobs.start(number, "" if lost else self.files[path].decode(), lost)
        return 200, {"run_id": number}

    def _get(self, asked: dict[str, Any]) -> Answer:
        run = self.runs.get(int(asked["run_id"]))
        if run is None:
            return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "no such run"}
        state = {"life_cycle_state": run.life, "state_message": run.message}
        if run.result:
            state["result_state"] = run.result
        return 200, {
            "run_id": run.number,
            "state": state,
            "tasks": [{"run_id": run.number, "task_key": "variant", "state": state}],
        }

    def _output(self, asked: dict[str, Any]) -> Answer:
        run = self.runs[int(asked["run_id"])]
        return 200, {"metadata": {"run_id": run.number}, "logs": run.printed(), "error": run.message}

    def _cancel(self, asked: dict[str, Any]) -> Answer:
        self.runs[int(asked["run_id"])].cancel()
        return 200, {}
