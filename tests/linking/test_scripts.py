"""Scripts on paper: found, missing or unknown interpreters, and in what words the real thing would fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from depscan.artifacts.facts import NO_ELF, Artifact, Origin
from depscan.artifacts.script import read_script
from depscan.filesystem.entries import FileEntry, InlineFile, StageFilesystem, StartCommand, UnknownChange
from depscan.linking.linker import place
from depscan.linking.scripts import executed_programs, place_scripts

from .stages import AMD64, HERE, change, glibc_image, musl_image, outcome, program, root, scratch_image, unknown_image

if TYPE_CHECKING:
    from depscan.images.profile import ImageProfile
    from depscan.linking.placement import Placement

PATH = "/usr/local/bin:/usr/bin:/bin"
ALPINE = replace(
    musl_image(), interpreters=frozenset({"/bin/sh", "/bin/ash", "/usr/bin/env"}), interpreters_complete=True
)
DEBIAN = replace(
    glibc_image(),
    interpreters=frozenset({"/bin/sh", "/bin/bash", "/usr/bin/env", "/usr/bin/perl"}),
    interpreters_complete=True,
)


def stage(
    image: ImageProfile,
    files: dict[str, bytes],
    *,
    start: str = "/run.sh",
    modes: dict[str, int] | None = None,
    changes: tuple[UnknownChange, ...] = (),
    interpreters: tuple[str, ...] = (),
) -> StageFilesystem:
    entries = {
        path: FileEntry(path, "file", (modes or {}).get(path, 0o755), Origin.CONTEXT, path, HERE, 1, InlineFile(data))
        for path, data in files.items()
    }
    where = root({}, image, environment={"PATH": PATH}, changes=changes).filesystem
    command = StartCommand("exec", (start,), HERE, "CMD", None, (HERE,))
    return replace(where, entries=entries, command=command, interpreters=frozenset(interpreters))


def placed(filesystem: StageFilesystem, programs: dict[str, Placement] | None = None) -> list[Placement]:
    scripts = {}
    for path, entry in filesystem.entries.items():
        assert isinstance(entry.content, InlineFile)
        script = read_script(entry.content.data)
        if script is not None:
            scripts[path] = Artifact("script", NO_ELF, path, Origin.CONTEXT, script=script)
    return list(place_scripts(filesystem, scripts, programs or {}))


def told(filesystem: StageFilesystem) -> tuple[str, str | None, str | None, str]:
    placement = next(each for each in placed(filesystem) if each.path == "/run.sh")
    return (*outcome(placement), placement.culprit.runtime_message if placement.culprit else "")


NO_SUCH, DENIED = "exec /run.sh: no such file or directory", "exec /run.sh: permission denied"


@pytest.mark.parametrize(
    ("image", "line", "expected"),
    [
        (ALPINE, b"#!/bin/sh", ("loads", None, None, "")),
        (ALPINE, b"#!/bin/bash", ("fails", "script-interpreter-missing", "/bin/bash", NO_SUCH)),
        (
            ALPINE,
            b"#!/usr/bin/env bash",
            ("fails", "script-interpreter-missing", "bash", "env: can't execute 'bash': No such file or directory"),
        ),
        (
            DEBIAN,
            b"#!/usr/bin/env node",
            ("fails", "script-interpreter-missing", "node", "/usr/bin/env: 'node': No such file or directory"),
        ),
        (
            DEBIAN,
            b"#!/usr/bin/env bash -e",
            ("fails", "script-interpreter-missing", "bash -e", "/usr/bin/env: 'bash -e': No such file or directory"),
        ),
        (DEBIAN, b"#!/usr/bin/env bash", ("loads", None, None, "")),
        (DEBIAN, b"#!/bin/sh\r", ("fails", "script-interpreter-missing", "/bin/sh", NO_SUCH)),
        (
            DEBIAN,
            b"#!/usr/bin/env bash\r",
            ("fails", "script-interpreter-missing", "bash", "/usr/bin/env: 'bash\\r': No such file or directory"),
        ),
        (DEBIAN, b"#!/usr/bin/env -S bash -e", ("loads", None, None, "")),
        (DEBIAN, b"#!/usr/bin/env -S bash -e\r", ("unknown", None, None, "")),
        (DEBIAN, b"#!/usr/bin/perl -w\r", ("loads", None, None, "")),
        (
            DEBIAN,
            b"#!/bin/sh -e\r",
            ("fails", "script-interpreter-missing", "carriage return", "/bin/sh: 0: Illegal option -"),
        ),
        (DEBIAN, b"#!bin/sh", ("unknown", None, None, "")),
        (unknown_image(), b"#!/bin/bash", ("unknown", None, None, "")),
        (scratch_image(), b"#!/bin/sh", ("fails", "script-interpreter-missing", "/bin/sh", NO_SUCH)),
    ],
)
def test_an_interpreter(image: ImageProfile, line: bytes, expected: tuple[str, str | None, str | None, str]) -> None:
    assert told(stage(image, {"/run.sh": line + b"\n"})) == expected


def test_packages_bring_interpreters() -> None:
    assert told(stage(ALPINE, {"/run.sh": b"#!/bin/bash\n"}, interpreters=("/bin/bash",)))[0] == "loads"


def test_what_ran_may_have_brought_it() -> None:
    files = {"/run.sh": b"#!/bin/bash\n"}
    assert told(stage(ALPINE, files, changes=(change("/bin", sequence=0),)))[0] == "unknown"
    known = replace(change("/bin", sequence=0), programs=frozenset({"perl"}))
    assert told(stage(ALPINE, files, changes=(known,)))[:2] == ("fails", "script-interpreter-missing")
    brings = replace(known, programs=frozenset({"bash"}))
    assert told(stage(ALPINE, files, changes=(brings,)))[0] == "unknown"


def test_line_ends_may_be_mended_later() -> None:
    files = {"/run.sh": b"#!/bin/sh\r\n"}
    assert told(stage(DEBIAN, files, changes=(change("/", sequence=5),)))[0] == "unknown"
    assert told(stage(DEBIAN, files, changes=(change("/usr/bin", sequence=5),)))[0] == "fails"


def test_execute_bits() -> None:
    files = {"/run.sh": b"#!/bin/sh\n"}
    assert told(stage(DEBIAN, files, modes={"/run.sh": 0o644})) == ("fails", "not-executable", None, DENIED)
    assert told(stage(DEBIAN, files, modes={"/run.sh": 0o644}, changes=(change("/", sequence=5),)))[0] == "loads"
    inner = {"/run.sh": b"#!/tool\n", "/tool": b"#!/bin/sh\n"}
    assert told(stage(DEBIAN, inner, modes={"/tool": 0o600})) == ("fails", "not-executable", "/tool", DENIED)


@pytest.mark.parametrize(("scripts", "verdict"), [(5, "loads"), (6, "fails")])
def test_scripts_of_scripts(scripts: int, verdict: str) -> None:
    files = {f"/s{number}": f"#!/s{number - 1}\n".encode() for number in range(1, scripts - 1)}
    files |= {"/s0": b"#!/bin/sh\n", "/run.sh": f"#!/s{scripts - 2}\n".encode()}
    found = told(stage(DEBIAN, files))
    assert found[0] == verdict
    assert verdict == "loads" or found[3] == "exec /run.sh: too many levels of symbolic links"


def test_an_interpreter_that_does_not_start_itself() -> None:
    where = root({"/tool": program()}, scratch_image())
    broken = place(where.artifacts["/tool"], where.filesystem.entries["/tool"], where, AMD64)
    filesystem = stage(scratch_image(), {"/run.sh": b"#!/tool\n"})
    entries = {**filesystem.entries, "/tool": where.filesystem.entries["/tool"]}
    script = Artifact("script", NO_ELF, "run.sh", Origin.CONTEXT, script=read_script(b"#!/tool\n"))
    (placement,) = place_scripts(replace(filesystem, entries=entries), {"/run.sh": script}, {"/tool": broken})
    assert outcome(placement) == ("fails", "interpreter-missing", "/tool")
    assert placement.culprit is not None
    assert placement.culprit.runtime_message == NO_SUCH


def test_only_what_somebody_starts_is_placed() -> None:
    files = {
        "/run.sh": b"#!/bin/sh\n",
        "/usr/local/bin/x": b"#!/bin/zsh\n",
        "/usr/local/bin/y": b"#!/bin/sh\n",
        "/app/z": b"#!/bin/zsh\n",
    }
    assert [each.path for each in placed(stage(ALPINE, files))] == ["/run.sh", "/usr/local/bin/x"]


def test_what_a_script_executes() -> None:
    (placement,) = placed(
        stage(DEBIAN, {"/run.sh": b'#!/bin/sh\nset -e\n  exec /app/server "$@"\n# exec /no\nexec gosu\n'})
    )
    assert executed_programs(placement) == {"/app/server"}
