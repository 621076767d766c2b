"""ADLS through the real client: what arrives is what was sent, or nothing is there and the error says why."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
from dataclasses import replace

import pytest
from azure.storage.blob import BlobServiceClient

from recon.connections import Adls, Cloud, Databricks, Synapse
from recon.connectors.cloud.lake import adls_lake
from recon.errors import Cancelled, LakeError, SettingsError
from recon.progress import Progress
from tests.rig.azurite import ACCOUNT, KEY
from tests.rig.faults import Fault
from tests.rig.fixtures_lake import CONTAINER

BLOCK = 64 * 1024


@pytest.fixture
def adls(plain_azurite, request):
    return Adls(
        account=ACCOUNT,
        container=CONTAINER,
        path=f"recon/{abs(hash(request.node.name))}/",
        connection_string=plain_azurite.connection_string,
        block_bytes=BLOCK,
        timeout_seconds=2,
        attempts=3,
        backoff_seconds=0.01,
    )


@pytest.fixture
def lake(adls):
    return adls_lake(adls, cloud(adls))


@pytest.fixture
def service(plain_azurite):
    return BlobServiceClient.from_connection_string(plain_azurite.connection_string)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(os.urandom(BLOCK * 5 + 123))
    return path


def cloud(adls: Adls, **more) -> Cloud:
    return Cloud(
        synapse=Synapse(conn_str="none"),
        adls=adls,
        databricks=Databricks(hostname="none", http_path="none"),
        **more,
    )


def through(proxy, adls: Adls) -> Adls:
    """The same settings, by way of a proxy."""
    there = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={proxy.url};"
    return replace(adls, connection_string=there)


def uncommitted(service, adls: Adls) -> list[str]:
    """Objects under this test's path, those that are only blocks among them."""
    found = service.get_container_client(CONTAINER).list_blobs(adls.path, include=["uncommittedblobs"])
    return [blob.name for blob in found]


# --- the port ----------------------------------------------------------------------------------


def test_put_and_get(lake, file, tmp_path, adls):
    url = lake.put(file, "RUN-1/inputs/a b.parquet")
    assert url == f"abfss://{CONTAINER}@{ACCOUNT}.dfs.core.windows.net/{adls.path}RUN-1/inputs/a b.parquet"
    copy = lake.get("RUN-1/inputs/a b.parquet", tmp_path / "new" / "copy")
    assert copy.read_bytes() == file.read_bytes()
    assert [p.name for p in copy.parent.iterdir()] == ["copy"]


def test_an_empty_file_and_one_of_exactly_a_block(lake, tmp_path):
    for size in (0, BLOCK, BLOCK + 1):
        file = tmp_path / f"{size}"
        file.write_bytes(os.urandom(size))
        lake.put(file, file.name)
        assert lake.get(file.name, tmp_path / "copy").read_bytes() == file.read_bytes()


def test_put_replaces(lake, file, tmp_path):
    lake.put(file, "k/a")
    file.write_bytes(b"two")
    lake.put(file, "k/a")
    assert lake.get("k/a", tmp_path / "c").read_bytes() == b"two"
    assert lake.keys("") == ("k/a",)


def test_keys_are_sorted_and_under_their_prefix(lake, tmp_path):
    small = tmp_path / "s"
    small.write_bytes(b"s")
    for key in ("runs/10/b", "runs/1/z", "runs/1/a/c", "runs/1/a.b"):
        lake.put(small, key)
    assert lake.keys("runs/1") == lake.keys("runs/1/") == ("runs/1/a.b", "runs/1/a/c", "runs/1/z")
    assert lake.keys("runs/1/z") == ("runs/1/z",)
    lake.drop("runs/1")
    assert lake.keys("") == ("runs/10/b",)
    lake.drop("runs/1")
    lake.drop("")
    assert lake.keys("") == ()


def test_directories_of_a_hierarchical_namespace_go_with_their_files(lake, service, adls, tmp_path):
    """Azurite has no such namespace; a directory shows itself in a flat listing by this mark."""
    small = tmp_path / "s"
    small.write_bytes(b"s")
    lake.put(small, "RUN-1/in/a")
    container = service.get_container_client(CONTAINER)
    for folder in ("RUN-1", "RUN-1/in"):
        container.upload_blob(f"{adls.path}{folder}", b"", metadata={"hdi_isfolder": "true"})
    assert lake.keys("RUN-1") == ("RUN-1/in/a",)
    lake.drop("RUN-1")
    assert uncommitted(service, adls) == []


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/x", "", "a\\..\\x", "C:/x", ".."])
def test_keys_cannot_leave_the_lake(lake, file, tmp_path, key):
    with pytest.raises(LakeError, match="no key"):
        lake.put(file, key)
    with pytest.raises(LakeError, match="no key"):
        lake.get(key, tmp_path / "y")


def test_what_is_not_there(lake, tmp_path):
    with pytest.raises(LakeError, match="not in the container") as caught:
        lake.get("x", tmp_path / "y")
    assert not caught.value.retryable
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_read(lake, tmp_path, service, adls):
    with pytest.raises(LakeError, match="No such file"):
        lake.put(tmp_path / "none", "k")
    assert uncommitted(service, adls) == []


# --- progress and cancel ----------------------------------------------------------------------


def test_progress_counts_bytes_up_to_all_of_them(adls, file):
    said = []
    progress = Progress(emit=lambda step, message, done, total, level: said.append((done, total)))
    adls_lake(adls, cloud(adls), progress).put(file, "k")
    size = file.stat().st_size
    assert [done for done, _ in said] == sorted(done for done, _ in said)
    assert len(said) > 1
    assert said[-1] == (size, size)


def test_cancel_between_two_blocks_leaves_nothing(adls, file, service):
    progress = Progress()
    progress.emit = lambda step, message, done, total, level: progress.cancel()
    with pytest.raises(Cancelled):
        adls_lake(adls, cloud(adls), progress).put(file, "k")
    assert uncommitted(service, adls) == []


# --- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_service_is_asked_again(shaky, adls, file, tmp_path, status):
    lake = adls_lake(through(shaky, adls), cloud(adls))
    shaky.faults = [
        Fault("status", "PUT", "comp=block&", times=2, status=status),
        Fault("status", "PUT", "comp=blocklist", times=2, status=status),
        Fault("status", "GET", "k", times=2, status=status),
    ]
    lake.put(file, "k")
    assert lake.get("k", tmp_path / "c").read_bytes() == file.read_bytes()
    assert all(f.times == 0 for f in shaky.faults)


@pytest.mark.parametrize("do", ["drop", "lose", "stall"])
@pytest.mark.parametrize("at", ["comp=block&", "comp=blocklist"])
def test_a_connection_that_breaks_is_made_again(shaky, adls, file, tmp_path, do, at):
    lake = adls_lake(replace(through(shaky, adls), timeout_seconds=1), cloud(adls))
    shaky.faults = [Fault(do, "PUT", at)]
    lake.put(file, "k")
    assert lake.get("k", tmp_path / "c").read_bytes() == file.read_bytes()
    assert shaky.faults[0].times == 0


@pytest.mark.parametrize("do", ["drop", "cut answer", "stall"])
def test_a_download_that_breaks_is_made_again(shaky, adls, file, tmp_path, do):
    lake = adls_lake(replace(through(shaky, adls), timeout_seconds=1), cloud(adls))
    lake.put(file, "k")
    shaky.faults = [Fault(do, "GET", "k")]
    assert lake.get("k", tmp_path / "c").read_bytes() == file.read_bytes()
    assert shaky.faults[0].times == 0


def test_a_block_that_changes_on_the_way_is_not_taken(shaky, adls, file, tmp_path):
    lake = adls_lake(through(shaky, adls), cloud(adls))
    shaky.faults = [Fault("corrupt", "PUT", "comp=block&")]
    lake.put(file, "k")
    assert lake.get("k", tmp_path / "c").read_bytes() == file.read_bytes()
    assert sum("comp=block&" in each for each in shaky.seen) == 7  # six blocks, one of them twice


def test_a_service_that_stays_busy_ends_in_an_error_that_may_pass(shaky, adls, file, service):
    lake = adls_lake(through(shaky, adls), cloud(adls))
    shaky.faults = [Fault("status", "PUT", "comp=blocklist", times=3)]
    with pytest.raises(LakeError, match="503") as caught:
        lake.put(file, "k")
    assert caught.value.retryable
    assert sum("comp=blocklist" in each for each in shaky.seen) == 4  # the last throws the blocks away
    assert uncommitted(service, adls) == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_what_trying_again_cannot_mend_is_tried_once(shaky, adls, file, status):
    lake = adls_lake(through(shaky, adls), cloud(adls))
    shaky.faults = [Fault("status", "PUT", "comp=block&", times=99, status=status)]
    with pytest.raises(LakeError) as caught:
        lake.put(file, "k")
    assert not caught.value.retryable
    assert caught.value.hint
    tries = sum("comp=block&" in each for each in shaky.seen)
    assert tries <= 6  # no block twice


def test_a_port_where_nobody_listens(adls, file):
    there = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint=http://127.0.0.1:9/x;"
    with pytest.raises(LakeError, match="cannot be reached") as caught:
        adls_lake(replace(adls, connection_string=there), cloud(adls)).put(file, "k")
    assert caught.value.retryable


def test_two_writers_of_one_key_do_not_mix(adls, tmp_path):
    files = []
    for n in range(2):
        file = tmp_path / f"{n}"
        file.write_bytes(bytes([n]) * (BLOCK * 4))
        files.append(file)
    errors = []

    def write(file) -> None:
        try:
            adls_lake(adls, cloud(adls)).put(file, "same")
        except LakeError as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(f,)) for f in files]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(errors) < 2
    copy = adls_lake(adls, cloud(adls)).get("same", tmp_path / "c").read_bytes()
    assert hashlib.sha256(copy).hexdigest() in {hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


# --- settings and secrets -------------------------------------------------------------------------


def test_a_container_that_is_not_there(adls, file):
    with pytest.raises(LakeError, match="404") as caught:
        adls_lake(replace(adls, container="nowhere"), cloud(adls)).put(file, "k")
    assert "ADLS_CONTAINER" in caught.value.hint


def test_settings_that_cannot_be_right(adls):
    with pytest.raises(SettingsError) as caught:
        adls_lake(replace(adls, connection_string="Account=canary-secret"), cloud(adls))
    assert "canary" not in str(caught.value) + caught.value.hint


def test_no_signature_in_logs_or_errors(adls, file, caplog):
    caplog.set_level(logging.INFO)
    sas = "sv=2024-11-04&ss=b&srt=sco&sp=rwdl&se=2020-01-01T00:00:00Z&sig=CANARYSIGNATURE"
    told = replace(
        adls, connection_string="", endpoint=adls.connection_string.split("BlobEndpoint=")[1].strip(";")
    )
    with pytest.raises(LakeError) as caught:
        adls_lake(replace(told, sas_token=sas), cloud(adls)).put(file, "k")
    assert "40" in str(caught.value)
    assert "CANARY" not in str(caught.value) + caught.value.hint + caplog.text + repr(told)


# --- HTTPS and Entra ID ------------------------------------------------------------------------------


@pytest.fixture
def secure(secure_azurite, certificates, entra, monkeypatch, adls):
    """Settings of ADLS where Entra ID logs in; and what the cloud's settings share."""
    for name, value in entra.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    told = replace(adls, connection_string="", endpoint=secure_azurite.url)
    return told, cloud(told, ca_file=str(certificates.ca_file), authority=entra.url)


def test_a_token_of_entra_logs_in(secure, file, tmp_path, entra):
    lake = adls_lake(*secure)
    lake.put(file, "RUN-1/a")
    assert lake.get("RUN-1/a", tmp_path / "c").read_bytes() == file.read_bytes()
    assert "https://storage.azure.com/.default" in entra.asked
    lake.drop("RUN-1")
    assert lake.keys("") == ()


def test_a_wrong_client_secret(secure, file, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "canary-wrong")
    with pytest.raises(LakeError, match="Entra ID gave no token") as caught:
        adls_lake(*secure).put(file, "k")
    assert "AZURE_CLIENT_SECRET" in caught.value.hint
    assert "canary" not in str(caught.value) + caught.value.hint
    assert not caught.value.retryable


def test_an_authority_that_is_not_trusted(secure, file):
    told, shared = secure
    with pytest.raises(LakeError, match="certificate") as caught:
        adls_lake(told, replace(shared, ca_file="")).put(file, "k")
    assert "REQUESTS_CA_BUNDLE" in caught.value.hint


def test_an_authority_over_http(secure):
    told, shared = secure
    with pytest.raises(SettingsError, match="AZURE_AUTHORITY_HOST"):
        adls_lake(told, replace(shared, authority="http://localhost:1"))
