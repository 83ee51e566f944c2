"""Certificates: of a CA of one's own, and of the client; on HTTP and the websocket alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tagloom.runner.errors import ServerUnavailable
from tagloom.runner.jobs.job import State
from tagloom.runner.jobs.session import Session
from tagloom.runner.server.address import Address
from tagloom.runner.server.channel import Channel
from tagloom.runner.server.client import Client

from .fault_server.server import TLS
from .following import QUICK, ends, job

OURS = {"certificate": TLS / "client.pem", "key": TLS / "client.key"}


@pytest.mark.parametrize(
    ("tls", "settings"),
    [
        ("server", {"ca": TLS / "ca.pem"}),
        ("server", {"verify": False}),
        ("both", {"ca": TLS / "ca.pem", **OURS}),
        ("both", {"verify": False, **OURS}),
    ],
)
def test_a_server_with_a_certificate_of_its_own(fault_server, tls, settings):
    server = fault_server(tls=tls)
    with Session(Client(Address(server.url, **settings)), QUICK) as session:
        session.submit(job())
        assert ends(session)[0].state is State.DONE
    assert server.url.startswith("https:")


@pytest.mark.parametrize(("tls", "settings"), [("server", {}), ("both", {"ca": TLS / "ca.pem"})])
def test_what_is_not_trusted_is_not_spoken_with(fault_server, tls, settings):
    """Neither a server of an unknown CA, nor, by such a server, a client without a certificate."""
    server = fault_server(tls=tls)
    address = replace(Address(server.url), **settings, token="hunter2")
    with pytest.raises(ServerUnavailable) as caught:
        Client(address).version()
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ServerUnavailable, match="no websocket"):
        Channel(address)
    assert server.asked == []
