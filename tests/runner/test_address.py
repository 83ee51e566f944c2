from __future__ import annotations

import base64
import pickle
import traceback

import pytest

from tagloom.runner.errors import ServerUnavailable, UsageError
from tagloom.runner.jobs.session import Session
from tagloom.runner.server.address import Address
from tagloom.runner.server.client import Client

from .following import QUICK, ends, job

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("address", "url", "websocket"),
    [
        ("http://127.0.0.1:8188", "http://127.0.0.1:8188", "ws://127.0.0.1:8188/ws"),
        ("http://127.0.0.1:8188/", "http://127.0.0.1:8188", "ws://127.0.0.1:8188/ws"),
        ("127.0.0.1:8188", "http://127.0.0.1:8188", "ws://127.0.0.1:8188/ws"),
        ("localhost:8188", "http://localhost:8188", "ws://localhost:8188/ws"),
        ("my-machine", "http://my-machine", "ws://my-machine/ws"),
        ("https://example.org/comfy/", "https://example.org/comfy", "wss://example.org/comfy/ws"),
        ("HTTP://127.0.0.1:8188", "http://127.0.0.1:8188", "ws://127.0.0.1:8188/ws"),
        ("http://[::1]:8188", "http://[::1]:8188", "ws://[::1]:8188/ws"),
        ("http://me:hunter2@example.org:80/x?token=hunter2#y", "http://example.org:80/x", "ws://example.org:80/x/ws"),
    ],
)
def test_addresses(address, url, websocket):
    read = Address.from_url(address)
    assert (read.url, read.websocket_url) == (url, websocket)
    assert Client(address).url == url


@pytest.mark.parametrize(
    "address",
    [
        *("", "ftp://127.0.0.1", "http://", "ws://127.0.0.1:8188", "http:///x", "http://[::1", "http://host:port"),
        *("http://host:99999", "http://ho st", "http://host/\x1b]0;x\x07", "http://me:hunter2@", "//me:hunter2@host:x"),
        *("http://me:hun/ter2@host:8188", "ftp://host?token=hunter2"),
    ],
)
def test_what_is_no_address_is_refused_with_an_example_and_without_its_secrets(address):
    with pytest.raises(UsageError, match=r"http://127\.0\.0\.1:8188") as caught:
        Client(address)
    assert str(caught.value).isprintable()
    assert "ter2" not in str(caught.value)


def test_user_and_password_become_a_header_and_the_query_stays_apart():
    address = Address.from_url("http://me:h%40nter2@example.org/?token=hunter2&x=")
    expected = base64.b64encode(b"me:h@nter2").decode()
    assert address.all_headers() == {"Authorization": f"Basic {expected}"}
    assert address.query == (("token", SECRET), ("x", ""))


def test_a_mapping(tmp_path, monkeypatch):
    (tmp_path / "ca.pem").touch()
    (tmp_path / "me.pem").touch()
    (tmp_path / "me.key").touch()
    monkeypatch.setenv("MY_TOKEN", SECRET)
    values = {
        "url": "https://example.org",
        "headers": {"X-Key": "${MY_TOKEN}", "Cookie": "a=b"},
        "token": "${MY_TOKEN}",
        "ca": "ca.pem",
        "certificate": "me.pem",
        "key": "me.key",
        "verify": True,
    }
    address = Address.from_mapping(values, tmp_path)
    assert address.all_headers() == {"X-Key": SECRET, "Cookie": "a=b", "Authorization": f"Bearer {SECRET}"}
    assert address.trusted() == str(tmp_path / "ca.pem")
    assert address.client_certificate() == (str(tmp_path / "me.pem"), str(tmp_path / "me.key"))
    tls = address.websocket_tls()
    assert (tls["ca_certs"], tls["certfile"]) == (str(tmp_path / "ca.pem"), str(tmp_path / "me.pem"))
    assert pickle.loads(pickle.dumps(address)) == address


def test_an_authorization_header_beats_the_token():
    address = Address("http://x", {"authorization": "Basic abc"}, token=SECRET)
    assert address.all_headers() == {"authorization": "Basic abc"}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, ["url", "http://127.0.0.1:8188"]),
        ({"url": 3}, ["url"]),
        ({"url": "http://x", "tokn": SECRET}, ["http://x", "'tokn'", "token"]),
        ({"url": "http://x", "token": 123456}, ["http://x", "token", "text"]),
        ({"url": "http://x", "token": "${NOT_SET_AT_ALL}"}, ["token", "NOT_SET_AT_ALL"]),
        ({"url": "http://x", "headers": [SECRET]}, ["headers"]),
        ({"url": "http://x", "headers": {"X": ["hunter2"]}}, ["header X"]),
        ({"url": "http://x", "headers": {"X": "hunter2\r\nHost: y"}}, ["'X'", "one line"]),
        ({"url": "http://x", "headers": {"X Y": SECRET}}, ["'X Y'"]),
        ({"url": "http://x", "token": "hunter2\n"}, ["Authorization"]),
        ({"url": "http://x", "verify": "no"}, ["verify"]),
        ({"url": "http://x", "ca": "not there.pem"}, ["not there.pem", "http://x"]),
    ],
)
def test_what_a_mapping_must_not_say(values, words):
    with pytest.raises(UsageError) as caught:
        Address.from_mapping(values)
    told = str(caught.value)
    assert all(word in told for word in words)
    assert SECRET not in told and "\n" not in told


def test_headers_and_query_go_with_requests_and_websocket(fault_server):
    server = fault_server()
    server.requires = {"Authorization": f"Bearer {SECRET}", "X-Key": "1"}
    address = Address(server.url, {"X-Key": "1"}, SECRET, query=(("token", "in the query"),))
    with Session(Client(address), QUICK) as session:
        session.submit(job())
        ends(session)


@pytest.mark.parametrize("where", ["http", "websocket", "nobody there"])
def test_secrets_are_in_no_message_traceback_or_repr(fault_server, where):
    server = fault_server()
    url = server.url.replace("//", f"//me:{SECRET}@") + f"?token={SECRET}"
    if where == "nobody there":
        url = f"http://me:{SECRET}@127.0.0.1:9?token={SECRET}"
    client = Client(url)
    server.requires = {"X-Key": "missing"}
    with pytest.raises(ServerUnavailable) as caught:
        if where == "websocket":
            with Session(client):
                pass
        else:
            client.version()
    told = "".join(traceback.format_exception(caught.value)) + repr(client.address) + str(caught.value)
    assert SECRET not in told
    assert base64.b64encode(f"me:{SECRET}".encode()).decode() not in told
