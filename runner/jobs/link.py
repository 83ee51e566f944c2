"""Keeps a websocket to one server: pings it, notices when it is dead, and connects anew under a fresh name."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from ..errors import ServerUnavailable
from ..server.channel import Channel, ChannelLost
from ..server.client import Client

PING = 20.0
"""Seconds of silence after which a sign of life is asked for; after as many more the connection counts as dead."""
AGAIN, AGAIN_AT_MOST = 0.5, 5.0
"""Seconds between two tries to connect: the first pause, and the longest."""
AT_ONCE = 2000
"""Messages that are read before anything else is done."""


class Link:
    """A websocket that is connected anew when it is lost.

    A name is never used twice: a server that has not yet noticed the old connection's death would, once it does,
    silently drop the new one with it (ComfyUI up to 0.3.75 at least).
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._channel: Channel | None = None
        self._heard = self._pinged = self._try_at = 0.0
        self._pause = AGAIN
        self._awake, self._waker = socket.socketpair()
        for end in (self._awake, self._waker):
            end.setblocking(False)

    @property
    def client_id(self) -> str:
        """The name of the open connection; nothing while there is none."""
        return self._channel.client_id if self._channel else ""

    def connect(self, now: float) -> None:
        """Connect.

        Raises:
            ServerUnavailable: if that can't be done.
        """
        self._channel = Channel(self._client.address)
        self._heard = self._pinged = now
        self._pause = AGAIN

    def messages(self, now: float) -> Iterator[str | bytes]:
        """Yield the messages that are here; the connection may be gone afterwards."""
        for _ in range(AT_ONCE):
            if self._channel is None:
                return
            try:
                message = self._channel.receive()
            except ChannelLost:
                self._drop(now)
                return
            if message is None:
                return
            self._heard = self._pinged = now
            if message:
                yield message

    def keep(self, now: float) -> bool:
        """Ping, or connect anew, if it is time to; return whether there is a new connection."""
        if self._channel is None:
            return now >= self._try_at and self._connected_anew(now)
        if now - self._heard >= 2 * PING:
            self._drop(now)
        elif now - self._pinged >= PING:
            self._pinged = now
            try:
                self._channel.ping()
            except ChannelLost:
                self._drop(now)
        return False

    def doubt(self, now: float) -> None:
        """Ask for a sign of life now: the machine may have slept."""
        self._heard = min(self._heard, now - PING)
        self._pinged = now - PING

    def due(self, now: float) -> float:
        """Return in how many seconds `keep` has something to do."""
        return max(0.0, (self._try_at if self._channel is None else self._pinged + PING) - now)

    def wait(self, seconds: float) -> None:
        """Return when a message may be here, when woken, or after so many seconds."""
        if self._channel is not None:
            self._channel.wait(seconds, self._awake)
        else:
            self._awake.settimeout(max(seconds, 0.001))
            with contextlib.suppress(OSError):
                self._awake.recv(1, socket.MSG_PEEK)
            self._awake.settimeout(0)

    def wake(self) -> None:
        """End a `wait`, from any thread."""
        with contextlib.suppress(OSError):  # full: it is awake already
            self._waker.send(b"!")

    def woken(self) -> bool:
        """Return whether it was woken since this was last asked."""
        try:
            return bool(self._awake.recv(4096))
        except OSError:
            return False

    def close(self) -> None:
        """Disconnect for good."""
        if self._channel is not None:
            self._channel.close()
        self._channel = None
        self._awake.close()
        self._waker.close()

    def _connected_anew(self, now: float) -> bool:
        try:
            self.connect(now)
        except ServerUnavailable:
            self._try_at = now + self._pause
            self._pause = min(AGAIN_AT_MOST, self._pause * 2)
            return False
        self._client.renew()
        return True

    def _drop(self, now: float) -> None:
        """Close what is dead before anything new is opened."""
        if self._channel is not None:
            self._channel.close()
        self._channel = None
        self._try_at = now
