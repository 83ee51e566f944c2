"""Many processes on one wallet: exactly as much is reserved as there is."""

from __future__ import annotations

import json
import subprocess
import sys
import time

from tagloom.wallet.ledger import Wallet

from . import many_processes

PROCESSES, RESERVATIONS, TOKENS = 32, 10_000, 5_000


def test_processes_reserve_exactly_what_there_is(url, databases, figure, use_plans):
    """32 processes ask 10,000 times for one of 5,000 image tokens."""
    use_plans("[{id: none, allowance: 0}]")
    with Wallet.open(url) as wallet:
        wallet.create_user(many_processes.USER, "none")
        wallet.grant(many_processes.USER, TOKENS)
    command = [sys.executable, many_processes.__file__, "reserve", url, str(PROCESSES), str(RESERVATIONS)]
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    seconds = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"done": TOKENS, "refused": RESERVATIONS - TOKENS, "failed": 0}, done.stderr
    with Wallet.open(url) as wallet:
        assert wallet.check() == []
        assert (wallet.standing(many_processes.USER).balance, wallet.standing(many_processes.USER).held) == (0, TOKENS)
        assert len({found.key for found in wallet.reservations(only_open=True)}) == TOKENS
        wallet.grant(many_processes.USER, 1)
        assert len({entry.key for entry in wallet.entries()}) == TOKENS + 2
    figure(f"{type(databases).__name__}: {RESERVATIONS:,} reservations by {PROCESSES} processes in {seconds:.0f} s")
