"""What apt cannot bring: a library that no package of the release's archive has is missing after any apt-get install.

The program needs libssl.so.1.1, which Debian 11 has and Debian 12 and 13 do not
(dists/bookworm/main/Contents-amd64.gz).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from depscan import scan
from depscan.packages import install_command

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
INSTALL = "RUN apt-get update && apt-get install -y curl"


def verdict(folder: Path, lines: str, base: str = "debian:12-slim", program: str = "needs-libssl-1.1") -> list[str]:
    """The verdict on the program, its cause, detail and confidence."""
    shutil.copy(ELF / program, folder / "api")
    (folder / "extra.list").write_text("deb https://packages.example/apt stable main\n")
    (folder / "Dockerfile").write_text(f'FROM {base}\n{lines}\nCOPY api /api\nCMD ["/api"]\n')
    (placement,) = scan([folder / "Dockerfile"]).scans[0].placements
    words = [placement.verdict.value, placement.cause, placement.detail, placement.confidence]
    return [str(getattr(word, "value", word)) for word in words if word is not None]


@pytest.mark.parametrize(
    "lines",
    [
        INSTALL,
        "RUN apt-get update && apt-get dist-upgrade -y && apt-get remove -y --auto-remove tzdata",
        "RUN echo 'APT::Install-Recommends \"0\";' > /etc/apt/apt.conf.d/99local\n" + INSTALL,
        INSTALL + "\nRUN apt-get install -y make",
        INSTALL + " && pip install requests && useradd app",
    ],
)
@pytest.mark.parametrize("base", ["debian:12-slim", "debian:13"])
def test_what_the_archive_lacks_is_missing_after_apt(tmp_path: Path, lines: str, base: str) -> None:
    assert verdict(tmp_path, lines, base) == ["fails", "library-missing", "libssl.so.1.1", "likely"]


@pytest.mark.parametrize(
    ("base", "program"),
    [
        ("debian:11-slim", "needs-libpq"),  # libpq5 is there: an installed package may depend on it
        ("debian:12-slim", "needs-libpq"),
        ("ubuntu:22.04", "needs-libssl-1.1"),  # its archive was not read
        ("node:20", "needs-libssl-1.1"),  # not all of its libraries are known
    ],
)
def test_what_the_archive_has_or_may_have_is_unknown(tmp_path: Path, base: str, program: str) -> None:
    assert verdict(tmp_path, "RUN apt-get update && apt-get install -y my-tool", base, program)[0] == "unknown"


@pytest.mark.parametrize(
    "before",
    [
        "COPY extra.list /etc/apt/sources.list.d/extra.list",
        "RUN echo deb https://packages.example/apt stable main > /etc/apt/sources.list.d/extra.list",
        "RUN echo deb https://packages.example/apt stable main | tee -a /etc/apt/sources.list",
        "RUN sed -i s/bookworm/bullseye/ /etc/apt/sources.list.d/debian.sources",
        "RUN curl -fsSL https://packages.example/key.asc -o /etc/apt/keyrings/extra.asc",
        "RUN curl -fsSL https://packages.example/setup | bash -",
        "RUN add-apt-repository 'deb https://packages.example/apt stable main'",
        "RUN dpkg -i /tmp/extra.deb",
        "RUN ./configure-sources",
        "ARG NAME\nRUN apt-get install -y $NAME",
    ],
)
def test_other_sources_may_bring_anything(tmp_path: Path, before: str) -> None:
    assert verdict(tmp_path, f"{before}\n{INSTALL}")[0] == "unknown"


@pytest.mark.parametrize("after", ["RUN make install", "RUN apt-get install -y ./extra.deb", "RUN install-openssl"])
def test_another_program_afterwards_may_bring_it(tmp_path: Path, after: str) -> None:
    assert verdict(tmp_path, f"{INSTALL}\n{after}")[0] == "unknown"


QUIET = "RUN apt-get update && apt-get install -y --no-install-recommends"
PQ_MISSING = ["fails", "library-missing", "libpq.so.5", "likely"]


@pytest.mark.parametrize(
    "lines",
    [
        f"{QUIET} ca-certificates curl",
        f"{QUIET} tzdata && apt-get purge -y --auto-remove curl && apt-get autoremove -y",
        f"{QUIET} libssl-dev\n{QUIET} git",
        "RUN apt-get update && apt-get install -y ca-certificates",
        "RUN apt-get update && apt-get install -y tini 'libsqlite3-0=3.*'",
    ],
)
@pytest.mark.parametrize("base", ["debian:11-slim", "debian:12-slim", "debian:13-slim"])
def test_known_packages_bring_only_what_they_and_their_dependencies_have(tmp_path: Path, lines: str, base: str) -> None:
    assert verdict(tmp_path, lines, base, "needs-libpq") == PQ_MISSING


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (f"{QUIET} postgresql-client", "loads"),  # by libpq5, on which postgresql-client-15 depends
        (f"{QUIET} libpq-dev", "loads"),
        (f"{QUIET} ca-certificates my-own-tool", "unknown"),
        (f"{QUIET} ca-certificates\nRUN apt-get upgrade -y", "unknown"),
        ("RUN apt-get install -y --install-suggests curl", "unknown"),
    ],
)
def test_what_a_dependency_brings_is_provided(tmp_path: Path, lines: str, expected: str) -> None:
    assert verdict(tmp_path, lines, "debian:12-slim", "needs-libpq")[0] == expected


@pytest.mark.parametrize(
    ("base", "line", "expected"),
    [
        ("ubuntu:22.04", f"{QUIET} libpq5", "loads"),
        ("ubuntu:20.04", f"{QUIET} libpq5", "loads"),
        ("debian:sid", f"{QUIET} libpq5", "loads"),
        ("debian:testing-slim", f"{QUIET} libpq5", "loads"),
        ("debian:unstable", f"{QUIET} libssl3t64", "unknown"),  # what it draws in was not read
        ("debian:forky", f"{QUIET} postgresql-client", "unknown"),
        ("rockylinux:9", "RUN dnf install -y libpq", "loads"),
        ("registry.access.redhat.com/ubi8/ubi-minimal", "RUN microdnf install -y libpq", "loads"),
        ("centos:7", "RUN yum install -y postgresql-libs", "loads"),
        ("ubuntu:22.04", f"{QUIET} libcurl4", "unknown"),  # what else it draws in is not all known
        ("rockylinux:9", "RUN dnf install -y libcurl", "unknown"),
    ],
)
def test_what_packages_bring_of_which_libraries_alone_are_known(
    tmp_path: Path, base: str, line: str, expected: str
) -> None:
    assert verdict(tmp_path, line, base, "needs-libpq")[0] == expected


@pytest.mark.parametrize("base", ["debian:sid", "debian:testing"])
def test_a_moving_release_has_a_package_to_suggest(tmp_path: Path, base: str) -> None:
    shutil.copy(ELF / "needs-libpq", tmp_path / "api")
    (tmp_path / "Dockerfile").write_text(f'FROM {base}\nCOPY api /api\nCMD ["/api"]\n')
    findings = scan([tmp_path / "Dockerfile"]).scans[0].findings
    (missing,) = (each for each in findings if each.rule == "missing-shared-library")
    edit = missing.suggestions[0].edits[0]
    assert (edit.location.span.start.line, edit.location.span.start.column) == (2, 1)
    assert edit.text == f"RUN {install_command('apt', ('libpq5',))}\n"
