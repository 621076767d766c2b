"""A TDS 7.4 server for tests: what Microsoft's ODBC driver and FreeTDS talk to in place of Synapse.

TLS, SQL logins and Entra ID's tokens, batches, prepared statements and calls, errors with SQL Server's
numbers, attentions, transactions; and faults, when a test orders them.
https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-tds/
"""

from __future__ import annotations

import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import duckdb

from recon.errors import ReconError
from recon.sqlscript.tsql_types import SqlType
from tests.rig import tds_link as link
from tests.rig import tds_reader as reader
from tests.rig import tds_tokens as tokens
from tests.rig.tds_engine import Connection, Database, Result
from tests.rig.tds_tokens import TdsError
from tests.rig.tds_types import wire

if TYPE_CHECKING:
    from types import TracebackType

    from tests.rig.certificates import Certificates

USER, PASSWORD = "recon_reader", "Pass-word-canary-1"
_EXEC = re.compile(r"\s*(?:exec(?:ute)?\s+)?(?:sys\.)?(sp_\w+)\s*(.*)$", re.IGNORECASE | re.DOTALL)
_CATALOGUE_CALLS = ("sp_datatype_info", "sp_tables", "sp_columns", "sp_describe_undeclared")


@dataclass
class Fault:
    """Something that goes wrong on statements that contain `text`, so many `times`."""

    text: str
    times: int = 1
    number: int = 0  # an error with this number
    message: str = "The service has encountered an error processing your request. Please try again."
    seconds: float = 0.0  # a pause first; `deaf`: attentions are not heard meanwhile
    deaf: bool = False
    drop_after: int = -1  # cut the connection after so many packets of the answer
    columns: tuple[tuple[str, SqlType], ...] = ()  # answer these rows instead
    rows: tuple[tuple[Any, ...], ...] = ()


@dataclass
class TdsServer:
    """The server. `accepts` says why a token is not good (empty: it is), `deny` fails so many logins.

    What happened is in `logins`, `statements` and `open`, the number of connections.
    """

    certificates: Certificates | None = None
    accepts: Callable[[str], str] = lambda token: "no token is accepted"
    database: Database = field(default_factory=Database)
    users: dict[str, str] = field(default_factory=lambda: {USER: PASSWORD})
    faults: list[Fault] = field(default_factory=list)
    deny: list[int] = field(default_factory=list)  # the error numbers of the next logins
    slow_login: float = 0.0
    logins: list[reader.Login] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)  # of the server itself
    open: int = 0
    _server: socketserver.ThreadingTCPServer | None = None

    def start(self) -> Self:
        """Serve on a free port of 127.0.0.1."""
        rig = self

        class Handler(_Handler):
            server_rig = rig

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True, name="tds").start()
        return self

    def stop(self) -> None:
        """Close the port; connections end with their clients."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None, "not started"
        return self._server.server_address[1]

    def clear(self) -> None:
        """Forget faults and what happened, between two tests."""
        for kept in (self.faults, self.deny, self.logins, self.statements, self.errors):
            kept.clear()
        self.slow_login = 0.0

    def fault(self, text: str) -> Fault | None:
        """The next ordered fault of a statement, which is then used up once."""
        for found in self.faults:
            if found.text.casefold() in text.casefold() and found.times > 0:
                found.times -= 1
                return found
        return None

    def context(self) -> ssl.SSLContext | None:
        """For TLS, which TDS 7.4 hides in its own packets: 1.2 at most."""
        return self.certificates.server_context(ssl.TLSVersion.TLSv1_2) if self.certificates else None


class _Handler(socketserver.BaseRequestHandler):
    """One connection."""

    server_rig: TdsServer

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.link = link.Link(self.request)
        self.connection: Connection = self.server_rig.database.session()
        self.prepared: dict[int, tuple[str, str]] = {}
        self.transactions = 0
        self.server_rig.open += 1

    def finish(self) -> None:
        self.server_rig.open -= 1
        self.connection.session.con.close()

    def handle(self) -> None:
        try:
            while True:
                kind, data = self.link.message()
                self._message(kind, data)
        except (OSError, EOFError):
            return  # the client has gone, or a fault has cut the connection
        except (TypeError, ValueError, LookupError, AttributeError, AssertionError) as error:
            self.server_rig.errors.append(error)  # a mistake of the server: its tests look here
            raise

    def _message(self, kind: int, data: bytes) -> None:
        if kind == link.PRELOGIN:
            context = self.server_rig.context()
            answer, encrypted = tokens.prelogin(data, context is not None)
            self.link.send(answer)
            if encrypted and context is not None:
                self.link.encrypt(context)
        elif kind == link.LOGIN:
            self._login(reader.login(data))
        elif kind == link.ATTENTION:
            self.link.send(tokens.done(tokens.DONE, tokens.ATTENTION))
        elif kind == link.TRANSACTION:
            self._transaction(data)
        else:
            self._work(kind, data)

    # --- login ------------------------------------------------------------------------------------

    def _login(self, said: reader.Login) -> None:
        rig = self.server_rig
        rig.logins.append(said)
        self.connection.pause(rig.slow_login, deaf=True)
        why = (
            rig.accepts(said.token)
            if said.token
            else ""
            if rig.users.get(said.user) == said.password
            else "no"
        )
        if rig.deny or why:
            number = rig.deny.pop(0) if rig.deny else 18456
            who = said.user or "<token-identified principal>"
            text = f"Login failed for user '{who}'." if number == 18456 else "The database is not available."
            self.link.send(tokens.error(TdsError(number, text, level=14)) + tokens.done(tokens.DONE, 2))
            raise ConnectionError("login refused")
        size = min(max(512, said.packet_size or 4096), 32767)
        self.link.send(tokens.logged_in(said.database or "master", size, bool(said.token)))
        self.link.packet_size = size

    # --- statements -------------------------------------------------------------------------------

    def _work(self, kind: int, data: bytes) -> None:
        """One request, with an ear for an attention meanwhile."""
        finished, heard = threading.Event(), threading.Event()
        self.connection.stopped.clear()

        def listen() -> None:
            while not finished.is_set():
                if self.link.waiting(0.02):
                    heard.set()
                    self.connection.interrupt()
                    return

        ear = threading.Thread(target=listen, daemon=True)
        ear.start()
        end = tokens.DONE
        try:
            if kind == link.BATCH:
                self._batch(data)
            elif kind == link.RPC:
                end = tokens.DONE_PROC
                for call in reader.calls(data):
                    self._call(call)
            else:
                raise TdsError(4002, f"unknown packet 0x{kind:02x}")
            last = b""
        except TdsError as error:
            last = tokens.error(error) + tokens.done(end, tokens.ERROR)
        except (duckdb.Error, ReconError) as error:
            last = tokens.error(TdsError(50000, type(error).__name__)) + tokens.done(end, tokens.ERROR)
        finally:
            finished.set()
            ear.join()
        if heard.is_set():
            self.link.message()  # the attention itself
            last = tokens.done(tokens.DONE, tokens.ATTENTION)
        self.link.send(last)
        self.link.drop_after = -1

    def _batch(self, data: bytes) -> None:
        begin = int.from_bytes(data[:4], "little")
        text = data[begin:].decode("utf-16-le")
        found = _EXEC.match(text)
        if found and found[1].lower().startswith(_CATALOGUE_CALLS):
            self._answer(self._known(found[1].lower(), []), tokens.DONE)
            return
        self._run(text, {}, tokens.DONE)

    def _call(self, call: reader.Call) -> None:
        name = call.name.lower().split(".")[-1].strip("[]")
        values = [(p.name, p.value) for p in call.parameters]
        extra = b""
        if name == "sp_executesql":
            given = self.connection.parameters(call.value(1) or "", values[2:])
            self._run(call.value(0), given, tokens.DONE_IN_PROC)
        elif name in {"sp_prepexec", "sp_prepare"}:
            number = len(self.prepared) + 1
            self.prepared[number] = (call.value(2), call.value(1) or "")
            extra = tokens.handle(values[0][0], number)
            if name == "sp_prepexec":
                given = self.connection.parameters(call.value(1) or "", values[3:])
                self._run(call.value(2), given, tokens.DONE_IN_PROC)
        elif name == "sp_execute":
            text, declaration = self.prepared[call.value(0)]
            self._run(text, self.connection.parameters(declaration, values[1:]), tokens.DONE_IN_PROC)
        elif name == "sp_unprepare":
            self.prepared.pop(call.value(0), None)
        else:
            self._answer(self._known(name, values), tokens.DONE_IN_PROC)
        self.link.send(tokens.return_status() + extra + tokens.done(tokens.DONE_PROC, 0), last=False)

    def _known(self, name: str, values: list[tuple[str, Any]]) -> Iterator[Result]:
        """System procedures that drivers call."""
        self.server_rig.statements.append(name)
        if name == "sp_describe_first_result_set":
            yield self.connection.described(values[0][1], {})
        elif name.startswith("sp_describe_undeclared"):
            yield self._undeclared(values[0][1])
        elif name.startswith(_CATALOGUE_CALLS):
            yield Result((("TYPE_NAME", SqlType("nvarchar", length=128)), ("DATA_TYPE", SqlType("smallint"))))
        else:
            raise TdsError(2812, f"Could not find stored procedure '{name}'.")

    def _undeclared(self, text: str) -> Result:
        kind = SqlType("nvarchar", length=4000)
        layout = ("parameter_ordinal", "name", "suggested_system_type_id", "suggested_system_type_name")
        sizes = ("suggested_max_length", "suggested_precision", "suggested_scale")
        types = (SqlType("int"), kind, SqlType("int"), kind, *(SqlType("smallint"),) * 3)
        marks = sorted(set(re.findall(r"@P\d+", text)))
        rows = [(at + 1, name, 231, "nvarchar(4000)", 8000, 0, 0) for at, name in enumerate(marks)]
        return Result(tuple(zip((*layout, *sizes), types, strict=True)), iter([rows]))

    def _run(self, text: str, given: dict[str, tuple[SqlType, Any]], token: int) -> None:
        """A batch with its faults."""
        self.server_rig.statements.append(text)
        fault = self.server_rig.fault(text)
        described = re.match(
            r"\s*exec(?:ute)?\s+(?:sys\.)?sp_describe_first_result_set\b", text, re.IGNORECASE
        )
        if fault is not None:
            if fault.seconds:
                self.connection.pause(fault.seconds, deaf=fault.deaf)
            if fault.number:
                raise TdsError(fault.number, fault.message, level=20 if fault.number >= 40000 else 16)
            if fault.columns:
                self._answer(iter([Result(fault.columns, iter([fault.rows]))]), token)
                return
            self.link.drop_after = fault.drop_after
        if described:
            inner = next(iter(given.values()))[1]
            self._answer(iter([self.connection.described(inner, {})]), token)
            return
        self._answer(self.connection.run(text, given), token)

    def _answer(self, results: Iterator[Result], token: int) -> None:
        """Send answers; each end says whether more follows."""
        held: bytes | None = None  # the end of an answer, without the flag that more follows
        for result in results:
            if held is not None:
                self.link.send(_with_more(held), last=False)
            count = self._rows(result) if result.columns else result.count
            held = tokens.done(token, 0, count, change=not result.columns)
        last = held or tokens.done(token, 0)
        self.link.send(_with_more(last) if token == tokens.DONE_IN_PROC else last, last=False)

    def _rows(self, result: Result) -> int:
        wires = [wire(kind) for _, kind in result.columns]
        named = [(name, True, w) for (name, _), w in zip(result.columns, wires, strict=True)]
        self.link.send(tokens.columns(named), last=False)
        encoders = [w.encode for w in wires]
        count = 0
        for rows in result.rows:
            for row in rows:
                cells = b"".join([encode(v) for encode, v in zip(encoders, row, strict=True)])
                self.link.send(b"\xd1" + cells, last=False)
            count += len(rows)
            if self.connection.stopped.is_set():
                raise TdsError(3617, "Query canceled.", level=11)
        return count

    # --- transactions -------------------------------------------------------------------------------

    def _transaction(self, data: bytes) -> None:
        """BEGIN, COMMIT and ROLLBACK as the drivers say them. (MS-TDS 2.2.6.9)"""
        begin = int.from_bytes(data[:4], "little")
        kind = int.from_bytes(data[begin : begin + 2], "little")
        session = self.connection.session
        told = b""
        if kind == 5:
            session.begin()
            self.transactions += 1
            told = tokens.changed(8, b"\x08" + self.transactions.to_bytes(8, "little"), b"\0")
        elif kind in (7, 8) and session.trancount:
            session.commit() if kind == 7 else session.rollback()
            told = tokens.changed(
                9 if kind == 7 else 10, b"\0", b"\x08" + self.transactions.to_bytes(8, "little")
            )
        self.link.send(told + tokens.done(tokens.DONE, 0))


def _with_more(done: bytes) -> bytes:
    """The end of an answer, with the flag that more follows."""
    return done[:1] + bytes([done[1] | tokens.MORE]) + done[2:]
