"""A websocket to one server: its frames, as they come. It never blocks but where it is told to wait."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import ssl
import time
import uuid
from typing import Any
from urllib.parse import urlencode

import websocket
from websocket import ABNF
from websocket._abnf import frame_buffer

from ..errors import ServerUnavailable
from ..outputs.clean import one_line
from .address import Address

CONNECT_TIMEOUT = 10.0
"""Seconds that the websocket may take to open, and the server to greet."""
FRAME_LIMIT = 64 * 2**20
"""Bytes that a message may have; `executed` of nodes with large results has some 10 million."""
HANDSHAKE_LIMIT = 2**16
"""Bytes that the answer to a handshake may have."""
WITHOUT_PROXY: dict[str, Any] = {"http_proxy_host": "none", "http_no_proxy": ["*"]}
"""Keeps the library from asking the environment for a proxy: it heeds the second option only beside the first."""
NOTHING_YET = (BlockingIOError, ssl.SSLWantReadError)
BROKEN = (OSError, ValueError, websocket.WebSocketException)
FLAGS = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
"""Said first, so that previews come with the id of their job."""


class ChannelLost(Exception):
    """The websocket is closed or broken; what was sent meanwhile is not sent again."""


class _Frames(frame_buffer):
    """Refuses a frame that is longer than anything that ComfyUI sends, before it is read."""

    def recv_length(self) -> None:
        super().recv_length()
        if (self.length or 0) > FRAME_LIMIT:
            raise websocket.WebSocketProtocolException("the frame is too long")


class _Handshaking:
    """A connected socket that gives no more bytes, and for no longer, than a handshake needs.

    The library reads headers without bounds, and the whole page of a server that refuses.
    """

    def __init__(self, connected: socket.socket) -> None:
        self.connected = connected
        self._left = HANDSHAKE_LIMIT
        self._deadline = time.monotonic() + CONNECT_TIMEOUT

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connected, name)

    def recv(self, size: int) -> bytes:
        """Receive some bytes."""
        if self._left <= 0 or time.monotonic() > self._deadline:
            raise websocket.WebSocketException("no end of an answer")
        some = self.connected.recv(size)
        self._left -= len(some)
        return some


class _Socket(websocket.WebSocket):
    """A websocket whose handshake and frames are bounded."""

    _connected: Any = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Validating every frame's UTF-8 in Python costs more than all the rest of the client.
        self.frame_buffer = _Frames(self._recv, True)

    @property
    def sock(self) -> Any:
        """The socket, which the library sets before the handshake."""
        return self._connected

    @sock.setter
    def sock(self, connected: socket.socket | None) -> None:
        self._connected = connected and _Handshaking(connected)

    def begin(self) -> None:
        """Let go of the handshake's bounds."""
        if isinstance(self._connected, _Handshaking):
            self._connected = self._connected.connected


class Channel:
    """An open websocket. `client_id` is its own: the server sends it the events of jobs that are posted with it."""

    def __init__(self, address: Address) -> None:
        """Connect, and wait until the server has greeted us: what is posted after that misses no event.

        Raises:
            ServerUnavailable: if it can't be had.
        """
        self.client_id = str(uuid.uuid4())
        self._parts: list[bytes] = []
        self._size = 0
        self._text = True
        self._socket: _Socket | None = None
        try:
            self._socket = self._connect(address)
            self._greet()
        except BaseException as error:
            self.close()
            if not isinstance(error, (*BROKEN, ChannelLost)):
                raise
            reason = one_line(str(error).partition("-+-+-")[0], 200)
            raise ServerUnavailable(
                f"no websocket at {address.websocket_url} ({reason}); let it through any proxy"
            ) from None

    def receive(self) -> str | bytes | None:
        """Return the next message that is here: text, or bytes for a binary one; None if none is.

        Empty bytes stand for a sign of life without a message.

        Raises:
            ChannelLost: if no more will come.
        """
        if self._socket is None:
            raise ChannelLost("it is closed")
        try:
            frame = self._socket.recv_frame()  # type: ignore[no-untyped-call]
            if frame.opcode in (ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY, ABNF.OPCODE_CONT):
                return self._assembled(frame)
            if frame.opcode == ABNF.OPCODE_PING:
                self._socket.pong(frame.data)
            elif frame.opcode == ABNF.OPCODE_CLOSE:
                raise ChannelLost("the server closed it")
            return b""
        except NOTHING_YET:
            return None
        except BROKEN as error:
            raise ChannelLost(one_line(str(error), 200)) from error

    def wait(self, seconds: float, *others: socket.socket) -> None:
        """Return when something may be received, here or on the others, or after so many seconds."""
        own = [self._socket.sock] if self._socket is not None and self._socket.sock else []
        with selectors.DefaultSelector() as ready:  # select() itself knows only low-numbered files
            for one in (*own, *others):
                ready.register(one, selectors.EVENT_READ)
            ready.select(max(0.0, seconds))

    def ping(self) -> None:
        """Ask for a sign of life.

        Raises:
            ChannelLost: if the connection is known to be broken.
        """
        try:
            if self._socket is not None:
                self._socket.ping()
        except BROKEN as error:
            raise ChannelLost(one_line(str(error), 200)) from error

    def close(self) -> None:
        """Close it, without waiting for the server."""
        if self._socket is not None:
            with contextlib.suppress(*BROKEN):
                self._socket.send_close()
            with contextlib.suppress(*BROKEN):
                self._socket.shutdown()  # type: ignore[no-untyped-call]
        self._socket = None

    def _connect(self, address: Address) -> _Socket:
        query = urlencode([*address.query, ("clientId", self.client_id)])
        made: _Socket = websocket.create_connection(  # type: ignore[assignment]
            f"{address.websocket_url}?{query}",
            timeout=CONNECT_TIMEOUT,
            class_=_Socket,
            enable_multithread=False,
            header=[f"{name}: {value}" for name, value in address.all_headers().items()],
            sslopt=address.websocket_tls() if address.url.startswith("https") else None,
            suppress_origin=True,
            redirect_limit=0,
            **(WITHOUT_PROXY if address.is_local else {}),
        )
        if made.getstatus() != 101:  # a redirect, which would take our secrets elsewhere
            made.shutdown()  # type: ignore[no-untyped-call]
            raise ChannelLost(f"it answered {made.getstatus()}")
        made.begin()
        made.send(FLAGS)
        made.settimeout(0)
        return made

    def _greet(self) -> None:
        deadline = time.monotonic() + CONNECT_TIMEOUT
        while (left := deadline - time.monotonic()) > 0:
            message = self.receive()
            if message is None:
                self.wait(left)
            elif isinstance(message, str) and _greets(message):
                return
        raise ChannelLost("no greeting: is ComfyUI running there?")

    def _assembled(self, frame: ABNF) -> str | bytes:
        """Return a message that is whole; empty bytes while parts of it are missing."""
        if frame.opcode != ABNF.OPCODE_CONT:
            self._parts, self._size, self._text = [], 0, frame.opcode == ABNF.OPCODE_TEXT
        self._parts.append(bytes(frame.data))  # type: ignore[arg-type]
        self._size += len(frame.data)
        if self._size > FRAME_LIMIT:
            raise ChannelLost("the message is too long")
        if not frame.fin:
            return b""
        whole = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        return whole.decode("utf-8", "replace") if self._text else whole


def _greets(message: str) -> bool:
    try:
        data = json.loads(message)
        return data["type"] == "status" and "sid" in data["data"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
