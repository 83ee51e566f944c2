"""Who pays on a server of ours, by the environment in which it was started."""

from __future__ import annotations

import psutil
import pytest

from tagloom.runner.cli import main
from tagloom.runner.embedded import environment
from tagloom.runner.embedded.processes import ensure, stop


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """The folder in which the server is started, which runs in another one."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    return tmp_path / "here"


@pytest.fixture
def set_all(monkeypatch):
    """Return a function that sets who pays here: user, wallet, plans; None is unset."""

    def run(*values: str | None) -> None:
        for name, value in zip(("USER", "WALLET", "PLANS"), values, strict=True):
            if value is None:
                monkeypatch.delenv(f"TAGLOOM_{name}", raising=False)
            else:
                monkeypatch.setenv(f"TAGLOOM_{name}", value)

    return run


@pytest.mark.parametrize(
    ("wallet", "there"),
    [
        ("w.db", "HERE/w.db"),
        ("sqlite:///w.db", "sqlite:///HERE/w.db"),
        ("sqlite+pysqlite:///w.db", "sqlite+pysqlite:///HERE/w.db"),
        ("/w.db", "/w.db"),
        ("sqlite:////w.db", "sqlite:////w.db"),
        ("~/w.db", "HERE/../me/w.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite:///file:w.db?mode=ro&uri=true", "sqlite:///file:w.db?mode=ro&uri=true"),
        ("postgresql://ada@db.example/w?sslmode=require", "postgresql://ada@db.example/w?sslmode=require"),
        ("postgresql:///w", "postgresql:///w"),
        ("", ""),
        (None, None),
    ],
)
def test_a_server_has_the_files_that_were_meant_where_it_was_started(comfyui, set_all, here, wallet, there):
    set_all("ada", wallet, wallet and "plans.yaml")
    found = psutil.Process(ensure(comfyui.make(), 60).pid).environ()
    assert found["TAGLOOM_USER"] == "ada"
    up = str(here.parent)
    assert found.get("TAGLOOM_WALLET") == (there and there.replace("HERE/..", up).replace("HERE", str(here)))
    assert found.get("TAGLOOM_PLANS") == (str(here / "plans.yaml") if wallet else wallet)


def test_a_relative_home_is_the_same_one_on_the_server(comfyui, monkeypatch, here):
    """The usual wallet lies in it."""
    monkeypatch.setenv("TAGLOOM_HOME", "home")
    found = psutil.Process(ensure(comfyui.make(), 60).pid).environ()
    assert found["TAGLOOM_HOME"] == str(here / "home")


@pytest.mark.parametrize(
    ("there", "now", "kept"),
    [
        (("ada", "w.db", "p.yaml"), ("ada", "w.db", "p.yaml"), ""),
        (("ada", "w.db", "p.yaml"), (" ada ", "sqlite", "p.yaml"), "TAGLOOM_WALLET"),
        (("ada", None, None), ("bob", "", None), "TAGLOOM_USER"),
        ((None, None, None), ("ada", None, "p.yaml"), "TAGLOOM_USER and TAGLOOM_PLANS"),
        (("ada", None, None), (None, None, None), "TAGLOOM_USER"),
        ((None, "w.db", "p.yaml"), ("", "other.db", None), ""),
    ],
    ids=["the same", "another wallet", "another user", "a user", "no user", "nobody pays"],
)
def test_a_server_that_runs_and_counts_otherwise_is_told(comfyui, capsys, set_all, there, now, kept):
    tree = str(comfyui.make().tree)
    set_all(*there)
    assert main(["server", "start", "--comfyui", tree]) == 0
    assert "keeps" not in capsys.readouterr().err
    set_all(*now)
    assert main(["server", "start", "--comfyui", tree]) == 0
    warning = f"tagloom: warning: the server runs already and keeps its {kept}; stop it first: tagloom server stop\n"
    assert capsys.readouterr().err == (warning if kept else "")


@pytest.mark.parametrize("error", [psutil.AccessDenied(1), psutil.NoSuchProcess(1), ProcessLookupError(3, "gone")])
def test_of_a_server_that_can_t_be_looked_into_nothing_is_said(comfyui, monkeypatch, set_all, error):
    def fail(process):
        raise error

    server = comfyui.make()
    set_all("ada", None, None)
    running = ensure(server, 60)
    set_all("bob", None, None)
    assert environment.kept(server, running) == ["TAGLOOM_USER"]
    with monkeypatch.context() as patch:
        patch.setattr(psutil.Process, "environ", fail)
        assert environment.kept(server, running) == []
    stop(server)
    assert environment.kept(server, running) == []
