"""The fence around a variant's Python: its own code writes no file, starts no program, opens no connection.

What Spark, an import or the interpreter does on its way is let through; what the author's lines lead to is
not. It keeps a conversion's habits (a CSV written beside the table, a folder removed first) away from what
lies outside of the run. It is no prison for hostile code: that runs with the worker's rights all the same.
"""

from __future__ import annotations

import ast
import ctypes
import inspect
import os
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from recon.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

# Spark's Java side, through which everything can be reached.
_JAVA = {"_jvm", "_jsc", "_jsparkSession", "_jdf", "_jwrite", "_jreader", "_gateway", "_jconf", "_jrdd"}
# Writers that open their file in C, where no audit event tells of it.
_WRITERS = {
    *("to_parquet", "to_feather", "to_orc", "to_hdf", "to_sql", "to_delta", "write_feather"),
    *("write_dataset", "write_parquet", "sink_parquet", "ParquetWriter", "write_deltalake"),
}
# https://docs.python.org/3/library/audit_events.html
_EVENTS = {
    **dict.fromkeys(
        (
            "os.remove",
            "os.rename",
            "os.rmdir",
            "os.mkdir",
            "os.truncate",
            "os.link",
            "os.symlink",
            "os.chmod",
        ),
        "changes files",
    ),
    **dict.fromkeys(("shutil.rmtree", "shutil.move", "sqlite3.connect"), "changes files"),
    **dict.fromkeys(
        ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "pty.spawn"),
        "starts a program",
    ),
    **dict.fromkeys(("socket.connect", "socket.bind", "socket.sendto"), "opens a connection"),
}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MACHINERY = (f"{os.sep}pyspark{os.sep}", f"{os.sep}py4j{os.sep}", "<frozen importlib")
_HINT = "A variant writes tables only: use saveAsTable or insertInto."


def check_source(tree: ast.AST, file: str) -> None:
    """ProgramError with the line where the code reaches into Spark's Java side, or writes files unseen."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in _JAVA:
            message = f"{node.attr} reaches into Spark's Java side, where nothing is watched"
            raise ProgramError(message, file=file, line=node.lineno, hint="Use PySpark's own methods.")
        called = node.func if isinstance(node, ast.Call) and (node.args or node.keywords) else None
        if isinstance(called, ast.Attribute) and called.attr in _WRITERS:
            message = f"{called.attr} writes a file"
            raise ProgramError(message, file=file, line=called.lineno, hint=_HINT)


class Fence:
    """Watches one thread while it runs the code of one file. Files below `inside` are its own."""

    def __init__(self, file: str, inside: Path) -> None:
        self._file = file
        self._inside = str(inside.resolve()) + os.sep
        self._thread = 0
        self.refused: ProgramError | None = None  # the first; the author's code may have caught it

    @contextmanager
    def up(self) -> Generator[None]:
        """The fence stands inside."""
        _install()
        self._thread = threading.get_ident()
        before, _State.fence = _State.fence, self
        try:
            yield
        finally:
            _State.fence = before

    def look(self, event: str, args: tuple[Any, ...]) -> None:
        """Raise ProgramError for what the author's code does and may not."""
        if threading.get_ident() != self._thread:
            return
        path = args[0] if args else ""
        if event == "open":
            if not _writes(args) or isinstance(path, int):
                return
            what = "writes a file"
        else:
            what = _EVENTS[event]
        if self._is_inside(path) or not self._is_the_authors():
            return
        raise self.refuse(f"{event} {what} outside of the run", _HINT)

    def refuse(self, message: str, hint: str) -> ProgramError:
        """The error, which stands even if the author's code catches it."""
        error = ProgramError(message, file=self._file, line=self._line(), hint=hint)
        self.refused = self.refused or error
        return error

    def _is_inside(self, path: object) -> bool:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return False
        return (os.path.realpath(os.fsdecode(path)) + os.sep).startswith(self._inside)

    def _is_the_authors(self) -> bool:
        """Whether the author's code is nearer on the stack than Spark or an import."""
        frame: Any = inspect.currentframe()
        while frame is not None:
            place = frame.f_code.co_filename
            if place == self._file:
                return True
            if any(part in place for part in _MACHINERY):
                return False
            frame = frame.f_back
        return False

    def _line(self) -> int:
        frame: Any = inspect.currentframe()
        while frame is not None:
            if frame.f_code.co_filename == self._file:
                return int(frame.f_lineno)
            frame = frame.f_back
        return 0


class _State:
    """What the process's one audit hook looks at. Hooks can never be taken away, so there is one."""

    installed = False
    fence: Fence | None = None


def _install() -> None:
    if not _State.installed:
        _State.installed = True
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    fence = _State.fence
    if fence is not None and (event == "open" or event in _EVENTS):
        fence.look(event, args)


def _writes(args: tuple[Any, ...]) -> bool:
    mode, flags = (*args[1:3], None, None)[:2]
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return isinstance(flags, int) and bool(flags & _WRITING)


# --- Stopping ------------------------------------------------------------------------------------


class Interrupted(BaseException):
    """Somebody cancelled while Python ran. Not an Exception, so that nothing eats it."""


class Brake:
    """Stops Python code that runs in another thread."""

    _patience = 30.0  # seconds to wait for a call of Spark to come back
    _pause = 0.1

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread = 0
        self._stopped = False

    def check(self) -> None:
        """Raise `Interrupted` in the armed thread once `stop` was called; before each call of Spark."""
        if self._stopped and threading.get_ident() == self._thread:
            raise Interrupted

    @contextmanager
    def armed(self) -> Generator[None]:
        """`stop` works on this thread inside."""
        with self._lock:
            self._thread = threading.get_ident()
        try:
            yield
        finally:
            with self._lock:
                _raise_in(self._thread, None)  # one that was sent and has not arrived yet
                self._thread = 0

    def stop(self) -> None:
        """Raise `Interrupted` in the armed thread, as soon as it is in Python and not in a call of Spark."""
        self._stopped = True
        threading.Thread(target=self._stop, daemon=True).start()

    def _stop(self) -> None:
        end = time.monotonic() + self._patience
        while time.monotonic() < end:
            with self._lock:
                system: Any = sys  # there is no public way
                frame = system._current_frames().get(self._thread)
                if frame is None:
                    return
                if not _in_spark(frame):
                    _raise_in(self._thread, Interrupted)
                    return
            time.sleep(self._pause)


def _in_spark(frame: Any) -> bool:  # noqa: ANN401 (a frame)
    while frame is not None:
        if f"{os.sep}py4j{os.sep}" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def _raise_in(thread: int, what: type[BaseException] | None) -> None:
    """https://docs.python.org/3/c-api/threads.html#c.PyThreadState_SetAsyncExc"""
    if thread:
        asked = ctypes.py_object(what) if what is not None else None
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), asked)
