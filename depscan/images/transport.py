"""HTTP to a registry, bounded in every way.

In: method, URL, headers. Out: an answer whose body is read as a stream; failures are `BadImageError`s that name the
cause. Time-outs, few retries with back-off where the registry is busy or the connection breaks, few redirects, a login
that never follows to another host, no plain HTTP but to this machine. urllib3 was chosen over oras and httpx: MIT, one
pure wheel without dependencies, half their import time, and it trusts what the system trusts (oras and httpx trust
certifi's list, which a company's own authority is not on).
"""

from __future__ import annotations

import ssl
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urljoin, urlsplit

from depscan.errors import UsageError
from depscan.images.contents import BadImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from urllib3 import PoolManager
    from urllib3.response import BaseHTTPResponse

CONNECT_S, READ_S, TOTAL_S = 5.0, 15.0, 45.0  # seconds; TOTAL_S for one answer's head, retries and waits included
_ATTEMPTS = 4
_BACK_OFF_S = 0.25
_MAX_REDIRECTS = 5
_BUSY = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AGENT = "depscan"
_CHUNK = 1 << 18


class UnreachableError(BadImageError):
    """A registry that cannot be talked to at all."""


class PlainError(UnreachableError):
    """A registry that does not speak TLS."""


class Transport:
    """Connections to one registry and to where it sends us."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._local = is_local(host)
        self._pool = _open_pool(host)

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> BaseHTTPResponse:
        """The answer of any status but a redirect; close it after use. Raises BadImageError."""
        deadline = time.monotonic() + TOTAL_S
        for _ in range(_MAX_REDIRECTS + 1):
            answer = self._patiently(method, url, headers, body, deadline)
            target = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or target is None or method != "GET":
                return answer
            answer.drain_conn()
            url, headers = self._follow(url, target, headers)
        raise BadImageError(f"{self.host} redirects more than {_MAX_REDIRECTS} times")

    def _follow(self, url: str, target: str, headers: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        """The next URL, and the headers that may go there: the login stays at its host."""
        try:
            following = urljoin(url, target)
        except ValueError:
            raise BadImageError(f"{self.host} sends us to {target[:100]}, which is no URL") from None
        if urlsplit(following)[:2] != urlsplit(url)[:2]:
            headers = {name: value for name, value in headers.items() if name != "Authorization"}
        return following, headers

    def _check(self, url: str) -> None:
        """Raise BadImageError for a URL that is not HTTPS, or that carries a login."""
        try:
            parts = urlsplit(url)
            host, login = parts.hostname, parts.username
        except ValueError:
            raise BadImageError(f"{self.host} sends us to {url[:100]}, which is no URL") from None
        plain = parts.scheme == "http" and self._local and is_local(parts.netloc)
        if not (parts.scheme == "https" or plain) or not host or login is not None:
            raise BadImageError(f"{self.host} sends us to {url[:100]}, which is not HTTPS")

    def _patiently(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline: float
    ) -> BaseHTTPResponse:
        """Ask again, later each time, while the registry is busy or the connection breaks."""
        self._check(url)
        for attempt in range(1, _ATTEMPTS + 1):
            failure: Exception | None = None
            try:
                answer = self._once(method, url, headers, body)
            except _retried() as error:
                failure = error
            if failure is None and answer.status not in _BUSY:
                return answer
            pause = _BACK_OFF_S * 2**attempt if failure else _pause(answer, attempt)
            if attempt == _ATTEMPTS or time.monotonic() + pause > deadline or _lasts(failure):
                if failure is None:
                    return answer
                explain(failure, self.host)
            if failure is None:
                answer.drain_conn()
            time.sleep(pause)
        raise AssertionError("unreachable")  # pragma: no cover - the loop returns or raises

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> BaseHTTPResponse:
        import urllib3  # noqa: PLC0415 - optional, and 0.15 s

        return self._pool.request(
            method,
            url,
            headers={"User-Agent": _AGENT, "Accept-Encoding": "identity", **headers},
            body=body,
            redirect=False,
            retries=False,
            preload_content=False,
            timeout=urllib3.Timeout(connect=CONNECT_S, read=READ_S),
        )


def read_parts(answer: BaseHTTPResponse, host: str) -> Iterator[bytes]:
    """The body as it comes; raises UnreachableError where the connection breaks."""
    with answer:
        try:
            while part := answer.read1(_CHUNK):  # what has come, so that a break loses nothing
                yield part
        except _retried() as error:
            explain(error, host)


def is_local(host: str) -> bool:
    """Whether a host, perhaps with a port, is this machine by its name alone."""
    name = urlsplit(f"//{host}").hostname or ""
    return name in ("localhost", "::1") or (name.startswith("127.") and name.replace(".", "").isdigit())


def explain(error: Exception, host: str) -> NoReturn:
    """Raise UnreachableError with a failed connection's cause in a user's words."""
    from urllib3 import exceptions as known  # noqa: PLC0415 - as above

    cause: BaseException = error.args[-1] if error.args and isinstance(error.args[-1], BaseException) else error
    text = str(cause).partition("\n")[0][:200]
    if isinstance(error, known.SSLError) and ("WRONG_VERSION_NUMBER" in text or "record layer" in text):
        raise PlainError(f"{host}: it does not speak TLS") from None
    if isinstance(error, known.SSLError):
        reason = f"its certificate or TLS is not accepted ({text}); SSL_CERT_FILE names the authorities to trust"
    elif isinstance(error, known.NameResolutionError):
        reason = "its name is not known"
    elif isinstance(error, known.TimeoutError) and not isinstance(error, known.NewConnectionError):
        reason = "it does not answer in time"
    else:
        reason = f"it cannot be reached ({text})"
    raise UnreachableError(f"{host}: {reason}") from None


def _retried() -> tuple[type[Exception], ...]:
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - as above

    return (HTTPError, OSError)


def _lasts(failure: Exception | None) -> bool:
    """Whether asking again is in vain: a certificate or a name does not change in seconds."""
    from urllib3.exceptions import NameResolutionError, SSLError  # noqa: PLC0415 - as above

    return isinstance(failure, (NameResolutionError, SSLError))


def _pause(answer: BaseHTTPResponse, attempt: int) -> float:
    """Seconds to wait: what the registry asks for, else more each time; beyond TOTAL_S nobody waits."""
    asked = answer.headers.get("Retry-After", "")
    return float(asked) if asked.isdigit() and len(asked) < 6 else _BACK_OFF_S * 2**attempt


def _open_pool(host: str) -> PoolManager:
    try:
        import urllib3  # noqa: PLC0415 - as above
    except ImportError:
        message = "--online needs the package urllib3: pip install 'depscan-lint[registry]'"
        raise UsageError(message) from None
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415 - 30 ms

    context = ssl.create_default_context()
    for path in sorted(Path("/etc/docker/certs.d", host).glob("*.crt")):  # docker's place for a registry's authority
        with suppress(OSError, ssl.SSLError):
            context.load_verify_locations(path)
    proxy = getproxies().get("https")
    if proxy and not is_local(host) and not proxy_bypass(host.partition(":")[0]):
        return urllib3.ProxyManager(proxy, ssl_context=context)
    return urllib3.PoolManager(ssl_context=context)
