"""COPY and ADD as BuildKit performs them (tonistiigi/fsutil copy/copy.go; moby/buildkit llbsolver/file/backend.go).

In: the root to copy from, the root to copy to, a `Copy`. Out: files. Links in the way to a source or to the destination
are followed within their root; links inside a copied folder stay links. Modes and owners are those of the source, but
the context's files belong to root.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.dockerfile.commands import Copy

_MOST_LINKS = 40


class CopyError(Exception):
    """The build stops here."""


def resolve(root: Path, path: str) -> Path:
    """The file that `path` of `root` leads to, links followed as in a chroot; what is not there is kept as written."""
    todo, found, links = [part for part in path.split("/") if part not in ("", ".")], root, 0
    while todo:
        part = todo.pop(0)
        if part == "..":
            found = found.parent if found != root else root
            continue
        step = found / part
        if step.is_symlink() and links < _MOST_LINKS:
            links += 1
            target = step.readlink().as_posix()
            found = root if target.startswith("/") else found
            todo = [piece for piece in target.split("/") if piece not in ("", ".")] + todo
        else:
            found = step
    return found


def copy(origin: Path, target: Path, command: Copy, workdir: str) -> None:
    """Perform `command` in `target`; raises CopyError where the build would stop."""
    destination = os.path.join(workdir, command.destination.text or "")
    place = resolve(target, destination)
    sources = list(_find_sources(origin, [value.text or "" for value in command.sources]))
    as_folder = destination.endswith(("/", "/.")) or len(sources) + len(command.heredocs) > 1 or command.parents
    for heredoc in command.heredocs:
        path = place / heredoc.name if as_folder or place.is_dir() else place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(heredoc.content)
        path.chmod(0o644)
        _own(path, command, target)
    for written, real in sources:
        if command.add and real.is_file() and _is_archive(real):
            place.mkdir(parents=True, exist_ok=True)
            subprocess.run(["tar", "-xf", real, "-C", place], check=True, capture_output=True)
        elif command.parents:
            _copy_one(real, place / _below_pivot(written), command, target)
        elif real.is_dir():
            _copy_folder(real, place, command, target)
        else:
            _copy_one(
                real, place / written.rpartition("/")[2] if as_folder or place.is_dir() else place, command, target
            )


def _find_sources(origin: Path, patterns: list[str]) -> Iterator[tuple[str, Path]]:
    for pattern in patterns:
        clean = os.path.normpath("/" + pattern).lstrip("/") if "/./" not in pattern else pattern.lstrip("/")
        found = [(path, resolve(origin, path)) for path in _expand(origin, clean)]
        if not found or not all(real.exists() for _, real in found):
            raise CopyError(f"{pattern}: not found")
        yield from found


def _expand(origin: Path, pattern: str) -> list[str]:
    if not any(mark in pattern for mark in "*?["):
        return [pattern]
    paths = [""]
    for part in pattern.split("/"):
        paths = [
            f"{path}/{name}".lstrip("/")
            for path in paths
            if (folder := resolve(origin, path)).is_dir()
            for name in sorted(os.listdir(folder))
            if fnmatch.fnmatchcase(name, part)
        ]
    return paths


def _below_pivot(written: str) -> str:
    return written.partition("/./")[2] or written


def _is_archive(path: Path) -> bool:
    try:
        return tarfile.is_tarfile(path)
    except OSError:
        return False


def _copy_folder(source: Path, place: Path, command: Copy, target: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        _copy_one(path, place / path.name, command, target)


def _copy_one(source: Path, place: Path, command: Copy, target: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and not source.is_symlink():
        if place.is_symlink():
            place = resolve(target, "/" + str(place.relative_to(target)))
        _copy_folder(source, place, command, target)
        return
    if place.is_dir() and not place.is_symlink():
        raise CopyError(f"cannot copy to non-directory: {place}")
    place.unlink(missing_ok=True)
    shutil.copy2(source, place, follow_symlinks=False)
    _own(place, command, target)


def _own(path: Path, command: Copy, target: Path) -> None:
    if path.is_symlink():
        return
    if command.chown:
        user, _, group = command.chown.partition(":")
        os.chown(path, find_id(target, "passwd", user), find_id(target, "group", group or user))
    if command.chmod:
        path.chmod(int(command.chmod, 8))


def find_id(root: Path, table: str, name: str) -> int:
    """The number of a user or group, by name or by number."""
    if name.isdecimal():
        return int(name)
    file = root / "etc" / table
    rows = [line.split(":") for line in file.read_text().splitlines()] if file.exists() else []
    for row in rows:
        if row[0] == name:
            return int(row[2])
    raise CopyError(f"unable to find {name} in /etc/{table}")
