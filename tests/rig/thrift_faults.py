"""Faults to order: what the next call of one remote procedure meets on its way."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass
class Fault:
    """Happens to the next `times` calls of `call`, after `after` calls that pass.

    `call` is a Thrift procedure (`OpenSession`) or a path of the REST interface (`/api/2.2/jobs/runs/get`).
    A `status` is answered in place of the real answer; `drop` cuts the connection (`half`: in the middle of
    the answer); `stall` waits that many seconds first. `contains`: only calls whose body has this text.
    """

    call: str
    status: int = 0
    times: int = 1
    after: int = 0
    retry_after: int | None = None
    drop: bool = False
    half: bool = False
    stall: float = 0.0
    contains: str = ""


class Faults:
    """The faults that are ordered, and the calls that arrived."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._plan: list[Fault] = []
        self.calls: list[str] = []

    def order(self, *faults: Fault) -> None:
        """From now on these."""
        with self._lock:
            self._plan.extend(faults)

    def clear(self) -> None:
        """None any more, and no call seen."""
        with self._lock:
            self._plan.clear()
            self.calls.clear()

    def meet(self, call: str, body: bytes = b"") -> Fault | None:
        """What happens to this call; None when it passes."""
        with self._lock:
            self.calls.append(call)
            for fault in self._plan:
                if fault.call != call or fault.times <= 0 or fault.contains.encode() not in body:
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    return None
                fault.times -= 1
                return fault
        return None
