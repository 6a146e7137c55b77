"""Start commands: what is told of them, at which place, and which working images are left alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from depscan.config import Config
from depscan.scan import scan

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
RULES = {"entrypoint-not-found", "shell-less-base", "not-runnable-entrypoint", "not-executable", "crlf-shebang"}
TEXTS = {
    "run.sh": b"#!/bin/sh\n",
    "bare.sh": b"echo hello\n",
    "mark.sh": b"\xef\xbb\xbf#!/bin/sh\n",
    "empty": b"",
    "mac": b"\xcf\xfa\xed\xfe\x07\0\0\1",
    "win.exe": b"MZ\x90\0",
    "app.jar": b"PK\x03\x04",
    "app.tar.gz": b"\x1f\x8b\x08\0",
    "object.o": b"\x7fELF\2\1\1" + b"\0" * 9 + b"\1\0\x3e\0" + b"\0" * 44,
    "run.wasm": b"\0asm\1\0\0\0",
    "crlf.sh": b"#!/bin/sh\r\n",
    "lib/x": b"#!/bin/sh\n",
}
SCRATCH, ALPINE, STATIC = "FROM scratch", "FROM alpine:3.20", "FROM gcr.io/distroless/static-debian12"


@pytest.fixture
def told(tmp_path: Path):
    """Rule, line, column, message and run-time message of the findings on start commands."""
    (tmp_path / "lib").mkdir()
    for name, data in TEXTS.items():
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o755)
    shutil.copy(ELF / "hello-static", tmp_path / "server")
    shutil.copy(ELF / "plugin.so", tmp_path / "plugin.so")
    for name in ("server", "plugin.so"):
        (tmp_path / name).chmod(0o755)

    def of(*lines: str) -> list[tuple[str, int, int, str, str | None]]:
        (tmp_path / "Dockerfile").write_text("\n".join([*lines, ""]))
        (result,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans
        return [
            (
                found.rule,
                found.location.span.start.line,
                found.location.span.start.column,
                found.message,
                found.runtime_message,
            )
            for found in result.findings
            if found.rule in RULES
        ]

    return of


@pytest.mark.parametrize(
    ("lines", "place", "message", "said"),
    [
        (
            (SCRATCH, "COPY server /bin/server", 'ENTRYPOINT ["/server", "-x"]'),
            ("entrypoint-not-found", 3, 13),
            "ENTRYPOINT starts /server, which is not in the image; a file of that name stands at /bin/server",
            'exec: "/server": stat /server: no such file or directory',
        ),
        (
            (SCRATCH, "COPY server /server", 'CMD ["server"]'),
            ("entrypoint-not-found", 3, 6),
            "CMD starts server, which is not in the image; a file of that name stands at /server",
            'exec: "server": executable file not found in $PATH',
        ),
        (
            (ALPINE, "COPY server /opt/server", "WORKDIR /app", "CMD ./server"),
            ("entrypoint-not-found", 4, 5),
            "CMD starts ./server, which is not in the image; a file of that name stands at /opt/server",
            "/bin/sh: ./server: not found",
        ),
        (
            (SCRATCH, "COPY server /server", 'CMD ["/server -x"]'),
            ("entrypoint-not-found", 3, 6),
            "CMD starts /server -x, which is not in the image; the exec form takes each argument as a string of its"
            " own",
            'exec: "/server -x": stat /server -x: no such file or directory',
        ),
        (
            (SCRATCH, "ENV APP=/server", "COPY server /server", 'CMD ["$APP"]'),
            ("entrypoint-not-found", 4, 6),
            "CMD starts $APP, which is not in the image; the exec form expands no variables",
            'exec: "$APP": executable file not found in $PATH',
        ),
        (
            (ALPINE, 'CMD ["bash"]'),
            ("entrypoint-not-found", 2, 6),
            "CMD starts bash, which is not in the image",
            'exec: "bash": executable file not found in $PATH',
        ),
        (
            (SCRATCH, "COPY server /server", 'ENTRYPOINT ["/server"]', "HEALTHCHECK CMD /server --check"),
            ("shell-less-base", 4, 17),
            "HEALTHCHECK needs /bin/sh, which scratch does not have",
            'exec: "/bin/sh": stat /bin/sh: no such file or directory',
        ),
        (
            (STATIC, "COPY server /server", "RUN echo", 'CMD ["/server"]'),
            ("shell-less-base", 3, 5),
            "RUN needs /bin/sh, which gcr.io/distroless/static-debian12:latest does not have",
            'exec: "/bin/sh": stat /bin/sh: no such file or directory',
        ),
        (
            (ALPINE, 'SHELL ["/bin/bash", "-c"]', "CMD exec sleep 1"),
            ("shell-less-base", 3, 5),
            "CMD needs /bin/bash, which alpine:3.20 does not have",
            'exec: "/bin/bash": stat /bin/bash: no such file or directory',
        ),
        (
            (ALPINE, "COPY --chmod=644 run.sh /", 'ENTRYPOINT ["/run.sh"]'),
            ("not-executable", 2, 18),
            "/run.sh will not start: no execute permission",
            "exec /run.sh: permission denied",
        ),
        (
            (ALPINE, "RUN apk add tini", "COPY --chmod=644 run.sh /", 'ENTRYPOINT ["tini", "-s", "--", "/run.sh"]'),
            ("not-executable", 3, 18),
            "/run.sh will not start: no execute permission",
            "exec /run.sh: permission denied",
        ),
        (
            (ALPINE, "COPY crlf.sh /", 'CMD ["/crlf.sh"]'),
            ("crlf-shebang", 2, 6),
            "/crlf.sh will not start: Windows line ends, so that #!/bin/sh\\r names no program",
            "exec /crlf.sh: no such file or directory",
        ),
    ],
)
def test_what_is_told(told, lines: tuple[str, ...], place: tuple[str, int, int], message: str, said: str) -> None:
    assert told(*lines) == [(*place, message, said)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bare.sh", "a text without #!"),
        ("mark.sh", "a script with a UTF-8 byte order mark"),
        ("empty", "an empty file"),
        ("mac", "a program for macOS"),
        ("win.exe", "a program for Windows"),
        ("app.jar", "a jar, which java -jar starts"),
        ("app.tar.gz", "a gzip archive"),
        ("object.o", "an object file"),
        ("plugin.so", "a shared library"),
    ],
)
def test_what_the_kernel_cannot_start(told, name: str, content: str) -> None:
    rows = told(ALPINE, f"COPY {name} /x/{name}", f'ENTRYPOINT ["/x/{name}"]')
    message = f"ENTRYPOINT starts /x/{name}, which is {content}"
    assert rows == [("not-runnable-entrypoint", 3, 13, message, f"exec /x/{name}: exec format error")]


def test_a_directory_is_no_program(told) -> None:
    rows = told(ALPINE, "WORKDIR /app", "COPY lib /app/lib", 'CMD ["/app/lib"]')
    assert rows == [
        (
            "not-runnable-entrypoint",
            4,
            6,
            "CMD starts /app/lib, which is a directory",
            "exec /app/lib: permission denied",
        )
    ]


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param((ALPINE, "COPY bare.sh /", "CMD /bare.sh"), id="a shell runs a text without #!"),
        pytest.param((ALPINE, "COPY --chmod=644 run.sh /", 'CMD ["sh", "/run.sh"]'), id="handed to a shell"),
        pytest.param((ALPINE, "COPY crlf.sh /", "RUN sed -i 's/\\r$//' /crlf.sh", 'CMD ["/crlf.sh"]'), id="sed"),
        pytest.param((ALPINE, "COPY crlf.sh /", "RUN dos2unix /crlf.sh", 'CMD ["/crlf.sh"]'), id="dos2unix"),
        pytest.param((ALPINE, "COPY --chmod=644 run.sh /", "RUN chmod +x /run.sh", 'CMD ["/run.sh"]'), id="chmod"),
        pytest.param((ALPINE, "WORKDIR /a", "COPY crlf.sh .", 'CMD ["ash", "crlf.sh"]'), id="an argument by name"),
        pytest.param((SCRATCH, "COPY run.wasm /", 'CMD ["run.wasm"]'), id="WebAssembly"),
        pytest.param((SCRATCH, "COPY nothing /", 'CMD ["/nothing"]'), id="the source is missing, which is told"),
        pytest.param((SCRATCH, "COPY server /a/", "WORKDIR /a", 'CMD ["./server"]'), id="below WORKDIR"),
        pytest.param((SCRATCH, "COPY server /a/", "ENV PATH=/a", 'CMD ["server"]'), id="on PATH"),
        pytest.param(("FROM node:22", "WORKDIR /app", 'CMD ["./dev.sh"]'), id="a mount may bring it"),
        pytest.param(("FROM postgres:17", 'CMD ["/nothing"]'), id="an argument of the base's entrypoint"),
        pytest.param((ALPINE, "RUN make install", 'CMD ["bash"]'), id="anything may have been installed"),
        pytest.param((ALPINE, "RUN apk add bash", 'CMD ["bash"]'), id="installed"),
        pytest.param((ALPINE, "HEALTHCHECK CMD curl -f http://localhost", "HEALTHCHECK NONE", "CMD ash"), id="none"),
        pytest.param(
            (STATIC, "COPY --from=busybox:1.37-musl /bin/busybox /bin/sh", "RUN echo", "CMD echo"), id="a copied shell"
        ),
        pytest.param(
            (f"{STATIC}:debug", 'SHELL ["/busybox/sh", "-c"]', "RUN echo", "CMD echo"), id="debug images have busybox"
        ),
        pytest.param((f"{STATIC}:debug", 'ENTRYPOINT ["sh", "-c", "echo"]'), id="which is on PATH"),
        pytest.param((STATIC, "RUN --mount=from=busybox,target=/bin echo"), id="a mounted shell"),
    ],
)
def test_silence(told, lines: tuple[str, ...]) -> None:
    assert told(*lines) == []


def test_a_wrapper_is_named_beside_the_program_it_executes(tmp_path: Path) -> None:
    shutil.copy(ELF / "hello-glibc-dynamic", tmp_path / "server")
    (tmp_path / "run.sh").write_text('#!/bin/sh\nexec /app/server "$@"\n')
    for name in ("server", "run.sh"):
        (tmp_path / name).chmod(0o755)
    text = 'FROM alpine:3.20\nCOPY run.sh /\nCOPY server /app/\nENTRYPOINT ["/run.sh"]\n'
    (tmp_path / "Dockerfile").write_text(text)
    (result,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans
    (found,) = [each for each in result.findings if each.rule == "glibc-exec-on-musl"]
    places = {(each.location.span.start.line, each.message) for each in found.related}
    assert (2, "/run.sh executes it") in places
