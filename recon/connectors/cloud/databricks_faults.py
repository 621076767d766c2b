"""What Databricks and the network say, as our errors: who can mend it, and no row's value, no secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from recon.errors import EngineError, ProgramError, SettingsError

if TYPE_CHECKING:
    from recon.errors import ReconError
    from recon.sqlscript.databricks_text import Statement

# Busy, starting, or a gateway between: https://docs.databricks.com/api/workspace/introduction (429, 503)
TRANSIENT: Final = frozenset({408, 429, 500, 502, 503, 504})
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_.]+)\]")
_SQLSTATE = re.compile(r"SQLSTATE:? ?\(?([0-9A-Z]{5})")
_PLACE = re.compile(r"line (\d+),? pos")
_CONTEXT = re.compile(r"== SQL[^(]*\(line (\d+), position \d+\)")
_QUOTED = re.compile(r"'(?:[^'])*'")
_NUMBER = re.compile(r"(?P<type>\w+\([\d, ]+\)|SQLSTATE: \w+)|(?<![\w.])-?\d[\d.]*(?:[eE][+-]?\d+)?(?!\w)")
_HINTS = {
    "CAST_INVALID_INPUT": "Clean the values first, or use try_cast where NULL is meant.",
    "DIVIDE_BY_ZERO": "Keep the NULLIF(x, 0) of the original, or use try_divide.",
    "ARITHMETIC_OVERFLOW": "Cast to a wider type before the operation.",
    "NUMERIC_VALUE_OUT_OF_RANGE": "Cast to a wider DECIMAL.",
    "TABLE_OR_VIEW_NOT_FOUND": "Check the name; a table that is only read must be an input in table.toml.",
    "SCHEMA_NOT_FOUND": "Check the name; a table that is only read must be an input in table.toml.",
    "UNRESOLVED_COLUMN": "Check the column's name and the table's columns.",
    "UNBOUND_SQL_PARAMETER": "Give the parameter a value under [params] in table.toml.",
    "PARSE_SYNTAX_ERROR": "Correct the syntax.",
}
# https://docs.databricks.com/error-messages/sqlstates : what operators can mend
_DENIED = {"42501", "28000"}
_GONE = ("Invalid SessionHandle", "Invalid OperationHandle", "Session was expired", "INVALID_HANDLE")


def condition(text: str) -> str:
    """Databricks' error class in a message; empty when it has none."""
    found = _CONDITION.search(text)
    return found[1] if found else ""


def hint(code: str) -> str:
    """What to do about an error class; empty when there is nothing to say."""
    return _HINTS.get(code, _HINTS.get(code.split(".", maxsplit=1)[0], ""))


def sentence(text: str) -> str:
    """The first line of what a statement failed with. Values become "…" unless no row has been read yet.

    SQLSTATE class 42 is about the text of a statement; every other class may quote a value:
    https://docs.databricks.com/error-messages/sqlstates
    """
    first = text.strip().split("\n", 1)[0].strip()
    state = _SQLSTATE.search(text)
    if state is not None and state[1].startswith(("42", "0A")):
        return first
    code = condition(first)
    if not code:
        return "the statement failed, and Databricks gives no error class"
    body = _NUMBER.sub(lambda m: m["type"] or "…", _QUOTED.sub("'…'", first.partition("]")[2]))
    return f"[{code}]{body}"


def statement_failure(text: str, statement: Statement, readable: str = "") -> ReconError:
    """What Databricks says about a statement of the author, with the line in the author's file."""
    state = _SQLSTATE.search(text)
    code = condition(text)
    if state is not None and state[1] in _DENIED:
        return SettingsError(
            f"Databricks refuses the statement: {sentence(readable or text)}",
            hint="Give the login the permission that Databricks names.",
        )
    found = _PLACE.search(text) or _CONTEXT.search(text)
    return ProgramError(
        sentence(readable or text),
        file=statement.file,
        line=statement.line + (int(found[1]) - 1 if found else 0),
        code=code,
        hint=hint(code),
    )


def own_failure(text: str, what: str) -> ReconError:
    """What Databricks says about a statement of ours."""
    state = _SQLSTATE.search(text)
    if (state is not None and state[1] in _DENIED) or "PERMISSION" in condition(text):
        return SettingsError(
            f"{what}: {sentence(text)}",
            hint="The login needs CREATE SCHEMA on the catalog, and READ FILES on the external location.",
        )
    return EngineError(f"{what}: {sentence(text)}", hint=hint(condition(text)))


def platform_failure(error: Exception, what: str) -> ReconError:
    """What kept the connector from an answer: the network, the gateway, the login, a session that is gone."""
    context: dict[str, Any] = getattr(error, "context", None) or {}
    status = _status(context)
    if status in {401, 403}:
        return SettingsError(
            f"{what}: Databricks refuses the login (HTTP {status})",
            hint="Check the token, or client id and secret, and that the login may use the SQL warehouse.",
        )
    if status in {400, 404}:
        return SettingsError(
            f"{what}: there is no such warehouse (HTTP {status})",
            hint="Check DATABRICKS_SERVER_HOSTNAME and DATABRICKS_HTTP_PATH.",
        )
    if any(sign in str(error) for sign in _GONE):
        return EngineError(f"{what}: the Databricks session has ended", hint="Run it again.", retryable=True)
    if code := condition(str(error)):  # what a session is refused for
        return SettingsError(
            f"{what}: [{code}]", hint="Check DATABRICKS_CATALOG, and the time zone in recon.toml."
        )
    if status:
        return EngineError(
            f"{what}: Databricks answered HTTP {status}",
            hint="Run it again; if it lasts, look at the state of the SQL warehouse.",
            retryable=status in TRANSIENT,
        )
    return _network(context.get("original-exception") or error, what)


def _network(cause: object, what: str) -> ReconError:
    said = f"{type(cause).__name__} {cause}"
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return SettingsError(
            f"{what}: the server's certificate is not trusted",
            hint="Set REQUESTS_CA_BUNDLE to a file with your certificate authority.",
        )
    if "NameResolution" in said or "Name or service not known" in said:
        return SettingsError(f"{what}: no such host", hint="Check DATABRICKS_SERVER_HOSTNAME.")
    silent = "timed out" in said.casefold() or "timeout" in said.casefold()
    return EngineError(
        f"{what}: {'Databricks did not answer in time' if silent else 'the connection to Databricks broke'}",
        hint="Run it again; if it lasts, look at the network and the state of the SQL warehouse.",
        retryable=True,
    )


def _status(context: dict[str, Any]) -> int:
    said = context.get("http-code")
    return int(said) if said is not None and str(said).isdigit() else 0
