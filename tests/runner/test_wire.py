"""What a hostile or broken server can send: nothing of it is read without bounds, obeyed, or told whole."""

from __future__ import annotations

import gzip
import hashlib
import resource
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tagloom.runner.errors import (
    NotComfyUI,
    OutputBroken,
    OutputMissing,
    RunnerError,
    SaveError,
    ServerUnavailable,
    Unauthorized,
)
from tagloom.runner.server import channel, wire
from tagloom.runner.server.address import Address
from tagloom.runner.server.channel import Channel
from tagloom.runner.server.client import Client

from .fault_server import Socket

FILE = {"filename": "a.png", "subfolder": "", "type": "output"}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
def raw() -> Iterator[Callable[..., str]]:
    """Return a function that starts a server which sends bytes as they are, again and again if asked, and hangs up."""
    with ExitStack() as running:

        def start(head: bytes, rest: bytes = b"", times: int = 1) -> str:
            server = running.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve() -> None:
                try:
                    while True:
                        connection, _ = server.accept()
                        with connection:
                            connection.recv(65536)
                            connection.sendall(head)
                            for _ in range(times):
                                connection.sendall(rest)
                except OSError:
                    return

            thread = threading.Thread(target=serve)
            thread.start()
            running.callback(thread.join)
            running.callback(server.shutdown, socket.SHUT_RDWR)
            return f"http://127.0.0.1:{server.getsockname()[1]}"

        yield start


@pytest.mark.parametrize(
    "head",
    [HEAD + b"\r\n", HEAD + b"Content-Length: 10000000000\r\n\r\n"],
    ids=["without a length", "10 GB"],
)
def test_an_answer_without_an_end_is_not_read(raw, monkeypatch, head):
    monkeypatch.setattr(wire, "JSON_LIMIT", 2**20)
    with pytest.raises(NotComfyUI, match="gives no end of an answer"):
        Client(raw(head, b"[" * 2**16, 200)).version()


def test_a_compressed_answer_counts_by_what_it_holds(raw, monkeypatch):
    monkeypatch.setattr(wire, "JSON_LIMIT", 2**20)
    body = gzip.compress(b" " * 2**26)
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    with pytest.raises(NotComfyUI, match="gives no end of an answer"):
        Client(raw(head, body)).version()


def test_an_answer_that_drips_is_given_up(raw, monkeypatch):
    monkeypatch.setattr(wire, "WHOLE", -1.0)
    with pytest.raises(NotComfyUI, match="gives no end of an answer"):
        Client(raw(HEAD + b"\r\n", b"{}")).version()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        HEAD + b"Content-Length: 500\r\n\r\n{}",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Content-Encoding: gzip\r\n\r\nnot gzip",
        HEAD + b"X: y\r\n" * 1000 + b"\r\n{}",
        HEAD + b"X: " + b"y" * 100_000 + b"\r\n\r\n{}",
        HEAD + b"\r\n" + b"[" * 200_000,
        HEAD + b'\r\n{"system": {"comfyui_version": ' + b"9" * 5000 + b"}}",
    ],
)
def test_broken_answers_are_one_line(raw, answer):
    with pytest.raises(ServerUnavailable) as caught:
        Client(raw(answer)).version()
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("location", ["/x", "http://elsewhere.example/"])
def test_a_redirect_s_body_is_not_read(raw, location):
    """The server sends a gigabyte with it, if it is let."""
    head = b"HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n" % location.encode()
    with pytest.raises(NotComfyUI, match="redirects to"):
        Client(raw(head, b"x" * 2**20, 1024)).version()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 10000000000\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nX: ",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
    ids=["a page of 10 GB", "an endless header", "no handshake"],
)
def test_a_websocket_s_handshake_is_not_read_without_end(raw, head):
    with pytest.raises(ServerUnavailable, match="no websocket at") as caught:
        Channel(Address.from_url(raw(head, b"x" * 2**20, 1024)))
    assert len(str(caught.value)) < 500


def test_a_websocket_that_never_greets_is_none(fault_server, monkeypatch):
    """Whatever else it says."""
    monkeypatch.setattr(channel, "CONNECT_TIMEOUT", 0.3)
    monkeypatch.setattr(Socket, "send", lambda self, kind, data: self.send_frame(1, b'{"type": "status", "data": {}}'))
    with pytest.raises(ServerUnavailable, match="no greeting"):
        Channel(Address.from_url(fault_server().url))


def test_terminal_escapes_do_not_reach_a_terminal(fault_server):
    server = fault_server()
    server.answers["GET /system_stats"] = (500, "text/plain", b"\x1b]0;mine\x07")
    server.generation = "0.3.75"
    with pytest.raises(ServerUnavailable) as caught:
        Client(server.url).version()
    assert str(caught.value).isprintable()
    server.answers["GET /system_stats"] = (200, "a/b", b'{"system": {"comfyui_version": "1\\u001b[2J\\u202e"}}')
    assert Client(server.url).version() == "1"


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((401, "text/html", b""), Unauthorized, ["401", "wants a key"]),
        ((403, "text/html", b""), Unauthorized, ["403"]),
        (
            (302, "a/b", b"", {"Location": "https://sso.example/login?state=hunter2"}),
            NotComfyUI,
            ["https://sso.example"],
        ),
        ((301, "a/b", b"", {"Location": "/login"}), NotComfyUI, ["redirects to http://127.0.0.1"]),
        ((307, "a/b", b"", {"Location": "http://[::bad"}), NotComfyUI, ["no address"]),
        ((304, "a/b", b""), NotComfyUI, ["redirects"]),
        ((200, "text/html", b"<html>"), NotComfyUI, ["not as ComfyUI"]),
    ],
)
def test_what_stands_in_front_of_a_server(fault_server, answer, error, words):
    """Nothing but files is ever redirected."""
    server = fault_server()
    server.answers["GET /system_stats"] = answer
    with pytest.raises(error) as caught:
        Client(server.url).version()
    assert all(word in str(caught.value) for word in words) and "hunter2" not in str(caught.value)
    assert server.asked == ["GET /system_stats"]


def test_a_file_is_written_and_hashed(fault_server, tmp_path):
    server = fault_server()
    server.files["output", "", "a.png"] = contents = bytes(range(256)) * 4096
    assert Client(server.url).download(FILE, tmp_path / "x") == hashlib.sha256(contents).hexdigest()
    assert (tmp_path / "x").read_bytes() == contents


def test_a_file_that_is_there_is_not_overwritten(fault_server, tmp_path):
    server = fault_server()
    server.files["output", "", "a.png"] = b"new"
    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(SaveError):
        Client(server.url).download(FILE, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("head", "rest", "words"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 2**20, "more than 1000000 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", b"xxxx", "broke off after"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nxxxx\r\n", "broke off after"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzip.compress(b"x" * 2**22), "more than 1000000 bytes"),
        (b"HTTP/1.1 500 Oh\x1b[2J\r\n\r\n", b"x", "answered 500"),
        (b"HTTP/1.1 206 Part\r\n\r\n", b"x", "answered 206"),
    ],
)
def test_nothing_is_kept_of_a_file_that_does_not_come_whole(raw, tmp_path, head, rest, words):
    with pytest.raises(OutputBroken, match=words) as caught:
        Client(raw(head, rest)).download({**FILE, "filename": "a\x1b[2J.png"}, tmp_path / "x", limit=1_000_000)
    assert str(caught.value).isprintable()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_comes_too_slowly_is_given_up(raw, tmp_path, monkeypatch):
    monkeypatch.setattr(wire, "READ", -1.0)
    monkeypatch.setattr(wire, "SLOWEST", 2**60)
    with pytest.raises(OutputBroken, match="too slowly"):
        Client(raw(b"HTTP/1.1 200 OK\r\n\r\n", b"x")).download(FILE, tmp_path / "x")


def test_no_space_for_a_file_is_an_error_of_saving(fault_server, tmp_path):
    server = fault_server()
    server.files["output", "", "a.png"] = b"x" * 2**20
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, usual[1]))
    try:
        with pytest.raises(SaveError, match="free some space"):
            Client(server.url).download(FILE, tmp_path / "x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_says_so(fault_server, tmp_path):
    with pytest.raises(OutputMissing, match=r"a\.png \(404\)"):
        Client(fault_server().url).download(FILE, tmp_path / "x")


def redirected(fault_server, location):
    server = fault_server()
    server.answers["GET /view"] = (302, "text/plain", b"", {"Location": location})
    return Client(Address(server.url, {"Cookie": "hunter2"}, token="hunter2", query=(("token", "hunter2"),)))


def test_a_file_on_another_host_is_fetched_without_secrets(fault_server, tmp_path, monkeypatch):
    """As clouds do, with an address that is signed."""
    other = fault_server()
    seen = []
    other.answers["GET /signed"] = lambda server, body: seen.append(body) or (200, "image/png", b"picture")
    other.requires = {"Authorization": None, "Cookie": None}
    client = redirected(fault_server, f"{other.url}/signed?with=a-key")
    client.download(FILE, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"picture"


def test_a_redirect_on_the_same_host_keeps_them(fault_server, tmp_path):
    server = fault_server()
    server.answers["GET /view"] = (307, "text/plain", b"", {"Location": "/real"})
    server.answers["GET /real"] = (200, "image/png", b"picture")
    server.requires = {"Authorization": "Bearer key"}
    Client(Address(server.url, token="key")).download(FILE, tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"picture"


def test_redirects_without_an_end_are_left(fault_server, tmp_path):
    server = fault_server()
    server.answers["GET /view"] = (302, "text/plain", b"", {"Location": "/view?again"})
    with pytest.raises(ServerUnavailable, match="redirects without end"):
        Client(server.url).download(FILE, tmp_path / "x")
    assert server.asked.count("GET /view") == 1 + wire.REDIRECTS
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "location", "followed"),
    [
        ("https://server.example", "https://files.example/x", True),
        ("https://server.example", "http://files.example/x", False),
        ("http://server.example", "http://files.example/x", True),
        ("http://server.example", "ftp://files.example/x", False),
        ("http://server.example", "file:///etc/passwd", False),
        ("http://server.example", "http://127.0.0.1:22/x", False),
        ("http://server.example", "http://localhost/x", False),
        ("http://server.example", "http://169.254.169.254/latest", False),
        ("http://server.example", "http://[::1]/x", False),
        ("http://server.example", "http://192.168.1.1/x", False),
    ],
)
def test_where_a_server_may_send_us(url, location, followed):
    """Not to this machine or its neighbours, and not out of TLS."""
    assert wire._harmless(location, Address(url)) is followed


def test_each_thread_keeps_one_connection(fault_server):
    server = fault_server()
    client = Client(server.url)
    for _ in range(5):
        client.version()
    assert len(server._http._open) == 1
    thread = threading.Thread(target=client.version)
    thread.start()
    thread.join()
    client.version()
    assert len(server._http._open) == 2


def test_the_user_s_netrc_is_not_asked(fault_server, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = fault_server()
    server.requires = {"Authorization": "Bearer key"}
    address = Address(server.url, token="key")
    client = Client(address)
    client._wire._session().trust_env = True
    assert client.version() == "0.3.75"


def test_every_failure_is_the_runner_s(raw):
    with pytest.raises(RunnerError):
        Client(raw(b"\xff\xfe")).object_info()
