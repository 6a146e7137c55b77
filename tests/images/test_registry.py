"""Registries on loopback: what is asked, what is sent where, and what misbehaviour comes to."""

from __future__ import annotations

import base64
import json
import ssl
import time
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from depscan.images import lookup, transport
from depscan.images.contents import BadImageError
from depscan.images.credentials import Login, find_login
from depscan.images.reference import parse_reference
from depscan.images.registry import read_registry
from depscan.images.transport import Transport, is_local
from depscan.platforms import DEFAULT_PLATFORM
from tests.images.handmade import A_ROOT, Made, digest, image, index, wrap
from tests.images.registries import serve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from depscan.images.profile import ImageProfile
    from tests.conftest import RunDepscan
    from tests.images.registries import Registry

IMAGE = index(image(A_ROOT), platforms=[{"os": "linux", "architecture": "amd64"}])


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cache, no login of the user, no waiting."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "cache"))
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(transport, "_BACK_OFF_S", 0.001)


def read(registry: Registry, path: str = "corp/base:1") -> ImageProfile:
    return read_registry(parse_reference(f"{registry.host}/{path}"), DEFAULT_PLATFORM)


def reason(registry: Registry, path: str = "corp/base:1") -> str:
    with pytest.raises(BadImageError) as error:
        read(registry, path)
    return str(error.value)


def test_an_index_its_manifest_and_its_layers() -> None:
    with serve(IMAGE) as registry:
        found = read(registry)
    assert (found.source, found.release, found.libc.version) == ("registry", "debian:12", "2.36")
    assert found.environment == {"PATH": "/usr/bin", "A": "b=c"}
    assert found.size == sum(len(data) for data in IMAGE.blobs.values() if data.startswith(b"\x1f\x8b"))
    paths = [path.partition("/v2/corp/base/")[2] for path, _ in registry.asked]
    assert [path[:16] for path in paths] == [
        "manifests/1",
        "manifests/sha256",
        "blobs/sha256:" + paths[2][13:16],
        paths[3][:16],
    ]


def test_by_digest_and_again_from_the_cache() -> None:
    name = f"corp/base@{IMAGE.descriptor['digest']}"
    with serve(IMAGE) as registry:
        read(registry, name)
        registry.asked.clear()
        assert read(registry, "corp/base:2").release == "debian:12"  # another tag of the same manifest
    assert not any(
        path.endswith(key) for path, _ in registry.asked for key, data in IMAGE.blobs.items() if data[:1] == b"\x1f"
    )


def test_asked_once_in_a_run() -> None:
    with serve(IMAGE) as registry:
        read(registry)
        count = len(registry.asked)
        read(registry)
    assert len(registry.asked) == count


def test_online_comes_before_the_knowledge_and_after_an_override() -> None:
    with serve(IMAGE) as registry:
        name = f"{registry.host}/corp/base:1"
        assert lookup.profile(name, DEFAULT_PLATFORM, {}).libc.family == "unknown"
        assert registry.asked == []
        assert lookup.profile(name, DEFAULT_PLATFORM, {}, online=True).source == "registry"
        assert lookup.profile(name, DEFAULT_PLATFORM, {name: "none"}, online=True).source == "override"


def test_a_failure_falls_back_and_says_so() -> None:
    with serve(IMAGE, lambda *_: (404, {}, b"")) as registry:
        found = lookup.profile(f"{registry.host}/corp/base:1", DEFAULT_PLATFORM, {}, online=True)
    assert found.trouble == f"{registry.host}/corp/base:1: {registry.host} does not have it (404)"
    assert found.libc.family == "unknown"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((401, {}, b""), "asks for a login of an unknown kind: ''"),
        ((401, {"WWW-Authenticate": 'Basic realm="x"'}, b""), "asks for a login; docker login 127.0.0.1:"),
        ((401, {"WWW-Authenticate": 'Bearer realm="ftp://x"'}, b""), "sends us to ftp://x"),
        ((401, {"WWW-Authenticate": 'Bearer realm="http://example.org/token"'}, b""), "which is not HTTPS"),
        ((403, {}, b""), "forbids it (403)"),
        ((404, {}, b"<html>"), "does not have it (404)"),
        ((429, {"Retry-After": "3600"}, b""), "has had too many requests (429)"),
        ((418, {}, b""), "answers with status 418"),
        ((503, {}, b""), "answers with status 503"),
        ((302, {"Location": "/v2/corp/base/manifests/1"}, b""), "redirects more than 5 times"),
        ((302, {"Location": "http://example.org/"}, b""), "sends us to http://example.org/, which is not HTTPS"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "sends us to file:///etc/passwd"),
        ((302, {"Location": "https://user:secret@127.0.0.1/"}, b""), "which is not HTTPS"),
        ((200, {}, b"<html>login</html>"), "its manifest is no valid JSON of this kind"),
        ((200, {}, b'{"schemaVersion": 1, "fsLayers": []}'), "neither an index nor a manifest"),
        ((200, {}, b" " * (5 << 20)), "sends a manifest of more than 4 MB"),
        ((200, {"Content-Length": "999"}, b"{}"), "it cannot be reached"),
        ((200, {"Docker-Content-Digest": digest(b"another")}, b"{}"), "of a manifest that is sha256:44136fa355b3"),
        ((200, {"Location": "http://["}, b""), "no valid JSON"),
        ((302, {"Location": "http://[bad"}, b""), "sends us to"),
    ],
)
def test_a_manifest_request_that_goes_wrong(answer: Any, expected: str) -> None:
    with serve(IMAGE, lambda *_: answer) as registry:
        assert expected in reason(registry)


def test_a_digest_that_the_manifest_has_not() -> None:
    with serve(
        IMAGE, lambda server, path, _: server.answer("/manifests/1") if "/manifests/" in path else None
    ) as registry:
        assert "its bytes are not those of" in reason(registry, f"corp/base@{digest(b'x')}")


def blob_hook(change: Any) -> Any:
    """Answer for layers as `change` says, given (number of requests so far, body, headers)."""
    count = iter(range(1, 100))

    def hook(server: Registry, path: str, headers: dict[str, str]) -> Any:
        body = server.answer(path)[2]
        return change(next(count), body, headers) if body.startswith(b"\x1f\x8b") else None

    return hook


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _, body, __: (404, {}, b""), "does not have it (404)"),
        (lambda _, body, __: (200, {}, body[:-9]), "bytes ends after"),
        (lambda _, body, __: (200, {}, body + b"more"), "a blob of more than the"),
        (lambda _, body, __: (200, {}, b"x" * len(body)), "layer sha256:"),
        (lambda _, body, __: (200, {"Content-Length": str(len(body))}, body[:-9]), "it cannot be reached"),
    ],
)
def test_a_layer_that_goes_wrong(change: Any, expected: str) -> None:
    with serve(IMAGE, blob_hook(change)) as registry:
        assert expected in reason(registry)


def test_a_broken_download_goes_on_where_it_broke() -> None:
    asked = []

    def change(number: int, body: bytes, headers: dict[str, str]) -> Any:
        asked.append(headers.get("range"))
        if number == 1:
            return 200, {"Content-Length": str(len(body))}, body[:100]
        return 206, {}, body[int(headers["range"][6:-1]) :]

    with serve(IMAGE, blob_hook(change)) as registry:
        assert read(registry).release == "debian:12"
    assert asked == [None, "bytes=100-"]


def test_a_busy_registry_is_asked_again() -> None:
    def hook(server: Registry, path: str, _: Mapping[str, str]) -> Any:
        return (429, {"Retry-After": "0"}, b"") if len(server.asked) < 3 else None

    with serve(IMAGE, hook) as registry:
        assert read(registry).release == "debian:12"


def test_a_registry_that_is_down_is_asked_for_one_image_only(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(IMAGE) as registry:
        pass
    assert "it cannot be reached (" in reason(registry)
    monkeypatch.setattr(Transport, "request", None)
    assert "it cannot be reached (" in reason(registry, "corp/other:1")


def test_a_registry_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(transport, "CONNECT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name = f"127.0.0.1:{silent.getsockname()[1]}/corp/base:1"
        with pytest.raises(BadImageError, match="it does not answer in time"):
            read_registry(parse_reference(name), DEFAULT_PLATFORM)


def test_a_name_that_is_not_known() -> None:
    with pytest.raises(BadImageError, match=r"registry.invalid: (its name is not known|it cannot be reached)"):
        read_registry(parse_reference("registry.invalid/a:1"), DEFAULT_PLATFORM)


class TestLogins:
    def hook(self, registry: Registry, path: str, headers: dict[str, str]) -> Any:
        """Distribution's token protocol."""
        if path.startswith("/token"):
            return (
                200,
                {},
                b'{"token": "for-' + headers.get("authorization", headers.get("body", "nobody"))[:400].encode() + b'"}',
            )
        if not headers.get("authorization", "").startswith("Bearer for-"):
            challenge = f'Bearer realm="{registry.url}/token",service="here",scope="repository:corp/base:pull"'
            return 401, {"WWW-Authenticate": challenge}, b""
        return None

    def store(self, tmp_path: Path, **content: Any) -> None:
        (tmp_path / ".docker").mkdir()
        (tmp_path / ".docker" / "config.json").write_text(json.dumps(content))

    def auth(self, text: str) -> dict[str, str]:
        return {"auth": base64.b64encode(text.encode()).decode()}

    def test_a_token_without_login(self) -> None:
        with serve(IMAGE, self.hook) as registry:
            read(registry)
        paths = [path for path, _ in registry.asked if path.startswith("/token")]
        assert paths == ["/token?service=here&scope=repository%3Acorp%2Fbase%3Apull"]
        assert registry.asked[-1][1]["authorization"] == "Bearer for-nobody"

    def test_a_token_for_the_stored_login(self, tmp_path: Path) -> None:
        with serve(IMAGE, self.hook) as registry:
            self.store(tmp_path, auths={registry.host: self.auth("me:secret")})
            read(registry)
        assert registry.asked[-1][1]["authorization"] == f"Bearer for-Basic {self.auth('me:secret')['auth']}"

    def test_an_identity_token_is_changed_into_one(self, tmp_path: Path) -> None:
        with serve(IMAGE, self.hook) as registry:
            self.store(tmp_path, auths={registry.host: {"identitytoken": "long-lived"}})
            read(registry)
        assert "refresh_token=long-lived" in registry.asked[-1][1]["authorization"]

    @pytest.mark.parametrize("body", [b"{}", b"null", b'{"token": "a\\nb"}', b"<html>"])
    def test_an_odd_token(self, body: bytes) -> None:
        def hook(registry: Registry, path: str, headers: dict[str, str]) -> Any:
            return (200, {}, body) if path.startswith("/token") else self.hook(registry, path, headers)

        with serve(IMAGE, hook) as registry:
            assert any(text in reason(registry) for text in ("gives no token", "its token is no valid JSON"))

    def test_basic(self, tmp_path: Path) -> None:
        def hook(registry: Registry, _: str, headers: dict[str, str]) -> Any:
            known = headers.get("authorization") == Login("me", "secret").basic()
            return None if known else (401, {"WWW-Authenticate": 'Basic realm="x"'}, b"")

        with serve(IMAGE, hook) as registry:
            self.store(tmp_path, auths={registry.host: self.auth("me:secret")})
            assert read(registry).release == "debian:12"

    def test_a_wrong_login(self, tmp_path: Path) -> None:
        with serve(IMAGE, lambda *_: (401, {"WWW-Authenticate": 'Basic realm="x"'}, b"")) as registry:
            self.store(tmp_path, auths={registry.host: self.auth("me:wrong")})
            assert "refuses it (401): there is no such image, or docker login" in reason(registry)

    def test_no_login_follows_to_another_host(self, tmp_path: Path) -> None:
        def elsewhere(other: Registry) -> Any:
            def hook(registry: Registry, path: str, headers: dict[str, str]) -> Any:
                if headers.get("authorization") != Login("me", "secret").basic():
                    return 401, {"WWW-Authenticate": 'Basic realm="x"'}, b""
                return (307, {"Location": f"{other.url}{path}"}, b"") if "/blobs/" in path else None

            return hook

        with serve(IMAGE) as other, serve(IMAGE, elsewhere(other)) as registry:
            self.store(tmp_path, auths={registry.host: self.auth("me:secret")})
            assert read(registry).release == "debian:12"
        assert len(other.asked) == 2
        assert all("authorization" not in headers for _, headers in other.asked)

    def test_a_credential_helper(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        helper = tmp_path / "docker-credential-vault"
        helper.write_text('#!/bin/sh\nread host; echo "{\\"Username\\": \\"$1\\", \\"Secret\\": \\"$host\\"}"\n')
        helper.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        self.store(tmp_path, credsStore="vault", credHelpers={"other.example": "none-such"})
        assert find_login("corp.example", {"HOME": str(tmp_path)}) == Login("get", "corp.example")
        assert find_login("docker.io", {"HOME": str(tmp_path)}) == Login("get", "https://index.docker.io/v1/")
        assert find_login("other.example", {"HOME": str(tmp_path)}) is None

    @pytest.mark.parametrize("name", ["../evil", "a/b", "", "x;y"])
    def test_a_helper_is_a_program_on_the_path(self, tmp_path: Path, name: str) -> None:
        self.store(tmp_path, credsStore=name)
        assert find_login("corp.example", {"HOME": str(tmp_path)}) is None

    def test_odd_files_are_no_login(self, tmp_path: Path) -> None:
        self.store(tmp_path, auths={"corp.example": {"auth": "%%%"}})
        assert find_login("corp.example", {"HOME": str(tmp_path)}) is None
        (tmp_path / ".docker" / "config.json").write_text("{")
        assert find_login("corp.example", {"HOME": str(tmp_path)}) is None

    def test_podmans_file(self, tmp_path: Path) -> None:
        (tmp_path / "auth.json").write_text(json.dumps({"auths": {"corp.example": self.auth("me:a:b")}}))
        found = find_login("corp.example", {"REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")})
        assert found == Login("me", "a:b")
        assert "a:b" not in repr(found)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost:5000", True),
        ("127.0.0.1", True),
        ("127.8.0.1:1", True),
        ("[::1]:5000", True),
        ("127.evil.org", False),
        ("localhost.evil.org", False),
        ("10.0.0.1", False),
    ],
)
def test_plain_http_is_for_this_machine(host: str, local: bool) -> None:
    assert is_local(host) is local


def test_a_manifest_of_an_attestation_only() -> None:
    made: Made = index(wrap({"mediaType": "x"}, {}), platforms=[{"os": "unknown", "architecture": "unknown"}])
    with serve(made) as registry:
        assert "an index without manifests" in reason(registry)


def test_a_registry_that_stops_within_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "READ_S", 0.05)

    def hang(registry: Registry, path: str, _: Mapping[str, str]) -> Any:
        time.sleep(0.3)

    with serve(IMAGE, hang) as registry:
        assert reason(registry).endswith(": it does not answer in time")


def test_a_certificate_that_is_not_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What urllib3 raises for one; the live tests meet a real one."""
    failure = ssl.SSLCertVerificationError("certificate verify failed: self-signed certificate")
    asked = []

    def refuse(*_: Any, **__: Any) -> None:
        asked.append(1)
        raise urllib3.exceptions.SSLError(failure)

    monkeypatch.setattr(urllib3.PoolManager, "request", refuse)
    with pytest.raises(BadImageError) as error:
        read_registry(parse_reference("corp.example/base:1"), DEFAULT_PLATFORM)
    assert str(error.value).startswith("corp.example: its certificate or TLS is not accepted (")
    assert "self-signed certificate" in str(error.value)
    assert len(asked) == 1, "a certificate does not change in seconds"


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ((401, {"WWW-Authenticate": 'Basic realm="x"'}, b""), "asks for a login"),
        ((404, {}, b""), "does not have it (404)"),
        ((429, {"Retry-After": "3600"}, b""), "too many requests (429)"),
        ((302, {"Location": "/v2/corp/base/manifests/1"}, b""), "redirects more than 5 times"),
        ((200, {}, b"<html>"), "no valid JSON"),
    ],
)
def test_the_run_goes_on_and_a_row_names_the_cause(
    answer: Any, cause: str, tmp_path: Path, run_depscan: RunDepscan
) -> None:
    with serve(IMAGE, lambda *_: answer) as registry:
        (tmp_path / "Dockerfile").write_text(f"FROM {registry.host}/corp/base:1\n")
        run = run_depscan("--isolated", "--online", "--format", "json", str(tmp_path / "Dockerfile"))
    (row,) = [row for row in json.loads(run.out)["scans"][0]["skipped"] if cause in row["reason"]]
    assert (run.code, row["subject"], row["line"]) == (0, f"{registry.host}/corp/base:1", 1)
    assert "\n" not in row["reason"]
    assert not row["reason"].startswith(row["subject"]), "the row names it already"
