"""Images of a registry, asked only with --online, to their profiles.

In: the reference, the platform. Out: `ImageProfile` with source registry, or `BadImageError` with the reason. The OCI
distribution specification 1.1: a manifest by tag or digest, then blobs by digest, every digest checked; docker's token
protocol (distribution's docs/spec/auth) where the registry asks for it. What is cached by digest is not fetched again.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
import time
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlencode

from msgspec import Struct

from depscan.images.contents import BadImageError
from depscan.images.credentials import DOCKER_HUB, Login, find_login
from depscan.images.manifest import INDEX_TYPES, MANIFEST_TYPES, MAX_DOCUMENT, Descriptor, decode, find_image
from depscan.images.reference import familiar
from depscan.images.sources import profile_image, read_once, scratch
from depscan.images.transport import TOTAL_S, PlainError, Transport, UnreachableError, is_local, read_parts

if TYPE_CHECKING:
    from pathlib import Path

    from urllib3.response import BaseHTTPResponse

    from depscan.images.profile import ImageProfile, ImageReference
    from depscan.platforms import Platform

_MAX_BLOB = 4 << 30  # bytes
_SLOWEST = 100_000  # bytes per second, below which a download is given up
_TRIES = 3
_HEAD = 1 << 14
_IN_MEMORY = 1 << 20
_ACCEPT = ", ".join(sorted(INDEX_TYPES | MANIFEST_TYPES))
_PARAMETER = re.compile(r'([a-z_]+)="([^"]*)"')
_HOSTS = {DOCKER_HUB: "registry-1.docker.io"}


class _Token(Struct, frozen=True):
    token: str = ""
    access_token: str = ""


def read_registry(reference: ImageReference, platform: Platform) -> ImageProfile:
    """The profile of an image in its registry; raises BadImageError with the reason, UsageError without urllib3."""
    return read_once(_read, reference, platform)


def _read(reference: ImageReference, platform: Platform) -> ImageProfile:
    session = _session(reference.domain)
    if session.down is not None:  # asked for another image before
        raise BadImageError(session.down)
    with scratch() as folder:
        store = Repository(session, reference, folder)
        image = find_image(store, store.resolve(), platform)
        return profile_image(reference, image, platform, "registry", familiar(reference))


@lru_cache(maxsize=64)
def _session(domain: str) -> Session:
    return Session(domain)


class Session:
    """One registry: its address, the login, and the authorization of each repository."""

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.down: str | None = None
        self._host = _HOSTS.get(domain, domain)
        self._transport = Transport(self._host)
        self._login: Login | None = None
        self._authorizations: dict[str, str] = {}
        self._base: str | None = None

    def get(self, repository: str, path: str, headers: dict[str, str]) -> BaseHTTPResponse:
        """The answer of status 200 or 206 for a path of a repository; raises BadImageError for every other."""
        try:
            answer = self._ask(repository, path, headers)
            if answer.status == 401:
                self._authorizations[repository] = self._authorize(repository, answer)
                answer = self._ask(repository, path, headers)
        except UnreachableError as error:
            self.down = str(error)
            raise
        if answer.status not in (200, 206):
            answer.close()
            raise BadImageError(_refusal(answer.status, self.domain))
        return answer

    def _ask(self, repository: str, path: str, headers: dict[str, str]) -> BaseHTTPResponse:
        known = self._authorizations.get(repository)
        login = {"Authorization": known} if known else {}
        return self._transport.request("GET", f"{self._address()}/v2/{repository}/{path}", {**headers, **login})

    def _address(self) -> str:
        """The scheme and host: HTTPS, and for this machine plain HTTP where it speaks no TLS, as docker does."""
        if self._base is None:
            base = f"https://{self._host}"
            if is_local(self._host):
                try:
                    self._transport.request("GET", f"{base}/v2/", {}).close()
                except PlainError:
                    base = f"http://{self._host}"
            self._base = base
        return self._base

    def _authorize(self, repository: str, answer: BaseHTTPResponse) -> str:
        """The Authorization header that a challenge asks for (RFC 7235)."""
        challenge = answer.headers.get("WWW-Authenticate", "")[:_HEAD]
        answer.drain_conn()
        scheme, _, rest = challenge.partition(" ")
        login = find_login(self.domain, os.environ)
        if scheme.lower() == "bearer":
            return f"Bearer {self._fetch_token(dict(_PARAMETER.findall(rest)), repository, login)}"
        if scheme.lower() != "basic":
            raise BadImageError(f"{self.domain} asks for a login of an unknown kind: {scheme[:30]!r}")
        if login is None or not login.name:
            raise BadImageError(f"{self.domain} asks for a login; docker login {self.domain} stores one")
        return login.basic()

    def _fetch_token(self, challenge: dict[str, str], repository: str, login: Login | None) -> str:
        scope = challenge.get("scope") or f"repository:{repository}:pull"
        query = {"service": challenge.get("service", ""), "scope": scope}
        realm = challenge.get("realm", "")
        if login is not None and login.identity_token is not None:
            form = {
                **query,
                "grant_type": "refresh_token",
                "client_id": "depscan",
                "refresh_token": login.identity_token,
            }
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._transport.request("POST", realm, kind, urlencode(form).encode())
        else:
            headers = {"Authorization": login.basic()} if login is not None else {}
            answer = self._transport.request("GET", f"{realm}{'&' if '?' in realm else '?'}{urlencode(query)}", headers)
        if answer.status != 200:
            answer.close()
            raise BadImageError(_refusal(answer.status, self.domain))
        found = decode(_body(answer, self.domain), _Token, "token")
        token = found.token or found.access_token
        if not token.isascii() or not token.isprintable() or not token:
            raise BadImageError(f"{self.domain} gives no token")
        return token


class Repository:
    """The manifests and blobs of one repository, as `find_image` wants them."""

    def __init__(self, session: Session, reference: ImageReference, folder: Path) -> None:
        self._session = session
        self._reference = reference
        self._folder = folder
        self._documents: dict[str, bytes] = {}

    def resolve(self) -> Descriptor:
        """The manifest or index that the reference names now."""
        wanted = self._reference.digest or self._reference.tag or "latest"
        answer = self._session.get(self._reference.path, f"manifests/{wanted}", {"Accept": _ACCEPT})
        stated = answer.headers.get("Docker-Content-Digest")
        data = _body(answer, self._session.domain)
        digest = self._reference.digest or f"sha256:{hashlib.sha256(data).hexdigest()}"
        if self._reference.digest is None and stated and stated.startswith("sha256:") and stated != digest:
            raise BadImageError(f"{self._session.domain} says {stated[:19]} of a manifest that is {digest[:19]}")
        self._documents[digest] = data
        return Descriptor(digest, len(data), answer.headers.get("Content-Type", "").partition(";")[0])

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """The bytes of a manifest or blob; a blob is fetched whole, and on where the connection broke."""
        if descriptor.digest in self._documents:
            return io.BytesIO(self._documents[descriptor.digest])
        kind = "manifests" if descriptor.media_type in INDEX_TYPES | MANIFEST_TYPES else "blobs"
        if not 0 <= descriptor.size <= _MAX_BLOB:
            raise BadImageError(f"a blob of {descriptor.size} bytes, more than {_MAX_BLOB >> 30} GB")
        file = cast("BinaryIO", tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(self._folder)))  # noqa: SIM115 - stays open
        try:
            self._fetch(f"{kind}/{descriptor.digest}", descriptor.size, file)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    def _fetch(self, path: str, size: int, file: BinaryIO) -> None:
        """Fetch all of a blob; where the connection breaks, the rest of it."""
        deadline = time.monotonic() + 60 + size / _SLOWEST
        for attempt in range(1, _TRIES + 1):
            try:
                self._fetch_rest(path, size, file, deadline)
            except UnreachableError:
                if attempt == _TRIES:
                    raise
            if file.tell() == size:
                return
        raise BadImageError(f"a blob of {size} bytes ends after {file.tell()}")

    def _fetch_rest(self, path: str, size: int, file: BinaryIO, deadline: float) -> None:
        headers = {"Accept": _ACCEPT} if path.startswith("manifests/") else {}
        if file.tell():
            headers["Range"] = f"bytes={file.tell()}-"
        answer = self._session.get(self._reference.path, path, headers)
        if answer.status == 200:  # all of it, whatever was asked for
            file.seek(0)
            file.truncate()
        for part in read_parts(answer, self._session.domain):
            _write(file, part)
            if file.tell() > size:
                raise BadImageError(f"a blob of more than the {size} bytes that its manifest states")
            if time.monotonic() > deadline:
                raise BadImageError(f"{self._session.domain} is too slow")


def _write(file: BinaryIO, part: bytes) -> None:
    try:
        file.write(part)
    except OSError as error:
        raise BadImageError(f"no room for a blob: {error.strerror or error}") from None


def _body(answer: BaseHTTPResponse, domain: str) -> bytes:
    """The whole of a small answer."""
    data = bytearray()
    deadline = time.monotonic() + TOTAL_S
    for part in read_parts(answer, domain):
        data += part
        if len(data) > MAX_DOCUMENT:
            raise BadImageError(f"{domain} sends a manifest of more than {MAX_DOCUMENT >> 20} MB")
        if time.monotonic() > deadline:
            raise BadImageError(f"{domain} is too slow")
    return bytes(data)


def _refusal(status: int, domain: str) -> str:
    return {
        401: f"{domain} refuses it (401): there is no such image, or docker login {domain} is needed",
        403: f"{domain} forbids it (403)",
        404: f"{domain} does not have it (404)",
        429: f"{domain} has had too many requests (429); later, or with a docker login, it answers again",
    }.get(status, f"{domain} answers with status {status}")
