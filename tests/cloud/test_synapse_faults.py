"""What goes wrong between recon and Synapse, over real sockets and drivers: named rightly, and nothing is lost."""

from __future__ import annotations

import socket
import threading
import time
import traceback
from dataclasses import replace

import pyarrow as pa
import pytest
from tenacity import wait_fixed

from recon.connectors.cloud import odbc
from recon.connectors.cloud.source import synapse_source
from recon.errors import Cancelled, PlatformError, ProgramError, ReconError, SettingsError, SourceError
from recon.model import Script, TableRef
from tests.conftest import wait_for
from tests.rig.entra import STORAGE_AUDIENCE
from tests.rig.fixtures_synapse import cloud_of, conn_str, project_of
from tests.rig.tds import PASSWORD, Fault

MANY = 60_000
TABLE = TableRef("dbo", "many")
WAYS = {"arrow-odbc": "", "pyodbc": "N'ü' = N'ü'"}
SECRET = "row-value-canary"
CALL = Script("load.sql", "CREATE PROCEDURE dbo.load @n int AS INSERT INTO dbo.called VALUES (@n)")


@pytest.fixture(scope="module", autouse=True)
def many(tds_server):
    """A table that takes many packets, and one in which calls leave their mark."""
    tds_server.database.run(
        "CREATE TABLE dbo.many (id int NOT NULL, name nvarchar(40))\nGO\n"
        f"CREATE TABLE dbo.called (n int)\nGO\n{CALL.text}\nGO\n"
        "CREATE PROCEDURE dbo.late AS BEGIN SELECT 1 AS x; SELECT 2 AS y; THROW 50001, N'too late', 1; END\nGO\n"
        f"CREATE PROCEDURE dbo.leaks AS BEGIN SELECT CAST('{SECRET}' AS int) AS x; END"
    )
    con = tds_server.database.con.cursor()
    con.execute(f"INSERT INTO s_dbo.many SELECT range, 'name ' || range FROM range({MANY})")


@pytest.fixture(params=["microsoft", "freetds"])
def driver(request):
    return request.param


@pytest.fixture
def source(tds, driver, tmp_path, monkeypatch):
    monkeypatch.setattr(odbc, "LONGEST_WAIT", 0.2)
    with synapse_source(cloud_of(tds, driver, query_seconds=30), *project_of(tmp_path), tmp_path) as made:
        yield made
    wait_for(lambda: tds.open == 0, 10, "the end of every connection")


def opened(tds, driver, folder, **settings):
    """A source of its own for a test."""
    return synapse_source(cloud_of(tds, driver, **settings), *project_of(folder), folder)


def rows_of(source, where=""):
    return source.read(TABLE, where).batches.read_all().num_rows


def calls(tds):
    return tds.database.con.cursor().execute("SELECT count(*) FROM s_dbo.called").fetchone()[0]


# --- the connection -----------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_many_rows_stream(way, source):
    with source.read(TABLE, WAYS[way]).batches as batches:
        sizes = [batch.num_rows for batch in batches]
    assert sum(sizes) == MANY
    assert max(sizes) <= 20_000
    assert len(sizes) > 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("packets", [0, 3])
def test_a_connection_that_drops_before_any_row_is_made_anew(packets, way, source, tds):
    tds.faults.append(Fault("[many]", drop_after=packets))
    assert rows_of(source, WAYS[way]) == MANY
    assert tds.faults[0].times == 0


@pytest.mark.parametrize("way", WAYS)
def test_a_connection_that_drops_amid_the_rows_never_passes_for_the_end(way, tds, driver, tmp_path):
    tds.database.con.cursor().execute("INSERT INTO s_dbo.many SELECT 1000000 + range, 'x' FROM range(60000)")
    try:
        with opened(tds, driver, tmp_path) as source:
            tds.faults.append(Fault("[many]", drop_after=400))
            taken = 0
            with pytest.raises(SourceError, match="the connection to Synapse was lost") as caught:
                for batch in source.read(TABLE, WAYS[way]).batches:
                    taken += batch.num_rows
            assert caught.value.retryable
            assert 0 < taken < 2 * MANY
    finally:
        tds.database.con.cursor().execute("DELETE FROM s_dbo.many WHERE id >= 1000000")


def test_a_busy_server_is_asked_again(source, tds):
    tds.faults += [Fault("[many]", number=n) for n in (40501, 10928, 1205)]
    assert rows_of(source) == MANY


def test_the_catalogue_is_asked_again_over_a_new_connection(source, tds):
    tds.faults.append(Fault("INFORMATION_SCHEMA", drop_after=0))
    logins = len(tds.logins)
    assert [c.name for c in source.columns(TABLE)] == ["id", "name"]
    assert len(tds.logins) == logins + 1


def test_what_does_not_pass_is_not_asked_again(source, tds):
    tds.faults.append(Fault("[many]", times=9, number=229, message="The SELECT permission was denied."))
    with pytest.raises(SourceError, match=r"reading dbo\.many is not permitted \(error 229\)") as caught:
        rows_of(source)
    assert not caught.value.retryable
    assert "SELECT" in caught.value.hint
    assert tds.faults[0].times == 8


def test_a_pool_that_is_not_there_for_a_moment(tds, driver, tmp_path, monkeypatch):
    tds.deny += [40613, 40197]
    with opened(tds, driver, tmp_path) as source:
        assert rows_of(source) == MANY
    assert len(tds.logins) == 4


def test_a_paused_pool_is_called_paused(tds, driver, tmp_path):
    tds.deny.append(42108)
    with pytest.raises(SourceError, match="paused") as caught, opened(tds, driver, tmp_path):
        pass
    assert not caught.value.retryable
    assert len(tds.logins) == 1


def test_a_wrong_password_is_said_once_and_not_repeated(tds, driver, tmp_path):
    cloud = cloud_of(tds, driver)
    wrong = conn_str(tds, driver).replace(PASSWORD, "wrong-canary")
    cloud = replace(cloud, synapse=replace(cloud.synapse, conn_str=wrong, login_seconds=3))
    source = synapse_source(cloud, *project_of(tmp_path), tmp_path)
    with pytest.raises(SettingsError, match="refused the login") as caught, source:
        pass
    assert len(tds.logins) == 1
    assert "wrong-canary" not in "".join(traceback.format_exception(caught.value))


def test_a_port_where_nobody_listens(tds, tmp_path, monkeypatch):
    monkeypatch.setattr(odbc, "ATTEMPTS", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cloud = cloud_of(tds, "freetds")
    text = conn_str(tds, "freetds").replace(f"PORT={tds.port}", f"PORT={port}")
    cloud = replace(cloud, synapse=replace(cloud.synapse, conn_str=text, login_seconds=3))
    with pytest.raises(SourceError) as caught, synapse_source(cloud, *project_of(tmp_path), tmp_path):
        pass
    assert "SYNAPSE_CONN_STR" in caught.value.hint


def test_a_driver_that_is_not_installed(tds, tmp_path):
    cloud = cloud_of(tds, "freetds")
    text = "DRIVER=/no/such/driver.so;SERVER=x;UID=a;PWD=pass-canary"
    cloud = replace(cloud, synapse=replace(cloud.synapse, conn_str=text, login_seconds=3))
    source = synapse_source(cloud, *project_of(tmp_path), tmp_path)
    with pytest.raises(SettingsError, match="ODBC driver for Synapse is not installed") as caught, source:
        pass
    assert "msodbcsql18" in caught.value.hint


def test_an_untrusted_certificate_is_a_setting(tds, tmp_path):
    cloud = cloud_of(tds, "microsoft")
    text = conn_str(tds, "microsoft").replace("TrustServerCertificate=yes", "TrustServerCertificate=no")
    cloud = replace(cloud, synapse=replace(cloud.synapse, conn_str=text, login_seconds=3))
    source = synapse_source(cloud, *project_of(tmp_path), tmp_path)
    with pytest.raises(SettingsError, match="certificate is not trusted"), source:
        pass


# --- tokens of Entra ID ---------------------------------------------------------------------------------


@pytest.fixture
def identity(entra, monkeypatch):
    for name, value in entra.environment.items():
        monkeypatch.setenv(name, value)
    entra.asked.clear()
    return entra


def with_token(tds, identity, folder):
    cloud = cloud_of(tds, "microsoft", entra=identity.url, ca_file=str(identity.certificates.bundle_file))
    return synapse_source(cloud, *project_of(folder), folder)


def test_a_token_logs_in_and_reads(tds, identity, tmp_path):
    with with_token(tds, identity, tmp_path) as source:
        assert rows_of(source) == MANY
    assert identity.asked == ["https://database.windows.net/.default"]  # one token, two connections
    assert [bool(login.token) for login in tds.logins] == [True, True]
    assert not any(login.password for login in tds.logins)


def test_a_token_for_something_else_is_refused(tds, identity, tmp_path, monkeypatch):
    good = identity.issue
    monkeypatch.setattr(identity, "issue", lambda audience, client: good(STORAGE_AUDIENCE, client))
    with pytest.raises(SettingsError, match="refused the login"), with_token(tds, identity, tmp_path):
        pass


def test_an_expired_token_is_refused(tds, identity, tmp_path, monkeypatch):
    good = identity.issue
    monkeypatch.setattr(identity, "issue", lambda audience, client: good(audience, client, seconds=-60))
    with pytest.raises(SettingsError, match="refused the login"), with_token(tds, identity, tmp_path):
        pass


def test_a_wrong_client_secret_is_a_setting(tds, identity, tmp_path, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong-secret-canary")
    source = with_token(tds, identity, tmp_path)
    with pytest.raises(SettingsError, match="Entra ID gave no token") as caught, source:
        pass
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_a_password_beside_a_token_is_a_contradiction(tds, identity, tmp_path):
    cloud = cloud_of(tds, "microsoft", entra=identity.url, ca_file=str(identity.certificates.bundle_file))
    text = conn_str(tds, "microsoft")
    cloud = replace(cloud, synapse=replace(cloud.synapse, conn_str=text))
    source = synapse_source(cloud, *project_of(tmp_path), tmp_path)
    with pytest.raises(SettingsError, match="has UID, but SYNAPSE_AUTH=entra") as caught, source:
        pass
    assert PASSWORD not in str(caught.value)


def test_freetds_and_a_token_do_not_go_together(tds, identity, tmp_path):
    cloud = cloud_of(tds, "freetds", entra=identity.url, ca_file=str(identity.certificates.bundle_file))
    source = synapse_source(cloud, *project_of(tmp_path), tmp_path)
    with pytest.raises(SettingsError, match="FreeTDS cannot log in with a token"), source:
        pass


# --- time -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_a_statement_that_takes_too_long_is_stopped(way, tds, driver, tmp_path, monkeypatch):
    monkeypatch.setattr(odbc, "ATTEMPTS", 1)
    with opened(tds, driver, tmp_path, query_seconds=1) as source:
        tds.faults.append(Fault("[many]", times=9, seconds=20))
        began = time.monotonic()
        with pytest.raises(SourceError, match="was not over in time") as caught:
            source.read(TABLE, WAYS[way])
        assert time.monotonic() - began < 10
        assert caught.value.retryable
        assert "SYNAPSE_QUERY_SECONDS" in caught.value.hint


def test_a_server_that_is_deaf_is_left_behind(tds, driver, tmp_path, monkeypatch):
    monkeypatch.setattr(odbc, "ATTEMPTS", 1)
    with opened(tds, driver, tmp_path, query_seconds=1, login_seconds=3) as source:
        tds.faults.append(Fault("[many]", seconds=12, deaf=True))
        began = time.monotonic()
        with pytest.raises(SourceError) as caught:
            source.read(TABLE)
        assert time.monotonic() - began < 10
        assert caught.value.retryable


@pytest.mark.parametrize("way", WAYS)
def test_cancel_while_the_server_works(way, source, tds):
    tds.faults.append(Fault("[many]", seconds=4))  # arrow-odbc cannot tell the server, and leaves it
    threading.Timer(0.5, source.cancel).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        source.read(TABLE, WAYS[way])
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("way", WAYS)
def test_cancel_ends_the_wait_for_a_better_moment(way, tds, driver, tmp_path, monkeypatch):
    monkeypatch.setattr(odbc, "wait_random_exponential", lambda **_: wait_fixed(30))
    with opened(tds, driver, tmp_path) as source:
        tds.faults.append(Fault("[many]", times=9, number=40501))
        threading.Timer(0.5, source.cancel).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            source.read(TABLE, WAYS[way])
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("way", WAYS)
def test_cancel_between_batches(way, source):
    batches = iter(source.read(TABLE, WAYS[way]).batches)
    next(batches)
    source.cancel()
    with pytest.raises(Cancelled):
        while True:
            next(batches)


def test_cancel_during_a_call(source, tds):
    tds.faults.append(Fault("[load]", seconds=20))
    threading.Timer(0.5, source.cancel).start()
    before, began = calls(tds), time.monotonic()
    with pytest.raises(Cancelled):
        source.call(CALL, "dbo.load", {"n": 1})
    assert time.monotonic() - began < 8
    assert calls(tds) == before
    with pytest.raises(Cancelled):
        source.call(CALL, "dbo.load", {"n": 1})


# --- calls --------------------------------------------------------------------------------------------------


def test_a_call_that_was_cut_is_never_sent_again(source, tds):
    before, heard = calls(tds), len([s for s in tds.statements if "[load]" in s])
    tds.faults.append(Fault("[load]", drop_after=0))
    with pytest.raises(SourceError, match="the connection to Synapse was lost") as caught:
        source.call(CALL, "dbo.load", {"n": 1})
    assert not caught.value.retryable
    assert "not known how far" in caught.value.hint
    assert len([s for s in tds.statements if "[load]" in s]) == heard + 1
    assert calls(tds) == before + 1  # it had run: the answer was lost
    source.call(CALL, "dbo.load", {"n": 2})  # over a new connection
    assert calls(tds) == before + 2


def test_a_connection_that_drops_right_after_a_call_leaves_a_doubt(source, tds):
    tds.faults.append(Fault("@@TRANCOUNT", drop_after=0))
    with pytest.raises(SourceError, match="lost right after the call") as caught:
        source.call(CALL, "dbo.load", {"n": 1})
    assert not caught.value.retryable


def test_an_error_behind_the_rows_of_a_call_is_heard(source):
    with pytest.raises(ProgramError) as caught:
        source.call(Script("late.sql", "-- THROW 50001, N'too late', 1"), "dbo.late", {})
    assert caught.value.code == "50001"


def test_a_value_in_the_server_s_words_is_left_out(source, caplog, driver):
    script = Script("leaks.sql", "SELECT 1 AS x")
    with caplog.at_level("DEBUG"), pytest.raises(ProgramError) as caught:
        source.call(script, "dbo.leaks", {})
    assert caught.value.code == "245"
    assert "a text cannot be converted to the number it needs" in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + caplog.text


def test_a_message_of_the_server_that_may_hold_a_value_is_left_out(source, tds):
    tds.faults.append(Fault("[load]", number=110802, message=f"An internal error: '{SECRET}'"))
    with pytest.raises(ReconError) as caught:
        source.call(CALL, "dbo.load", {"n": 1})
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert "110802" in str(caught.value)


def test_a_filter_that_is_wrong_is_laid_at_the_filter(source):
    with pytest.raises(ProgramError) as caught:
        source.read(TABLE, "nmae = 'x'").batches.read_all()
    assert caught.value.file == "filter"
    assert caught.value.code == "207"


def test_the_first_error_of_parallel_reads_ends_them(source, tds):
    tds.faults.append(Fault("[id] >= ", number=229))
    with pytest.raises(SourceError, match="not permitted"):
        source.read(TABLE, split_by="id").batches.read_all()


def test_no_secret_in_any_log(tds, driver, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(odbc, "LONGEST_WAIT", 0.1)
    tds.deny.append(40613)
    tds.faults.append(Fault("[many]", number=40501))
    with caplog.at_level("DEBUG"), opened(tds, driver, tmp_path) as source:
        assert rows_of(source) == MANY
        with pytest.raises(PlatformError) as caught:
            source.read(TableRef("dbo", "mayn"))
    assert "Did you mean dbo.many?" in caught.value.hint
    assert "failed for the moment; attempt 2 follows" in caplog.text
    for secret in (PASSWORD, "PWD=", "name 1"):
        assert secret not in caplog.text + repr(cloud_of(tds, driver)) + repr(source.session.login)


def test_batches_that_nobody_takes_close_their_connections(tds, driver, tmp_path):
    with opened(tds, driver, tmp_path) as source:
        rows = source.read(TABLE, WAYS["pyodbc"])
        assert isinstance(rows.batches, pa.RecordBatchReader)
        next(iter(rows.batches))
    wait_for(lambda: tds.open == 0, 10, "the end of every connection")
