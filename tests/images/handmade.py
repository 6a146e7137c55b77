"""Tiny images made by hand: layers, layouts, archives.

In: members of layers. Out: blobs whose digests agree, unless a test spoils them. `A_ROOT` is a glibc root of a few KB,
whose libraries are fixtures and whose libc.so.6 has glibc's banner behind its end.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
LIBRARY = (ELF / "libfoo.so.1").read_bytes()
PROGRAM = (ELF / "hello-glibc-dynamic").read_bytes()
BANNER = b"\0GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\n\0"
SYSTEM_DIRECTORIES = b"\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0\0/etc/ld.so.cache\0"
OCI = "application/vnd.oci.image."


class Member(NamedTuple):
    """A member of a layer: bytes of a file, or a tar type with its target."""

    name: str
    content: bytes | None = None
    type: bytes = tarfile.DIRTYPE
    target: str = ""
    mode: int = 0o755


def file(name: str, content: bytes = b"", mode: int = 0o644) -> Member:
    return Member(name, content, tarfile.REGTYPE, mode=mode)


def link(name: str, target: str) -> Member:
    return Member(name, None, tarfile.SYMTYPE, target)


def hard_link(name: str, target: str) -> Member:
    return Member(name, None, tarfile.LNKTYPE, target)


A_ROOT = (
    Member("./"),
    Member("etc/"),
    file("etc/os-release", b'ID=debian\nVERSION_ID="12"\nNAME="Debian GNU/Linux"\n'),
    file("etc/ld.so.conf", b"include /etc/ld.so.conf.d/*.conf\n"),
    file("etc/ld.so.conf.d/local.conf", b"# a comment\n/opt/lib\n"),
    Member("usr/lib/x86_64-linux-gnu/"),
    link("lib", "usr/lib"),
    link("lib64", "usr/lib64"),
    link("usr/lib64/ld-linux-x86-64.so.2", "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
    file("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", LIBRARY + SYSTEM_DIRECTORIES),
    file("usr/lib/x86_64-linux-gnu/libc.so.6", LIBRARY + BANNER),
    file("usr/lib/x86_64-linux-gnu/libfoo.so.1.0", LIBRARY),
    link("usr/lib/x86_64-linux-gnu/libfoo.so.1", "libfoo.so.1.0"),
    file("usr/bin/apt-get", PROGRAM, 0o755),
    file("usr/bin/dash", PROGRAM, 0o755),
    link("usr/bin/sh", "dash"),
    link("bin", "usr/bin"),
    file("var/lib/dpkg/status", b"Package: tar\nVersion: 1\n\nPackage: libc6\nStatus: x\nVersion: 2.36-9\n\n"),
)
CONFIGURATION: dict[str, Any] = {
    "os": "linux",
    "architecture": "amd64",
    "created": "2026-05-01T10:00:00Z",
    "config": {"Env": ["PATH=/usr/bin", "A=b=c"], "WorkingDir": "/srv", "Entrypoint": ["/run"], "Cmd": None},
}


def tar(members: Any) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for member in members:
            info = tarfile.TarInfo(member.name)
            info.type, info.mode, info.linkname = member.type, member.mode, member.target
            info.size = len(member.content or b"")
            archive.addfile(info, io.BytesIO(member.content or b""))
    return data.getvalue()


def digest(data: bytes) -> str:
    return f"sha256:{sha256(data).hexdigest()}"


_GZIP = partial(gzip.compress, mtime=0)  # the same bytes whatever the second


class Made(NamedTuple):
    """An image: its blobs by digest, and the descriptor of its manifest."""

    blobs: dict[str, bytes]
    descriptor: dict[str, Any]


def image(
    *layers: Any,
    configuration: dict[str, Any] | None = None,
    suffix: str = "+gzip",
    compress: Any = _GZIP,
) -> Made:
    """An image of layers, each members or the bytes of a tar."""
    tars = [layer if isinstance(layer, bytes) else tar(layer) for layer in layers]
    packed = [compress(data) for data in tars]
    rootfs = {"type": "layers", "diff_ids": [digest(data) for data in tars]}
    config = json.dumps({**CONFIGURATION, "rootfs": rootfs, **(configuration or {})}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{OCI}manifest.v1+json",
        "config": describe(config, f"{OCI}config.v1+json"),
        "layers": [describe(data, f"{OCI}layer.v1.tar{suffix}") for data in packed],
    }
    return wrap(manifest, {digest(data): data for data in (config, *packed)})


def wrap(document: dict[str, Any], blobs: dict[str, bytes], **fields: Any) -> Made:
    data = json.dumps(document).encode()
    return Made({**blobs, digest(data): data}, {**describe(data, document["mediaType"]), **fields})


def index(*images: Made, platforms: Any = (), **fields: Any) -> Made:
    """An index of images, with their platforms where given."""
    names = [{"platform": platform} for platform in platforms] or [{}] * len(images)
    manifests = [{**made.descriptor, **more} for made, more in zip(images, names, strict=True)]
    blobs = {key: data for made in images for key, data in made.blobs.items()}
    return wrap({"schemaVersion": 2, "mediaType": f"{OCI}index.v1+json", "manifests": manifests}, blobs, **fields)


def describe(data: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def write_layout(folder: Path, *images: Made) -> Path:
    (folder / "blobs" / "sha256").mkdir(parents=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    (folder / "index.json").write_text(json.dumps({"manifests": [made.descriptor for made in images]}))
    for made in images:
        for key, data in made.blobs.items():
            (folder / "blobs" / key.replace(":", "/")).write_bytes(data)
    return folder


def write_tar(path: Path, files: dict[str, bytes]) -> Path:
    path.write_bytes(tar(file(name, data) for name, data in files.items()))
    return path


def layout_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def docker_archive(path: Path, *layers: Any, tags: Any = ("debian:12",), diff_ids: Any = None) -> Path:
    """What `docker save` wrote before 25.0, and skopeo and podman write."""
    tars = {f"{number}/layer.tar": tar(layer) for number, layer in enumerate(layers)}
    rootfs = {"diff_ids": diff_ids or [digest(data) for data in tars.values()]}
    config = json.dumps({**CONFIGURATION, "rootfs": rootfs}).encode()
    name = f"{sha256(config).hexdigest()}.json"
    manifest = json.dumps([{"Config": name, "RepoTags": list(tags), "Layers": list(tars)}]).encode()
    return write_tar(path, {**tars, name: config, "manifest.json": manifest})
