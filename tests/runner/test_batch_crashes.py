"""A crash between any two operations of a run, again and again: what is resumed has every job exactly once.

Operations are all statements to the journal, all calls of the executor, and the moments before and after a file gets
its name. A crash there ends the process for good: nothing that it does later counts, and what was not committed is
gone.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.runner.batch.journal import NAME, Journal
from tagloom.runner.outputs import saving
from tagloom.runner.outputs.names import NameTemplate, read_template

from .crashing import FAR, Crash, Gate, GatedConnection, Once, gated, wait_for_no_disk
from .simulated_servers import Servers, SimulatedExecutor, expected, failed, lost, new_journal, results, run

JOBS = 4


def process(
    folder: Path, servers: Servers, last: int, template: NameTemplate | None = None, gated_by: type[Gate] = Gate
) -> int:
    """Resume a batch in a process that dies after so many operations; return how many it made."""
    gate = gated_by(last)
    journal = Journal.open(folder / NAME)
    connection = journal._connection
    journal._connection = GatedConnection(connection, gate)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(saving, "_place", gated(saving._place, gate))
            run(journal, SimulatedExecutor(servers, folder / "spool", gate), folder, servers, template=template)
    except (Crash, KeyboardInterrupt):
        pass
    finally:
        if gated_by is Once:
            journal.commit()  # as whoever opened it does in the end
        connection.close()  # what is not committed is gone
        journal._lock.release()
    return gate.count


@pytest.fixture(autouse=True)
def without_waiting_for_the_disk(monkeypatch):
    """A crash of the process alone loses nothing that was written."""
    wait_for_no_disk(monkeypatch)


def start(folder: Path) -> None:
    folder.mkdir()
    new_journal(folder / NAME, JOBS).close()


def assert_complete(folder: Path) -> None:
    assert results(folder) == expected(JOBS)
    with Journal.read(folder / NAME) as journal:
        assert journal.counts() == {"done": JOBS}
        assert [[file.name for file in files] for files in journal.files().values()] == [[n] for n in expected(JOBS)]


def test_a_crash_after_each_operation(tmp_path):
    """What the server finished is not run again, whenever the crash comes."""
    start(tmp_path / "whole")
    count = process(tmp_path / "whole", Servers("a", "b"), FAR)
    assert count > 100
    for last in range(count):
        folder, servers = tmp_path / str(last), Servers("a", "b")
        start(folder)
        process(folder, servers, last)
        process(folder, servers, FAR)
        assert_complete(folder)
        assert set(servers.runs.values()) == {1}, last


def test_ctrl_c_after_each_operation(tmp_path):
    """Half of what belongs together is never written, and what the server finished is not run again."""
    for last in range(FAR):
        folder, servers = tmp_path / str(last), Servers("a", "b")
        start(folder)
        if process(folder, servers, last, gated_by=Once) <= last:
            break
        process(folder, servers, FAR)
        assert_complete(folder)
        assert set(servers.runs.values()) == {1}, last
    assert last > 100


def test_a_crash_after_each_operation_with_servers_that_restart_meanwhile(tmp_path):
    """What the server forgot is run again, and still there is one result of each job."""
    for last in range(0, FAR, 3):
        folder, servers = tmp_path / str(last), Servers("a")
        start(folder)
        if process(folder, servers, last) <= last:
            break
        servers["a"].restart()
        process(folder, servers, FAR)
        assert_complete(folder)
    assert last > 100


def test_a_crash_after_each_operation_where_all_files_want_one_name(tmp_path):
    """Each job still has one file, and each file is one job's, as the journal says."""
    same = read_template("same")
    for last in range(FAR):
        folder, servers = tmp_path / str(last), Servers("a", "b")
        start(folder)
        if process(folder, servers, last, same) <= last:
            break
        process(folder, servers, FAR, same)
        with Journal.read(folder / NAME) as journal:
            noted = {file.name: f"what {key} made" for key, (file,) in journal.files().items()}
        assert results(folder) == noted
        assert sorted(noted.values()) == sorted(expected(JOBS).values()), last
    assert last > 100


OUTCOMES = st.sampled_from([lost("post-unanswered"), lost("job-lost"), failed("output-missing")])


@settings(max_examples=40, deadline=None)
@given(
    crashes=st.lists(st.integers(0, 150), max_size=6),
    faults=st.dictionaries(st.sampled_from("1234"), OUTCOMES.map(lambda one: [one]), max_size=3),
    restarts=st.sets(st.integers(0, 5)),
)
def test_crashes_faults_and_restarts_in_any_order(tmp_path_factory, crashes, faults, restarts):
    folder, servers = tmp_path_factory.mktemp("crashes") / "batch", Servers("a", "b")
    start(folder)
    servers["a"].faults = faults
    for number, last in enumerate(crashes):
        process(folder, servers, last)
        if number in restarts:
            servers["a"].restart()
    process(folder, servers, FAR)
    assert_complete(folder)
    if not restarts:
        assert set(servers.runs.values()) == {1}
