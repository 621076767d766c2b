"""A run's voice and its brake: steps say what they did, and stop when asked."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recon.errors import Cancelled
from recon.model import Step, Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from recon.model import Arrival


def _silent(step: Step, message: str, done: int, total: int, level: str) -> None:
    """An emitter for callers that need no story (a comparison outside a run)."""


@dataclass(slots=True)
class Progress:
    """Passed to every step. `emit(step, message, done, total, level)` keeps an event.

    `cancel` may come from another thread: it interrupts whatever statement is registered with
    `interruptible`, and the next `say` raises Cancelled.
    """

    emit: Callable[[Step, str, int, int, str], None] = _silent
    current: Step = Step.EXTRACT
    timings: list[Timing] = field(default_factory=list[Timing])
    manifest: list[Arrival] = field(default_factory=list["Arrival"])
    _cancelled: threading.Event = field(default_factory=threading.Event)
    _interrupts: list[Callable[[], None]] = field(default_factory=list["Callable[[], None]"])
    _rows: int = 0
    _bytes: int = 0

    @contextmanager
    def step(self, step: Step) -> Generator[None]:
        """Everything inside belongs to `step`; its time, rows and bytes become one `Timing`."""
        self.current, self._rows, self._bytes = step, 0, 0
        began = time.monotonic()
        self.check()
        try:
            yield
            self.check()
        finally:
            seconds = round(time.monotonic() - began, 3)
            self.timings.append(Timing(step=str(step), seconds=seconds, rows=self._rows, bytes=self._bytes))

    def moved(self, rows: int, size: int) -> None:
        """Add to what the current step has moved."""
        self._rows += rows
        self._bytes += size

    def arrived(self, arrival: Arrival) -> None:
        """Keep what was counted at one place of a table's way."""
        self.manifest.append(arrival)

    def say(self, message: str, done: int = 0, total: int = 0) -> None:
        """Record one event. Raises Cancelled if somebody has asked us to stop."""
        self.check()
        self.emit(self.current, message, done, total, "info")

    def warn(self, message: str) -> None:
        """Record one event that a reader should not overlook."""
        self.emit(self.current, message, 0, 0, "warning")

    def check(self) -> None:
        """Raise Cancelled if somebody has asked us to stop."""
        if self._cancelled.is_set():
            raise Cancelled(f"cancelled during {self.current}")

    def cancel(self) -> None:
        """Ask for a stop, from any thread. The statement at work is interrupted."""
        self._cancelled.set()
        for interrupt in tuple(self._interrupts):
            interrupt()

    @contextmanager
    def interruptible(self, interrupt: Callable[[], None]) -> Generator[None]:
        """While inside, `cancel` also calls `interrupt`. An error it provokes becomes Cancelled."""
        self._interrupts.append(interrupt)
        try:
            self.check()
            yield
        except Exception:
            self.check()  # the driver's "interrupted" is the user's wish, not a fault
            raise
        finally:
            self._interrupts.remove(interrupt)
