"""A crash between any two operations of a run that is paid for: in the end, paid is what lies in the folder.

Operations are those of `test_batch_crashes`, and all statements to the wallet, its commits, and its calls' returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.runner.batch.journal import NAME, Journal
from tagloom.runner.outputs import saving
from tagloom.wallet.ledger import Wallet

from .crashing import FAR, Crash, Gate, GatedConnection, Once, forget, gated, wait_for_no_disk
from .paid_runs import (
    USER,
    Clock,
    PictureExecutor,
    assert_settled,
    gated_wallet,
    payment,
    pictures,
    quick_wallet,
    run_paid,
)
from .simulated_servers import Servers, failed, lost, new_journal

JOBS = 2
MAKES = {"1": 2}
"""The first job makes two pictures, the other one one."""
TOKENS = 20
STEP = 7
"""Only each so-many-th operation, where all of them would take long; one that shares no factor with their pattern."""


@pytest.fixture(autouse=True)
def without_waiting_for_the_disk(monkeypatch):
    wait_for_no_disk(monkeypatch)


def start(folder: Path, jobs: int = JOBS) -> None:
    folder.mkdir()
    new_journal(folder / NAME, jobs).close()


def process(
    folder: Path,
    wallet: Wallet,
    servers: Servers,
    last: int,
    gated_by: type[Gate] = Gate,
    expected: Mapping[str, int] = MAKES,
) -> int:
    """Resume a batch in a process that dies after so many operations; return how many it made."""
    gate = gated_by(last)
    journal = Journal.open(folder / NAME)
    connection = journal._connection
    paid = payment(wallet, journal, expected)
    journal._connection = GatedConnection(connection, gate)
    executor = PictureExecutor(servers, folder / "spool", gate, makes=MAKES)
    try:
        with pytest.MonkeyPatch.context() as patch, gated_wallet(wallet, gate):
            patch.setattr(saving, "_place", gated(saving._place, gate))
            run_paid(paid, journal, executor, folder, servers)
    except (Crash, KeyboardInterrupt) as end:
        forget(end)
    finally:
        if gated_by is Once:
            journal.commit()  # as whoever opened it does in the end
        connection.close()  # what is not committed is gone
        journal._lock.release()
    return gate.count


def assert_complete(folder: Path, wallet: Wallet, had: int) -> None:
    """All is done, and all of it is paid once; return what is left."""
    with Journal.read(folder / NAME) as journal:
        assert journal.counts() == {"done": JOBS}
        assert [len(files) for files in journal.files().values()] == [3, 2]
    assert pictures(folder) == JOBS + 1
    assert_settled(wallet, folder, had)


@pytest.mark.parametrize("gated_by", [Gate, Once], ids=["crash", "Ctrl-C"])
def test_a_crash_after_each_operation(tmp_path, gated_by):
    """What the server finished is not run again, what was paid is not paid again, and Ctrl-C keeps nothing reserved."""
    count = 0
    for last in range(FAR):
        folder, servers = tmp_path / str(last), Servers("a", "b")
        start(folder)
        with quick_wallet(folder / "wallet", Clock()) as wallet:
            count = process(folder, wallet, servers, last, gated_by)
            assert gated_by is Gate or wallet.standing(USER).held == 0
            if count > last:
                process(folder, wallet, servers, FAR)
            assert_complete(folder, wallet, TOKENS)
            assert set(servers.runs.values()) == {1}, last
        if count <= last:
            break
    assert last > 150


def test_a_crash_after_each_operation_with_servers_that_restart_meanwhile(tmp_path):
    """What the server forgot is run again, and still each picture is paid once; expected was too little."""
    for last in range(0, FAR, STEP):
        folder, servers = tmp_path / str(last), Servers("a")
        start(folder)
        with quick_wallet(folder / "wallet", Clock()) as wallet:
            if process(folder, wallet, servers, last, expected={"2": 0}) <= last:
                break
            servers["a"].restart()
            process(folder, wallet, servers, FAR, expected={"2": 3})
            assert_complete(folder, wallet, TOKENS)
    assert last > 100


def test_ctrl_c_after_each_operation_of_a_run_that_is_never_resumed(tmp_path):
    """Without any further process: paid is what lies in the folder, and nothing is reserved."""
    paid = set()
    for last in range(FAR):
        folder, servers, gate = tmp_path / str(last), Servers("a", "b"), Once(last)
        folder.mkdir()
        with quick_wallet(folder / "wallet", Clock()) as wallet, new_journal(None, JOBS) as journal:
            account = payment(wallet, journal, MAKES)
            executor = PictureExecutor(servers, folder / "spool", gate, makes=MAKES)
            with pytest.MonkeyPatch.context() as patch, gated_wallet(wallet, gate):
                patch.setattr(saving, "_place", gated(saving._place, gate))
                try:
                    run_paid(account, journal, executor, folder, servers, goes_on=False)
                except KeyboardInterrupt as end:
                    forget(end)
            assert_settled(wallet, folder, TOKENS)
            paid.add(account.paid())
        if gate.count <= last:
            break
    assert paid == {0, 1, 2, 3}


OUTCOMES = st.sampled_from([lost("post-unanswered"), lost("job-lost"), failed("output-missing"), failed()])


@settings(max_examples=25, deadline=None)
@given(
    crashes=st.lists(st.integers(0, 250), max_size=5),
    ends=st.lists(st.sampled_from([Gate, Once]), min_size=5, max_size=5),
    faults=st.dictionaries(st.sampled_from("12"), OUTCOMES.map(lambda one: [one]), max_size=2),
    expected=st.lists(st.dictionaries(st.sampled_from("12"), st.integers(0, 4)), min_size=6, max_size=6),
    restarts=st.sets(st.integers(0, 4)),
    hours=st.sets(st.integers(0, 4)),
)
def test_crashes_faults_restarts_and_expiry_in_any_order(
    tmp_path_factory, crashes, ends, faults, expected, restarts, hours
):
    folder, servers, clock = tmp_path_factory.mktemp("crashes") / "batch", Servers("a", "b"), Clock()
    start(folder)
    servers["a"].faults = faults
    with quick_wallet(folder / "wallet", clock) as wallet:
        for number, last in enumerate(crashes):
            process(folder, wallet, servers, last, ends[number], expected[number])
            if number in restarts:
                servers["a"].restart()
            if number in hours:
                clock.pass_by(hours=2)
        process(folder, wallet, servers, FAR, expected=expected[-1])
        assert_settled(wallet, folder, TOKENS)
        with Journal.read(folder / NAME) as journal:
            assert {key: len(files) for key, files in journal.files().items()}.items() <= {"1": 3, "2": 2}.items()
            assert journal.counts().keys() <= {"done", "failed"}
