"""What a suggestion must keep, and what it must not be: whole Dockerfiles, both ways."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.platforms import parse_platform
from depscan.scan import scan

if TYPE_CHECKING:
    from depscan.findings import Finding, Suggestion

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
START = 'ENTRYPOINT ["/app"]\n'


def advice(
    folder: Path,
    dockerfile: str,
    *,
    program: str = "hello-glibc-dynamic",
    verbose: bool = True,
    platform: str = "linux/amd64",
) -> Finding:
    """The only finding that may be acted on, with its suggestions."""
    if not (folder / "app").exists():
        shutil.copy(ELF / program, folder / "app")
    (folder / "Dockerfile").write_text(dockerfile)
    ignored = frozenset({"base-end-of-life", "base-tag-moves"})
    platforms = (parse_platform(platform),)
    config = Config(cache=False, jobs=1, verbose=verbose, ignore=ignored, platforms=platforms)
    (result,) = scan([folder / "Dockerfile"], config).scans
    (finding,) = [each for each in result.findings if each.artifact in (None, "/app") or each.suggestions]
    return finding


def bases(finding: Finding) -> list[str]:
    return [each.base for each in finding.suggestions if each.kind == "base" and each.base is not None]


def titled(finding: Finding, word: str) -> Suggestion | None:
    return next((each for each in finding.suggestions if word in each.title), None)


@pytest.mark.parametrize(
    ("run", "offered"),
    [
        ("", True),
        ("RUN apk add --no-cache tzdata\n", False),  # no other image has apk but the third party's
    ],
)
def test_a_base_keeps_the_package_manager_of_later_commands(tmp_path: Path, run: str, offered: bool) -> None:
    found = bases(advice(tmp_path, f"FROM alpine:3.20\n{run}COPY app /app\n{START}"))
    assert ("debian:bookworm-slim" in found) is offered
    assert found[-1:] == ["frolvlad/alpine-glibc"]


def test_a_third_party_is_named_last_and_as_such(tmp_path: Path) -> None:
    finding = advice(tmp_path, f"FROM alpine:3.20\nRUN apk add --no-cache tzdata\nCOPY app /app\n{START}")
    last = finding.suggestions[-1]
    assert (last.base, last.remark) == ("frolvlad/alpine-glibc", "a third party's image")


@pytest.mark.parametrize(
    ("start", "offered"),
    [
        ('CMD ["/app"]\n', True),
        ('CMD ["node", "/srv/index.js", "/app"]\n', False),
        ("", False),  # the image's own start command is node's
    ],
)
def test_a_base_keeps_the_interpreter_that_the_container_starts(tmp_path: Path, start: str, offered: bool) -> None:
    finding = advice(tmp_path, f"FROM node:22-alpine\nCOPY --chmod=755 app /app\nRUN /app\n{start}")
    assert any(base.startswith("debian") for base in bases(finding)) is offered
    assert any(base.startswith("node:22") for base in bases(finding))


@pytest.mark.parametrize(("program", "offered"), [("hello-glibc-dynamic", True), ("go-cgo", False)])
def test_a_program_that_speaks_tls_keeps_its_certificates(tmp_path: Path, program: str, offered: bool) -> None:
    finding = advice(tmp_path, f"FROM alpine:3.20\nCOPY app /app\n{START}", program=program)
    assert ("debian:bookworm-slim" in bases(finding)) is offered
    assert any("distroless" in base for base in bases(finding))
    debian = titled(finding, "debian:bookworm-slim")
    assert debian is None or debian.remark == "no CA certificates"


def test_a_digest_is_not_dropped_unsaid(tmp_path: Path) -> None:
    finding = advice(tmp_path, f"FROM alpine:3.20@sha256:{'0' * 64}\nCOPY app /app\n{START}")
    remarks = {each.remark or "" for each in finding.suggestions if each.kind == "base"}
    assert remarks
    assert all("a tag in place of your digest" in each for each in remarks)


@pytest.mark.parametrize(
    ("program", "offered"), [("hello-glibc-dynamic", True), ("needs-cxx", True), ("needs-libpq", False)]
)
def test_only_what_comes_with_the_compiler_is_linked_in(tmp_path: Path, program: str, offered: bool) -> None:
    (tmp_path / "app").write_bytes((ELF / program).read_bytes())
    (tmp_path / "app").chmod(0o755)
    finding = advice(tmp_path, f"FROM alpine:3.20\nCOPY app /app\n{START}")
    assert (titled(finding, "static") is not None) is offered


MARKS = [
    b"MEI\014\013\012\013\016",
    b"\n---- Bun! ----\n",
    b"d3n0l4nd",
    b"<nexe~~sentinel>",
    b"PAYLOAD_POSITION",
    bytes.fromhex("8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae"),
]


@pytest.mark.parametrize(("mark", "offered"), [(b"", True), *((mark, False) for mark in MARKS)])
def test_a_runtime_with_a_program_attached_is_not_linked_statically(tmp_path: Path, mark: bytes, offered: bool) -> None:
    (tmp_path / "app").write_bytes((ELF / "hello-glibc-dynamic").read_bytes() + mark)
    (tmp_path / "app").chmod(0o755)
    finding = advice(tmp_path, f"FROM alpine:3.20\nCOPY app /app\n{START}")
    assert (titled(finding, "static") is not None) is offered


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        (f"FROM debian:12\nCOPY app /app\n{START}", ["RUN {}\n"]),
        (
            f"FROM debian:12 AS below\nUSER nobody\nFROM below\nCOPY app /app\n{START}",
            ["USER root\nRUN {}\nUSER nobody\n"],
        ),
    ],
)
def test_a_package_is_installed_where_root_may_write(tmp_path: Path, text: str, edits: list[str]) -> None:
    command = "apt-get update && apt-get install -y --no-install-recommends libpq5 && rm -rf /var/lib/apt/lists/*"
    (package,) = [s for s in advice(tmp_path, text, program="needs-libpq").suggestions if s.kind == "package"]
    assert [each.text for each in package.edits] == [each.format(command) for each in edits]
    assert (package.edits[0].location.span.start.line, package.safety) == (2 if "below" not in text else 4, "unsafe")


def test_a_bit_is_set_as_root(tmp_path: Path) -> None:
    shutil.copy(ELF / "hello-static", tmp_path / "app")
    text = f"FROM debian:12\nUSER nobody\nCOPY --chmod=755 app /app\nRUN chmod 600 /app\n{START}"
    finding = advice(tmp_path, text)
    edit = finding.suggestions[0].edits[0]
    assert (edit.location.span.start.line, edit.text) == (5, "USER root\nRUN chmod +x /app\nUSER nobody\n")
    assert finding.suggestions[0].safety == "safe"


def test_what_scratch_lacks_comes_with_a_base_and_its_package(tmp_path: Path) -> None:
    finding = advice(tmp_path, f"FROM scratch\nCOPY app /app\n{START}", program="needs-libpq")
    base = titled(finding, "debian:bookworm-slim with RUN apt-get")
    assert base is not None
    assert [each.text.split()[0] for each in base.edits] == ["debian:bookworm-slim", "RUN"]


def test_three_are_shown_one_of_each_repair_first(tmp_path: Path) -> None:
    text = f"FROM alpine:3.20\nCOPY app /app\n{START}"
    assert len(advice(tmp_path, text, verbose=False).suggestions) == 3
    assert len(advice(tmp_path, text).suggestions) > 3
    assert [each.kind for each in advice(tmp_path, text, verbose=False).suggestions] == ["build-flag", "base", "base"]


LOCK = """{"lockfileVersion": 3, "packages": {"": {},
 "node_modules/bcrypt": {"version": "5.1.1", "hasInstallScript": true}}}"""


@pytest.mark.parametrize(
    ("before", "edit"), [(None, "node_modules\n"), ("dist\n", "node_modules\n"), ("dist", "\nnode_modules\n")]
)
def test_node_modules_of_the_host_are_named_in_the_ignore_file(tmp_path: Path, before: str | None, edit: str) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {"bcrypt": "5.1.1"}}')
    (tmp_path / "package-lock.json").write_text(LOCK)
    addon = tmp_path / "node_modules" / "bcrypt" / "build" / "Release" / "bcrypt.node"
    addon.parent.mkdir(parents=True)
    addon.write_bytes(bytes.fromhex("cffaedfe07000001") + bytes(200))  # Mach-O
    if before is not None:
        (tmp_path / ".dockerignore").write_text(before)
    text = 'FROM node:22\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nCMD ["node", "x.js"]\n'
    finding = advice(tmp_path, text)
    assert finding.rule == "host-node-modules-copied"
    (suggestion,) = finding.suggestions
    assert suggestion.kind == "edit"
    assert [(Path(each.location.path).name, each.text) for each in suggestion.edits] == [(".dockerignore", edit)]


def test_a_download_is_named_for_the_machine(tmp_path: Path) -> None:
    url = "https://github.com/a/b/releases/download/v1/tool-linux-amd64"
    text = f'FROM debian:12\nRUN curl -Lo /app {url} && chmod +x /app\nENTRYPOINT ["/app"]\n'
    finding = advice(tmp_path, text, platform="linux/arm64")
    assert finding.rule == "wrong-architecture"
    assert [(each.location.span.start.line, each.text) for each in finding.suggestions[0].edits] == [(2, "arm64")]
