"""One connection to Synapse for calls and small questions: made, pinned, used, lost, closed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from recon.connectors.cloud import odbc_errors
from recon.connectors.cloud.identity import credential
from recon.connectors.cloud.odbc import Interrupt, Login, again, connect, driver
from recon.errors import Cancelled, PlatformError, ProgramError, SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyodbc
    from azure.identity import DefaultAzureCredential

    from recon.connections import Cloud
    from recon.errors import ReconError

logger = logging.getLogger(__name__)

SCOPE: Final = "https://database.windows.net/.default"  # what a token has to be for
# What a login's language would decide, and FreeTDS's limit on long texts.
# https://learn.microsoft.com/sql/t-sql/statements/set-statements-transact-sql
PINNED: Final = ("SET DATEFIRST 7", "SET DATEFORMAT mdy", "SET TEXTSIZE 2147483647")
_UNSURE: Final = "It is not known how far the procedure came: look at its target, then run it again."


def login_of(cloud: Cloud) -> Login:
    """How to connect to Synapse. SettingsError when the connection string contradicts SYNAPSE_AUTH."""
    told = cloud.synapse
    who = credential(cloud) if told.entra else None
    return Login(
        conn_str=told.conn_str,
        token=None if who is None else lambda: token(who),
        login_seconds=told.login_seconds,
        query_seconds=told.query_seconds,
    )


def token(who: DefaultAzureCredential) -> str:
    """A token for Synapse. SettingsError when Entra ID gives none, SourceError when it cannot be asked.

    Asked for each connection: azure-identity keeps a token until shortly before it expires.
    """
    from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError

    try:
        return str(who.get_token(SCOPE).token)
    except ServiceRequestError:
        hint = "Check the network, AZURE_AUTHORITY_HOST and REQUESTS_CA_BUNDLE."
        raise SourceError("Entra ID cannot be reached", hint=hint, retryable=True) from None
    except ClientAuthenticationError:  # its text names the tenant and the identity
        hint = "Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run az login."
        raise SettingsError("Entra ID gave no token for Synapse", hint=hint) from None
    except AzureError as error:
        raise SourceError(f"Entra ID failed with {type(error).__name__}", retryable=True) from None


class SynapseSession:
    """The connection over which procedures are called and the catalogue is asked."""

    def __init__(self, login: Login) -> None:
        self.login = login
        self._interrupt = Interrupt()
        self._main: pyodbc.Connection | None = None

    @property
    def stopped(self) -> bool:
        """Whether somebody has asked to stop."""
        return self._interrupt.stopped

    def open(self) -> pyodbc.Connection:
        """The connection; made when there is none. SettingsError or SourceError."""
        if self._main is None:
            made = connect(self.login, self._interrupt)
            self.pin(made)
            self._main = made
            name = made.getinfo(driver().SQL_DRIVER_NAME)
            logger.info("Connected to Synapse by %s; session: %s", name, "; ".join(PINNED))
        return self._main

    def close(self) -> None:
        """Close it; more than once is fine."""
        main, self._main = self._main, None
        self._interrupt.close(main)

    def cancel(self) -> None:
        """Interrupt the statement at work, from another thread; no further one begins."""
        self._interrupt.stop()

    def check(self) -> None:
        """Cancelled when somebody has asked to stop."""
        if self.stopped:
            raise Cancelled("cancelled while Synapse was at work")

    def pin(self, connection: pyodbc.Connection) -> None:
        """Set what decides how T-SQL reads dates, whatever the login's language is."""
        try:
            for statement in PINNED:
                connection.execute(statement).close()
        except driver().Error as error:
            raise odbc_errors.failed(error, "setting up the session") from None

    def fetch(
        self,
        sql: str,
        values: Sequence[Any],
        what: str,
        translate: Callable[[Exception, str], ReconError] = odbc_errors.failed,
    ) -> list[Any]:
        """The rows of a small question, tried anew over a fresh connection where that may help."""

        def ask() -> list[Any]:
            self.check()
            main = self.open()
            try:
                cursor = self._interrupt.watch(main.cursor())
                return cursor.execute(sql, *values).fetchall()
            except driver().Error as error:
                self.check()
                raise self._lost(translate(error, what)) from None  # its text may hold a value
            finally:
                self._interrupt.close()

        return again(ask, what, self._interrupt)

    def run(self, sql: str, values: Sequence[Any], what: str, file: str, line: int) -> None:
        """Execute once, to the end of the last result: an error may come after rows.

        ProgramError when the script fails. It is never sent again, as it may have written.
        """
        self.check()
        main, module = self.open(), driver()
        try:
            cursor = self._interrupt.watch(main.cursor())
            if None in values:  # otherwise the driver would ask what the type of a NULL is
                sizes: Any = [(module.SQL_WVARCHAR, 1, 0) if v is None else None for v in values]
                cursor.setinputsizes(sizes)
            cursor.execute(sql, *values)
            self.check()  # an interrupted driver does not always say so
            while cursor.nextset():
                self.check()
        except module.Error as error:
            self.check()
            made = self._lost(
                odbc_errors.program(error, f"the call of {what}", file, first_line=line, text=sql)
            )
            if isinstance(made, PlatformError) and made.retryable:
                made = SourceError(str(made), hint=_UNSURE)
            raise made from None  # the driver's text may hold a value
        finally:
            self._interrupt.close()

    def settle(self, file: str) -> None:
        """ProgramError when a script has left a transaction open, whose rows would never be there.

        A dedicated pool shows them to other connections until this one ends:
        https://learn.microsoft.com/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-develop-transactions
        """
        before = self._main
        open_ones = self.fetch("SELECT @@TRANCOUNT AS n", (), "looking for open transactions")[0][0]
        if self._main is not before:  # what was open on the old connection is gone with it
            raise SourceError("the connection to Synapse was lost right after the call", hint=_UNSURE)
        if open_ones:
            self.close()  # which rolls it back
            raise ProgramError("a transaction is still open at the end", file=file, code="266")

    def _lost(self, error: ReconError) -> ReconError:
        """Forget a connection that may be broken: the next statement makes a new one."""
        if isinstance(error, PlatformError) and error.retryable:
            self.close()
        return error
