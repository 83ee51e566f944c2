"""The file of servers, and `--server` repeated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tagloom.runner.errors import UsageError
from tagloom.runner.fleet.servers import ServerEntry, from_options, read

FILE = """
servers:
  big:
    url: https://user:pass-secret@gpu.example:8188/comfy/
    token_env: BIG_TOKEN
    headers: {X-Team: "${TEAM_KEY}", X-Plain: header-secret}
    ca: ca.pem
    verify: true
  old: http://192.168.1.20:8188
  mine: {comfyui: checkout}
  here: {embedded: true}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that writes a file of servers; a certificate lies beside it."""
    monkeypatch.setenv("BIG_TOKEN", "token-secret")
    monkeypatch.setenv("TEAM_KEY", "team-secret")
    (tmp_path / "ca.pem").touch()

    def written(text: str | bytes) -> Path:
        file = tmp_path / "servers.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return written


def test_everything_that_a_server_can_have(write, tmp_path):
    big, old, mine, here = read(write(FILE), 60)
    assert big.name == "big" and big.address.url == "https://gpu.example:8188/comfy"
    assert big.address.token == "token-secret"
    assert big.address.headers["X-Team"] == "team-secret"
    assert big.address.ca == tmp_path / "ca.pem"
    assert big.open() is big.address
    assert (old.name, old.address.url) == ("old", "http://192.168.1.20:8188")
    assert mine == ServerEntry("mine", comfyui=tmp_path / "checkout", idle_seconds=60)
    assert here == ServerEntry("here", idle_seconds=60)


def test_a_second_embedded_server_is_apart_from_the_first(write):
    """Each runs in a folder of its own; the first one is the server that other commands use."""
    file = write("servers: {a: {embedded: true}, b: http://b, c: {embedded: true}, d: {embedded: true}}")
    assert [entry.apart for entry in read(file)] == [False, False, True, True]


def test_no_secret_shows(write):
    shown = repr(read(write(FILE)))
    assert "gpu.example" in shown
    assert not re.search(r"(?:pass|header|token|team)-secret", shown)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no servers; write servers:"),
        ("servers: []", "names no servers"),
        ("servers: {}", "names no servers"),
        ("[1, 2]", "names no servers"),
        ("servers:\n  a: {url: 'ftp://x'}", "line 2: server address 'ftp://x' is not understood"),
        ("servers:\n  a: {url: 5}", "line 2: a server has no url"),
        ("servers:\n  a: {}", "line 2: the server a needs one of url, comfyui and embedded"),
        ("servers:\n  a: [http://x]", "line 2: a server is an address, or settings"),
        ("servers:\n  a: {1: 2}", "line 2: a server is an address, or settings"),
        ("servers:\n  a: {url: 'http://x', embedded: true}", "line 2: the server a needs one of url"),
        ("servers:\n  a: {embedded: yes please}", "line 2: embedded of the server a can only be true"),
        ("servers:\n  a: {embedded: true, token: hidden}", "line 2: the server a is started by Tagloom, .* 'token'"),
        ("servers:\n  a: {comfyui: 3}", "line 2: comfyui of the server a must be a folder"),
        ("servers:\n  a: http://x\n  a: http://y", "line 3: the server a is there twice"),
        ("servers:\n  'a b': http://x", "line 2: a server can't be called 'a b'"),
        ("servers:\n  [a]: http://x", "line 2: a server's name must be a word"),
        ("servers:\n  a: {url: 'http://x', tokn: hidden}", "line 2: http://x has the unknown setting 'tokn'"),
        ("servers:\n  a: {url: 'http://x', token: 5}", "line 2: the token of http://x must be a text"),
        ("servers:\n  a: {url: 'http://x', token_env: NOT_SET}", "line 2: .* from NOT_SET, which is not set"),
        ("servers:\n  a: {url: 'http://x', token_env: [BIG_TOKEN]}", "line 2: token_env of the server a must name"),
        ("servers:\n  a: {url: 'http://x', token_env: BIG_TOKEN, token: hidden}", "line 2: token_env of the server a"),
        ("servers:\n  a: {url: 'http://x', ca: gone.pem}", "line 2: .*gone.pem, which http://x needs, is not there"),
        ("servers:\n  a: {url: 'http://x', verify: 3}", "line 2: headers of http://x must be .* verify true or false"),
        ("servers:\n  a: {url: 'http://x', token: *hidden}", "line 2: this is no YAML"),
        ("servers:\n  a: !!python/object/apply:os.system [hidden]", "line 2: a setting is not understood"),
        ("servers:\n  a: {url: 'http://x', token: 'hidden", "line 2: this is no YAML"),
        ("a: " + "[" * 5000, "this is no YAML"),
        (b"\xff\xfe\x00", "is no text in UTF-8"),
        (b"#" * (2**20 + 1), "has more than 1048576 bytes"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(write, text, message):
    with pytest.raises(UsageError, match=message) as caught:
        read(write(text))
    assert "hidden" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"can't read the servers in .*none.yaml: No such file"):
        read(tmp_path / "none.yaml")


def test_addresses_and_files_together(write):
    entries = from_options(["http://one:8188", str(write("servers: {two: 'http://two:8188'}")), "three"])
    assert [(entry.name, entry.address.url) for entry in entries] == [
        ("one:8188", "http://one:8188"),
        ("two", "http://two:8188"),
        ("three", "http://three"),
    ]


def test_a_server_named_twice():
    with pytest.raises(UsageError, match="the server one:8188 is named twice"):
        from_options(["http://one:8188", "one:8188/"])
