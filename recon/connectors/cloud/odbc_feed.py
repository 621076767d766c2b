"""Batches made in threads of their own: several readers at once, and one that hangs can be left behind.

A driver that waits for a server cannot always be interrupted; whoever takes the batches can still stop, or
give up after a while. The thread that hangs ends with the driver's call.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from recon.errors import Cancelled, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    import pyarrow as pa

_TICK: Final = 0.1  # seconds; how soon a stop is noticed
_FAREWELL: Final = 2.0  # seconds that a thread has to end before it is left behind


def fed(
    makers: Sequence[Callable[[], Iterable[pa.RecordBatch]]],
    caught: tuple[type[Exception], ...],
    what: str,
    *,
    stopped: Callable[[], bool] = lambda: False,
    patience: float = 0,
) -> Generator[pa.RecordBatch]:
    """The batches of all makers as they come. The first error of a kind in `caught` is raised here.

    `stopped` is asked all the time: Cancelled when it is true. SourceError when nothing has come for
    `patience` seconds (0: wait for ever).
    """
    ready: queue.Queue[Any] = queue.Queue(maxsize=1)
    over = threading.Event()
    threads = [
        threading.Thread(target=_feed, args=(m, caught, ready, over), daemon=True, name="recon-read")
        for m in makers
    ]
    for thread in threads:
        thread.start()
    try:
        yield from _taken(ready, len(threads), what, stopped, patience)
    finally:
        over.set()
        for thread in threads:
            thread.join(_FAREWELL)


def _taken(
    ready: queue.Queue[Any], left: int, what: str, stopped: Callable[[], bool], patience: float
) -> Generator[pa.RecordBatch]:
    since = time.monotonic()
    while left:
        if stopped():
            raise Cancelled(f"cancelled during {what}")
        try:
            item = ready.get(timeout=_TICK)
        except queue.Empty:
            if patience and time.monotonic() - since > patience:
                raise SourceError(
                    f"{what}: nothing has come for {patience:.0f} seconds",
                    hint="Look what the pool is doing, or raise SYNAPSE_QUERY_SECONDS.",
                    retryable=True,
                ) from None
            continue
        if isinstance(item, Exception):
            raise item
        if item is None:
            left -= 1
        else:
            yield item
        since = time.monotonic()


def _feed(
    make: Callable[[], Iterable[pa.RecordBatch]],
    caught: tuple[type[Exception], ...],
    ready: queue.Queue[Any],
    over: threading.Event,
) -> None:
    """Put a maker's batches, then None or what stopped it; whatever happens, the taker hears of the end."""
    end: Any = SourceError("a reader ended in an unforeseen way; its traceback is in the log")
    try:
        for batch in make():
            if not _put(ready, batch, over):
                return
        end = None
    except caught as error:
        end = error.with_traceback(None)  # whose frames would keep the connection open
    finally:
        _put(ready, end, over)


def _put(ready: queue.Queue[Any], item: object, over: threading.Event) -> bool:
    while not over.is_set():
        try:
            ready.put(item, timeout=_TICK)
        except queue.Full:
            continue
        return True
    return False
