"""What an ODBC driver says, as one of recon's errors.

A driver's text may hold the connection string or a row's value: only a message whose number is known to
name no value is passed on, every other one is told by its number and SQLSTATE.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from recon.errors import ProgramError, ReconError, SettingsError, SourceError

# Faults of Azure that pass by themselves.
# https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues
# https://github.com/dotnet/efcore/blob/main/src/EFCore.SqlServer/Storage/Internal/SqlServerTransientExceptionDetector.cs
# 42108 and 42109, a dedicated pool that sleeps or wakes:
# https://learn.microsoft.com/azure/synapse-analytics/sql-data-warehouse/sql-data-warehouse-troubleshoot
TRANSIENT = frozenset(
    {
        *(40143, 40166, 40197, 40501, 40540, 40549, 40550, 40613, 42109),
        *(49918, 49919, 49920, 10928, 10929, 10936, 4060, 4221, 9515),
        *(1204, 1205, 1222, 3935, 3960, 8628, 8645, 8651, 17197, 18401, 41301, 41302, 41305, 41325, 41839),
        *(20, 64, 121, 233, 10053, 10054, 10060, 11001, 26073, 104, 110),
        # FreeTDS's own: https://github.com/FreeTDS/freetds/blob/master/include/sybdb.h
        *(20003, 20004, 20006, 20017, 20047),
    }
)
# https://learn.microsoft.com/sql/odbc/reference/appendixes/appendix-a-odbc-error-codes: 08 is the connection,
# 40001 a deadlock, HYT a time-out.
_TRANSIENT_STATES = frozenset({"08S01", "08003", "08007", "08001", "40001", "HYT00", "HYT01"})
_TIME_OUT = frozenset({"HYT00", "HYT01"})
_LOGIN = frozenset({18456, 18470, 18487, 18488, 40532, 40615, 47073, 33134, 4064})
_RIGHTS = frozenset({229, 230, 262, 297, 300, 916, 15151, 15247})
_PAUSED = 42108
# Their texts hold names, keywords and line numbers, but no value of a row.
# https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
_HARMLESS = frozenset(
    {
        *(102, 104, 105, 107, 109, 110, 120, 134, 137, 139, 141, 145, 147, 156, 164, 170, 178, 195, 201, 205),
        *(206, 207, 208, 209, 213, 217, 241, 242, 264, 266, 306, 319, 402, 421, 468, 512, 515, 535, 1033),
        *(
            1087,
            1088,
            2714,
            2715,
            2812,
            3701,
            3902,
            3903,
            3930,
            4104,
            4121,
            4145,
            4701,
            4902,
            8111,
            8114,
            8115,
        ),
        *(8117, 8120, 8134, 8144, 8145, 8146, 8152, 8155, 8156, 8672, 15165, 103010, 104309, 104385),
    }
)
_WORDS = {
    220: "arithmetic overflow: a value does not fit its data type",
    232: "arithmetic overflow: a value does not fit its data type",
    244: "a text cannot be converted to the integer type it needs",
    245: "a text cannot be converted to the number it needs",
    248: "a text is too large for an int",
    293: "a text cannot be converted to money",
    295: "a text cannot be converted to smalldatetime",
    547: "a constraint does not hold",
    2601: "a key occurs twice in a unique index",
    2627: "a key occurs twice under a constraint",
    2628: "a text is longer than its column",
    6522: "a function of the server failed",
    8169: "a text cannot be converted to uniqueidentifier",
}
_DRIVER = re.compile(r"\[[^\[\]]*\]")
_NATIVE = re.compile(r"\((-?\d+)\)(?= \(SQL|;|\)|$)|Native error: (-?\d+)")
_STATE = re.compile(r"State: (\w{5})")
_LINE = re.compile(r"\b(?:at )?line:? (\d+)", re.IGNORECASE)
_CLOSED = ("Can't open lib", "Data source name not found", "IM002", "IM003", "IM004")
_TLS = ("SSL", "certificate", "TLS")


@dataclass(frozen=True, slots=True)
class Said:
    """What a driver said: SQLSTATE, the server's number (0: none), and the text, which may hold anything."""

    state: str
    number: int
    text: str

    @property
    def transient(self) -> bool:
        """Whether the same may pass later."""
        if self.number in _LOGIN or self.number == _PAUSED:
            return False
        return self.number in TRANSIENT or (self.state in _TRANSIENT_STATES and not self.about_tls)

    @property
    def about_tls(self) -> bool:
        """Whether the server's certificate is not trusted, or TLS cannot be agreed on."""
        return self.state.startswith("08") and any(word in self.text for word in _TLS)

    @property
    def safe(self) -> str:
        """The server's words without the driver's marks, where its number is known to name no value."""
        if self.number in _WORDS:
            return _WORDS[self.number]
        if self.number not in _HARMLESS:
            return ""
        plain = _NATIVE.sub("", _DRIVER.sub("", self.text)).split(" (SQL")[0]
        return plain.split("Message:")[-1].strip().rstrip(";. ")


def said(error: Exception) -> Said:
    """The parts of an exception of pyodbc or arrow-odbc."""
    parts = [str(part) for part in error.args] or [str(error)]
    text = parts[-1]
    inside = _STATE.search(text)
    state = inside[1] if inside else parts[0] if len(parts) > 1 and len(parts[0]) == 5 else ""
    found = _NATIVE.search(text)
    number = int(found[1] or found[2]) if found else 0
    return Said(state, number, text)


def refused(error: Exception) -> ReconError:
    """Why no connection came about."""
    told = said(error)
    where = "SYNAPSE_CONN_STR"
    if any(mark in told.text or mark == told.state for mark in _CLOSED):
        return SettingsError(
            "the ODBC driver for Synapse is not installed, or its name is wrong",
            hint=f"Install “ODBC Driver 18 for SQL Server” (msodbcsql18) and name it as DRIVER in {where}.",
        )
    if told.about_tls:
        return SettingsError(
            "Synapse's certificate is not trusted, or TLS could not be agreed on",
            hint="Give the certificate authority in SSL_CERT_FILE; check SERVER and Encrypt in "
            + where
            + ".",
        )
    if told.number == _PAUSED:
        return SourceError(
            f"the dedicated SQL pool is paused (error {_PAUSED})", hint="Resume it, then rerun."
        )
    if told.number in _LOGIN or told.state == "28000":
        return SettingsError(
            f"Synapse refused the login{_code(told)}",
            hint=f"Check user and password in {where}, or with SYNAPSE_AUTH=entra that identity's rights;"
            " and that the server's firewall lets this machine in.",
        )
    if told.state in _TIME_OUT:
        return SourceError(
            "Synapse did not answer the login in time",
            hint="Check SERVER and the firewall, or raise SYNAPSE_LOGIN_SECONDS.",
            retryable=True,
        )
    return SourceError(
        f"Synapse cannot be reached{_code(told)}",
        hint=f"Check SERVER, PORT and DATABASE in {where}, and the firewall.",
        retryable=told.transient,
    )


def failed(error: Exception, what: str) -> ReconError:
    """Why a statement that recon wrote itself failed."""
    told = said(error)
    if platform := _platform(told, what):
        return platform
    return SourceError(f"{what} failed{_code(told)}{_colon(told.safe)}", hint="See the log of Synapse.")


def program(error: Exception, what: str, file: str, *, first_line: int = 0, text: str = "") -> ReconError:
    """Why a script of the project failed. `first_line` is where the statement's text begins in its file.

    `text` is what was sent: a message that stands in it (of RAISERROR, THROW) is the script's own.
    """
    told = said(error)
    if platform := _platform(told, what):
        return platform
    words = told.safe or _own_words(told, text)
    found = _LINE.search(told.text) if words == told.safe else None
    line = int(found[1]) + max(first_line - 1, 0) if found else first_line
    message = words or "Synapse stopped the script; its message is left out, as it may hold values of rows"
    code = str(told.number) if told.number else told.state
    return ProgramError(f"{message} (error {code})" if code else message, file=file, line=line, code=code)


def _platform(told: Said, what: str) -> ReconError | None:
    """Errors that no text of a script can be blamed for."""
    if told.state in _TIME_OUT or told.number == 20003:
        return SourceError(
            f"{what} was not over in time",
            hint="Raise SYNAPSE_QUERY_SECONDS, or look what else runs in the pool.",
            retryable=True,
        )
    if told.number in _RIGHTS:
        return SourceError(
            f"{what} is not permitted{_code(told)}",
            hint="Grant the login SELECT on the schema, and EXECUTE on the procedure that it is to call.",
        )
    if told.transient or told.state.startswith("08"):
        return SourceError(
            f"the connection to Synapse was lost, or Synapse was busy: {what} was not finished{_code(told)}",
            hint="Run it again.",
            retryable=told.transient,
        )
    if told.state == "HY008":
        return SourceError(f"{what} was interrupted")
    return None


def _own_words(told: Said, text: str) -> str:
    """The message of a RAISERROR or THROW, where the script holds it word for word."""
    if told.number < 50000:
        return ""
    plain = _NATIVE.sub("", _DRIVER.sub("", told.text)).split(" (SQL")[0].strip()
    return plain if plain and plain in text else ""


def _code(told: Said) -> str:
    if told.number > 0:
        return f" (error {told.number})"
    return f" (SQLSTATE {told.state})" if told.state else ""


def _colon(words: str) -> str:
    return f": {words}" if words else ""
