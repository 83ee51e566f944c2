"""The server's side of websockets (RFC 6455), as much as a client of ComfyUI needs."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import struct
import threading
from typing import Any

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Socket:
    """One client's websocket. While it is `mute`, what is sent is swallowed and pings are not answered.

    Attributes:
        client_id: what the client calls itself.
        received: the texts that it sent.
    """

    def __init__(self, connection: socket.socket, reader: Any, client_id: str) -> None:
        self._connection, self._reader, self.client_id = connection, reader, client_id
        self._lock = threading.Lock()
        self.mute = False
        self.received: list[str] = []

    @staticmethod
    def accept_key(key: str) -> str:
        """Return the handshake's answer to a client's key."""
        return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()

    def send(self, kind: str, data: Any) -> None:
        """Send an event."""
        self.send_frame(TEXT, json.dumps({"type": kind, "data": data}).encode())

    def send_frame(self, opcode: int, payload: bytes, fin: bool = True, length: int | None = None) -> None:
        """Send a frame as it is; `length` is what its header says, if it shall lie."""
        if self.mute:
            return
        size = len(payload) if length is None else length
        head = bytes([opcode | (0x80 if fin else 0)])
        if size < 126:
            head += bytes([size])
        else:
            head += struct.pack(">BH", 126, size) if size < 65536 else struct.pack(">BQ", 127, size)
        with self._lock, contextlib.suppress(OSError):
            self._connection.sendall(head + payload)

    def listen(self) -> None:
        """Read what the client sends until it leaves."""
        with contextlib.suppress(OSError, ValueError, struct.error):
            while True:
                opcode, payload = self._frame()
                if opcode == PING:
                    self.send_frame(PONG, payload)
                elif opcode == TEXT:
                    self.received.append(payload.decode())
                elif opcode == CLOSE:
                    return

    def drop(self) -> None:
        """Break the connection off, without a word."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _frame(self) -> tuple[int, bytes]:
        first, second = struct.unpack(">BB", self._reader.read(2))
        size = second & 0x7F
        if size > 125:
            size = struct.unpack(">H", self._reader.read(2))[0] if size == 126 else 0
        mask = self._reader.read(4)
        return first & 0xF, bytes(byte ^ mask[i % 4] for i, byte in enumerate(self._reader.read(size)))
