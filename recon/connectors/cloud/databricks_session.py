"""One session on a Databricks SQL warehouse: statements, rows as Arrow, a brake, and trying again."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_exponential_jitter

from recon.connectors.cloud.databricks_faults import own_failure, platform_failure, statement_failure
from recon.connectors.cloud.databricks_login import login
from recon.errors import EngineError, PlatformError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    import pyarrow as pa
    from sqlglot import exp

    from recon.connections import Cloud
    from recon.errors import ReconError
    from recon.model import Session
    from recon.sqlscript.databricks_text import Statement

BATCH_ROWS: Final = 100_000
_LONGEST_PAUSE = 30.0


class Warehouse:
    """A session. All statements are run one after another; `cancel` may come from another thread.

    `readable` puts the names of the script in place of ours in what Databricks says.
    """

    def __init__(self, cloud: Cloud, session: Session, readable: Callable[[str], str] = str) -> None:
        self._own = cloud.databricks
        self._readable = readable
        self._lock = threading.RLock()
        self._cursor: Any = None
        self._cancelled = False
        self._gone = self._renewed = False
        self._connect = lambda: _connect(cloud, session)
        self._connection: Any = None
        self._connection = self.again(self._connect)

    # --- Statements ---

    def script(self, text: str, params: Mapping[str, Any], statement: Statement) -> None:
        """Run a statement of an author, once. ProgramError with its line when Databricks refuses it."""
        if self._renewed:
            raise EngineError(
                "the Databricks session of the script has ended", hint="Run it again.", retryable=True
            )
        with self._at_work(statement=statement) as cursor:
            cursor.execute(text, dict(params) or None)

    def do(self, tree: exp.Expr | str, what: str) -> None:
        """Run a statement of ours, once; `what` says in an error what we were about."""
        with self._at_work(what=what) as cursor:
            cursor.execute(_text(tree))

    def rows(
        self,
        tree: exp.Expr | str,
        what: str,
        params: Mapping[str, Any] | None = None,
        statement: Statement | None = None,
    ) -> list[tuple[Any, ...]]:
        """The few rows of a listing or a query of ours; tried again where that may help.

        With a `statement`, which ours is about, its author is told what is wrong with it.
        """

        def read() -> list[tuple[Any, ...]]:
            with self._at_work(what=what, statement=statement) as cursor:
                cursor.execute(_text(tree), dict(params or {}) or None)
                return [tuple(row) for row in cursor.fetchall()]

        return self.again(read)

    def stream(
        self,
        tree: exp.Expr | str,
        params: Mapping[str, Any],
        *,
        what: str,
        statement: Statement | None = None,
    ) -> Generator[pa.Table]:
        """The rows of a query, piece by piece; the first piece comes even when it has none."""
        with self._at_work(what=what, statement=statement) as cursor:
            cursor.execute(_text(tree), dict(params) or None)
            piece = cursor.fetchmany_arrow(BATCH_ROWS)
            yield piece
            while piece.num_rows:
                piece = cursor.fetchmany_arrow(BATCH_ROWS)
                if piece.num_rows:
                    yield piece

    def again(self, call: Callable[[], Any]) -> Any:  # noqa: ANN401 (what the call gives)
        """Call until it succeeds, for what may be repeated: connecting, and reading."""
        for attempt in Retrying(
            retry=retry_if_exception(_passing),
            stop=stop_after_delay(self._own.start_seconds),
            wait=wait_exponential_jitter(multiplier=self._own.backoff_seconds, max=_LONGEST_PAUSE, jitter=1),
            reraise=True,
        ):
            with attempt:
                if self._gone:  # whatever is repeated names its tables in full, so any session will do
                    self._connection = self._connect()
                    self._gone, self._renewed = False, True
                return call()
        raise EngineError("Databricks was not asked")  # pragma: no cover (Retrying always tries once)

    # --- Ending ---

    def cancel(self) -> None:
        """Interrupt the statement at work, and refuse all further ones but for `open_again`."""
        from databricks.sql.exc import Error

        self._cancelled = True
        cursor = self._cursor
        if cursor is not None:
            try:
                cursor.cancel()
            except Error:
                logging.getLogger(__name__).info("the statement had ended before it could be cancelled")

    def open_again(self) -> None:
        """Let statements of ours pass once more, to tidy up."""
        self._cancelled = False

    def close(self) -> None:
        """Give the session back. A session that is gone already is no error."""
        from databricks.sql.exc import Error

        try:
            self._connection.close()
        except Error:
            logging.getLogger(__name__).info("the Databricks session had ended before it was closed")

    @contextmanager
    def _at_work(self, *, what: str = "", statement: Statement | None = None) -> Generator[Any]:
        """A cursor; the driver's exceptions become ours here."""
        from databricks.sql.exc import Error
        from urllib3.exceptions import HTTPError

        with self._lock:
            self._check()
            cursor = self._cursor = self._connection.cursor()
            try:
                self._check()
                yield cursor
            except (Error, HTTPError, OSError) as error:
                self._check(error)
                raise self._failure(error, what, statement) from error
            finally:
                self._cursor = None
                _quietly_closed(cursor)

    def _failure(self, error: Exception, what: str, statement: Statement | None) -> ReconError:
        from databricks.sql.exc import ServerOperationError

        asked = what or (f"{statement.file}:{statement.line}" if statement else "")
        if not isinstance(error, ServerOperationError):
            found = platform_failure(error, asked)
            self._gone = "session has ended" in str(found)
            return found
        text = str(error)
        if statement is not None:
            return statement_failure(text, statement, self._readable(text))
        return own_failure(self._readable(text), asked)

    def _check(self, cause: Exception | None = None) -> None:
        if self._cancelled:
            raise EngineError("the world was cancelled") from cause


def _connect(cloud: Cloud, session: Session) -> Any:  # noqa: ANN401 (the driver is imported late)
    """A connection. SettingsError for a wrong login or address, EngineError for what may pass."""
    try:
        from databricks import sql
        from databricks.sql.exc import Error
    except ImportError as error:
        raise SettingsError(
            "databricks-sql-connector is not installed", hint="pip install -r requirements.txt"
        ) from error
    from urllib3.exceptions import HTTPError

    from recon.connectors.cloud.databricks_retry import send_once

    _quiet()
    own = cloud.databricks
    settings = {"ANSI_MODE": str(session.ansi).lower(), "TIMEZONE": session.timezone}
    if own.statement_seconds:
        settings["STATEMENT_TIMEOUT"] = str(own.statement_seconds)
    told: dict[str, Any] = {}
    if ":" in own.hostname:  # the connector's `_port` is not heeded everywhere in it
        told["_connection_uri"] = f"https://{own.hostname}/{own.http_path.lstrip('/')}"
    if cloud.ca_file:
        told["_tls_trusted_ca_file"] = cloud.ca_file
    try:
        connection = sql.connect(
            server_hostname=own.hostname,
            http_path=own.http_path,
            session_configuration=settings,
            catalog=own.catalog or None,
            enable_telemetry=False,
            user_agent_entry="recon",
            _socket_timeout=own.socket_seconds,
            _retry_stop_after_attempts_count=3,
            _retry_stop_after_attempts_duration=60,
            _retry_delay_min=min(1.0, own.backoff_seconds),
            _retry_delay_max=5 * min(1.0, own.backoff_seconds),  # it waits that long at least
            _retry_delay_default=1,
            **told,
            **login(cloud),
        )
    except (Error, HTTPError, OSError) as error:
        raise platform_failure(error, "connecting to Databricks") from error
    send_once(connection)
    return connection


def _quiet() -> None:
    """The connector logs statements and rows with their values: those belong into nobody's log."""
    logging.getLogger("databricks").setLevel(logging.CRITICAL + 1)
    for name in ("databricks.sql", "databricks.sql.unsafe", "databricks.sdk"):
        logging.getLogger(name).disabled = True  # the second sets its own level when it is imported


def _passing(error: BaseException) -> bool:
    return isinstance(error, PlatformError) and error.retryable


def _text(tree: exp.Expr | str) -> str:
    return tree if isinstance(tree, str) else tree.sql("databricks")


def _quietly_closed(cursor: Any) -> None:  # noqa: ANN401 (a cursor)
    from databricks.sql.exc import Error

    try:
        cursor.close()
    except Error:
        logging.getLogger(__name__).info("a cursor's operation had ended before it was closed")
