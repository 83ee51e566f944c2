"""Databases that are missing, none, damaged, newer, out of reach or read-only: one clear line, and nothing changes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tagloom.wallet import StorageError, WalletError, storage
from tagloom.wallet.ledger import Wallet

from . import many_processes
from .databases import Cluster, run_sql
from .faulty_wallets import NOT_OPENED, NOT_USED, filled
from .postgresql import PASSWORD

OPERATIONS: list[Callable[[Wallet], object]] = [
    lambda wallet: wallet.standing("ann"),
    lambda wallet: wallet.grant("ann", 1, "key"),
    lambda wallet: wallet.reserve("ann", 1, "new"),
    lambda wallet: wallet.commit("ann", 1, "job 3"),
    lambda wallet: wallet.release("ann", "job 3"),
    lambda wallet: wallet.entries("ann"),
    lambda wallet: wallet.check(),
]


@pytest.mark.parametrize("fault", NOT_OPENED, ids=lambda fault: fault.__name__)
def test_what_is_no_wallet_is_left_as_it_is(tmp_path, fault):
    path = tmp_path / "wallet.sqlite3"
    fault(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StorageError) as refused:
        Wallet.open(str(path))
    assert str(refused.value) == NOT_OPENED[fault].format(path=path)
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize("fault", [fault for fault in NOT_OPENED if "nothing" not in fault.__name__])
def test_create_does_not_overwrite_it(tmp_path, fault):
    path = tmp_path / "wallet.sqlite3"
    fault(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StorageError):
        Wallet.open(str(path), create=True)
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize("fault", NOT_USED, ids=lambda fault: fault.__name__)
def test_a_damaged_wallet_is_told_as_such(tmp_path, fault):
    """Whichever operation comes upon the damage: it ends with a line that names the file."""
    path = tmp_path / "wallet.sqlite3"
    fault(path)
    told = []
    for operation in OPERATIONS:
        try:
            with Wallet.open(str(path)) as wallet:
                operation(wallet)
        except WalletError as error:
            told.append(str(error))
    assert told
    for text in told:
        assert str(path) in text or "no user 'ann'" in text
        assert "\n" not in text


def test_a_wallet_is_found_by_its_setting(tmp_path, monkeypatch):
    """`TAGLOOM_WALLET`, then the file below `TAGLOOM_HOME`."""
    with Wallet.open(create=True) as wallet:
        assert wallet.url == str(tmp_path / "home" / "wallet.sqlite3")
    monkeypatch.setenv("TAGLOOM_WALLET", str(tmp_path / "other.db"))
    with pytest.raises(StorageError, match=r"there is no wallet .*other\.db; make one with"):
        Wallet.open()
    with Wallet.open(f"sqlite:///{tmp_path}/third.db", create=True) as wallet:
        assert wallet.url == str(tmp_path / "third.db")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("http://example.org/wallet", "http can hold no wallet; write sqlite:///FILE or postgresql"),
        ("postgresql+nothing://ann:hunter2@host/db", "postgresql.nothing can hold no wallet"),
        ("postgresql://ann:hunter2@host:port/db", "the wallet's URL is not understood; write sqlite:///FILE"),
        ("://", "the wallet's URL is not understood"),
        ("sqlite:///wallet.db?timeout=soon", "is written as its path or as sqlite:///FILE"),
        ("sqlite:///file:wallet.db", "is written as its path or as sqlite:///FILE"),
        ("mysql://ann:hunter2@host/db", "mysql can hold no wallet"),
        ("postgresql://ann:hunter2@host/db?port=soon", "the port in the wallet's URL is no number"),
    ],
)
def test_an_address_that_is_none(url, says):
    with pytest.raises(StorageError, match=says) as refused:
        Wallet.open(url, create=True)
    assert "hunter2" not in f"{refused.value} {refused.value!r}"


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Root may write anything: be somebody else for a moment."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A wallet with a user in a folder, neither of which may be written."""
    folder = Path(tempfile.mkdtemp())
    path = folder / "wallet.sqlite3"
    filled(path)
    path.chmod(0o444)
    folder.chmod(0o555)
    yield path
    folder.chmod(0o700)
    shutil.rmtree(folder)


def test_a_wallet_that_may_only_be_read(read_only):
    before = read_only.read_bytes()
    for operation in OPERATIONS[1:5]:
        with _as_nobody(), pytest.raises(StorageError, match=rf"^the wallet {read_only} can't be used \(.*\); nothing"):
            _use(read_only, operation)
    assert read_only.read_bytes() == before


def _use(path: Path, operation: Callable[[Wallet], object]) -> None:
    with Wallet.open(str(path)) as wallet:
        operation(wallet)


def test_a_folder_in_which_nothing_may_be_made(read_only):
    place = read_only.parent / "sub" / "new.sqlite3"
    with _as_nobody(), pytest.raises(StorageError, match=rf"^the wallet {place} can't be made \(Permission denied\)"):
        Wallet.open(str(place), create=True)


def test_a_folder_s_name_that_a_file_has(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"^the wallet .* can't be used \(unable to open database file\)"):
        Wallet.open(str(tmp_path / "file" / "wallet.sqlite3"), create=True)


def test_a_database_that_refuses_to_be_written(url, wallet):
    """As a full disk, or a replica of PostgreSQL: reading goes on."""
    wallet.create_user("ann")
    before = wallet.entries()
    if "://" in url:
        run_sql(url, "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET "
                     "default_transaction_read_only = on'; END $$")  # fmt: skip
        wallet.close()
    else:
        wallet._database._engine.dispose()
        _listen_read_only(wallet)
    with pytest.raises(StorageError, match=r"can't be used \(.*(read-only|readonly).*\); nothing was changed"):
        wallet.reserve("ann", 1, "job")
    assert wallet.entries() == before
    assert wallet.check() == []


def _listen_read_only(wallet: Wallet) -> None:
    import sqlalchemy as sa

    def refuse(connection: object, _: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    sa.event.listen(wallet._database._engine, "connect", refuse)


def test_many_open_a_new_wallet_at_once(databases):
    """Of those that make it together, one does; all use the same."""
    url = databases.empty()
    command = [sys.executable, many_processes.__file__, "create", url, "8", "8"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert json.loads(done.stdout) == {"done": 8, "refused": 0, "failed": 0}, done.stderr
    with Wallet.open(url) as wallet:
        assert len(wallet.users()) == 8
        assert wallet.check() == []
    databases.drop(url)


def test_nothing_is_left_of_making_one(tmp_path):
    Wallet.open(str(tmp_path / "wallet.sqlite3"), create=True).close()
    assert [path.name for path in tmp_path.iterdir()] == ["wallet.sqlite3"]
    if os.name == "posix":
        assert (tmp_path / "wallet.sqlite3").stat().st_mode & 0o777 == 0o600


@pytest.mark.postgresql
class TestPostgresql:
    """What only a server can do to one."""

    def test_it_is_down(self, tmp_path):
        with pytest.raises(StorageError, match=r"can't be used \(.*\); nothing was changed") as refused:
            Wallet.open(f"postgresql://ann:hunter2@/wallet?host={tmp_path}")
        assert "hunter2" not in str(refused.value)
        assert "\n" not in str(refused.value)

    @pytest.mark.parametrize("password", ["hunter2", ""])
    def test_it_refuses_the_password(self, cluster: Cluster, password):
        url = cluster.new()
        given = url.replace("tagloom@", f"guarded:{password}@" if password else "guarded@")
        with pytest.raises(StorageError, match=r"password") as refused:
            Wallet.open(given)
        assert "hunter2" not in f"{refused.value} {refused.value!r}"
        cluster.drop(url)

    def test_a_password_is_never_shown(self, cluster: Cluster):
        """Neither in the wallet's name nor in what its errors say."""
        url = cluster.new()
        run_sql(url, "GRANT ALL ON ALL TABLES IN SCHEMA public TO guarded",
                "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO guarded")  # fmt: skip
        secret = PASSWORD.replace(" ", "%20")
        with Wallet.open(url.replace("tagloom@", f"guarded:{secret}@")) as wallet:
            wallet.create_user("ann")
            assert "correct" not in f"{wallet.url} {wallet!r} {vars(wallet)!r}"
            run_sql(url, "DROP TABLE wallet_entries CASCADE")
            with pytest.raises(StorageError, match="wallet_entries") as refused:
                wallet.grant("ann", 1)
            assert "correct" not in f"{refused.value} {refused.value!r}"
        cluster.drop(url)

    def test_somebody_who_holds_a_lock_is_not_waited_for_without_end(self, cluster: Cluster, monkeypatch):
        monkeypatch.setattr(storage, "BUSY", 1)
        url = cluster.new()
        with Wallet.open(url) as wallet, Wallet.open(url) as other:
            wallet.create_user("ann")
            with other._database.writing() as held:
                held.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
                held.exec_driver_sql("SELECT * FROM wallet_users FOR UPDATE")
                with pytest.raises(StorageError, match="lock timeout"):
                    wallet.grant("ann", 1)
            assert wallet.standing("ann").balance == 20
        cluster.drop(url)

    def test_there_is_no_such_database(self, cluster: Cluster):
        with pytest.raises(StorageError, match=r'database "nowhere" does not exist'):
            Wallet.open(cluster.server.url("nowhere"), create=True)

    def test_a_database_without_a_wallet(self, cluster: Cluster):
        """It may hold other things, beside which a wallet is made."""
        url = cluster.empty()
        run_sql(url, "CREATE TABLE songs (title text)")
        with pytest.raises(StorageError, match="holds no wallet; make one with: tagloom wallet create NAME"):
            Wallet.open(url)
        assert run_sql(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(1,)]
        Wallet.open(url, create=True).close()
        cluster.drop(url)

    def test_it_was_restarted(self, cluster: Cluster):
        """Connections that are gone are opened anew."""
        url = cluster.new()
        with Wallet.open(url) as wallet:
            wallet.create_user("ann")
            cluster.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'wallet%'")
            assert wallet.standing("ann").balance == 20
        cluster.drop(url)


def test_readers_and_who_pays_do_not_wait_for_each_other(tmp_path):
    """A new wallet is in WAL mode, and one that is not is put into it."""
    path = tmp_path / "wallet.sqlite3"
    for _ in range(2):
        with Wallet.open(str(path), create=True) as wallet, wallet._database.reading() as reader:
            reader.exec_driver_sql("SELECT * FROM wallet_users").all()
            assert reader.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            wallet.standing("ann") if "ann" in wallet.users() else wallet.create_user("ann")
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")


def test_a_file_is_the_same_from_another_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Wallet.open("sqlite:///wallet.db", create=True) as one, Wallet.open("wallet.db") as other:
        assert one.url == other.url == str(tmp_path / "wallet.db")
