"""cp, mv, ln, install, rm, mkdir, touch, chmod and the programs that rewrite a file in place.

In: an `Action`. Out: the effects of GNU coreutils' and busybox's programs of these names. A source that no instruction
put there is the image's own: what is copied from it is a file of unknown bytes, or, where it may be a directory, an
unknown change below the destination.
"""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.artifacts.facts import Origin
from depscan.filesystem.effects import Disturb, Effect, Remove, SetMode
from depscan.filesystem.entries import FileEntry
from depscan.filesystem.modes import parse_mode
from depscan.filesystem.options import Options, read_options
from depscan.filesystem.placing import is_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.filesystem.effects import Action
    from depscan.shell.commands import ShellWord

_MAX_PARENTS = 64  # directories that one mkdir -p makes


def copy(action: Action) -> Iterator[Effect]:
    """`cp`: -r, -R, -a copy directories, -a, -d and -P keep links."""
    options = read_options(action.command.words[1:], "tS", ("--target-directory",))
    recursive = options.has("r", "R", "a", "--recursive", "--archive")
    keeps_links = options.has("a", "d", "P", "--archive", "--no-dereference")
    for transfer in _transfers(action, options):
        yield from _carry_out(action, transfer, recursive=recursive, keeps_links=keeps_links)


def move(action: Action) -> Iterator[Effect]:
    """`mv`: as a copy of everything below, then the source is gone."""
    options = read_options(action.command.words[1:], "tS", ("--target-directory",))
    for transfer in _transfers(action, options):
        yield from _carry_out(action, transfer, recursive=True, keeps_links=True)
        if transfer.source is not None:
            yield Remove(transfer.source)


def install(action: Action) -> Iterator[Effect]:
    """`install`: files with mode 755 unless -m says otherwise; -d makes directories."""
    options = read_options(action.command.words[1:], "tmogS", ("--target-directory", "--mode", "--owner", "--group"))
    given = options.value("m", "--mode")
    change = parse_mode((given.text if given else "755") or "755")
    if options.has("d", "--directory"):
        for path in action.paths(options.operands):
            yield _directory(action, path)
        return
    for transfer in _transfers(action, options):
        for effect in _carry_out(action, transfer, recursive=False, keeps_links=False):
            if isinstance(effect, FileEntry) and change is not None:
                yield replace(effect, mode=change(0, False))
            else:
                yield effect


def link(action: Action) -> Iterator[Effect]:
    """`ln`: symbolic with -s, else another name of the same file."""
    options = read_options(action.command.words[1:], "tS", ("--target-directory",))
    if not options.has("s", "--symbolic"):
        for transfer in _transfers(action, options):
            yield from _carry_out(action, transfer, recursive=False, keeps_links=True)
        return
    for word, where in _links(action, options):
        target = action.path(word.text) if options.has("r", "--relative") else word.text
        if where is None or target is None:
            yield Disturb((where or action.around(_target(options)),))
        else:
            yield FileEntry(where, "link", 0o777, Origin.PREDICTED, action.reason, action.span, 0, target=target)


def _links(action: Action, options: Options) -> Iterator[tuple[ShellWord, str | None]]:
    """The word of each link's text (with -r it is made absolute, which names the same file) and the link's place."""
    if len(options.operands) == 1 and options.value("t", "--target-directory") is None:
        only = options.operands[0]
        yield only, action.path(posixpath.basename(only.text.rstrip("/"))) if only.text else None
        return
    for word in _sources(options):
        yield word, _destination(action, options, word)


def remove(action: Action) -> Iterator[Effect]:
    """`rm`, `rmdir`, `unlink`. A path that is not known is passed over: what it deletes can only be missed."""
    options = read_options(action.command.words[1:])
    for word in options.operands:
        path = action.path(word.text)
        if path is None or path == "/":
            continue
        for gone in _matches(action, path) if word.glob else [path]:
            yield Remove(gone)


def make_directory(action: Action) -> Iterator[Effect]:
    """`mkdir`; with -p the directories above are there afterwards too."""
    options = read_options(action.command.words[1:], "mZ", ("--mode",))
    for path in action.paths(options.operands):
        several = options.has("p", "--parents") and path.count("/") <= _MAX_PARENTS
        above = posixpath.dirname(path) if several else "/"
        while not is_directory(action.tree, above):
            yield _directory(action, above)
            above = posixpath.dirname(above)
        yield _directory(action, path)


def _directory(action: Action, path: str) -> FileEntry:
    known = action.tree.find(path)
    if known is not None and known.kind == "directory":
        return known
    return FileEntry(path, "directory", 0o755, Origin.PREDICTED, action.reason, action.span, 0)


def touch(action: Action) -> Iterator[Effect]:
    """`touch`: a file of unknown bytes (the image may have it), unless an instruction put one there."""
    options = read_options(action.command.words[1:], "drt", ("--date", "--reference"))
    for path in action.paths(options.operands):
        if action.tree.find(path) is None and not is_directory(action.tree, path):
            yield action.written(path)


def change_mode(action: Action) -> Iterator[Effect]:
    """`chmod`, octal and symbolic, -R."""
    words = list(action.command.words[1:])
    recursive = any(word.text in {"-R", "--recursive", "-Rf", "-fR", "-vR", "-Rv"} for word in words)
    rest = [word for word in words if word.text is None or not _is_chmod_option(word.text)]
    if len(rest) < 2 or rest[0].text is None:
        return
    change = parse_mode(rest[0].text)
    for path in _expand(action, rest[1:]):
        found = action.tree.find(path)
        entries = [found] if found else []
        if recursive:
            entries += action.tree.below(action.tree.canonical(path, follow_last=True))
        for entry in entries:
            if change is not None and entry.kind != "link":
                yield SetMode(entry, change)


def _is_chmod_option(text: str) -> bool:
    """`-R` is an option, `-x` a mode."""
    return text.startswith("--") or (text.startswith("-") and not set(text[1:]) & set("rwxXst"))


def rewrite(action: Action) -> Iterator[Effect]:
    """Programs that change the files they name: their bytes are no longer known (patchelf, upx, `sed -i`)."""
    for word in action.command.words[1:]:
        path = action.path(word.text) if word.text and not word.text.startswith("-") else None
        for where in [] if path is None else _expand(action, [word]):
            known = action.tree.find(where)
            if known is not None and known.kind == "file":
                yield replace(known, content=None, origin=Origin.PREDICTED, source=action.reason)
            elif word.raw[:1] == "/":
                yield Disturb((where,))


def _expand(action: Action, words: Sequence[ShellWord]) -> Iterator[str]:
    """The known paths that operands name, patterns matched against entries."""
    for word in words:
        path = action.path(word.text)
        if path is not None:
            yield from _matches(action, path) if word.glob else [path]


def _matches(action: Action, pattern: str) -> list[str]:
    """Known paths that match a pattern: entries, directories of some, and the image's linkers and libraries."""
    tree = action.tree
    libraries = [library.path for library in tree.profile.libraries.values() if library.path is not None]
    parts = tree.canonical(pattern).split("/")
    known = {*tree.entries, *tree.profile.loaders, *libraries, *tree.profile.interpreters}
    known |= {"/".join(path.split("/")[: len(parts)]) for path in tree.entries if path.count("/") >= len(parts)}
    if not set("*?[") & set(parts[-1]):  # tool-*/tool
        known |= {posixpath.join(directory, parts[-1]) for directory in tree.expected}
    return [path for path in sorted(known) if _matches_parts(path.split("/"), parts)]


def _matches_parts(path: list[str], pattern: list[str]) -> bool:
    """Component by component: a wildcard does not cross a slash, nor match a leading dot."""
    return len(path) == len(pattern) and all(
        fnmatchcase(name, part) and (not name.startswith(".") or part.startswith("."))
        for name, part in zip(path, pattern, strict=True)
    )


class _Transfer(Struct, frozen=True):
    """One source and where it goes; None for what is not known, which is then somewhere in `around`."""

    source: str | None
    destination: str | None
    around: str


def _target(options: Options) -> ShellWord | None:
    """The word that says where to: of -t, else the last operand."""
    return options.value("t", "--target-directory") or next(reversed(options.operands), None)


def _sources(options: Options) -> tuple[ShellWord, ...]:
    return options.operands if options.value("t", "--target-directory") else options.operands[:-1]


def _transfers(action: Action, options: Options) -> Iterator[_Transfer]:
    """Each source of the command. A pattern gives what is not known of it first, then its known matches."""
    target = _target(options)
    around = action.around(target)
    for word in _sources(options):
        if not word.glob:
            yield _Transfer(action.path(word.text), _destination(action, options, word), around)
            continue
        directory = action.path(target.text) if target else None
        yield _Transfer(None, directory, around)
        for path in _matches(action, action.path(word.text) or ""):
            inside = None if directory is None else posixpath.join(directory, posixpath.basename(path))
            yield _Transfer(path, inside, around)


def _destination(action: Action, options: Options, source: ShellWord) -> str | None:
    """Where one source goes: into a directory under its own name, else to the last operand itself."""
    into = options.value("t", "--target-directory")
    word = _target(options)
    path = action.path(word.text) if word else None
    if word is None or word.text is None or path is None:
        return None
    where = action.tree.canonical(path, follow_last=not options.has("n", "T", "--no-dereference"))
    several = into is not None or len(options.operands) > 2 or word.text.endswith(("/", "/."))
    if not several and (options.has("T", "--no-target-directory") or not is_directory(action.tree, where)):
        return path
    name = posixpath.basename((source.text or "").rstrip("/"))
    return path if name in {"", "."} else posixpath.join(path, name)


def _carry_out(action: Action, transfer: _Transfer, *, recursive: bool, keeps_links: bool) -> Iterator[Effect]:
    """What stands at the source appears at the destination."""
    source, destination, tree = transfer.source, transfer.destination, action.tree
    if source is None or destination is None:
        yield Disturb((destination or transfer.around,))
        return
    where = tree.canonical(source, follow_last=not keeps_links)
    known = tree.entries.get(where) or _expected(action, where, recursive=recursive)
    if known is not None and known.kind != "directory":
        yield replace(known, path=destination, span=action.span)
    elif not recursive:
        yield replace(action.written(destination, mode=0o755), origin=Origin.IMAGE, source=source)
    else:
        if known is None or any(change.touches(where) for change in tree.changes):
            yield Disturb((destination,))
        for entry in ([known] if known else []) + list(tree.below(where)):
            below = entry.path[len(where.rstrip("/")) :]
            yield replace(entry, path=destination + below, span=action.span)
        for entry in [each for each in tree.expected.values() if each.path.startswith(where.rstrip("/") + "/")]:
            yield replace(entry, path=destination + entry.path[len(where.rstrip("/")) :], span=action.span)


def _expected(action: Action, path: str, *, recursive: bool) -> FileEntry | None:
    """A program whose name only this command tells; what `cp -r` names, or holds such programs, is a directory."""
    tree = action.tree
    held = any(f"{directory}/".startswith(path.rstrip("/") + "/") for directory in tree.expected)
    if held or (recursive and action.command.name != "mv") or any(True for _ in tree.below(path)):
        return None
    return tree.find(path)
