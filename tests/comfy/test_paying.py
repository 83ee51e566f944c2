"""A user who pays on the real server: 20 images and no more, and a server that is killed in mid-batch."""

import json
import os
import signal
import time

import pytest
import yaml

from tagloom.runner.batch.journal import NAME, Journal
from tagloom.runner.cli import main
from tagloom.runner.embedded import processes
from tagloom.runner.fleet.servers import ServerEntry
from tagloom.wallet.ledger import Wallet

from ..runner.killed_batches import assert_whole, start, write_batch
from .conftest import IDLE_SECONDS

USER, ALLOWANCE, JOBS = "anna", 20, 60


@pytest.fixture
def wallet(tmp_path, monkeypatch):
    """A wallet of its own, with a free user."""
    monkeypatch.setenv("TAGLOOM_WALLET", str(tmp_path / "wallet.sqlite3"))
    monkeypatch.chdir(tmp_path)
    with Wallet.open(create=True) as wallet:
        wallet.create_user(USER)
        yield wallet


def assert_paid(wallet, images):
    """So many images are paid for, nothing is reserved, and the ledger does not contradict itself."""
    found = wallet.reservations(USER)
    assert (sum(job.paid for job in found), sum(job.open for job in found), wallet.check()) == (images, 0, [])


def test_a_free_user_makes_20_images_and_the_21st_is_refused(server, wallet, tmp_path, capsys):
    write_batch(tmp_path, ALLOWANCE - 2, size=11)
    assert main(["batch", "run", "jobs.csv", "--workflow", "w.json", "--user", USER]) == 0
    tiny = ["generate", "1girl", "--size", "64x64", "--steps", "1", "--user", USER]
    assert main([*tiny, "--count", "2"]) == 0
    assert wallet.standing(USER).balance == 0
    capsys.readouterr()
    assert main([*tiny, "--json"]) == 6
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["code"] == "image-tokens"
    assert said["message"].startswith("needs 1 image token, 0 left, next grant ")
    assert len(list((tmp_path / "output").glob("*.png"))) == 2
    assert_whole(tmp_path / "batch", ALLOWANCE - 2)
    assert_paid(wallet, ALLOWANCE)


def test_of_a_server_killed_in_mid_batch_paid_is_what_lies_in_the_folder(server, wallet, tmp_path):
    """The other server does what the killed one had; each picture is paid once, and none that was lost."""
    write_batch(tmp_path, JOBS, size=12)
    wallet.grant(USER, JOBS)
    entry = ServerEntry("paid", idle_seconds=IDLE_SECONDS, apart=True)
    (tmp_path / "servers.yaml").write_text(
        yaml.safe_dump({"servers": {"first": server.url, "second": entry.open().url}})
    )
    pid = processes.find(entry.installation).pid
    batch = start(tmp_path, "--servers", str(tmp_path / "servers.yaml"), "--user", USER)
    try:
        while not at_second(tmp_path) and batch.poll() is None:
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        _, said = batch.communicate(timeout=120)
    finally:
        batch.kill()
        processes.stop(entry.installation)
    assert batch.returncode == 0, said
    with Journal.read(tmp_path / "batch" / NAME) as journal:
        tried = [attempt for entry in journal.entries() for attempt in journal.attempts(entry.key)]
    assert [attempt.state for attempt in tried if attempt.server == "second" and attempt.state != "done"] != []
    assert_whole(tmp_path / "batch", JOBS)
    assert_paid(wallet, JOBS)


def at_second(folder) -> bool:
    """Return whether the second server has done something, and has more to do."""
    if not (folder / "batch" / NAME).exists():
        return False
    with Journal.read(folder / "batch" / NAME) as journal:
        done = [attempt for entry in journal.entries() for attempt in journal.attempts(entry.key)]
        flying = [attempt.server for attempt in journal.in_flight().values()]
    return "second" in flying and any(one.server == "second" and one.state == "done" for one in done)
