"""Who recon is to Databricks: a token, a service principal of Databricks (OAuth), or one of Entra ID."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Final

from recon.connectors.cloud.identity import credential
from recon.errors import EngineError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon.connections import Cloud
    from recon.errors import ReconError

# Azure Databricks' own id: https://learn.microsoft.com/azure/databricks/dev-tools/auth/aad-token-manual
AUDIENCE: Final = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
_EARLY = 300  # seconds before its end that a token is asked for anew


def host(cloud: Cloud) -> str:
    """The workspace's address."""
    return f"https://{cloud.databricks.hostname}"


def login(cloud: Cloud) -> dict[str, Any]:
    """The arguments with which the SQL connector logs in. SettingsError when no token can be had."""
    if cloud.databricks.token:
        return {"access_token": cloud.databricks.token}
    headers = _headers(cloud)
    headers()  # the wrong secret is an error here, not in the middle of a call
    return {"credentials_provider": lambda: headers}


def workspace(cloud: Cloud) -> Any:  # noqa: ANN401 (a WorkspaceClient, whose package may be absent)
    """The client of the workspace's REST interface, for jobs and files."""
    try:
        from databricks.sdk import WorkspaceClient
        from databricks.sdk.core import Config
        from databricks.sdk.credentials_provider import credentials_strategy
    except ImportError as error:
        raise SettingsError(
            "databricks-sdk is not installed, which runs PySpark variants as jobs",
            hint="pip install -r requirements.txt",
        ) from error
    _trust(cloud)
    told: dict[str, Any] = {
        "host": host(cloud),
        "http_timeout_seconds": cloud.databricks.socket_seconds,
        "retry_timeout_seconds": cloud.databricks.start_seconds,
    }
    own = cloud.databricks
    if own.token:
        told |= {"auth_type": "pat", "token": own.token}
    elif own.client_id:
        told |= {"auth_type": "oauth-m2m", "client_id": own.client_id, "client_secret": own.client_secret}
    else:
        told["credentials_strategy"] = credentials_strategy("recon-entra", [])(lambda _: _entra(cloud))
    try:
        return WorkspaceClient(config=Config(**told))
    except (ValueError, OSError) as error:  # a refused login is a ValueError of the SDK's
        raise _refused(error) from error


def _headers(cloud: Cloud) -> Callable[[], dict[str, str]]:
    """What asks for the header of each call. Tokens are kept until shortly before their end."""
    return _oauth(cloud) if cloud.databricks.client_id else _entra(cloud)


def _oauth(cloud: Cloud) -> Callable[[], dict[str, str]]:
    """Databricks' OAuth for machines: https://docs.databricks.com/dev-tools/auth/oauth-m2m"""
    from databricks.sdk.core import Config
    from databricks.sdk.credentials_provider import oauth_service_principal

    _trust(cloud)
    own = cloud.databricks
    try:
        config = Config(
            host=host(cloud),
            auth_type="oauth-m2m",
            client_id=own.client_id,
            client_secret=own.client_secret,
            http_timeout_seconds=own.socket_seconds,
            retry_timeout_seconds=own.start_seconds,
        )
        provider = oauth_service_principal(config)
        provider()
    except (ValueError, OSError) as error:  # requests' and the SDK's errors are of these
        raise _refused(error) from error
    return provider


def _refused(error: BaseException) -> ReconError:
    """No answer may pass; a refusal is the operator's. The SDK wraps what it met into a ValueError."""
    from requests.exceptions import ConnectionError as Broken
    from requests.exceptions import SSLError, Timeout

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (Broken, Timeout)) and not isinstance(cause, SSLError):
            return EngineError("Databricks does not answer", hint="Run it again.", retryable=True)
        cause = cause.__cause__
    return SettingsError(
        "Databricks refuses the login",
        hint="Check DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET.",
    )


def _entra(cloud: Cloud) -> Callable[[], dict[str, str]]:
    from azure.core.exceptions import AzureError, ClientAuthenticationError

    who, kept = credential(cloud), list[tuple[str, float]]()

    def headers() -> dict[str, str]:
        if not kept or kept[0][1] - _EARLY < time.time():
            try:
                token = who.get_token(AUDIENCE)
            except ClientAuthenticationError as error:
                raise SettingsError(
                    "Entra ID gives no token for Databricks",
                    hint="Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or set "
                    "DATABRICKS_TOKEN.",
                ) from error
            except AzureError as error:
                raise EngineError("Entra ID does not answer", hint="Run it again.", retryable=True) from error
            kept[:] = [(token.token, float(token.expires_on))]
        return {"Authorization": f"Bearer {kept[0][0]}"}

    return headers


def _trust(cloud: Cloud) -> None:
    """databricks-sdk takes a private authority from the environment only."""
    if cloud.ca_file:
        os.environ.setdefault("REQUESTS_CA_BUNDLE", cloud.ca_file)
