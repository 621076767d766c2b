"""`python -m benchmarks`: CPU seconds and peak memory of the comparison, as ratios to the scan floor.

Each contender runs in a fresh process, one after another in the same run, so that the noise of the
machine is shared. Ratios are of what is left without the start of the process and its imports.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.contenders import ALL, OURS
from benchmarks.data import CASES, TABLES, write


def measure(python: str, contender: str, files: tuple[Path, ...], seconds: float) -> tuple[float, float, str]:
    """CPU seconds (user and system, start of the process included), peak memory in MB, what it answered.

    Without files the process only starts, and imports what the contender needs.
    """
    command = [python, "-m", "benchmarks.contenders", contender, *map(str, files)]
    with tempfile.TemporaryFile() as sink:
        child = subprocess.Popen(command, stdout=sink, stderr=subprocess.STDOUT)
        killer = threading.Timer(seconds, child.kill)
        killer.start()
        _, _, usage = os.wait4(child.pid, 0)  # this child's own figures, not the largest of all children
        killer.cancel()
        child.returncode = 0
        sink.seek(0)
        answer = sink.read().decode(errors="replace").strip().splitlines()
    cpu = usage.ru_utime + usage.ru_stime
    return cpu, usage.ru_maxrss / 1024, answer[-1] if answer else "no answer in time"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--table", choices=sorted(TABLES), default="summary")
    asked.add_argument("--cases", default=",".join(CASES))
    asked.add_argument("--contenders", default=",".join(ALL))
    asked.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "recon-benchmarks")
    asked.add_argument("--seconds", type=float, default=600, help="after which a contender is stopped")
    asked.add_argument("--peers", default=sys.executable, help="the Python that has the peers")
    args = asked.parse_args()
    print(f"{args.table}, {args.rows:,} rows\n")
    print(
        "| case | contender | CPU s | of it start | x floor | peak MB | answer |\n|---|---|---|---|---|---|---|"
    )
    starts: dict[str, float] = {}
    for case in args.cases.split(","):
        # In a process of its own: the kernel counts this one's peak among that of every child it starts.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as maker:
            baseline, candidate = maker.submit(write, args.folder, args.table, args.rows, case).result()
        floor = 0.0
        for contender in args.contenders.split(","):
            python = sys.executable if contender in OURS else args.peers
            if contender not in starts:
                starts[contender] = min(measure(python, contender, (), args.seconds)[0] for _ in range(3))
            cpu, memory, answer = measure(python, contender, (baseline, candidate), args.seconds)
            work = cpu - starts[contender]
            floor = floor or work
            print(
                f"| {case} | {contender} | {cpu:.2f} | {starts[contender]:.2f} | {work / floor:.2f} "
                f"| {memory:.0f} | {answer[:60]} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
