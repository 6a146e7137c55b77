"""A registry of a few lines on loopback, which can be made to misbehave.

In: an image, the paths that answer otherwise. Out: its host; what was asked of it stands in `asked`.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.images.handmade import Made

    Answer = tuple[int, dict[str, str], bytes]
    Handler = Callable[["Registry", str, dict[str, str]], Answer | None]


class Registry(ThreadingHTTPServer):
    """`hook` sees each request (path and headers) first; its answer counts, None leaves it to the registry."""

    daemon_threads = True

    def __init__(self, made: Made, hook: Handler | None) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.made = made
        self.hook = hook
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.url = f"http://{self.host}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A TLS greeting, or a client that went away: of no interest."""

    def answer(self, path: str) -> Answer:
        """What a well-behaved registry says."""
        _, _, key = path.rpartition("/")
        if "/manifests/" in path:
            key = self.made.descriptor["digest"] if not key.startswith("sha256:") else key
            data = self.made.blobs.get(key)
            headers = {"Content-Type": self.made.descriptor["mediaType"], "Docker-Content-Digest": key}
        else:
            data, headers = self.made.blobs.get(key), {}
        return (404, {}, b"{}") if data is None else (200, headers, data)


class _Requests(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        if "content-length" in self.headers:
            self.headers["body"] = self.rfile.read(int(self.headers["content-length"])).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.path, headers))
        hooked = self.server.hook(self.server, self.path, headers) if self.server.hook else None
        status, fields, body = hooked or self.server.answer(self.path)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that http.server calls

    def log_message(self, *arguments: Any) -> None:
        """Stay silent."""


@contextmanager
def serve(made: Made, hook: Handler | None = None) -> Iterator[Registry]:
    registry = Registry(made, hook)
    thread = threading.Thread(target=registry.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        registry.shutdown()
        registry.server_close()
