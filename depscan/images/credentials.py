"""The user's login at a registry, from where docker and podman keep it.

In: the registry's host. Out: `Login`, or None. Read are docker's config.json ($DOCKER_CONFIG) and podman's auth.json
($REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR): credential helpers, which are programs of the user, first; then stored logins
(docker/cli's configuration file; containers-auth.json(5)). A login is sent to its own host only and never printed.
"""

from __future__ import annotations

import base64
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCKER_HUB = "docker.io"
_DOCKER_HUB_KEY = "https://index.docker.io/v1/"
_HELPER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TIMEOUT_S = 20
_MAX_BYTES = 4 << 20
_TOKEN_USER = "<token>"  # noqa: S105 - what helpers answer as the name beside an identity token


class Login(Struct, frozen=True):
    """A name and password, or an identity token, which a token server changes into others."""

    name: str
    password: str
    identity_token: str | None = None

    def basic(self) -> str:
        """The value of the Authorization header (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.name}:{self.password}".encode()).decode()

    def __repr__(self) -> str:
        return f"Login({self.name!r})"


class _Stored(Struct, frozen=True):
    auth: str = ""
    username: str = ""
    password: str = ""
    identity_token: str = field(default="", name="identitytoken")


class _File(Struct, frozen=True):
    auths: dict[str, _Stored] = field(default_factory=dict)
    helpers: dict[str, str] = field(default_factory=dict, name="credHelpers")
    store: str = field(default="", name="credsStore")


class _Answer(Struct, frozen=True):
    name: str = field(name="Username")
    secret: str = field(name="Secret")


def find_login(host: str, environment: Mapping[str, str]) -> Login | None:
    """The login for a registry's host (docker.io for Docker Hub), or None."""
    keys = [host, f"https://{host}", f"https://{host}/v1/", f"https://{host}/v2/"]
    if host == DOCKER_HUB:
        keys = [_DOCKER_HUB_KEY, "index.docker.io", *keys]
    for file in _read_files(environment):
        helper = next((file.helpers[key] for key in keys if key in file.helpers), file.store)
        asked = next((key for key in keys if key in file.auths), keys[0])
        login = _ask(helper, asked) if helper else None
        login = login or next((_stored(file.auths[key]) for key in keys if key in file.auths), None)
        if login is not None:
            return login
    return None


def _read_files(environment: Mapping[str, str]) -> Iterator[_File]:
    home = environment.get("HOME", "")
    docker = environment.get("DOCKER_CONFIG") or f"{home}/.docker"
    runtime = environment.get("XDG_RUNTIME_DIR")
    podman = environment.get("REGISTRY_AUTH_FILE") or (f"{runtime}/containers/auth.json" if runtime else "")
    for path in (f"{docker}/config.json", podman, f"{home}/.config/containers/auth.json"):
        with suppress(OSError, msgspec.MsgspecError, UnicodeError):
            if path:
                with open(path, "rb") as file:
                    yield msgspec.json.decode(file.read(_MAX_BYTES), type=_File)


def _stored(stored: _Stored) -> Login | None:
    name, password = stored.username, stored.password
    with suppress(ValueError):
        decoded = base64.b64decode(stored.auth).decode()
        if ":" in decoded:
            name, _, password = decoded.partition(":")
    if stored.identity_token:
        return Login(name, password, stored.identity_token)
    return Login(name, password.rstrip("\0")) if name else None


def _ask(helper: str, key: str) -> Login | None:
    """Ask a credential helper (docker-credential-helpers' protocol: the key in, JSON out); None where it has none."""
    import subprocess  # noqa: PLC0415 - only with a helper
    from shutil import which  # noqa: PLC0415 - likewise

    program = which(f"docker-credential-{helper}") if _HELPER.fullmatch(helper) else None
    if program is None or not Path(program).is_absolute():
        return None
    with suppress(OSError, subprocess.SubprocessError, msgspec.MsgspecError):
        done = subprocess.run(  # noqa: S603 - the user's own helper, named in the user's own file
            [program, "get"],
            input=key.encode(),
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=True,
            env=dict(os.environ),
        )
        answer = msgspec.json.decode(done.stdout[:_MAX_BYTES], type=_Answer)
        if answer.name == _TOKEN_USER:
            return Login("", "", answer.secret)
        return Login(answer.name, answer.secret)
    return None
