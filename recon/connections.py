"""How to reach Synapse, ADLS and Databricks, as the environment says. No secret is ever printed.

The names are those of the project's README. A secret is a field that `repr` leaves out; what a driver
says about a connection string is never passed on (see each connector).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recon.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Synapse:
    """The Synapse side. `entra` logs in with a token of Entra ID, not with a user and password."""

    conn_str: str = field(repr=False)
    entra: bool = False
    login_seconds: int = 30
    query_seconds: int = 0  # 0: no limit
    connections: int = 4  # for reads that are split
    extract: str = "odbc"  # or "cetas": Synapse writes Parquet to the lake itself, by way of these:
    data_source: str = ""  # an external data source over the lake's container
    file_format: str = ""  # an external file format of the type PARQUET
    external_schema: str = "dbo"  # in which the login may create external tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Adls:
    """The lake. Without a connection string or a SAS token, Entra ID logs in."""

    account: str
    container: str
    path: str = "reconciliation/"
    endpoint: str = ""  # the account's whole URL, for emulators and sovereign clouds
    connection_string: str = field(default="", repr=False)
    sas_token: str = field(default="", repr=False)
    api_version: str = ""  # the library's own when empty
    block_bytes: int = 8 * 1024 * 1024
    parallel: int = 4
    timeout_seconds: int = 60  # of one call
    attempts: int = 5  # of one call, where trying again may help
    backoff_seconds: float = 1.0  # before the second attempt; doubles from there

    @property
    def account_url(self) -> str:
        """The URL of the blob service."""
        return self.endpoint.rstrip("/") or f"https://{self.account}.blob.core.windows.net"

    def url(self, key: str) -> str:
        """What Databricks reads: `abfss://` of a key under `path`."""
        return f"abfss://{self.container}@{self.account}.dfs.core.windows.net/{self.path}{key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Databricks:
    """The Databricks side: a SQL warehouse, and where PySpark variants run as jobs.

    A `token` logs in; without one a `client_id` with its secret (OAuth, machine to machine), else Entra ID.
    """

    hostname: str  # may carry a port
    http_path: str
    token: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    catalog: str = ""
    cluster: str = ""  # for PySpark variants; serverless when empty
    schema_prefix: str = "recon"
    statement_seconds: int = 0  # 0: no limit
    socket_seconds: int = 300  # that the server may keep silent
    start_seconds: int = 600  # that a warehouse may take to start, and a busy one to answer
    backoff_seconds: float = 1.0  # before the second attempt; doubles from there
    job_poll_seconds: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """All three, and what they share."""

    synapse: Synapse
    adls: Adls
    databricks: Databricks
    ca_file: str = ""  # of a private certificate authority; the system's when empty
    authority: str = ""  # of Entra ID; the public cloud's when empty


_NEEDED = (
    "SYNAPSE_CONN_STR",
    "ADLS_STORAGE_ACCOUNT",
    "ADLS_CONTAINER",
    "DATABRICKS_SERVER_HOSTNAME",
    "DATABRICKS_HTTP_PATH",
)


def missing(environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The variables that `mode = "cloud"` needs and that are not set, in a fixed order."""
    env = os.environ if environment is None else environment
    return tuple(name for name in _NEEDED if not env.get(name))


# Everything that is read below, the secrets among it.
_KNOWN = (
    *_NEEDED, "SYNAPSE_AUTH", "SYNAPSE_EXTRACT", "SYNAPSE_DATA_SOURCE", "SYNAPSE_FILE_FORMAT", "ADLS_PATH",
    "ADLS_ENDPOINT", "ADLS_CONNECTION_STRING", "ADLS_SAS_TOKEN",
    "ADLS_API_VERSION", "DATABRICKS_CATALOG", "DATABRICKS_TOKEN", "DATABRICKS_CLIENT_ID",
    "DATABRICKS_CLIENT_SECRET", "DATABRICKS_CLUSTER_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET", "AZURE_AUTHORITY_HOST", "REQUESTS_CA_BUNDLE",
)  # fmt: skip


def given(environment: Mapping[str, str] | None = None) -> dict[str, bool]:
    """Which of the cloud's variables are set; never what they say."""
    env = os.environ if environment is None else environment
    return {name: bool(env.get(name)) for name in _KNOWN}


def read(environment: Mapping[str, str] | None = None) -> Cloud:
    """The connections. SettingsError names every variable that is missing, or the one that is wrong."""
    env = os.environ if environment is None else environment
    if absent := missing(env):
        raise SettingsError(
            f'mode = "cloud" needs {", ".join(absent)} in the environment',
            hint='Set them (README, “Connect Synapse, ADLS and Databricks”), or use mode = "spark".',
        )
    return Cloud(
        synapse=_synapse(env),
        adls=_adls(env),
        databricks=_databricks(env),
        ca_file=env.get("REQUESTS_CA_BUNDLE") or env.get("SSL_CERT_FILE") or "",
        authority=env.get("AZURE_AUTHORITY_HOST") or "",
    )


def _synapse(env: Mapping[str, str]) -> Synapse:
    extract = _one_of(env, "SYNAPSE_EXTRACT", "odbc", "cetas")
    absent = [name for name in ("SYNAPSE_DATA_SOURCE", "SYNAPSE_FILE_FORMAT") if not env.get(name)]
    if extract == "cetas" and absent:
        raise SettingsError(
            f"SYNAPSE_EXTRACT=cetas needs {' and '.join(absent)}",
            hint="Name the external data source over the lake's container and a file format of type PARQUET.",
        )
    return Synapse(
        conn_str=env["SYNAPSE_CONN_STR"],
        entra=_one_of(env, "SYNAPSE_AUTH", "sql", "entra") == "entra",
        login_seconds=_number(env, "SYNAPSE_LOGIN_SECONDS", 30),
        query_seconds=_number(env, "SYNAPSE_QUERY_SECONDS", 0),
        connections=max(1, _number(env, "SYNAPSE_CONNECTIONS", 4)),
        extract=extract,
        data_source=env.get("SYNAPSE_DATA_SOURCE") or "",
        file_format=env.get("SYNAPSE_FILE_FORMAT") or "",
        external_schema=env.get("SYNAPSE_EXTERNAL_SCHEMA") or "dbo",
    )


def _adls(env: Mapping[str, str]) -> Adls:
    path = (env.get("ADLS_PATH") or "reconciliation/").strip("/")
    return Adls(
        account=env["ADLS_STORAGE_ACCOUNT"],
        container=env["ADLS_CONTAINER"],
        path=f"{path}/" if path else "",
        endpoint=env.get("ADLS_ENDPOINT") or "",
        connection_string=env.get("ADLS_CONNECTION_STRING") or "",
        sas_token=env.get("ADLS_SAS_TOKEN") or "",
        api_version=env.get("ADLS_API_VERSION") or "",
        timeout_seconds=max(1, _number(env, "ADLS_TIMEOUT_SECONDS", 60)),
        attempts=max(1, _number(env, "ADLS_ATTEMPTS", 5)),
    )


def _databricks(env: Mapping[str, str]) -> Databricks:
    return Databricks(
        hostname=env["DATABRICKS_SERVER_HOSTNAME"].removeprefix("https://").rstrip("/"),
        http_path=env["DATABRICKS_HTTP_PATH"],
        token=env.get("DATABRICKS_TOKEN") or "",
        client_id=env.get("DATABRICKS_CLIENT_ID") or "",
        client_secret=env.get("DATABRICKS_CLIENT_SECRET") or "",
        catalog=env.get("DATABRICKS_CATALOG") or "",
        cluster=env.get("DATABRICKS_CLUSTER_ID") or "",
        statement_seconds=_number(env, "DATABRICKS_STATEMENT_SECONDS", 0),
        socket_seconds=max(1, _number(env, "DATABRICKS_SOCKET_SECONDS", 300)),
        start_seconds=max(1, _number(env, "DATABRICKS_START_SECONDS", 600)),
    )


def _one_of(env: Mapping[str, str], name: str, *known: str) -> str:
    """The variable's value among `known`; the first when it is not set."""
    said = env.get(name) or known[0]
    if said not in known:
        raise SettingsError(f"{name} is {said!r}", hint=f"Set it to one of {', '.join(known)}, or unset it.")
    return said


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    said = env.get(name) or str(default)
    if not said.isdigit():
        raise SettingsError(f"{name} is {said!r}", hint=f"Set it to a whole number, e.g. {default}.")
    return int(said)
