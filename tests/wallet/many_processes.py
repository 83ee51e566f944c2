"""Many processes that use one wallet at once, each with a connection of its own.

Run as: python many_processes.py reserve|create URL PROCESSES JOBS; it prints how many jobs were done and refused.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Callable
from multiprocessing.synchronize import Barrier

from tagloom.wallet import InsufficientTokens
from tagloom.wallet.ledger import Wallet

USER = "everybody"
START = 120
"""Seconds until each process must be ready."""


def reserve(wallet: Wallet, job: int) -> None:
    """Reserve one image token."""
    wallet.reserve(USER, 1, f"job {job}", run="soak")


def create(wallet: Wallet, job: int) -> None:
    """Add a user."""
    wallet.create_user(f"user {job}")


def work(do: Callable[[Wallet, int], None], url: str, jobs: range, all_ready: Barrier) -> tuple[int, int]:
    """Do each job; return how many were done and how many refused."""
    if do is create:
        all_ready.wait(START)  # they make the wallet together, too
    done = 0
    with Wallet.open(url, create=do is create) as wallet:
        if do is reserve:
            all_ready.wait(START)
        for job in jobs:
            try:
                do(wallet, job)
                done += 1
            except InsufficientTokens:
                pass
    return done, len(jobs) - done


def main(action: str, url: str, processes: int, jobs: int) -> None:
    """Share the jobs out among the processes; all begin together."""
    fork = multiprocessing.get_context("fork")  # what is imported is shared
    all_ready, told = fork.Barrier(processes), fork.SimpleQueue()
    do = {"reserve": reserve, "create": create}[action]

    def one(number: int) -> None:
        told.put(work(do, url, range(number, jobs, processes), all_ready))

    started = [fork.Process(target=one, args=(number,)) for number in range(processes)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    failed = sum(process.exitcode != 0 for process in started)
    counts = [told.get() for _ in range(processes - failed)]
    done, refused = (sum(column) for column in zip(*counts, strict=True))
    print(json.dumps({"done": done, "refused": refused, "failed": failed}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
