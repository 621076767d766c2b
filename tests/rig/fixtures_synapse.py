"""The TDS server for tests, and the two drivers that talk to it."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
from pathlib import Path

import pytest

from recon.connections import Adls, Cloud, Databricks, Synapse
from recon.model import Project, Script, Session, Table
from tests.rig.entra import SQL_AUDIENCE
from tests.rig.tds import PASSWORD, USER, TdsServer

_FREETDS = Path("/usr/lib/x86_64-linux-gnu/odbc/libtdsodbc.so")


def microsoft_driver() -> Path | None:
    """Microsoft's ODBC driver out of the wheel mssql-python-odbc, a dependency of the tests alone."""
    found = importlib.util.find_spec("mssql_python_odbc")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "libs/linux/debian_ubuntu/x86_64/lib"
    return next(iter(sorted(folder.glob("libmsodbcsql-*.so*"))), None)


def need_odbc() -> None:
    """Skip where no driver manager is installed; in CI its absence is a failure."""
    if ctypes.util.find_library("odbc") is None:
        assert os.environ.get("CI") != "true", "unixodbc is not installed"
        pytest.skip("unixodbc is not installed: make test-deps")


def driver_path(name: str) -> Path:
    """The driver's library; skips where it is absent."""
    need_odbc()
    path = microsoft_driver() if name == "microsoft" else _FREETDS
    if path is None or not path.is_file():
        assert os.environ.get("CI") != "true", f"the ODBC driver of {name} is not installed"
        pytest.skip(f"the ODBC driver of {name} is not installed: make test-deps")
    return path


def conn_str(server: TdsServer, name: str, *, login: bool = True) -> str:
    """The connection string of a driver, with TLS."""
    path = driver_path(name)
    if name == "microsoft":
        base = f"DRIVER={path};SERVER=127.0.0.1,{server.port};Encrypt=yes;TrustServerCertificate=yes;"
    else:
        base = f"DRIVER={path};SERVER=127.0.0.1;PORT={server.port};TDS_Version=7.4;Encryption=require;"
        base += "ClientCharset=UTF-8;"
    return base + "DATABASE=pool;" + (f"UID={USER};PWD={PASSWORD};" if login else "")


def cloud_of(server: TdsServer, name: str, *, entra: str = "", ca_file: str = "", **settings) -> Cloud:
    """The connections of a test; `entra` is the authority whose tokens log in."""
    return Cloud(
        synapse=Synapse(
            conn_str=conn_str(server, name, login=not entra),
            entra=bool(entra),
            **{"login_seconds": 5, **settings},
        ),
        adls=Adls(account="unused", container="unused"),
        databricks=Databricks(hostname="unused", http_path="unused"),
        ca_file=ca_file,
        authority=entra,
    )


def project_of(folder: Path, **session) -> tuple[Project, Table]:
    """A project with one table, for `synapse_source`."""
    table = Table(name="t", folder="tables/t", original=Script("tables/t/synapse.sql", "SELECT 1 AS x"))
    return Project(folder=folder, name="cloud", session=Session(**session), tables=(table,)), table


@pytest.fixture(scope="session")
def tds_server(certificates, entra):
    """The server, once a session: with TLS, and logins by password or token."""
    need_odbc()
    with TdsServer(certificates, accepts=lambda token: entra.fault(token, SQL_AUDIENCE)) as server:
        yield server


@pytest.fixture
def tds(tds_server):
    """The server without faults, and with nothing seen yet; every connection is closed afterwards."""
    tds_server.clear()
    yield tds_server
    assert tds_server.errors == []
