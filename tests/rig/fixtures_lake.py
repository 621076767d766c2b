"""Azurite for the tests: over HTTP with its well-known key, and behind a proxy that plays faults."""

from __future__ import annotations

import os

import pytest
from azure.storage.blob import BlobServiceClient

from tests.rig import azurite
from tests.rig.certificates import Certificates
from tests.rig.entra import Entra
from tests.rig.faults import FaultProxy

CONTAINER = "stage"


def need_azurite() -> None:
    """Skip where Azurite is absent; in CI its absence is a failure."""
    if why := azurite.absent():
        assert os.environ.get("CI") != "true", why
        pytest.skip(why)


@pytest.fixture(scope="session")
def plain_azurite(tmp_path_factory):
    """Azurite over HTTP, with one container."""
    need_azurite()
    with azurite.Azurite(tmp_path_factory.mktemp("azurite") / "azurite.log") as server:
        service = BlobServiceClient.from_connection_string(server.connection_string)
        service.create_container(CONTAINER)
        yield server


@pytest.fixture
def shaky(plain_azurite):
    """A proxy before Azurite; a test puts its faults in."""
    with FaultProxy(plain_azurite.url) as proxy:
        yield proxy


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """The private authority of this session, and its leaf."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def entra(certificates):
    """Entra ID's stand-in."""
    with Entra(certificates) as server:
        yield server


@pytest.fixture(scope="session")
def secure_azurite(tmp_path_factory, certificates):
    """Azurite over HTTPS, where a token of Entra ID logs in; with one container."""
    need_azurite()
    log = tmp_path_factory.mktemp("azurite") / "azurite.log"
    with azurite.Azurite(log, certificates.cert_file, certificates.key_file) as server:
        service = BlobServiceClient.from_connection_string(
            server.connection_string, connection_verify=str(certificates.ca_file)
        )
        service.create_container(CONTAINER)
        yield server
