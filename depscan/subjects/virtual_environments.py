"""Virtual environments whose interpreter is not in the image.

In: the stages with their files. Out: `Problem`s, one for each environment that a stage brings, where its bin/python
leads to a file that the stage surely lacks, and where what the stage starts depends on it: the environment's bin holds
the program, or stands in PATH. A stage that only reads its packages by PYTHONPATH does without.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.facts import Origin
from depscan.dockerfile.instructions import Problem
from depscan.findings import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.filesystem.entries import FileEntry, StageFilesystem, StartCommand
    from depscan.images.profile import ImageProfile

ENVIRONMENT_BROKEN = "venv-interpreter-missing"

_LINK = re.compile(r"(/.+)/bin/python")
_PYTHON = re.compile(r".*/python(?P<version>3(\.\d+)?)?")
_SHELL = re.compile(r"(.*/)?(sh|bash|ash|dash)")
# Images whose /usr/local, /root and /opt hold nothing but what their own Dockerfiles put there.
_OFFICIAL = re.compile(r"(docker\.io/library|gcr\.io/distroless)/(?P<image>[\w-]+).*")
_IMAGE = re.compile(r"docker\.io/library/python:(3\.\d+).*")
_OWN = ("/usr/local/", "/root/", "/opt/", "/python/", "/home/", "/Library/", "/Users/", "/Applications/")
_WITHOUT_SYSTEM_PYTHON = re.compile(
    r"python:.*(slim|alpine).*|(debian|ubuntu|alpine|busybox):.*|node:.*(slim|alpine).*"
)


def find_broken_environments(stages: Sequence[StageFilesystem]) -> Iterator[Problem]:
    """The problems of the stages that no other stage stands on."""
    parents = {each.stage.base_stage for each in stages}
    for filesystem in stages:
        if filesystem.stage.index not in parents:
            for path, entry in filesystem.entries.items():
                found = _LINK.fullmatch(path) if entry.target is not None else None
                if found is not None and _is_environment(found[1], entry, filesystem):
                    yield from _judge(found[1], entry, filesystem)


def _is_environment(directory: str, entry: FileEntry, filesystem: StageFilesystem) -> bool:
    return entry.origin is Origin.PREDICTED or f"{directory}/pyvenv.cfg" in filesystem.entries


def _judge(directory: str, entry: FileEntry, filesystem: StageFilesystem) -> Iterator[Problem]:
    target = filesystem.resolve(entry.path)
    program = _user(directory, filesystem)
    if target is None or program is None:
        return
    made = f" ({entry.source})" if entry.origin is Origin.PREDICTED else ""
    if _is_lacking(target, filesystem):
        flaw = f"{entry.path}{made} leads to {target}, which {filesystem.profile.name} does not have"
    elif (version := _other_version(directory, target, filesystem)) is not None:
        flaw = (
            f"{directory}{made} is for Python {version}, whose packages that of {filesystem.profile.name} does not see"
        )
    else:
        return
    detail = f"{flaw}; the stage starts {program} of this environment"
    yield Problem(
        ENVIRONMENT_BROKEN,
        detail,
        entry.span,
        filesystem.stage.index,
        Confidence.LIKELY,
        word=posixpath.dirname(directory),
    )


def _other_version(directory: str, target: str, filesystem: StageFilesystem) -> str | None:
    """The version that an environment is for, where the image's Python at the target is known to be another."""
    here = _version_at(target, filesystem)
    names = (posixpath.basename(path) for path in filesystem.entries if path.startswith(f"{directory}/bin/python3."))
    versions = {found[1] for name in names if (found := re.fullmatch(r"python(3\.\d+)", name))}
    if here is None or target in filesystem.entries:
        return None
    return versions.pop() if len(versions) == 1 and here not in versions else None


def _version_at(target: str, filesystem: StageFilesystem) -> str | None:
    """The version of the Python at a path: of the image's own, or of the package python3 of its distribution."""
    image = _IMAGE.fullmatch(filesystem.profile.reference)
    if image is not None:
        return image[1] if target.startswith("/usr/local/bin/python") else None
    if target != "/usr/bin/python3" or "python3" not in filesystem.packages or filesystem.profile.tree is not None:
        return None
    from depscan.toolchains.python_interpreter import release_version  # noqa: PLC0415 - environments are rare

    return release_version(filesystem.profile.release)


def _user(directory: str, filesystem: StageFilesystem) -> str | None:
    """The program that the stage starts and that runs in the environment."""
    start = filesystem.entrypoint or filesystem.command
    program = _program(start) if start is not None else None
    if program is None or "PYTHONPATH" in filesystem.environment:
        return None
    bin_directory = f"{directory}/bin"
    if "/" in program:
        where = posixpath.normpath(posixpath.join(filesystem.workdir or "/", program))
        return program if posixpath.dirname(where) == bin_directory else None
    first = (filesystem.environment.get("PATH") or "").partition(":")[0]
    unlike = filesystem.entries.get(f"/usr/local/bin/{program}") or program.endswith(".sh")
    return (
        program
        if posixpath.normpath(first or "/") == bin_directory and not unlike and not _SHELL.fullmatch(program)
        else None
    )


def _program(start: StartCommand) -> str | None:
    """The first word of what is started; of a text for the shell the first word that is no assignment."""
    words = list(start.words)
    if start.form == "shell" and words:
        words = words[0].split()
    elif len(words) > 2 and _SHELL.fullmatch(words[0]) and words[1] == "-c":
        words = words[2].split()
    return next((word for word in words if word != "exec" and "=" not in word and "$" not in word), None)


def _is_lacking(path: str, filesystem: StageFilesystem) -> bool:
    """Whether a Python surely does not stand at a path."""
    if path in filesystem.entries or not _PYTHON.fullmatch(path):
        return False
    if any(change.touches(path) and not _is_harmless(change.reason) for change in filesystem.changes):
        return False
    return not _has(filesystem.profile, path) and _knows(filesystem.profile, path)


def _is_harmless(reason: str) -> bool:
    """Whether a command is of pip and its kin, which put programs beside a Python, but no Python."""
    return re.match(r"RUN (pip3?|python3? -m pip|uv pip|poetry|pipenv) ", reason) is not None


def _has(profile: ImageProfile, path: str) -> bool:
    if profile.tree is not None:
        return path in profile.tree.files
    version = re.fullmatch(r"(.*/)?python:(3\.\d+).*", profile.name)
    own = f"/usr/local/bin/python{version[2]}" if version else "/usr/local/bin/python3"
    return path in profile.interpreters or (path == own and profile.name.partition(":")[0].endswith("python"))


def _knows(profile: ImageProfile, path: str) -> bool:
    """Whether a Python at the path would be known of."""
    if profile.tree is not None or profile.interpreters_complete:
        return True
    official = _OFFICIAL.fullmatch(profile.reference)
    if official is None:
        return False
    if path.startswith("/usr/local/") and official["image"] == "python":
        return re.match(r"python:3\.\d+", profile.name) is not None  # whose own version is known
    return path.startswith(_OWN) or _WITHOUT_SYSTEM_PYTHON.fullmatch(profile.name) is not None
