"""A batch that a user pays for, whose process is killed with `kill -9` at 20 random moments, and resumed each time."""

from __future__ import annotations

import random
from pathlib import Path

from tagloom.wallet.ledger import Wallet

from .fault_server.server import FaultServer
from .killed_batches import assert_whole, finish, kill, start, write_batch
from .paid_runs import USER
from .plain_workflow import OBJECT_INFO
from .test_batch_kill import steadily

JOBS, KILLS = 100, 20


def paid(wallet: Wallet) -> int:
    return sum(found.paid for found in wallet.reservations(USER))


def pictures(folder: Path) -> int:
    return len(list(folder.glob("0*.png")))


def test_kill_9_at_20_moments_lets_no_picture_be_free_or_paid_twice(tmp_path):
    """At no moment are there more pictures than were paid; in the end there are as many, and nothing is reserved."""
    moments = random.Random(6)
    write_batch(tmp_path, JOBS)
    killed = []
    with Wallet.open(create=True) as wallet, FaultServer(behave=steadily) as server:
        wallet.create_user(USER)
        wallet.grant(USER, JOBS)
        server.object_info = OBJECT_INFO
        where = ("--server", server.url, "--user", USER)
        for _ in range(KILLS):
            killed.append(kill(start(tmp_path, *where), lambda: len(server.posted), moments))
            there = pictures(tmp_path / "batch")
            assert there <= paid(wallet) <= there + KILLS
            assert wallet.check() == []
        finish(tmp_path, *where)
        assert len(server.posted) == JOBS
        assert (paid(wallet), wallet.standing(USER).held, wallet.check()) == (JOBS, 0, [])
    assert killed == [True] * KILLS
    assert pictures(tmp_path / "batch") == JOBS
    assert_whole(tmp_path / "batch", JOBS)
