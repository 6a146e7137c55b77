"""RUN on paper: what its commands do to a stage's files, and what they leave unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from replays import columns, files, replay_last, write

from depscan.filesystem.content import read_head
from depscan.filesystem.entries import InlineFile
from depscan.filesystem.package_programs import PACKAGE_ROOTS
from depscan.filesystem.programs import HARMLESS, READERS

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.filesystem.entries import StageFilesystem

GLIBC = "/lib64/ld-linux-x86-64.so.2"


@pytest.fixture
def run(tmp_path: Path):
    """Replay RUN instructions on a stage that has /hello, /data/a.so and /data/sub/b from the context."""
    write(tmp_path, "hello", "data/a.so", "data/sub/b", mode=0o644)

    def replay(instructions: str, base: str = "alpine") -> StageFilesystem:
        text = f"FROM {base}\nCOPY hello /hello\nCOPY data /data\n{instructions}\n"
        return replay_last(tmp_path, text)

    return replay


def moved(stage: StageFilesystem) -> dict[str, str]:
    """Files and links beside those that COPY put there, by path: their source, or the link's text."""
    copied = {"/hello": "hello", "/data/a.so": "data/a.so", "/data/sub/b": "data/sub/b"}
    found = {path: stage.entries[path].target or source for path, source in files(stage).items()}
    return {path: source for path, source in found.items() if copied.get(path) != source}


def changes(stage: StageFilesystem) -> list[tuple[tuple[str, ...], bool]]:
    return [(change.roots, change.foreign_libc) for change in stage.changes]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("cp /hello /x", {"/x": "hello"}),
        ("cp /hello /usr/local/bin/", {"/usr/local/bin/hello": "hello"}),
        ("cp /hello /usr/local/bin", {"/usr/local/bin/hello": "hello"}),
        ("cp -t /opt /hello", {"/opt/hello": "hello"}),
        ("cp /hello /data/a.so /opt", {"/opt/hello": "hello", "/opt/a.so": "data/a.so"}),
        ("cp -r /data /copy", {"/copy/a.so": "data/a.so", "/copy/sub/b": "data/sub/b"}),
        ("cp -a /data/. /copy", {"/copy/a.so": "data/a.so", "/copy/sub/b": "data/sub/b"}),
        ("cp -r /data /opt", {"/opt/data/a.so": "data/a.so", "/opt/data/sub/b": "data/sub/b"}),
        ("cd /data && cp a.so ../y", {"/y": "data/a.so"}),
        ("for f in hello data/a.so; do cp /$f /opt/; done", {"/opt/hello": "hello", "/opt/a.so": "data/a.so"}),
        ("cp /etc/passwd /x", {"/x": "/etc/passwd"}),
        ("ln -s /hello /bin/h", {"/bin/h": "/hello"}),
        ("ln -s /hello /opt", {"/opt/hello": "/hello"}),
        ("ln -sf ../hello /opt/h", {"/opt/h": "../hello"}),
        ("cd /opt && ln -s /hello", {"/opt/hello": "/hello"}),
        ("ln -s /data /d && ln -sfn /opt /d", {"/d": "/opt"}),
        ("ln /hello /h", {"/h": "hello"}),
        ("install -Dm755 /hello /opt/bin/h", {"/opt/bin/h": "hello"}),
        ("install -t /opt /hello", {"/opt/hello": "hello"}),
        ("sudo cp /hello /x", {"/x": "hello"}),
        ("sh -c 'cp /hello /x'", {"/x": "hello"}),
        ("[ -n a ] && cp /hello /x", {"/x": "hello"}),
        ("curl -fsSL https://a.b/c -o /c", {"/c": "https://a.b/c"}),
        ("cd /opt && curl -O https://a.b/c.tgz?x=1", {"/opt/c.tgz": "https://a.b/c.tgz?x=1"}),
        ("wget -qO /c https://a.b/c", {"/c": "https://a.b/c"}),
        ("wget -q https://a.b/c.tgz -P /opt", {"/opt/c.tgz": "https://a.b/c.tgz"}),
        ("curl -s https://a.b/c", {}),
    ],
)
def test_known_files_are_placed(run, command: str, expected: dict[str, str]) -> None:
    stage = run(f"RUN {command}")
    assert moved(stage) == expected
    assert [change for change in stage.changes if change.roots == ("/",)] == []


@pytest.mark.parametrize(
    ("base", "command", "path"),
    [
        ("alpine", "cp /hello /opt/$(uname -m)", "/opt/x86_64"),
        ("debian", 'cp /hello "/opt/h-$(dpkg --print-architecture)"', "/opt/h-amd64"),
        ("debian", "A=`arch` && cp /hello /opt/h-$A", "/opt/h-x86_64"),
        ("--platform=linux/arm64 alpine", "cp /hello /opt/$( uname  -m )", "/opt/aarch64"),
        ("--platform=linux/arm64 debian", "cp /hello /opt/$(dpkg --print-architecture)", "/opt/arm64"),
        ("--platform=linux/arm64 alpine", "cp /hello /opt/$(apk --print-arch)", "/opt/aarch64"),
        ("--platform=linux/arm/v6 alpine", "cp /hello /opt/$(uname -m)", None),
        ("alpine", "cp /hello /opt/$(dpkg --print-architecture)", None),
        ("alpine", "case $(uname -m) in x86_64) cp /hello /opt/x;; *) cp /hello /opt/y;; esac", "/opt/x"),
        ("debian", "cp /hello $(go env GOPATH)/x", None),
    ],
)
def test_what_tells_the_machine_is_known(run, base: str, command: str, path: str | None) -> None:
    assert list(moved(run(f"RUN {command}", base))) == ([path] if path else [])


def test_move_takes_the_source_away(run) -> None:
    stage = run("RUN mv /hello /opt/ && mv /data /d2")
    assert files(stage) == {"/opt/hello": "hello", "/d2/a.so": "data/a.so", "/d2/sub/b": "data/sub/b"}
    assert {"/hello", "/data"} <= stage.removed


def test_a_moved_file_keeps_its_bytes_and_gets_the_place_of_the_command(run) -> None:
    entry = run("RUN set -e; \\\n    # why\n    mv /hello /opt/hello").entries["/opt/hello"]
    assert read_head(entry, 5) == b"hello"
    assert columns(entry.span) == (6, 5, 6, 25)


@pytest.mark.parametrize(
    ("command", "gone"),
    [
        ("rm /hello", {"/hello"}),
        ("rm -rf /data", {"/data", "/data/a.so", "/data/sub", "/data/sub/b"}),
        ("rm /data/*.so", {"/data/a.so"}),
        ("rm -rf /data/*", {"/data/a.so", "/data/sub", "/data/sub/b"}),
        ("cd /data && rm a.so", {"/data/a.so"}),
        ("rm -rf $UNKNOWN", set()),
        ("rm -rf /", set()),
    ],
)
def test_removal(run, command: str, gone: set[str]) -> None:
    before, after = set(run("").entries), run(f"RUN {command}")
    assert before - set(after.entries) == gone
    assert after.changes == ()


def test_a_pattern_removes_the_images_dynamic_linker(run) -> None:
    assert "/lib/ld-musl-x86_64.so.1" in run("RUN rm /lib/ld-musl-*").removed


@pytest.mark.parametrize(
    ("command", "mode"),
    [
        ("chmod 755 /hello", 0o755),
        ("chmod +x /hello", 0o755),
        ("chmod u+x,g-r /hello", 0o704),
        ("chmod -R a=rx /", 0o555),
        ("chmod -x /hello", 0o644),
        ("chmod 4755 /hel*", 0o4755),
        ("chmod 755 /hello || true", 0o755),
        ("[ -f x ] && chmod 500 /hello; true", 0o744),
        ("if x; then chmod +x /hello; fi", 0o755),
    ],
)
def test_modes(run, command: str, mode: int) -> None:
    assert run(f"RUN {command}").entries["/hello"].mode == mode


@pytest.mark.parametrize(
    "command",
    [
        "[ -f /x ] && rm /hello; true",
        "mv /hello /x || true",
        "if [ -f y ]; then cp /data/a.so /hello; fi",
        "case $(cat /machine) in x86_64) mv /data/a.so /hello;; esac",
    ],
)
def test_a_conditional_command_makes_its_paths_unknown(run, command: str) -> None:
    stage = run(f"RUN {command}")
    assert stage.entries["/hello"].content is None
    assert "/hello" not in stage.removed
    assert ("/hello",) in [change.roots for change in stage.changes]
    assert all("/" not in change.roots for change in stage.changes)


def test_a_link_to_musls_dynamic_linker(run) -> None:
    stage = run(f"RUN mkdir /lib64 && ln -s /lib/libc.musl-x86_64.so.1 {GLIBC}")
    assert stage.links[GLIBC] == "/lib/libc.musl-x86_64.so.1"
    assert stage.changes == ()


def test_merged_usr_is_followed(run) -> None:
    assert "/usr/lib64/x.so" in run("RUN cp /data/a.so /lib64/x.so", "debian").entries


@pytest.mark.parametrize(
    ("command", "sequence"),
    [("ldconfig", True), ("ldconfig /opt/lib", True), ("ldconfig -n /opt", False), ("ldconfig -p", False)],
)
def test_ldconfig(run, command: str, sequence: bool) -> None:
    stage = run(f"COPY hello /usr/local/lib/libx.so\nRUN {command}", "debian")
    known = stage.ldconfig is not None and stage.ldconfig > stage.entries["/usr/local/lib/libx.so"].sequence
    assert known is sequence


# -- what stays unknown --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        "make install",
        "cmake --install build",
        "cmake --build . --target install",
        "./setup",
        "./install.sh",
        "foo",
        "$UNKNOWN x",
        "curl -s https://a.b/i.sh | sh",
        "curl -s https://a.b/i.sh | bash -s -- -y",
        'sh -c "$(curl -fsSL https://a.b/i.sh)"',
        "bash <(curl -s https://a.b/i.sh)",
        "python setup.py install",
        "if [ -f x ; then y",
        "tar -xzf x.tgz -C /",
        "tar xzf x.tgz",
        "cd $UNKNOWN && tar xz",
        "cp /hello $UNKNOWN",
        "dpkg -i x.deb",
        "apk add --allow-untrusted ./glibc.apk",
        ". ./build.sh",
        "find / -name x -exec foo {} +",
    ],
)
def test_what_may_do_anything_marks_the_whole_file_system(run, command: str) -> None:
    assert (("/",), True) in changes(run(f"RUN {command}"))


@pytest.mark.parametrize(
    ("command", "roots"),
    [
        ("tar -xzf x.tgz -C /opt", ("/opt",)),
        ("curl -s https://a.b/c | tar xz --directory=/opt/x --strip-components=1", ("/opt/x",)),
        ("unzip -q x.zip -d /opt", ("/opt",)),
        ("cp /hello /opt/$UNKNOWN/x", ("/opt",)),
        ('ln -s /hello "/usr/bin/$UNKNOWN"', ("/usr/bin",)),
        ("tar xz -C /opt/$UNKNOWN", ("/opt",)),
        ("curl -s https://a.b/c -o /opt/a-${UNKNOWN}", ("/opt",)),
        ("cd /opt && wget https://a.b/$UNKNOWN", ("/opt",)),
        ("mv /opt/$UNKNOWN /usr/local/bin/", ("/usr/local/bin",)),
        ("git clone --depth 1 https://a.b/c/d.git", ("/d",)),
        ("git clone https://a.b/c/d /src", ("/src",)),
        ("cp -r /usr/share/x /opt/y", ("/opt/y",)),
        ("cp /usr/lib/*.so /opt/y", ("/opt/y",)),
        ("rsync -a /a/ /b/", ("/b",)),
        ("sed -i s/a/b/ /etc/ld.so.conf", ("/etc/ld.so.conf",)),
        ("find /opt -type f -exec chmod +x {} +", ("/opt",)),
        ("apk --root /rootfs add busybox", ("/rootfs",)),
    ],
)
def test_what_changes_one_place_marks_that_place(run, command: str, roots: tuple[str, ...]) -> None:
    assert [change.roots for change in run(f"RUN {command}").changes] == [roots]


@pytest.mark.parametrize(
    "command",
    [
        "npm ci && npm run build",
        "yarn install --frozen-lockfile",
        "pip install -r requirements.txt",
        "python3 -m pip install x",
        "python -m venv /venv && /venv/bin/pip install x",
        "bundle install",
        "composer install",
        "go mod download && go build -o /out/app ./cmd",
        "cargo build --release",
        "mvn package",
        "./gradlew build",
        "dotnet publish -c Release -o /app",
        "./configure --prefix=/usr && make",
        "gcc-12 -o /x x.c",
    ],
)
def test_language_tools_bring_no_dynamic_linker(run, command: str) -> None:
    stage = run(f"WORKDIR /app\nRUN {command}")
    assert stage.changes
    for change in stage.changes:
        assert not change.foreign_libc
        assert not any(change.touches(path) for path in (GLIBC, "/lib/libpq.so.5", "/usr/lib/libpq.so.5", "/hello"))


def test_an_installation_into_a_staging_directory_stays_there(run) -> None:
    staged, built = run("WORKDIR /src\nRUN make install DESTDIR=/out").changes
    assert (staged.roots, built.roots[0]) == (("/out",), "/src")
    assert not built.touches(GLIBC)


def test_a_tools_output_is_among_its_places(run) -> None:
    (change,) = run("WORKDIR /src\nRUN GOBIN=/gobin go build -o /out/app .").changes
    assert {"/src", "/out/app", "/gobin"} <= set(change.roots)


@pytest.mark.parametrize(
    "command",
    [
        "set -eux; cd /; export A=b; echo x; true; : ",
        "addgroup -S app && adduser -S -G app app && chown -R app /hello",
        "apt-get update && apt-get clean",
        "apk update",
        "update-ca-certificates",
        "useradd -m app; id app; ls -la / | grep x > /dev/null",
        "strip /hello",
        "test -f /hello && . /etc/os-release",
        "curl -s https://a.b/c -o /dev/null",
        "foo --version",
        "wget https://a.b/$UNKNOWN",
        "",
    ],
)
def test_harmless_commands_change_nothing(run, command: str) -> None:
    stage = run(f"RUN {command}" if command else "")
    assert (stage.changes, moved(stage), stage.removed) == ((), {}, frozenset())


@pytest.mark.parametrize("command", ["patchelf --set-rpath /x /hello", "upx -9 /hello", "sed -i s/a/b/ /hello"])
def test_a_rewritten_file_has_unknown_bytes_and_keeps_its_mode(run, command: str) -> None:
    entry = run(f"RUN chmod 755 /hello && {command}").entries["/hello"]
    assert (entry.content, entry.mode, entry.kind) == (None, 0o755, "file")


# -- packages ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "foreign"),
    [
        ("apk add --no-cache ca-certificates tzdata", False),
        ("apk add libstdc++", False),
        ("apk add gcompat", True),
        ("apk add libc6-compat", True),
        ("apk add $UNKNOWN", True),
        ("apk add x=$UNKNOWN", False),
        ("apk upgrade", False),
        ("apk add -X https://example.com/r x", True),
    ],
)
def test_a_package_manager_brings_no_other_libc_unless_asked(run, command: str, foreign: bool) -> None:
    (change,) = run(f"RUN {command}").changes
    assert change.foreign_libc is foreign
    assert change.touches("/usr/lib/libpq.so.5")
    assert not change.touches("/usr/local/bin/app") or change.roots == ("/",)


def test_packages_are_recorded_with_what_they_bring(run) -> None:
    stage = run("RUN apk add --no-cache gcompat=1.1.0-r4 libstdc++ curl && apk del curl")
    assert stage.packages == ("gcompat", "libstdc++")
    assert {"libstdc++.so.6", "libgcc_s.so.1"} <= set(stage.libraries)
    assert stage.loaders == {"/lib/ld-linux-x86-64.so.2": "gcompat", GLIBC: "gcompat"}


def test_debians_libraries_come_with_the_package(run) -> None:
    stage = run("RUN apt-get update && apt-get install -y --no-install-recommends libpq5", "debian")
    assert "libpq.so.5" in stage.libraries
    assert (stage.changes[0].touches("/usr/lib/x"), stage.changes[0].foreign_libc) == (True, False)


def test_a_conditional_installation_is_not_certain(run) -> None:
    stage = run("RUN apk add gcompat || true")
    assert (stage.packages, stage.loaders) == ((), {})
    assert stage.changes[0].foreign_libc


def test_package_roots_leave_the_administrators_places_out() -> None:
    assert not any(root.startswith(("/usr/local", "/home", "/srv", "/app")) or root == "/usr" for root in PACKAGE_ROOTS)


# -- text ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "data"),
    [
        ("echo /opt/lib > /f", b"/opt/lib\n"),
        ("echo -n a b > /f", b"a b"),
        ("printf 'a\\nb' > /f", b"a\nb"),
        ("printf '%s\\n' a b > /f", b"a\nb\n"),
        ("echo a > /f && echo b >> /f", b"a\nb\n"),
        ("cat > /f <<EOF\na\nEOF\n", b"a\n"),
        ("cat <<'EOF' > /f\n#!/bin/sh\nexec $x\nEOF\n", b"#!/bin/sh\nexec $x\n"),
        ("tee /f <<EOF\na\nEOF\n", b"a\n"),
        ("echo $UNKNOWN > /f", None),
        ("echo 'a\\nb' > /f", None),
        ("printf %d 1 > /f", None),
        ("date > /f", None),
        ("echo a >> /f", None),
    ],
)
def test_written_text(run, command: str, data: bytes | None) -> None:
    content = run(f"RUN {command}").entries["/f"].content
    assert content == (None if data is None else InlineFile(data))


def test_a_written_script_can_be_made_executable(run) -> None:
    entry = run("RUN cat > /s <<EOF && chmod +x /s\n#!/bin/sh\nEOF\n").entries["/s"]
    assert (entry.mode, read_head(entry, 9)) == (0o755, b"#!/bin/sh")


# -- forms ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "instructions",
    [
        'RUN ["cp", "/hello", "/x"]',
        'RUN ["/bin/sh", "-c", "cp /hello /x"]',
        "RUN --mount=type=cache,target=/c cp /hello /x",
        "RUN <<EOF\nset -e\ncp /hello /x\nEOF",
        "RUN <<EOF\n#!/bin/bash\ncp /hello /x\nEOF",
        'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN cp /hello /x',
        "ENV T=/x\nRUN cp /hello $T",
        "ARG T=/x\nRUN cp /hello ${T}",
        "WORKDIR /\nRUN cp hello x",
    ],
)
def test_forms_of_run(run, instructions: str) -> None:
    stage = run(instructions)
    assert moved(stage) == {"/x": "hello"}
    assert stage.changes == ()


@pytest.mark.parametrize(
    "instructions",
    ["RUN <<EOF\n#!/usr/bin/env python3\nprint()\nEOF", 'SHELL ["pwsh", "-c"]\nRUN cp /hello /x', 'RUN ["./x"]'],
)
def test_other_interpreters_may_do_anything(run, instructions: str) -> None:
    assert changes(run(instructions)) == [(("/",), True)]


@pytest.mark.parametrize(
    ("instructions", "reason", "span"),
    [
        ("RUN apk update && \\\n    make   install X=1", "RUN make install X=1", (5, 5, 5, 23)),
        ("RUN foo a b c d e", "RUN foo a b c ...", (4, 5, 4, 18)),
        ("RUN sh -c 'x; y z'", "RUN x", (4, 12, 4, 13)),
        ("RUN <<EOF\ntrue\nfoo é\nEOF", "RUN foo é", (6, 1, 6, 6)),
        ('RUN ["foo", "a b"]', "RUN foo a b", (4, 6, 4, 18)),
    ],
)
def test_a_change_has_the_place_of_its_command(
    run, instructions: str, reason: str, span: tuple[int, int, int, int]
) -> None:
    change = run(instructions).changes[0]
    assert (change.reason, columns(change.span)) == (reason, span)


def test_a_program_has_one_row() -> None:
    assert [name for name in HARMLESS if READERS[name].__name__ != "nothing"] == []
