"""Real roots packed as images by other people's tools, and a real registry to push them to.

In: a root directory. Out: an OCI layout (umoci), archives (skopeo), a running docker-registry, a podman. The registry
is Debian's package unpacked into the cache of roots: installing it would start a service.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.live.roots import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "debian:test"
LOGIN = "me:secret"
_BCRYPT = "me:$2y$05$0uOWNx9FsBOLdJlUuC8dReVIq02sTomDigLDTuGzEPKdRzo3u/99q"  # htpasswd -nbB -C 5 me secret
_CONFIGURATION = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}/store}}}}
http: {{addr: "127.0.0.1:{port}"{tls}}}
"""


def why_not_packed() -> str | None:
    """The reason why roots cannot be packed here, or None where they can."""
    missing = [tool for tool in ("umoci", "skopeo", "openssl", "apt-get") if shutil.which(tool) is None]
    return f"needs {', '.join(missing)}" if missing else None


def run(*command: str | Path, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{command} failed: {(done.stderr or done.stdout)[-400:]}"


def pack_layout(root: Path, folder: Path) -> Path:
    """An OCI layout with one gzip layer; ENV and CMD as Debian's images have them."""
    layout, bundle = folder / "layout", folder / "bundle"
    image = f"{layout}:test"
    run("umoci", "init", "--layout", layout)
    run("umoci", "new", "--image", image)
    run("umoci", "unpack", "--image", image, bundle)
    shutil.rmtree(bundle / "rootfs")
    run("cp", "-a", root, bundle / "rootfs")
    run("umoci", "repack", "--image", image, bundle)
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    run("umoci", "config", "--image", image, "--config.env", f"PATH={path}", "--config.cmd", "bash")
    shutil.rmtree(bundle)
    return layout


def copy(layout: Path, target: str, *options: str | Path) -> None:
    """Let skopeo copy the image of a layout."""
    run("skopeo", "copy", "--quiet", "--insecure-policy", *options, f"oci:{layout}:test", target)


@contextmanager
def registry(folder: Path, *, secure: bool = False) -> Iterator[str]:
    """A running docker-registry; gives its host. `secure`: TLS by `folder`/ca.crt, and the login LOGIN."""
    host = f"localhost:{_free_port()}"
    tls = ""
    if secure:
        _certify(folder)
        (folder / "logins").write_text(_BCRYPT + "\n")
        tls = f", tls: {{certificate: {folder}/ca.crt, key: {folder}/private.pem}}"
    text = _CONFIGURATION.format(folder=folder, port=host.partition(":")[2], tls=tls)
    if secure:
        text += f"auth: {{htpasswd: {{realm: test, path: {folder}/logins}}}}\n"
    (folder / "config.yml").write_text(text)
    server = subprocess.Popen(
        [_program(), "serve", folder / "config.yml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(host)
        yield host
    finally:
        server.terminate()
        server.wait()


@contextmanager
def podman(folder: Path) -> Iterator[dict[str, str]]:
    """Podman with an empty store in `folder` and its service; gives the environment that names both."""
    (folder / "storage.conf").write_text(
        f'[storage]\ndriver = "vfs"\ngraphroot = "{folder}/g"\nrunroot = "{folder}/r"\n'
    )
    socket_path = folder / "podman.sock"
    environment = {"CONTAINERS_STORAGE_CONF": f"{folder}/storage.conf", "DOCKER_HOST": f"unix://{socket_path}"}
    service = subprocess.Popen(
        ["podman", "system", "service", "--time=0", f"unix://{socket_path}"],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            if socket_path.exists():
                break
            time.sleep(0.05)
        yield environment
    finally:
        service.terminate()
        service.wait()


def _program() -> Path:
    program = cache_folder() / "docker-registry" / "usr" / "bin" / "docker-registry"
    if not program.exists():
        folder = cache_folder() / "docker-registry"
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)  # apt downloads as a user of its own
        run("apt-get", "download", "docker-registry", cwd=folder)
        run("dpkg-deb", "--extract", next(folder.glob("*.deb")), folder)
    return program


def _certify(folder: Path) -> None:
    request = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost")
    names = ("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    run(*request, *names, "-keyout", folder / "private.pem", "-out", folder / "ca.crt")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _wait_for(host: str) -> None:
    name, _, port = host.partition(":")
    for _ in range(100):
        try:
            socket.create_connection((name, int(port)), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"no registry at {host}")
