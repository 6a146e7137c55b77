"""What findings say: of many files with one cause once, as sure as it is, in the words of what fails there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from depscan.config import Config
from depscan.findings import Confidence, Finding
from depscan.platforms import Platform, parse_platform
from depscan.scan import scan
from depscan.subjects.wording import fate, label_many

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
AMD64 = Platform("linux", "amd64")


def found(root: Path, text: str, files: dict[str, str], platform: Platform = AMD64) -> list[Finding]:
    """The warnings and errors; `files` maps paths in the context to fixtures."""
    for path, fixture in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ELF / fixture, root / path)
        (root / path).chmod(0o755)
    (root / "Dockerfile").write_text(text)
    (result,) = scan([root / "Dockerfile"], Config(platforms=(platform,), cache=False, jobs=1)).scans
    return [each for each in result.findings if each.severity != "note"]


@pytest.mark.parametrize(
    ("base", "files", "message", "label"),
    [
        (
            "debian:12-slim",
            {"bin/a": "needs-libpq"},
            "/opt/a will not start: libpq.so.5 is not installed",
            "asks for libpq.so.5, libc.so.6 (GLIBC_2.2.5)",
        ),
        (
            "debian:12-slim",
            {"bin/a": "needs-libpq", "bin/b": "needs-libpq", "bin/c": "needs-openssl-3", "bin/d": "needs-rpath-origin"},
            "4 programs below /opt will not start: libpq.so.5 and 2 more are not installed",
            "a, b, 2 more (--verbose lists them)",
        ),
        (
            "debian:12-slim",
            {"bin/a": "needs-libpq", "bin/b": "needs-openssl-3"},
            "2 programs below /opt will not start: libpq.so.5 and libssl.so.3 are not installed",
            "a, b",
        ),
        (
            "debian:11-slim",
            {"bin/a": "needs-glibc-2.99", "bin/sub/b": "needs-glibc-2.38", "bin/c": "hello-glibc-dynamic"},
            "3 programs below /opt will not start: they need glibc 2.99, and debian:11-slim has 2.31",
            "a, c, b",
        ),
        (
            "alpine:3.20",
            {"bin/a": "hello-glibc-dynamic", "bin/b": "needs-libpq"},
            "2 programs below /opt will not start: they need glibc, and alpine:3.20 has musl",
            "a, b",
        ),
        (
            "alpine:3.20",
            {"bin/a": "hello-arm64", "bin/b": "hello-arm64"},
            "2 programs below /opt will not start: they are for arm64, and the image is for linux/amd64",
            "a, b",
        ),
    ],
)
def test_one_cause_is_one_finding(tmp_path: Path, base: str, files: dict[str, str], message: str, label: str) -> None:
    (finding,) = found(tmp_path, f'FROM {base}\nCOPY bin /opt\nCMD ["/opt/a"]\n', files)
    start = finding.location.span.start
    assert (start.line, start.column) == (2, 6)
    assert finding.message == message
    assert finding.label == label


def test_two_instructions_are_two_findings(tmp_path: Path) -> None:
    text = "FROM debian:12-slim\nCOPY a /usr/bin/a\nCOPY b /usr/bin/b\n"
    findings = found(tmp_path, text, {"a": "needs-libpq", "b": "needs-libpq"})
    assert [(each.location.span.start.line, each.artifacts) for each in findings] == [
        (2, ("/usr/bin/a",)),
        (3, ("/usr/bin/b",)),
    ]


@pytest.mark.parametrize(
    ("place", "moment", "said"),
    [
        ("/usr/lib/python3/site-packages/x.abi3.so", "at import", "ImportError: {}"),
        ("/app/x.cpython-312-x86_64-linux-musl.so", "at import", "ImportError: {}"),
        ("/app/x.node", "at require", "Error: {} ... code: 'ERR_DLOPEN_FAILED'"),
        (
            "/app/node_modules/@img/sharp-linux-x64/lib/sharp.so",
            "at require",
            'Error: Could not load the "sharp" module using the linuxmusl-x64 runtime',
        ),
        ("/usr/lib/ruby/gems/3.1.0/x.so", "when it is loaded", "LoadError: {} - {place}"),
        ("/opt/lib/x.so", "when it is loaded", "{}"),
    ],
)
def test_a_library_fails_in_the_words_of_what_loads_it(tmp_path: Path, place: str, moment: str, said: str) -> None:
    text = f'FROM alpine:3.20\nCOPY x {place}\nCMD ["app"]\n'
    findings = found(tmp_path, text, {"x": "plugin-fortified.so"})
    (finding,) = [each for each in findings if each.artifact == place]
    told = f"Error relocating {place}: __memcpy_chk: symbol not found"
    assert (finding.moment, finding.runtime_message) == (moment, said.format(told, place=place))
    assert finding.message.startswith(f"{place} cannot be loaded: ")


def test_of_many_libraries_the_one_that_an_interpreter_loads_is_met(tmp_path: Path) -> None:
    files = {"lib/a.so": "plugin-fortified.so", "lib/b.abi3.so": "plugin-fortified.so"}
    (finding,) = found(tmp_path, 'FROM alpine:3.20\nCOPY lib /opt\nCMD ["app"]\n', files)
    assert finding.message == "2 libraries below /opt cannot be loaded: no library in alpine:3.20 has __memcpy_chk"
    said = "ImportError: Error relocating /opt/b.abi3.so: __memcpy_chk: symbol not found"
    assert (finding.moment, finding.runtime_message) == ("at import", said)


def test_a_program_of_run_fails_in_the_words_of_its_shell(tmp_path: Path) -> None:
    text = "FROM alpine:3.20\nCOPY x /x\nRUN /x\n"
    (finding,) = found(tmp_path, text, {"x": "hello-glibc-dynamic"})
    assert (finding.moment, finding.runtime_message) == ("docker build would say", "/bin/sh: /x: not found")


def test_a_module_for_another_libc_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("numpy==2.1.0\n")
    text = """\
FROM python:3.12-slim-bookworm AS deps
COPY requirements.txt .
RUN pip install --prefix=/install -r requirements.txt
FROM python:3.12-alpine3.20
COPY --from=deps /install /usr/local
CMD ["python3"]
"""
    (finding,) = found(tmp_path, text, {})
    assert finding.runtime_message == "ModuleNotFoundError: No module named 'numpy._core._multiarray_umath'"
    assert finding.related[0].message.startswith("installs a glibc library (Debian 12); numpy 2.1.0: ")


@pytest.mark.parametrize(
    ("base", "journey"),
    [("alpine:3.20", "built on Debian, run on Alpine"), ("debian:11", "built on Debian 12, run on Debian 11")],
)
def test_what_is_not_built_yet_is_told_by_its_journey(tmp_path: Path, base: str, journey: str) -> None:
    (tmp_path / "main.c").write_text("int main(void) { return 0; }\n")
    text = f"FROM gcc:12-bookworm AS b\nCOPY main.c .\nRUN gcc -o /m main.c\nFROM {base}\nCOPY --from=b /m /m\n"
    (finding,) = found(tmp_path, text, {})
    assert finding.message.startswith(f"/m will not start: {journey}")
    assert finding.related[0].location.span.start.line == 3
    assert finding.related[0].message == "makes a glibc program (Debian 12); no -static: it is linked dynamically"


@pytest.mark.parametrize(
    ("base", "told"),
    [
        ("alpine:latest", "musl 1.2.6 (Alpine 3.24)"),
        ("alpine:3.20", "musl 1.2.5"),
        ("scratch", "no C library and no dynamic linker"),
    ],
)
def test_the_base_says_what_its_name_does_not(tmp_path: Path, base: str, told: str) -> None:
    (finding,) = found(tmp_path, f'FROM {base}\nCOPY x /x\nCMD ["/x"]\n', {"x": "hello-glibc-dynamic"})
    assert [each.message for each in finding.related] == [told]


def test_machines_are_called_as_docker_calls_them(tmp_path: Path) -> None:
    text = 'FROM debian:12\nCOPY x /x\nCMD ["/x"]\n'
    (finding,) = found(tmp_path, text, {"x": "hello-static"}, parse_platform("linux/arm64"))
    assert finding.message == "/x will not start: it is for amd64, and the image is for linux/arm64"
    assert finding.label == "its machine is x86_64"


@pytest.mark.parametrize(
    ("linkage", "confidence", "told"),
    [
        ("dynamic", Confidence.LIKELY, "will not start"),
        ("dynamic", Confidence.POSSIBLE, "may not start"),
        ("shared-object", Confidence.CERTAIN, "cannot be loaded"),
        ("shared-object", Confidence.POSSIBLE, "may not load"),
    ],
)
def test_a_fate_is_as_sure_as_its_proof(linkage: str, confidence: Confidence, told: str) -> None:
    assert fate(linkage, confidence) == told


def test_a_possible_failure_may_happen(tmp_path: Path) -> None:
    files = {"src/vendor/x/tool": "hello-glibc-dynamic"}
    (finding,) = found(tmp_path, 'FROM alpine:3.20\nCOPY src /srv\nCMD ["app"]\n', files)
    assert (finding.severity, finding.confidence) == ("warning", "possible")
    assert finding.message.startswith("/srv/vendor/x/tool may not start: ")


def test_few_names_are_all_listed() -> None:
    assert label_many(["a", "b", "c"]) == "a, b, c"
    assert label_many(["a", "b", "c", "d"]) == "a, b, 2 more (--verbose lists them)"
