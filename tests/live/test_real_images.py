"""Real roots, packed by other people's tools: the profile read from each form beside the row of the knowledge.

Field by field; what differs is named here with its cause.
"""

from __future__ import annotations

import base64
import json
import shutil
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import asdict, replace

from depscan.images.contents import BadImageError
from depscan.images.daemon import CLIENTS
from depscan.images.knowledge import lookup
from depscan.images.reference import parse_reference
from depscan.images.registry import read_registry
from depscan.images.sources import read_source
from depscan.platforms import DEFAULT_PLATFORM
from tests.live.packing import LOGIN, NAME, copy, pack_layout, podman, registry, run, why_not_packed
from tests.live.roots import root

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.images.profile import ImageProfile

pytestmark = pytest.mark.skipif(why_not_packed() is not None, reason=why_not_packed() or "")

RELEASES = {"bullseye": "debian:11-slim", "bookworm": "debian:12-slim", "trixie": "debian:13-slim"}

# debootstrap merges /usr since bullseye; Debian's images do since bookworm (debuerreotype, examples/debian.sh).
MERGED = {"/bin": "usr/bin", "/sbin": "usr/sbin", "/lib": "usr/lib", "/lib64": "usr/lib64"}

# Where and when something was read; the rest of two readings of one image is equal.
OF_THE_SOURCE = {"reference": "", "source": "", "why": "", "size": None}


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack_layout(root("bookworm"), tmp_path_factory.mktemp("packed"))


def read(path: Path, name: str = NAME) -> ImageProfile:
    return read_source(parse_reference(name), str(path), DEFAULT_PLATFORM)


@pytest.mark.parametrize("suite", RELEASES)
def test_the_knowledge_is_what_a_real_root_has(suite: str) -> None:
    real = read(root(suite))
    known = lookup(parse_reference(RELEASES[suite]), DEFAULT_PLATFORM)
    assert known is not None
    assert real.tree is not None

    assert (real.release, real.package_manager) == (known.release, known.package_manager)
    assert (real.libc.family, real.libc.version) == (known.libc.family, known.libc.version)
    assert {name: real.libc.ceilings.get(name) for name in known.libc.ceilings} == known.libc.ceilings
    assert real.libc.abi_tags == known.libc.abi_tags
    assert real.search_paths == known.search_paths
    assert real.cache_paths == known.cache_paths
    assert real.loaders[: len(known.loaders)] == known.loaders
    assert {path: real.links[path] for path in MERGED} == MERGED
    assert known.links == (MERGED if suite != "bullseye" else {})
    assert known.interpreters <= real.interpreters
    assert (real.loaders_complete, real.libraries_complete, real.links_complete) == (True, True, True)
    assert (known.loaders_complete, known.libraries_complete, known.links_complete) == (True, True, True)
    assert known.libraries.keys() <= real.libraries.keys()
    more = {name for name in real.libraries.keys() - known.libraries.keys() if not _is_file_behind(name, real)}
    assert more == set()


def _is_file_behind(name: str, profile: ImageProfile) -> bool:
    """Whether a library's name is only that of the file to which its soname links (libz.so.1.2.13)."""
    assert profile.tree is not None
    path = profile.libraries[name].path or ""
    facts = profile.tree.facts[path]
    return facts.soname != name and facts.soname in profile.libraries


@pytest.mark.parametrize("form", ["layout", "oci-archive", "docker-archive", "zstd layers"])
def test_every_form_of_an_image_gives_the_same(form: str, layout: Path, tmp_path: Path) -> None:
    target = tmp_path / "image"
    if form == "oci-archive":
        copy(layout, f"oci-archive:{target}:test")
    elif form == "docker-archive":
        copy(layout, f"docker-archive:{target}:{NAME}")
    elif form == "zstd layers":
        copy(layout, f"oci:{target}:test", "--dest-compress-format", "zstd", "--dest-compress")
        assert any(blob.read_bytes()[:4] == b"\x28\xb5\x2f\xfd" for blob in (target / "blobs" / "sha256").iterdir())
    packed = read(target if form != "layout" else layout)

    assert packed.environment == {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    assert (packed.workdir, packed.cmd, packed.entrypoint) == ("/", ("bash",), ())
    assert _rest(packed) == _rest(replace(read(root("bookworm")), **_configured(packed)))


def _configured(profile: ImageProfile) -> dict[str, object]:
    fields = ("environment", "workdir", "entrypoint", "cmd", "as_of")
    return {name: getattr(profile, name) for name in fields}


def _rest(profile: ImageProfile) -> dict[str, object]:
    return asdict(replace(profile, **OF_THE_SOURCE))


def test_a_plain_registry(layout: Path, tmp_path: Path) -> None:
    with registry(tmp_path) as host:
        copy(layout, f"docker://{host}/corp/base:1", "--dest-tls-verify=false")
        pulled = read_registry(parse_reference(f"{host}/corp/base:1"), DEFAULT_PLATFORM)
        with pytest.raises(BadImageError, match=r"does not have it \(404\)"):
            read_registry(parse_reference(f"{host}/corp/base:2"), DEFAULT_PLATFORM)
    assert pulled.source == "registry"
    assert _rest(pulled) == _rest(read(layout))


def test_a_registry_with_tls_and_login(layout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with registry(tmp_path, secure=True) as host:
        copy(layout, f"docker://{host}/corp/base:1", f"--dest-cert-dir={tmp_path}", f"--dest-creds={LOGIN}")
        reference = parse_reference(f"{host}/corp/base:1")
        untrusted = _failure(reference.domain.replace("localhost", "127.0.0.1") + "/corp/base:1")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.crt"))
        assert "asks for a login; docker login localhost" in _failure(f"{host}/corp/base:none")
        auth = base64.b64encode(LOGIN.encode()).decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))
        pulled = read_registry(reference, DEFAULT_PLATFORM)
    assert "its certificate or TLS is not accepted" in untrusted
    assert _rest(pulled) == _rest(read(layout))


@pytest.mark.parametrize("client", CLIENTS)
def test_a_running_client(client: str, layout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Podman as it is, in a store of its own; docker's client at podman's service, which speaks its protocol."""
    missing = [tool for tool in {"podman", client} if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    copy(layout, f"docker-archive:{tmp_path}/image.tar:localhost/corp/base:1")
    with podman(tmp_path) as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        run("podman", "load", "--quiet", "--input", tmp_path / "image.tar")
        saved = read_source(parse_reference(NAME), f"{client}:localhost/corp/base:1", DEFAULT_PLATFORM)
        with pytest.raises(BadImageError, match=f"^{client} save failed: .*(?:not known|No such image)"):
            read_source(parse_reference(NAME), f"{client}:localhost/corp/base:2", DEFAULT_PLATFORM)
    assert saved.source == "archive"
    assert saved.why.startswith(f"read from {client} save localhost/corp/base:1, sha256:")
    assert _rest(saved) == _rest(read(layout))


def _failure(name: str) -> str:
    with pytest.raises(BadImageError) as error:
        read_registry(parse_reference(name), DEFAULT_PLATFORM)
    return str(error.value)


def test_musl() -> None:
    """Debian's package of musl 1.2.3 is that of Alpine 3.17; the root has neither apk nor os-release."""
    real, known = read(root("musl")), lookup(parse_reference("alpine:3.17"), DEFAULT_PLATFORM)
    assert known is not None
    assert (real.libc.family, real.libc.version) == (known.libc.family, known.libc.version) == ("musl", "1.2.3")
    assert real.loaders[:1] == known.loaders == ("/lib/ld-musl-x86_64.so.1",)
    assert real.search_paths == known.search_paths == ("/lib", "/usr/local/lib", "/usr/lib")
    assert (real.release, real.package_manager) == (None, None)
