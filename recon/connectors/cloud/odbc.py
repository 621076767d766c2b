"""Connections over ODBC: the driver loaded late, logins with a password or a token of Entra ID, retries.

Nothing here knows T-SQL but the two names of Microsoft's connection attributes.
"""

from __future__ import annotations

import logging
import re
import struct
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential
from tenacity.nap import sleep, sleep_using_event

from recon.connectors.cloud.odbc_errors import refused
from recon.errors import PlatformError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    import pyodbc
    from tenacity import RetryCallState

logger = logging.getLogger(__name__)
T = TypeVar("T")

# https://learn.microsoft.com/sql/connect/odbc/using-azure-active-directory (SQL_COPT_SS_ACCESS_TOKEN)
_ACCESS_TOKEN: Final = 1256
ATTEMPTS = 5
LONGEST_WAIT = 20.0  # seconds
_WITH_A_TOKEN: Final = ("UID", "USER", "PWD", "PASSWORD", "AUTHENTICATION", "TRUSTED_CONNECTION")
_WITHOUT_TOKENS: Final = re.compile("freetds|tdsodbc", re.IGNORECASE)
_PART = re.compile(r"\s*([^=;]+?)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)\s*;?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How to connect. `token` gives a token of Entra ID; without one the connection string logs in."""

    conn_str: str = field(repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)
    login_seconds: int = 30
    query_seconds: int = 0  # 0: no limit

    def __post_init__(self) -> None:
        """SettingsError for a connection string that does not go with how recon logs in."""
        names = keywords(self.conn_str)
        if self.token and (both := [n for n in _WITH_A_TOKEN if n in names]):
            raise SettingsError(
                f"SYNAPSE_CONN_STR has {both[0]}, but SYNAPSE_AUTH=entra logs in with a token",
                hint=f"Take {' and '.join(both)} out of SYNAPSE_CONN_STR, or unset SYNAPSE_AUTH.",
            )
        if self.token and _WITHOUT_TOKENS.search(names.get("DRIVER", "")):
            raise SettingsError(
                "FreeTDS cannot log in with a token of Entra ID",
                hint="Name Microsoft's driver in SYNAPSE_CONN_STR: DRIVER={ODBC Driver 18 for SQL Server}.",
            )


def keywords(conn_str: str) -> dict[str, str]:
    """The keywords of a connection string, in capitals, with their values as written."""
    return {m[1].upper(): m[2] for m in _PART.finditer(conn_str)}


def driver() -> ModuleType:
    """The module pyodbc. SettingsError, with the remedy, where it or libodbc is not installed.

    It is imported here and not above: its wheel does not bring libodbc, and without that the import fails.
    https://github.com/mkleehammer/pyodbc/wiki/Install
    """
    try:
        import pyodbc
    except ImportError as error:
        missing = "libodbc" in str(error)
        what = "the ODBC driver manager (libodbc.so.2)" if missing else "pyodbc"
        raise SettingsError(
            f"{what} is not installed, which connects to Synapse",
            hint="Debian, Ubuntu: apt-get install unixodbc; macOS: brew install unixodbc."
            if missing
            else "pip install -r requirements.txt",
        ) from error
    pyodbc.pooling = False  # a closed connection is closed, and a token never serves another login
    return pyodbc


def again(work: Callable[[], T], what: str, interrupt: Interrupt | None = None) -> T:
    """The answer of `work`, tried anew with a growing wait while it fails for a reason that may pass.

    A stopped `interrupt` ends the wait; `work` has to notice it.
    """

    def waiting(state: RetryCallState) -> None:
        logger.warning("%s failed for the moment; attempt %d follows", what, state.attempt_number + 1)

    tries = Retrying(
        retry=retry_if_exception(lambda e: isinstance(e, PlatformError) and e.retryable),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT),
        sleep=sleep_using_event(interrupt.asked) if interrupt is not None else sleep,
        before_sleep=waiting,
        reraise=True,
    )
    return tries(work)


def connect(login: Login, interrupt: Interrupt | None = None) -> pyodbc.Connection:
    """A connection in autocommit mode. SettingsError or SourceError, after retries of what may pass."""
    return again(lambda: connect_once(login), "The login at Synapse", interrupt)


def connect_once(login: Login) -> pyodbc.Connection:
    """A connection, without a second attempt."""
    module = driver()
    attributes: dict[int, bytes] = {}
    if login.token is not None:
        attributes[_ACCESS_TOKEN] = packed(login.token())
    try:
        made: pyodbc.Connection = module.connect(
            login.conn_str, autocommit=True, timeout=login.login_seconds, attrs_before=attributes
        )
    except module.Error as error:
        raise refused(error) from None  # the driver's text may hold the connection string
    if login.query_seconds:  # not every driver knows the attribute, though 0 would change nothing
        made.timeout = login.query_seconds
    # A varchar reaches us as UTF-16 too: no code page in between. https://github.com/mkleehammer/pyodbc/wiki/Unicode
    made.setdecoding(module.SQL_CHAR, encoding="utf-16le", ctype=module.SQL_WCHAR)
    made.setdecoding(module.SQL_WCHAR, encoding="utf-16le")
    made.setencoding(encoding="utf-16le")
    return made


class Interrupt:
    """Stops the statement of a cursor from another thread, and never while its connection is being closed.

    `cursor.cancel()` uses the driver's handles until it returns, which may be after the statement has ended:
    a connection closed in between would take the process down with it.
    """

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._lock = threading.Lock()
        self._cursor: pyodbc.Cursor | None = None

    @property
    def stopped(self) -> bool:
        """Whether somebody has asked to stop."""
        return self.asked.is_set()

    def watch(self, cursor: pyodbc.Cursor) -> pyodbc.Cursor:
        """The cursor, which `stop` will interrupt from now on."""
        self._cursor = cursor
        return cursor

    def stop(self) -> None:
        """Interrupt the statement at work, if there is one; `stopped` is true from now on."""
        self.asked.set()
        with self._lock:
            if self._cursor is not None:
                self._cursor.cancel()

    def close(self, connection: pyodbc.Connection | None = None) -> None:
        """Watch no cursor any more, and close its connection."""
        with self._lock:
            self._cursor = None
            if connection is not None:
                connection.close()


def packed(token: str) -> bytes:
    """A token as the driver wants it: its length in four bytes, then UTF-16."""
    data = token.encode("utf-16-le")
    return struct.pack("<I", len(data)) + data
