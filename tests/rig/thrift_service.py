"""The remote procedures of a Databricks SQL warehouse, answered by an engine that really runs the SQL.

Written against `databricks.sql.thrift_api.TCLIService`, the classes that the unmodified connector itself is
generated from: what it accepts here it would accept there.
"""
# ruff: noqa: N802 (the names are Thrift's)

from __future__ import annotations

import threading
import uuid
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Protocol

from databricks.sql.thrift_api.TCLIService import ttypes as t

from tests.rig.thrift_columns import Rows, StatementError, parameter

_POLL = 0.3  # seconds that GetOperationStatus waits: the connector asks again without a pause
_VERSION = t.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V8
_STATES = t.TOperationState
_SECRET = b"\0" * 16


class Session(Protocol):
    """One session of an engine."""

    def run(self, sql: str, named: dict[str, object], positional: list[object], tag: str) -> Rows:
        """Run one statement. StatementError when it fails."""
        ...

    def cancel(self, tag: str) -> None:
        """Interrupt the statement of that tag."""
        ...

    def close(self) -> None:
        """Forget the session."""
        ...


class Engine(Protocol):
    """What stands behind the warehouse."""

    def open(self, configuration: dict[str, str], catalog: str, schema: str) -> Session:
        """A new session. StatementError when its settings are wrong."""
        ...


class _Operation:
    """One statement at work or done."""

    def __init__(self, session: Session, compressed: bool) -> None:
        self.guid = uuid.uuid4().bytes
        self.tag = uuid.UUID(bytes=self.guid).hex
        self.session = session
        self.compressed = compressed
        self.state = _STATES.PENDING_STATE
        self.error: StatementError | None = None
        self.rows: Rows | None = None
        self.position = 0
        self.future: Future[None] | None = None

    def status(self) -> t.TGetOperationStatusResp:
        error = self.error
        text = str(error) if error else None
        return t.TGetOperationStatusResp(
            status=_ok(),
            operationState=self.state,
            hasResultSet=True,
            sqlState=error.sqlstate if error else None,
            errorCode=0 if error else None,
            errorMessage=text,
            displayMessage=text,
            diagnosticInfo=f"errorClass={error.condition}" if error else None,
        )


def _cancelled(operation: _Operation) -> None:
    """Until it has ended: a stage that Spark has not yet begun when it cancels a job begins all the same."""
    ended = False
    while not ended:
        operation.session.cancel(operation.tag)
        ended = operation.future is None or bool(wait([operation.future], timeout=0.5).done)


class Warehouse:
    """Sessions and operations. `sent` holds the statements that arrived, in order."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions: dict[bytes, Session] = {}
        self._operations: dict[bytes, _Operation] = {}
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="warehouse")
        self._lock = threading.Lock()
        self.sent: list[str] = []

    def expire(self) -> None:
        """Forget every session, as a warehouse that was stopped."""
        with self._lock:
            self._sessions.clear()

    @property
    def open_sessions(self) -> int:
        """How many sessions nobody has closed."""
        return len(self._sessions)

    def close(self) -> None:
        """End the threads; statements at work are waited for."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    # --- Sessions ---

    def OpenSession(self, request: t.TOpenSessionReq) -> t.TOpenSessionResp:
        space = request.initialNamespace
        try:
            session = self._engine.open(
                dict(request.configuration or {}),
                (space.catalogName if space else "") or "",
                (space.schemaName if space else "") or "",
            )
        except StatementError as error:
            return t.TOpenSessionResp(
                status=_failed(str(error), error.sqlstate), serverProtocolVersion=_VERSION
            )
        guid = uuid.uuid4().bytes
        with self._lock:
            self._sessions[guid] = session
        return t.TOpenSessionResp(
            status=_ok(),
            serverProtocolVersion=_VERSION,
            canUseMultipleCatalogs=True,
            initialNamespace=space,
            sessionHandle=t.TSessionHandle(sessionId=t.THandleIdentifier(guid=guid, secret=_SECRET)),
            configuration={},
        )

    def CloseSession(self, request: t.TCloseSessionReq) -> t.TCloseSessionResp:
        with self._lock:
            session = self._sessions.pop(request.sessionHandle.sessionId.guid, None)
        if session is None:
            return t.TCloseSessionResp(status=_gone("SessionHandle"))
        session.close()
        return t.TCloseSessionResp(status=_ok())

    # --- Statements ---

    def ExecuteStatement(self, request: t.TExecuteStatementReq) -> t.TExecuteStatementResp:
        session = self._sessions.get(request.sessionHandle.sessionId.guid)
        if session is None:
            return t.TExecuteStatementResp(status=_gone("SessionHandle"))
        self.sent.append(request.statement)
        operation = _Operation(session, bool(request.canDecompressLZ4Result))
        self._operations[operation.guid] = operation
        given = request.parameters or []
        named = {p.name: parameter(p) for p in given if p.name}
        positional = [parameter(p) for p in given if not p.name]
        operation.future = self._pool.submit(self._run, operation, request.statement, named, positional)
        answer = t.TExecuteStatementResp(
            status=_ok(),
            operationHandle=t.TOperationHandle(
                operationId=t.THandleIdentifier(guid=operation.guid, secret=_SECRET),
                operationType=t.TOperationType.EXECUTE_STATEMENT,
                hasResultSet=True,
            ),
        )
        if request.getDirectResults:
            answer.directResults = self._direct(operation, request.getDirectResults)
        return answer

    def _run(
        self, operation: _Operation, sql: str, named: dict[str, object], positional: list[object]
    ) -> None:
        if operation.state == _STATES.CANCELED_STATE:
            return
        operation.state = _STATES.RUNNING_STATE
        try:
            operation.rows = operation.session.run(sql, named, positional, operation.tag)
            state = _STATES.FINISHED_STATE
        except StatementError as error:
            operation.error, state = error, _STATES.ERROR_STATE
        if operation.state != _STATES.CANCELED_STATE:
            operation.state = state

    def _direct(self, operation: _Operation, asked: t.TSparkGetDirectResults) -> t.TSparkDirectResults:
        self._wait(operation)
        found = t.TSparkDirectResults(operationStatus=operation.status())
        if operation.state == _STATES.FINISHED_STATE:
            found.resultSetMetadata = self._metadata(operation)
            found.resultSet = self._fetch(operation, asked.maxRows, asked.maxBytes)
            if not found.resultSet.hasMoreRows:
                found.closeOperation = t.TCloseOperationResp(status=_ok())
                self._operations.pop(operation.guid, None)
        return found

    def _wait(self, operation: _Operation) -> None:
        if operation.future:
            wait([operation.future], timeout=_POLL)

    def GetOperationStatus(self, request: t.TGetOperationStatusReq) -> t.TGetOperationStatusResp:
        operation = self._operations.get(request.operationHandle.operationId.guid)
        if operation is None:
            return t.TGetOperationStatusResp(status=_ok(), operationState=_STATES.CLOSED_STATE)
        self._wait(operation)
        return operation.status()

    def GetResultSetMetadata(self, request: t.TGetResultSetMetadataReq) -> t.TGetResultSetMetadataResp:
        operation = self._operations.get(request.operationHandle.operationId.guid)
        if operation is None or operation.rows is None:
            return t.TGetResultSetMetadataResp(status=_failed("Invalid OperationHandle: no result"))
        return self._metadata(operation)

    def FetchResults(self, request: t.TFetchResultsReq) -> t.TFetchResultsResp:
        operation = self._operations.get(request.operationHandle.operationId.guid)
        if operation is None or operation.rows is None:
            return t.TFetchResultsResp(status=_gone("OperationHandle"), hasMoreRows=False)
        answer = self._fetch(operation, request.maxRows, request.maxBytes)
        answer.resultSetMetadata = self._metadata(operation)
        return answer

    def CancelOperation(self, request: t.TCancelOperationReq) -> t.TCancelOperationResp:
        operation = self._operations.get(request.operationHandle.operationId.guid)
        if operation and operation.state in (_STATES.PENDING_STATE, _STATES.RUNNING_STATE):
            operation.state = _STATES.CANCELED_STATE
            threading.Thread(target=_cancelled, args=(operation,), daemon=True).start()
        return t.TCancelOperationResp(status=_ok())

    def CloseOperation(self, request: t.TCloseOperationReq) -> t.TCloseOperationResp:
        self._operations.pop(request.operationHandle.operationId.guid, None)
        return t.TCloseOperationResp(status=_ok())

    # --- Rows ---

    def _metadata(self, operation: _Operation) -> t.TGetResultSetMetadataResp:
        rows = operation.rows or Rows()
        return t.TGetResultSetMetadataResp(
            status=_ok(),
            schema=rows.schema(),
            resultFormat=t.TSparkRowSetType.ARROW_BASED_SET,
            lz4Compressed=operation.compressed,
            arrowSchema=rows.table.schema.serialize().to_pybytes(),
            isStagingOperation=False,
        )

    def _fetch(self, operation: _Operation, most: int | None, size: int | None) -> t.TFetchResultsResp:
        rows, start = operation.rows or Rows(), operation.position
        each = max(1, rows.table.nbytes // max(1, rows.table.num_rows))
        count = min(
            most or rows.table.num_rows, max(1, (size or 1 << 40) // each), rows.table.num_rows - start
        )
        operation.position += count
        batches = rows.batches(start, count, compressed=operation.compressed)
        return t.TFetchResultsResp(
            status=_ok(),
            hasMoreRows=operation.position < rows.table.num_rows,
            results=t.TRowSet(startRowOffset=start, rows=[], arrowBatches=batches),
        )


def _ok() -> t.TStatus:
    return t.TStatus(statusCode=t.TStatusCode.SUCCESS_STATUS)


def _failed(message: str, sqlstate: str = "HY000") -> t.TStatus:
    return t.TStatus(
        statusCode=t.TStatusCode.ERROR_STATUS,
        sqlState=sqlstate,
        errorMessage=message,
        displayMessage=message,
    )


def _gone(what: str) -> t.TStatus:
    return t.TStatus(
        statusCode=t.TStatusCode.INVALID_HANDLE_STATUS, sqlState="HY000", errorMessage=f"Invalid {what}"
    )
