from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tagloom.runner.embedded import installations, processes, server_state
from tagloom.runner.embedded.installations import Installation
from tagloom.runner.embedded.processes import ensure, find, stop
from tagloom.runner.embedded.server_state import last_lines
from tagloom.runner.errors import ServerStartError, UsageError
from tagloom.runner.places import PACKAGE

CRASH = """
for number in range(30):
    print("line", number)
sys.exit("the disk is on fire")
"""
HANG = "import time; time.sleep(60)"
LOSE_THE_PORT_ONCE = """
if sum(1 for line in open("starts.txt")) == 1:
    sys.exit("OSError: [Errno 98] error while attempting to bind on address: address already in use")
"""


def ended(pid: int) -> bool:
    """Return whether a child ends within a few seconds."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):  # waited for already
            os.waitpid(pid, os.WNOHANG)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_a_server_is_started_found_and_stopped(comfyui):
    server = comfyui.make()
    told: list[str] = []
    assert find(server) is None
    running = ensure(server, 60, announce=told.append)
    assert find(server) == running
    assert running.url == f"http://127.0.0.1:{running.port}"
    assert running.idle_seconds == 60
    assert [start["pid"] for start in comfyui.starts(server.tree)] == [running.pid]
    assert len(told) == 1
    assert last_lines(server, 5) == ["fake ComfyUI, start 1"]
    assert stop(server)
    assert find(server) is None
    assert not stop(server)


def test_a_server_that_runs_is_used_again(comfyui):
    server = comfyui.make()
    told: list[str] = []
    first = ensure(server, 60)
    assert ensure(server, 0, announce=told.append) == first
    assert ensure(server, 60, port=first.port) == first
    assert told == []
    assert len(comfyui.starts(server.tree)) == 1


def test_two_commands_at_once_start_one_server(comfyui):
    server = comfyui.make()
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda number: ensure(server, 60), range(4)))
    assert len(set(found)) == 1
    assert len(comfyui.starts(server.tree)) == 1


def test_a_server_that_died_is_started_anew(comfyui):
    server = comfyui.make()
    first = ensure(server, 60)
    os.kill(first.pid, signal.SIGKILL)
    assert ended(first.pid)
    assert find(server) is None
    second = ensure(server, 60)
    assert second.pid != first.pid
    assert find(server) == second


@pytest.mark.parametrize(
    "state",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"pid": 1}',
        '{"pid": 1, "port": 9, "idle_seconds": 0}',
        '{"pid": 1, "port": 9, "idle_seconds": 0, "new": 1}',
    ],
)
def test_a_stale_state_file_is_ignored(comfyui, state):
    server = comfyui.make()
    server.folder.mkdir(parents=True)
    (server.folder / "server.json").write_text(state)
    assert find(server) is None
    assert not stop(server)


def test_another_program_on_a_remembered_port_is_not_taken_for_ours(comfyui, serve):
    """A server that answers as ComfyUI does but was started by somebody else is left alone."""
    server = comfyui.make()
    other = serve({"GET /system_stats": {"system": {"comfyui_version": "0", "argv": ["main.py"]}}})
    state = {"pid": os.getpid(), "port": int(other.url.rsplit(":", 1)[1]), "idle_seconds": 0}
    server.folder.mkdir(parents=True)
    (server.folder / "server.json").write_text(json.dumps(state))
    assert find(server) is None
    assert not stop(server)


def test_a_crash_at_the_start_tells_the_log_s_end(comfyui):
    server = comfyui.make(CRASH)
    with pytest.raises(ServerStartError) as caught:
        ensure(server, 60)
    text = str(caught.value)
    assert "ended with code 1" in text
    assert str(server.log) in text
    assert text.endswith("line 29\n  the disk is on fire")
    assert "line 5\n" not in text
    assert find(server) is None
    assert len(comfyui.starts(server.tree)) == 1


def test_a_server_that_hangs_is_given_up_and_ended(comfyui, monkeypatch):
    monkeypatch.setattr(processes, "START_TIMEOUT", 0.5)
    server = comfyui.make(HANG)
    with pytest.raises(ServerStartError, match=r"did not answer within 0\.5 seconds"):
        ensure(server, 60)
    (start,) = comfyui.starts(server.tree)
    assert ended(start["pid"])


def test_an_interrupted_start_leaves_no_server(comfyui, monkeypatch):
    def interrupt(installation: Installation, port: int) -> bool:
        while not comfyui.starts(installation.tree):
            time.sleep(0.01)
        raise KeyboardInterrupt

    server = comfyui.make()
    with monkeypatch.context() as patched:
        patched.setattr(processes, "answers", interrupt)
        with pytest.raises(KeyboardInterrupt):
            ensure(server, 60)
    (start,) = comfyui.starts(server.tree)
    assert ended(start["pid"])
    assert find(server) is None


def test_a_free_port_that_is_lost_to_another_program_is_replaced(comfyui):
    server = comfyui.make(LOSE_THE_PORT_ONCE)
    running = ensure(server, 60)
    assert [start["pid"] for start in comfyui.starts(server.tree)][1:] == [running.pid]


def test_a_chosen_port_is_used(comfyui):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = ensure(comfyui.make(), 60, port=port)
    assert running.port == port


def test_a_taken_port_is_refused_before_anything_starts(comfyui):
    server = comfyui.make()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is taken.*--port"):
            ensure(server, 60, port=port)
    assert comfyui.starts(server.tree) == []


def test_a_port_can_be_used_again_as_soon_as_its_server_has_stopped(comfyui):
    """Connections that linger after their end take no port."""
    server = comfyui.make()
    first = ensure(server, 60)
    stop(server)
    assert ensure(server, 60, port=first.port).port == first.port


def test_another_port_for_a_server_that_runs_is_refused(comfyui):
    server = comfyui.make()
    running = ensure(server, 60)
    with pytest.raises(UsageError, match=f"on port {running.port}.*tagloom server stop"):
        ensure(server, 60, port=running.port % 65535 + 1)


def test_a_full_disk_names_the_folder(comfyui, monkeypatch):
    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    server = comfyui.make(embedded=True)
    monkeypatch.setattr(installations.shutil, "copytree", full)
    with pytest.raises(ServerStartError) as caught:
        ensure(server, 60)
    assert all(word in str(caught.value) for word in (str(server.folder), "No space left", "TAGLOOM_HOME"))
    assert "\n" not in str(caught.value)
    assert comfyui.starts(server.tree) == []


def test_a_folder_that_can_t_be_made_is_named(comfyui, tmp_path):
    (tmp_path / "home").write_bytes(b"a file")
    server = comfyui.make()
    with pytest.raises(ServerStartError, match="TAGLOOM_HOME") as caught:
        ensure(server, 60)
    assert str(server.folder) in str(caught.value)


def test_a_checkout_is_started_in_place_with_our_nodes(comfyui):
    """Its models, inputs and outputs stay its own; our folder only brings the nodes and the idle stop."""
    server = comfyui.make()
    running = ensure(server, 90)
    (start,) = comfyui.starts(server.tree)
    assert start["argv"][0] == str(server.tree / "main.py")
    assert start["idle"] == "90"
    assert start["argv"][1:6] == ["--listen", "127.0.0.1", "--port", str(running.port), "--disable-auto-launch"]
    assert "--base-directory" not in start["argv"]
    paths = Path(start["argv"][start["argv"].index("--extra-model-paths-config") + 1])
    assert json.loads(paths.read_text()) == {"tagloom": {"custom_nodes": str(server.folder / "custom_nodes")}}
    nodes = server.folder / "custom_nodes"
    assert sorted(link.name for link in nodes.iterdir()) == ["tagloom", "tagloom_keepalive"]
    assert (nodes / "tagloom").resolve() == PACKAGE
    assert (nodes / "tagloom_keepalive" / "__init__.py").is_file()


def test_a_checkout_that_has_tagloom_gets_it_no_second_time(comfyui):
    server = comfyui.make()
    ensure(server, 60)
    stop(server)
    own = server.tree / "custom_nodes" / "my-clone"
    own.mkdir(parents=True)
    (own / "pyproject.toml").write_text('[project]\nname = "tagloom"\n')
    ensure(server, 60)
    assert [link.name for link in (server.folder / "custom_nodes").iterdir()] == ["tagloom_keepalive"]


def test_api_nodes_are_left_on_where_they_are_asked_for(comfyui):
    server = replace(comfyui.make(embedded=True), api_nodes=True)
    ensure(server, 0)
    (start,) = comfyui.starts(installations.unpack(server))
    assert "--disable-api-nodes" not in start["argv"]


def test_the_embedded_server_has_folders_and_models_of_its_own(comfyui):
    server = comfyui.make(embedded=True)
    ensure(server, 0)
    tree = installations.unpack(server)
    (start,) = comfyui.starts(tree)
    argv = start["argv"]
    assert tree.parent == server.folder
    assert argv[0] == str(tree / "main.py")
    assert start["idle"] == "0"
    assert argv[argv.index("--base-directory") + 1] == str(server.folder)
    assert "--disable-api-nodes" in argv
    paths = json.loads(Path(argv[argv.index("--extra-model-paths-config") + 1]).read_text())["tagloom"]
    assert paths.pop("checkpoints").split("\n") == [str(server.models / "checkpoints"), str(PACKAGE / "tiny")]
    assert paths.pop("loras").split("\n") == [str(server.models / "loras"), str(PACKAGE / "loras")]
    assert paths["vae"] == str(server.models / "vae")
    assert all(Path(folder).is_dir() for folder in paths.values())
    links = {link.name: link.resolve() for link in (server.folder / "custom_nodes").iterdir()}
    assert links == {
        "tagloom": PACKAGE,
        "tagloom_keepalive": PACKAGE / "runner" / "keepalive",
        "tagloom_tiny": PACKAGE / "tiny" / "loader",
    }
    assert all((server.folder / name).is_dir() for name in ("output", "temp", "user"))
    assert (server.folder / "input" / "example.png").is_file()


def test_links_to_a_package_that_moved_are_mended(comfyui, tmp_path):
    server = comfyui.make()
    nodes = server.folder / "custom_nodes"
    nodes.mkdir(parents=True)
    (nodes / "tagloom").symlink_to(tmp_path / "gone", target_is_directory=True)
    (nodes / "tagloom_keepalive").symlink_to(tmp_path, target_is_directory=True)
    ensure(server, 60)
    assert (nodes / "tagloom").resolve() == PACKAGE
    assert (nodes / "tagloom_keepalive").resolve() == PACKAGE / "runner" / "keepalive"
    assert tmp_path.is_dir()


@pytest.mark.parametrize(("count", "expected"), [(2, ["b", "c \ufffd"]), (10, ["a", "b", "c \ufffd"])])
def test_the_log_s_last_lines(comfyui, count, expected):
    server = comfyui.make()
    server.folder.mkdir(parents=True)
    server.log.write_bytes(b"a\nb\nc \xff\n")
    assert last_lines(server, count) == expected


def test_without_a_log_there_are_no_lines(comfyui):
    assert last_lines(comfyui.make(), 10) == []


def test_a_full_disk_while_unpacking_is_one_short_line(comfyui, monkeypatch):
    """`shutil` lists every file that it could not copy."""
    reason = [("a", "b", "[Errno 28] No space left on device: 'b'")] * 500

    def full(*arguments: object, **options: object) -> None:
        raise shutil.Error(reason)

    server = comfyui.make(embedded=True)
    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(ServerStartError, match="No space left on device") as caught:
        ensure(server, 60)
    assert len(str(caught.value)) < 500


def test_a_server_that_does_not_answer_can_be_stopped(comfyui, monkeypatch):
    server = comfyui.make()
    running = ensure(server, 60)
    os.kill(running.pid, signal.SIGSTOP)
    monkeypatch.setattr(processes, "STOP_TIMEOUT", 0.2)
    assert stop(server)
    assert ended(running.pid)


def test_a_start_is_noted_down_before_it_is_through(comfyui, monkeypatch):
    """So a server whose starter was killed is neither lost nor started twice."""
    server = comfyui.make()
    seen = []
    answers = processes.answers
    monkeypatch.setattr(processes, "answers", lambda *given: seen.append(server_state.noted(server)) or answers(*given))
    running = ensure(server, 60)
    assert set(seen) == {running}
