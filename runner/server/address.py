"""Where a server is and what it wants to see: headers, a token, certificates. Nothing secret shows in it."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import requests

from ..errors import UsageError
from ..outputs.clean import one_line

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
KNOWN = ("url", "headers", "token", "ca", "certificate", "key", "verify")
"""What a mapping may say of a server."""
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
FROM_ENVIRONMENT = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Address:
    """A server's address: `url` may have a path in front of the routes, behind a proxy, and holds no secret.

    Attributes:
        url: scheme, host, port and path, without a slash at the end.
        headers: sent with every request and with the websocket.
        token: sent as `Authorization: Bearer`, unless the headers have an `Authorization`.
        query: sent behind every address, as `?token=` of a proxy.
        ca: a file of certificates to trust instead of the usual ones.
        certificate: our own certificate, with its key in the same file or in `key`.
        verify: whether the server's certificate is checked.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)
    token: str = field(default="", repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    verify: bool = True

    def __post_init__(self) -> None:
        """Refuse what can't be sent.

        Raises:
            UsageError: for a header that is none, or a file that is not there.
        """
        for name, value in {**self.headers, "Authorization": self.token}.items():
            if not HEADER_NAME.fullmatch(name) or not re.fullmatch(r"[\t\x20-\x7e\x80-\xff]*", value):
                raise UsageError(f"the header {one_line(name)!r} for {self.url} can't be sent; write it in one line")
        for file in (self.ca, self.certificate, self.key):
            if file is not None and not file.is_file():
                raise UsageError(f"{file}, which {self.url} needs, is not there; mend the path")

    @classmethod
    def from_url(cls, text: str) -> Address:
        """Read an address as it is written on a command line; `user:password@` and `?token=` are kept apart from it.

        Raises:
            UsageError: if it is no http address.
        """
        parts = _split(text)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = f":{parts.port}" if parts.port is not None else ""
        url = f"{parts.scheme}://{host}{port}{parts.path.rstrip('/')}"
        return cls(url, _basic(parts), query=tuple(parse_qsl(parts.query, keep_blank_values=True)))

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], folder: Path = Path()) -> Address:
        """Read an address as a servers file writes it.

        A token or a header that is `${NAME}` as a whole is read from the environment.

        Args:
            values: `url`, and any other of `KNOWN`.
            folder: what relative paths start from.

        Raises:
            UsageError: for what is missing, unknown or of a wrong kind; the message never shows a value.
        """
        url = values.get("url")
        if not isinstance(url, str):
            raise UsageError("a server has no url; write for example url: http://127.0.0.1:8188")
        plain = cls.from_url(url)
        unknown = [str(name) for name in values if name not in KNOWN]
        if unknown:
            raise UsageError(
                f"{plain.url} has the unknown setting {one_line(unknown[0])!r}; there are {', '.join(KNOWN)}"
            )
        headers, verify = values.get("headers") or {}, values.get("verify", True)
        if not isinstance(headers, Mapping) or not isinstance(verify, bool):
            raise UsageError(f"headers of {plain.url} must be names and values, and verify true or false")
        read = {str(name): _text(plain.url, f"header {name}", value) for name, value in headers.items()}
        files = {name: folder / str(values[name]) for name in ("ca", "certificate", "key") if values.get(name)}
        token = _text(plain.url, "token", values.get("token") or "")
        return cls(plain.url, {**plain.headers, **read}, token, plain.query, verify=verify, **files)

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine's loopback."""
        return urlsplit(self.url).hostname in LOOPBACK

    @property
    def websocket_url(self) -> str:
        """The websocket's address, without its query."""
        return f"ws{self.url.removeprefix('http')}/ws"

    def all_headers(self) -> dict[str, str]:
        """Return the headers to send, secrets among them."""
        known = {name.lower() for name in self.headers}
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token and "authorization" not in known else {}
        return {**self.headers, **bearer}

    def trusted(self) -> str | bool:
        """Return what `requests` takes as `verify`."""
        return str(self.ca) if self.ca and self.verify else self.verify

    def client_certificate(self) -> str | tuple[str, str] | None:
        """Return what `requests` takes as `cert`."""
        if self.certificate is None:
            return None
        return (str(self.certificate), str(self.key)) if self.key else str(self.certificate)

    def websocket_tls(self) -> dict[str, Any]:
        """Return what `websocket-client` takes as `sslopt`: the same certificates as for HTTP."""
        import ssl

        certificates = os.environ.get("REQUESTS_CA_BUNDLE") or str(requests.utils.DEFAULT_CA_BUNDLE_PATH)
        options: dict[str, Any] = {"ca_certs": str(self.ca or certificates)}
        if not self.verify:
            options = {"cert_reqs": ssl.CERT_NONE, "check_hostname": False}
        if self.certificate:
            options |= {"certfile": str(self.certificate), "keyfile": str(self.key) if self.key else None}
        return options


def _split(text: str) -> SplitResult:
    """Return an address's parts; the message about one that is none shows no user, password or query."""
    try:
        parts = urlsplit(text if "//" in text else f"http://{text}")
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or not text.isprintable() or " " in text:
        shown = one_line(re.sub(r"//.*@", "//", text.partition("?")[0]), 200)
        raise UsageError(f"server address {shown!r} is not understood; write for example http://127.0.0.1:8188")
    return parts


def _basic(parts: SplitResult) -> dict[str, str]:
    """Return the header for `user:password@` (RFC 7617), or nothing."""
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _text(url: str, what: str, value: Any) -> str:
    if not isinstance(value, str):
        raise UsageError(f"the {one_line(what)} of {url} must be a text; put it in quotes")
    named = FROM_ENVIRONMENT.fullmatch(value)
    if named is None:
        return value
    if named[1] not in os.environ:
        raise UsageError(f"the {one_line(what)} of {url} is to come from {named[1]}, which is not set; set it")
    return os.environ[named[1]]
