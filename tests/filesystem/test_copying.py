"""COPY and ADD from the build context, as BuildKit does them."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest
from replays import columns, files, problems, replay_last, write

from depscan.artifacts.facts import Origin
from depscan.filesystem.content import read_head
from depscan.filesystem.entries import InlineFile

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = ["hello", "bin/a", "bin/b", "bin/deep/c", "lib/x.so.1", "lib/y.so", "top.txt"]


@pytest.mark.parametrize(
    ("instructions", "expected"),
    [
        ("COPY hello /app", {"/app": "hello"}),
        ("COPY hello /app/", {"/app/hello": "hello"}),
        ("COPY hello /app/.", {"/app/hello": "hello"}),
        ("COPY hello /app/run", {"/app/run": "hello"}),
        ("COPY hello .", {"/hello": "hello"}),
        ("COPY hello /", {"/hello": "hello"}),
        ("COPY /hello /", {"/hello": "hello"}),
        ("COPY ./bin/../hello /", {"/hello": "hello"}),
        ('COPY ["hello", "/with space"]', {"/with space": "hello"}),
        ("WORKDIR /srv/x\nCOPY hello .", {"/srv/x/hello": "hello"}),
        ("WORKDIR /srv\nWORKDIR y\nCOPY hello run", {"/srv/y/run": "hello"}),
        ("WORKDIR /opt/app\nCOPY hello /opt/app", {"/opt/app/hello": "hello"}),
        ("COPY bin /app", {"/app/a": "bin/a", "/app/b": "bin/b", "/app/deep/c": "bin/deep/c"}),
        ("COPY bin/ /app/", {"/app/a": "bin/a", "/app/b": "bin/b", "/app/deep/c": "bin/deep/c"}),
        ("COPY bin/deep lib /app/", {"/app/c": "bin/deep/c", "/app/x.so.1": "lib/x.so.1", "/app/y.so": "lib/y.so"}),
        ("COPY hello top.txt /app/", {"/app/hello": "hello", "/app/top.txt": "top.txt"}),
        ("COPY lib/*.so* /usr/lib/", {"/usr/lib/x.so.1": "lib/x.so.1", "/usr/lib/y.so": "lib/y.so"}),
        ("COPY b*n /app/", {"/app/a": "bin/a", "/app/b": "bin/b", "/app/deep/c": "bin/deep/c"}),
        ("COPY hello gone* /app/", {"/app/hello": "hello"}),
        ("COPY lib/[!y]* /l/", {"/l/y.so": "lib/y.so"}),
        ("COPY lib/[^x]* /l/", {"/l/y.so": "lib/y.so"}),
        ("COPY --parents bin/deep/c hello /p/", {"/p/bin/deep/c": "bin/deep/c", "/p/hello": "hello"}),
        ("COPY --parents bin/./deep/c /p/", {"/p/deep/c": "bin/deep/c"}),
        ("COPY --parents **/*.so /p/", {"/p/lib/y.so": "lib/y.so"}),
        ("COPY --parents ./bin/deep /p/", {"/p/bin/deep/c": "bin/deep/c"}),
        ("COPY --exclude=b --exclude=deep bin /app/", {"/app/a": "bin/a"}),
        ("COPY --exclude=**/c bin /app/", {"/app/a": "bin/a", "/app/b": "bin/b"}),
        ("ENV D=/data\nCOPY hello $D/", {"/data/hello": "hello"}),
        ("ARG F=hello\nCOPY ${F} /", {"/hello": "hello"}),
    ],
)
def test_where_things_land(tmp_path: Path, instructions: str, expected: dict[str, str]) -> None:
    write(tmp_path, *CONTEXT)
    stage = replay_last(tmp_path, f"FROM alpine\n{instructions}\n")
    assert files(stage) == expected
    assert stage.problems == ()
    assert stage.changes == ()


@pytest.mark.parametrize(
    ("base", "expected"),
    [("alpine", "/usr/local/bin/hello"), ("debian", "/usr/local/bin/hello"), ("scratch", "/usr/local/bin")],
)
def test_images_have_the_standard_directories(tmp_path: Path, base: str, expected: str) -> None:
    write(tmp_path, "hello")
    assert list(files(replay_last(tmp_path, f"FROM {base}\nCOPY hello /usr/local/bin"))) == [expected]


def test_links_of_the_image_are_followed(tmp_path: Path) -> None:
    write(tmp_path, "ld.so", "root/lib64/x", "root/bin/y")
    stage = replay_last(tmp_path, "FROM debian\nCOPY ld.so /lib64/\nCOPY root /\n")
    assert list(files(stage)) == ["/usr/bin/y", "/usr/lib64/ld.so", "/usr/lib64/x"]


def test_the_span_is_the_source_word(tmp_path: Path) -> None:
    write(tmp_path, "hello", "bin/a")
    stage = replay_last(tmp_path, "FROM alpine\nCOPY --link  hello \\\n  bin /x/\n")
    assert columns(stage.entries["/x/hello"].span) == (2, 14, 2, 19)
    assert columns(stage.entries["/x/a"].span) == (3, 3, 3, 6)


def test_modes_come_from_the_host_or_chmod(tmp_path: Path) -> None:
    write(tmp_path, "hello", mode=0o640)
    lines = ["COPY hello /a", "COPY --chmod=755 hello /b", "COPY --chmod=u+x,go= hello /c", "COPY --chmod=$X hello /d"]
    stage = replay_last(tmp_path, "\n".join(["FROM alpine", "ARG X", *lines]))
    assert [stage.entries[path].mode for path in ("/a", "/b", "/c", "/d")] == [0o640, 0o755, 0o700, 0o755]
    assert [row.subject for row in stage.skipped] == ["--chmod=$X"]


def test_links(tmp_path: Path) -> None:
    write(tmp_path, "lib/libx.so.1.2")
    (tmp_path / "lib" / "libx.so.1").symlink_to("libx.so.1.2")
    (tmp_path / "latest").symlink_to("lib")
    stage = replay_last(
        tmp_path, "FROM alpine\nCOPY lib /l/\nCOPY lib/libx.so.1 /m/\nCOPY latest /n/\nCOPY lib/*.1 /o/\n"
    )
    assert stage.links["/l/libx.so.1"] == "libx.so.1.2"
    assert stage.resolve("/n/libx.so.1") == "/n/libx.so.1.2"
    assert (stage.entries["/m/libx.so.1"].kind, stage.entries["/m/libx.so.1"].source) == ("file", "lib/libx.so.1.2")
    assert stage.entries["/o/libx.so.1"].kind == "file"


def test_a_copy_replaces_a_link_below_and_writes_through_one_at_the_destination(tmp_path: Path) -> None:
    write(tmp_path, "f", "tree/run")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "run").symlink_to("/real/run")
    stage = replay_last(tmp_path, "FROM alpine\nCOPY links /d/\nCOPY f /d/run\n")
    assert files(stage) == {"/d/run": "links/run", "/real/run": "f"}
    stage = replay_last(tmp_path, "FROM alpine\nCOPY links /d/\nCOPY tree /d/\n")
    assert files(stage) == {"/d/run": "tree/run"}
    assert "/d/run" not in stage.links


@pytest.mark.parametrize(
    ("line", "unknown", "known"),
    [
        ("ADD rootfs.tar.xz /", ["/bin/sh", "/lib/libc.so"], []),
        ("COPY bundle /srv/", ["/srv/run", "/srv/a/b"], ["/bin/sh"]),
        ("COPY app.conf /etc/", ["/etc/app.conf"], ["/etc/other", "/bin/sh"]),
        ("COPY libs/*.so /usr/lib/", ["/usr/lib/libx.so"], ["/bin/sh"]),
    ],
)
def test_a_source_that_is_not_there_leaves_open_what_it_would_bring(
    tmp_path: Path, line: str, unknown: list[str], known: list[str]
) -> None:
    stage = replay_last(tmp_path, f"FROM scratch\n{line}\n")
    assert [path for path in [*unknown, *known] if stage.change_at(path) is None] == known


@pytest.mark.parametrize(
    ("line", "kind", "span", "detail"),
    [
        ("COPY dist/srever /app/", "source-missing", (2, 6, 2, 17), "did you mean dist/server?"),
        ("COPY hello missing /app/", "source-missing", (2, 12, 2, 19), "missing is not in the build context"),
        ("COPY gone/*.so /app/", "source-missing", (2, 6, 2, 15), "gone/*.so"),
        ("COPY build/out /app/", "source-ignored", (2, 6, 2, 15), "the pattern build in .dockerignore"),
        ("COPY build/* /app/", "source-ignored", (2, 6, 2, 13), "build/* is ignored"),
        ("COPY ../secret /app/", "source-outside-context", (2, 6, 2, 15), "../secret lies outside"),
        ("COPY escape /app/", "source-outside-context", (2, 6, 2, 12), "escape lies outside"),
        ("COPY dangling /app/", "source-missing", (2, 6, 2, 14), "dangling"),
        ("COPY --parents dist/gone /app/", "source-missing", (2, 16, 2, 25), "dist/gone"),
        ("COPY https://example.org/a /app/", "syntax", (2, 6, 2, 27), "ADD can"),
    ],
)
def test_a_source_that_stops_the_build(
    tmp_path: Path, line: str, kind: str, span: tuple[int, ...], detail: str
) -> None:
    root = tmp_path / "context"
    write(root, "hello", "dist/server", "build/out")
    (root / ".dockerignore").write_text("build\n")
    (root / "escape").symlink_to("../secret")
    (root / "dangling").symlink_to("nowhere")
    write(tmp_path, "secret")
    stage = replay_last(root, f"FROM alpine\n{line}\n")
    assert problems(stage) == [(kind, span)]
    assert detail in stage.problems[0].detail
    assert "/app/secret" not in stage.entries


@pytest.mark.parametrize(
    ("source", "kind", "detail"),
    [
        ("dist/server", "source-awaited", "made before the build, since git ignores it"),
        ("dist/", "source-awaited", "git ignores it"),
        ("dist/*.so", "source-awaited", "git ignores it"),
        ("web/out.js", "source-awaited", "git ignores it"),
        (
            "third/party/x.c",
            "source-awaited",
            "stands in the git submodule context/third/party, which is not checked out",
        ),
        ("full/x.c", "source-missing", "is not in the build context"),
        ("src/gone.c", "source-missing", "is not in the build context"),
        ("server", "source-missing", "is not in the build context"),
    ],
)
def test_a_source_that_comes_before_the_build(tmp_path: Path, source: str, kind: str, detail: str) -> None:
    """What git ignores is made by a step before the build; submodules are checked out before it."""
    write(tmp_path, "context/src/a.c", "context/full/README")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("/context/dist/\n")
    (tmp_path / ".gitmodules").write_text(
        '[submodule "a"]\n\tpath = context/third/party\n[submodule "b"]\n\tpath = "context/full"\n'
    )
    (tmp_path / "context" / "web").mkdir()
    (tmp_path / "context" / "web" / ".gitignore").write_text("*.js\n")
    stage = replay_last(tmp_path / "context", f"FROM alpine\nCOPY {source} /app/\n")
    assert [problem.kind for problem in stage.problems] == [kind]
    assert detail in stage.problems[0].detail


def test_dots_are_dropped_as_buildkit_does(tmp_path: Path) -> None:
    write(tmp_path, "hello")
    assert files(replay_last(tmp_path, "FROM alpine\nCOPY ../hello /\n")) == {"/hello": "hello"}


def test_ignored_files_are_not_copied(tmp_path: Path) -> None:
    write(tmp_path, "src/a", "src/b.log", "node_modules/x", "keep/deep/y", "keep/z")
    (tmp_path / ".dockerignore").write_text("**/*.log\nnode_modules\nkeep\n!keep/deep\n.dockerignore\n")
    assert list(files(replay_last(tmp_path, "FROM alpine\nCOPY . /\n"))) == ["/keep/deep/y", "/src/a"]


def test_heredocs_become_files(tmp_path: Path) -> None:
    text = "FROM alpine\nCOPY --chmod=700 <<run.sh <<conf /app/\n#!/bin/sh\nrun.sh\nx=1\nconf\n"
    stage = replay_last(tmp_path, text)
    assert stage.entries["/app/run.sh"].content == InlineFile(b"#!/bin/sh\n")
    assert (stage.entries["/app/run.sh"].mode, stage.entries["/app/conf"].content) == (0o700, InlineFile(b"x=1\n"))
    assert read_head(stage.entries["/app/run.sh"], 2) == b"#!"


@pytest.mark.parametrize(
    ("line", "roots", "foreign"),
    [
        ("COPY $X /app/", ("/app",), True),
        ("COPY hello /opt/$X/run", ("/opt",), False),
        ("COPY hello $X", ("/",), False),
        ("ADD https://github.com/a/b.git#v1 /src", ("/src",), True),
        ("ADD git@github.com:a/b.git /src", ("/src",), True),
        ("ADD --unpack https://example.org/a.tgz /o", ("/o",), True),
    ],
)
def test_what_is_not_known_is_marked(tmp_path: Path, line: str, roots: tuple[str, ...], foreign: bool) -> None:
    write(tmp_path, "hello")
    stage = replay_last(tmp_path, f"FROM alpine\nARG X\n{line}\n")
    assert [(change.roots, change.foreign_libc) for change in stage.changes] == [(roots, foreign)]
    assert stage.problems == ()


def test_an_unknown_value_is_skipped_with_the_remedy(tmp_path: Path) -> None:
    stage = replay_last(tmp_path, "FROM alpine\nARG X\nCOPY $X /app/\n")
    assert [(row.subject, "--build-arg" in row.reason, row.span and columns(row.span)) for row in stage.skipped] == [
        ("$X", True, (3, 6, 3, 8))
    ]


def test_a_download_is_a_file_of_unknown_content(tmp_path: Path) -> None:
    stage = replay_last(
        tmp_path, "FROM alpine\nADD https://example.org/dl/tool?x=1 /usr/bin/\nADD --chmod=755 http://h/ /x/"
    )
    entry = stage.entries["/usr/bin/tool"]
    assert (entry.origin, entry.content, entry.mode) == (Origin.URL, None, 0o600)
    assert entry.source == "https://example.org/dl/tool?x=1"
    assert stage.entries["/x/__unnamed__"].mode == 0o755


def tar(path: Path, mode: str, members: list[tuple[str, str, str]]) -> None:
    with tarfile.open(path, mode) as archive:
        for name, kind, text in members:
            info = tarfile.TarInfo(name)
            info.mode = 0o755
            if kind == "link":
                info.type, info.linkname = tarfile.SYMTYPE, text
            elif kind == "hard":
                info.type, info.linkname = tarfile.LNKTYPE, text
            elif kind == "directory":
                info.type = tarfile.DIRTYPE
            else:
                info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()) if kind == "file" else None)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_add_unpacks_local_archives(tmp_path: Path, mode: str) -> None:
    members = [
        ("usr", "directory", ""),
        ("/usr/lib/x.so.1", "file", "\x7fELF1"),
        ("./usr/lib/x.so", "link", "x.so.1"),
        ("usr/lib/y.so", "hard", "/usr/lib/x.so.1"),
        ("lib", "link", "usr/lib"),
        ("lib/z", "file", "zz"),
    ]
    tar(tmp_path / "rootfs.tar", mode, members)
    stage = replay_last(tmp_path, "FROM scratch\nADD rootfs.tar /\n")
    assert files(stage) == {
        "/lib": "rootfs.tar:lib",
        "/usr/lib/x.so": "rootfs.tar:usr/lib/x.so",
        "/usr/lib/x.so.1": "rootfs.tar:usr/lib/x.so.1",
        "/usr/lib/y.so": "rootfs.tar:usr/lib/y.so",
        "/usr/lib/z": "rootfs.tar:lib/z",
    }
    assert read_head(stage.entries["/usr/lib/y.so"], 4) == b"\x7fELF"
    assert read_head(stage.entries["/usr/lib/z"], 4000) == b"zz"


def test_an_archive_replaces_a_link_by_a_directory(tmp_path: Path) -> None:
    tar(tmp_path / "r.tar", "w", [("lib64", "directory", ""), ("lib64/x", "file", "x")])
    stage = replay_last(tmp_path, "FROM debian\nADD r.tar /\n")
    assert "/lib64/x" in stage.entries
    assert "/lib64" not in stage.links


@pytest.mark.parametrize("line", ["COPY r.tar /x/", "ADD --unpack=false r.tar /x/"])
def test_what_does_not_unpack(tmp_path: Path, line: str) -> None:
    tar(tmp_path / "r.tar", "w", [("a", "file", "x")])
    assert files(replay_last(tmp_path, f"FROM alpine\n{line}\n")) == {"/x/r.tar": "r.tar"}


def test_add_of_a_plain_or_broken_file_copies_it(tmp_path: Path) -> None:
    write(tmp_path, "hello")
    (tmp_path / "notes.gz").write_bytes(b"\x1f\x8bbroken")
    stage = replay_last(tmp_path, "FROM alpine\nADD hello notes.gz /x/\n")
    assert files(stage) == {"/x/hello": "hello", "/x/notes.gz": "notes.gz"}


def test_a_member_that_leaves_the_destination_is_skipped(tmp_path: Path) -> None:
    tar(tmp_path / "r.tar", "w", [("ok", "file", "x"), ("../evil", "file", "x")])
    stage = replay_last(tmp_path, "FROM alpine\nADD r.tar /x/\n")
    assert files(stage) == {"/x/ok": "r.tar:ok"}
    assert ["leaves the destination" in row.reason for row in stage.skipped] == [True]
    assert [change.roots for change in stage.changes] == [("/x",)]


@pytest.mark.parametrize(
    ("line", "subject"), [("COPY hello /{}", "/x/x"), ("COPY {} /a/", "x/x"), ("COPY --from=x /{} /a/", "/x/x")]
)
def test_names_longer_than_a_path_are_skipped(tmp_path: Path, line: str, subject: str) -> None:
    write(tmp_path, "hello")
    stage = replay_last(tmp_path, f"FROM alpine\n{line.format('x/' * 3000)}\n")
    assert [(row.subject[:4].rstrip("/"), len(row.subject), row.reason) for row in stage.skipped] == [
        (subject, 200, "it is longer than a path can be")
    ]


def test_special_files_are_skipped_and_do_not_block(tmp_path: Path) -> None:
    write(tmp_path, "d/a")
    os.mkfifo(tmp_path / "d" / "pipe")
    stage = replay_last(tmp_path, "FROM alpine\nCOPY d /x/\nADD d/pipe /y/\n")
    assert files(stage) == {"/x/a": "d/a"}
    assert [(row.subject, row.reason) for row in stage.skipped] == [("d/pipe", "is a named pipe")] * 2


def test_read_head_follows_no_link_and_no_change_of_kind(tmp_path: Path) -> None:
    write(tmp_path, "hello")
    entry = replay_last(tmp_path, "FROM alpine\nCOPY hello /\n").entries["/hello"]
    assert read_head(entry, 3) == b"hel"
    (tmp_path / "hello").unlink()
    (tmp_path / "hello").symlink_to("/etc/passwd")
    assert read_head(entry, 3) is None
    (tmp_path / "hello").unlink()
    os.mkfifo(tmp_path / "hello")
    assert read_head(entry, 3) is None
