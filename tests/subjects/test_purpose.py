"""How sure a finding on a program is: real, working layouts must not fail a run, broken ones must."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from depscan.config import Config
from depscan.findings import Severity
from depscan.platforms import DEFAULT_PLATFORM
from depscan.scan import scan

ELF = Path(__file__).parents[2] / "fixtures" / "elf"
FILES = {
    "hello": "hello-glibc-dynamic",
    "bin/tool-amd64": "hello-static",
    "bin/tool-arm64": "hello-arm64",
    "gnu-and-musl/tool-gnu": "hello-glibc-dynamic",
    "gnu-and-musl/tool-musl": "hello-musl-dynamic",
    "app/server": "hello-glibc-dynamic",
    "app/vendor/x/y/tool": "hello-glibc-dynamic",
    "app/tests/tool": "hello-glibc-dynamic",
    "loader": "libfoo.so.1",
    "addons/a.node": "plugin-fortified.so",
    "addons/tool": "hello-musl-dynamic",
}
CERTAIN, LIKELY, POSSIBLE = "certain", "likely", "possible"


@pytest.fixture
def confidence(tmp_path: Path):
    """The confidence of the error on each path of the image; of the warning, where it is only possible."""
    for name, fixture in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ELF / fixture, tmp_path / name)
        (tmp_path / name).chmod(0o755)

    def of(*lines: str) -> dict[str, str]:
        (tmp_path / "Dockerfile").write_text("\n".join(["FROM alpine:3.22", *lines, ""]))
        (result,) = scan([tmp_path / "Dockerfile"], Config(platforms=(DEFAULT_PLATFORM,), cache=False, jobs=1)).scans
        graver = [
            finding
            for finding in result.findings
            if finding.severity is Severity.ERROR or finding.confidence == POSSIBLE
        ]
        return {path: finding.confidence.value for finding in graver for path in finding.artifacts}

    return of


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["COPY hello /hello"], {"/hello": CERTAIN}),
        (["COPY hello /usr/local/bin/hello", 'CMD ["hello"]'], {"/usr/local/bin/hello": CERTAIN}),
        (["COPY app/ /app/", 'CMD ["sh", "-c", "exec /app/server --now"]'], {"/app/server": CERTAIN}),
        (["COPY app/ /app/", "WORKDIR /app", "CMD ./server --now"], {"/app/server": CERTAIN}),
        (["COPY app/server app/"], {"/app/server": CERTAIN}),
        (["COPY app/ /usr/local/bin/"], {"/usr/local/bin/server": CERTAIN}),
        (["COPY hello /usr/share/nginx/html/dl/hello"], {"/usr/share/nginx/html/dl/hello": POSSIBLE}),
        (["COPY hello /agent", 'CMD ["cp", "/agent", "/shared/"]'], {"/agent": POSSIBLE}),
        (["COPY hello /agent", "CMD cp /agent /shared/"], {"/agent": POSSIBLE}),
        (["COPY loader /opt/glibc/ld-linux-x86-64.so.2", "COPY hello /hello"], {"/hello": POSSIBLE}),
        (["COPY bin/ /usr/local/bin/"], {"/usr/local/bin/tool-arm64": POSSIBLE}),
        (["COPY bin/tool-arm64 /usr/local/bin/tool"], {"/usr/local/bin/tool": CERTAIN}),
        (["COPY gnu-and-musl/ /opt/"], {"/opt/tool-gnu": POSSIBLE}),
        (["COPY addons/ /opt/"], {"/opt/a.node": POSSIBLE}),
        (["COPY addons/a.node /opt/"], {"/opt/a.node": LIKELY}),
        (["COPY bin/ /opt/", 'ENTRYPOINT ["/opt/tool-arm64"]'], {"/opt/tool-arm64": CERTAIN}),
    ],
)
def test_what_speaks_for_and_against_running(confidence, lines: list[str], expected: dict[str, str]) -> None:
    found = confidence(*lines)
    assert {path: found.get(path) for path in expected} == expected


def test_a_group_speaks_by_its_surest_member(confidence) -> None:
    assert set(confidence("COPY app/ /srv/").values()) == {LIKELY}


def test_a_link_to_musls_own_file_answers_for_glibc(confidence) -> None:
    link = "RUN mkdir /lib64 && ln -s /lib/libc.musl-x86_64.so.1 /lib64/ld-linux-x86-64.so.2"
    assert confidence(link, "COPY hello /hello") == {}
