"""What the connector may send again by itself: everything but a statement that may have arrived.

Left alone, it sends ExecuteStatement again when the connection breaks before the answer, though the server
may have begun: an INSERT would run twice (`DatabricksRetryPolicy.should_retry`: "What about OSErrors and
Redirects? urllib3 automatically retries in both scenarios").
"""

from __future__ import annotations

from typing import Any, Final

from databricks.sql.auth.retry import CommandType, DatabricksRetryPolicy

from recon.errors import SettingsError

_SAFE: Final = "a statement is sent again only when the server says that it has not taken it"


class OncePolicy(DatabricksRetryPolicy):
    """As the connector's own, but for statements."""

    def should_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> tuple[bool, str]:
        """429 and 503 with a Retry-After are the server's word that it has not taken the statement."""
        if self.command_type is CommandType.EXECUTE_STATEMENT and not has_retry_after:
            return False, _SAFE
        return super().should_retry(method, status_code, has_retry_after)

    def increment(self, *given: Any, **named: Any) -> OncePolicy:  # noqa: ANN401 (urllib3's)
        """An error on the way of a statement is raised, not counted."""
        error = named.get("error")
        if error is not None and self.command_type is CommandType.EXECUTE_STATEMENT:
            raise error
        return super().increment(*given, **named)


def send_once(connection: Any) -> None:  # noqa: ANN401 (a connection)
    """Put the policy into a connection. SettingsError when the connector's insides are not as known."""
    backend: Any = getattr(connection.session, "backend", None)
    transport: Any = getattr(backend, "_transport", None)
    known = getattr(transport, "retry_policy", None)
    if not isinstance(known, DatabricksRetryPolicy):
        raise SettingsError(
            "this version of databricks-sql-connector cannot be kept from sending a statement twice",
            hint="pip install -r requirements.txt",
        )
    policy = OncePolicy(
        delay_min=known.delay_min,
        delay_max=known.delay_max,
        stop_after_attempts_count=known.stop_after_attempts_count,
        stop_after_attempts_duration=known.stop_after_attempts_duration,
        delay_default=known.delay_default,
        force_dangerous_codes=known.force_dangerous_codes,
        urllib3_kwargs={},
    )
    backend.retry_policy = policy
    transport.retry_policy = policy
