"""What the wallet's tests share: new wallets in SQLite and in PostgreSQL, a clock, and no setting of the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tagloom.wallet.ledger import Wallet

from .clocks import Clock
from .databases import Cluster, Databases, Files

POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)


@pytest.fixture(autouse=True)
def _apart_from_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TAGLOOM_WALLET", "TAGLOOM_PLANS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TAGLOOM_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """SQLite."""
    return Files(tmp_path_factory.mktemp("wallets"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """PostgreSQL, one server for all tests."""
    from .postgresql import running

    with running() as server:
        yield Cluster(server)


@pytest.fixture(scope="session", params=["sqlite", POSTGRESQL])
def databases(request: pytest.FixtureRequest) -> Databases:
    """Each of the two by turns."""
    return request.getfixturevalue("files" if request.param == "sqlite" else "cluster")


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """The address of a new wallet."""
    made = databases.new()
    yield made
    databases.drop(made)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wallet(url: str, clock: Clock) -> Iterator[Wallet]:
    """A new wallet."""
    with Wallet.open(url, clock=clock) as opened:
        yield opened


@pytest.fixture
def use_plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], Path]:
    """A function that makes a text the file of plans; it gives the file."""

    def use(text: str | bytes) -> Path:
        path = tmp_path / f"plans{len(list(tmp_path.glob('plans*')))}.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        monkeypatch.setenv("TAGLOOM_PLANS", str(path))
        return path

    return use
