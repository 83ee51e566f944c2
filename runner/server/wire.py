"""Carries requests to one server: kept connections, time limits, bounded bodies. Every failure is a `RunnerError`."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from ..errors import NotComfyUI, OutputBroken, ServerUnavailable, Unauthorized
from ..outputs.clean import one_line
from .address import LOOPBACK, Address

CONNECT, READ = 5.0, 60.0
"""Seconds to connect, and to wait for the next bytes of an answer."""
WHOLE = 180.0
"""Seconds that a whole answer other than a file may take."""
JSON_LIMIT = 64 * 2**20
"""Bytes that an answer other than a file may have; `/object_info` of a server with many packs has some 10 million."""
QUEUE_LIMIT = 512 * 2**20
"""Bytes that `/queue` may have, which repeats the whole graph of every job, whosever it is."""
CHUNK = 2**17
REDIRECTS = 5
SLOWEST = 1024
"""Bytes a second below which a file is given up, after a minute."""
HOW_TO_REACH = (
    "is ComfyUI running there? Start it, mend the address in --server or TAGLOOM_SERVER, or leave both out to use "
    "the embedded ComfyUI"
)


class Reply(NamedTuple):
    """A whole answer; `kind` is its content type."""

    status: int
    reason: str
    kind: str
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the server did what it was asked."""
        return 200 <= self.status < 300


class _NoSecrets(requests.auth.AuthBase):
    """Keeps `requests` from looking into the user's netrc file, which knows nothing of our servers."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Session(requests.Session):
    """A session that looks at no redirect: `requests` would read its whole body, however long."""

    def resolve_redirects(self, *arguments: Any, **options: Any) -> Iterator[Any]:
        return iter(())


class Wire:
    """Sends requests to an address over one kept connection a thread."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._own = threading.local()
        if not address.verify:  # the user has said so, and need not be warned at each request
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def ask(self, method: str, route: str, query: Mapping[str, str] | None = None, **options: Any) -> Reply:
        """Send a request and return the whole answer, whatever its status.

        Raises:
            ServerUnavailable: if none comes, or it is a redirect or longer than anything that ComfyUI says.
            Unauthorized: if a key is wanted.
        """
        with self._opened(method, route, query, **options) as answer:
            self._check(answer, route)
            return Reply(answer.status_code, _reason(answer), _kind(answer), self._body(answer, route))

    @contextlib.contextmanager
    def opened_file(self, route: str, query: Mapping[str, str]) -> Iterator[requests.Response]:
        """Open a file's answer to read from it; another host that it is redirected to gets no secrets.

        Raises:
            ServerUnavailable: if no answer comes, or redirects have no end.
        """
        with contextlib.ExitStack() as open_answers:
            answer = open_answers.enter_context(self._opened("GET", route, query))
            for _ in range(REDIRECTS):
                if not answer.is_redirect:
                    self._check(answer, route)
                    yield answer
                    return
                answer = open_answers.enter_context(self._followed(answer, route))
        raise ServerUnavailable(f"{self._address.url}{route} redirects without end; mend the proxy in front of it")

    def chunks(self, answer: requests.Response, limit: int, what: str) -> Iterator[bytes]:
        """Yield an answer's body, decoded.

        Raises:
            OutputBroken: if it is longer than `limit` bytes, shorter than it says, or comes too slowly.
        """
        seen, started = 0, time.monotonic()
        try:
            for chunk in answer.iter_content(CHUNK):
                seen += len(chunk)
                if seen > limit:
                    raise OutputBroken(f"{what} has more than {limit} bytes; nothing was kept of it")
                if (passed := time.monotonic() - started) > READ and seen < passed * SLOWEST:
                    raise OutputBroken(f"{what} comes too slowly ({seen} bytes in {passed:.0f} s); mend the network")
                yield chunk
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise OutputBroken(f"{what} broke off after {seen} bytes ({type(error).__name__}); run it again") from None
        said = answer.headers.get("Content-Length", "")
        if said.isdecimal() and "Content-Encoding" not in answer.headers and int(said) != seen:
            raise OutputBroken(f"{what} broke off after {seen} of {said} bytes; run it again")

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._own, "session", None)
        if session is None:
            session = self._own.session = _Session()
            session.trust_env = not self._address.is_local  # a proxy has no business on the loopback
            session.auth = _NoSecrets()
        return session

    def _opened(
        self, method: str, route: str, query: Mapping[str, str] | None = None, patience: float = READ, **options: Any
    ) -> requests.Response:
        address = self._address
        try:
            return self._session().request(
                method,
                f"{address.url}{route}",
                params=[*address.query, *(query or {}).items()],
                headers=address.all_headers(),
                verify=address.trusted(),
                cert=address.client_certificate(),
                timeout=(CONNECT, patience),
                allow_redirects=False,
                stream=True,
                **options,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise self._unanswered(error) from None  # its own text may hold secrets

    def _followed(self, answer: requests.Response, route: str) -> requests.Response:
        """Follow one redirect: with our secrets at the same origin, and elsewhere without any."""
        url = _target(answer)
        if _origin(url) == _origin(self._address.url):
            return self._bare(url, self._address.all_headers(), self._address.client_certificate())
        if not _harmless(url, self._address):
            raise ServerUnavailable(f"{self._address.url}{route} redirects to an address that is not asked; mend it")
        return self._bare(url, {}, None)

    def _bare(self, url: str, headers: Mapping[str, str], certificate: Any) -> requests.Response:
        with _Session() as session:  # closed at once: its answer stays readable, no cookie is kept
            session.trust_env = not self._address.is_local
            options: dict[str, Any] = {"verify": self._address.trusted(), "cert": certificate, "auth": _NoSecrets()}
            try:
                return session.get(
                    url, headers=headers, timeout=(CONNECT, READ), allow_redirects=False, stream=True, **options
                )
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                raise self._unanswered(error) from None  # its own text may hold secrets

    def _unanswered(self, error: Exception) -> ServerUnavailable:
        """Return the error for a request without an answer; its own text may hold the address's secrets."""
        text = f"no answer from {self._address.url} ({type(error).__name__}); {HOW_TO_REACH}"
        return ServerUnavailable(text, reached=_may_have_reached(error))

    def _check(self, answer: requests.Response, route: str) -> None:
        where = f"{self._address.url}{route}"
        if answer.status_code in (401, 403, 407):
            raise Unauthorized(
                f"{where} answered {answer.status_code} {_reason(answer)}: the server, or a proxy in front, wants "
                "a key; give it a token or headers in a servers file"
            )
        if 300 <= answer.status_code < 400:
            place = _origin(_target(answer))
            raise NotComfyUI(
                f"{where} redirects to {one_line(place, 200)}; mend the address, or give the proxy there what it wants",
                reached=False,
            )

    def _body(self, answer: requests.Response, route: str) -> bytes:
        parts, size, deadline = [], 0, time.monotonic() + WHOLE
        limit = QUEUE_LIMIT if route == "/queue" else JSON_LIMIT
        try:
            for chunk in answer.iter_content(CHUNK):
                parts.append(chunk)
                size += len(chunk)
                if size > limit or time.monotonic() > deadline:
                    raise NotComfyUI(f"{self._address.url}{route} gives no end of an answer; is ComfyUI running there?")
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise self._unanswered(error) from None  # its own text may hold secrets
        return b"".join(parts)


def _may_have_reached(error: BaseException) -> bool:
    """Return whether a failed request may have reached the server: not where no connection was made."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.InvalidURL):
        return False
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return not isinstance(reason, urllib3.exceptions.NewConnectionError)


def _reason(answer: requests.Response) -> str:
    return one_line(str(answer.reason or ""), 100)


def _kind(answer: requests.Response) -> str:
    return str(answer.headers.get("Content-Type") or "").partition(";")[0].strip().lower()


def _target(answer: requests.Response) -> str:
    """Return where an answer redirects to; nothing if that is no address."""
    try:
        return urljoin(answer.url, answer.headers.get("Location", ""))
    except ValueError:
        return ""


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "no address"
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname else "no address"


def _harmless(url: str, address: Address) -> bool:
    """Return whether a server may send us there: to the web as safely as before, and to this machine only from it."""
    import ipaddress

    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and address.url.startswith("http:"))
    host = parts.hostname or ""
    if address.is_local or not safe:
        return safe
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_global
    return host not in LOOPBACK and not host.endswith(".localhost")
