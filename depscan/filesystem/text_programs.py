"""Texts that a command of RUN writes to a file, or changes there.

In: an `Action` with redirections, `tee`, `sed -i` or `dos2unix`. Out: the files written, with their bytes where the
text says them: what `cat`, `echo` and `printf` print, alone or in a group, carriage returns taken away. That matters
for /etc/ld.so.conf.d and start scripts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.filesystem.content import read_head
from depscan.filesystem.effects import Append, Disturb, Effect
from depscan.filesystem.entries import FileEntry, InlineFile
from depscan.filesystem.file_programs import rewrite
from depscan.filesystem.options import read_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.filesystem.effects import Action
    from depscan.shell.commands import Redirect

_FETCHING = frozenset({"curl", "wget"})
_UNPACKING = frozenset({"gunzip", "gzip", "zcat", "xz", "unxz", "xzcat", "bunzip2", "zstd", "tar", "funzip"})
_STRIPPING = re.compile(r"s(.)(?:\\r|\r|\\x0[dD])\$?\1\1g?")  # what sed is told to take carriage returns away
_MAX_SCRIPT = 64 << 10  # bytes of a file whose carriage returns are taken away here too


def write_outputs(action: Action) -> Iterator[Effect]:
    """The files that redirections write; what goes to an unknown place may be a linker's configuration in /etc."""
    redirects = action.command.redirects
    standard = [redirect for redirect in redirects if redirect.descriptor == "1"]
    for redirect in redirects:
        path = action.path(redirect.target.text)
        if redirect.operator == "|":
            continue
        if path is None:
            yield Disturb(("/etc",), foreign_libc=False)
        elif not path.startswith(("/dev/", "/proc/", "/sys/")):
            yield from _redirected(action, redirect, path, speaks=redirect in standard[-1:])


def _redirected(action: Action, redirect: Redirect, path: str, *, speaks: bool) -> Iterator[Effect]:
    """Of several files that standard output is sent to, the last one gets the text; what errors say is not known."""
    from depscan.shell.printing import printed  # noqa: PLC0415 - many stages write no text

    text = printed(action.command) if speaks else None if redirect.descriptor != "1" else ""
    known = action.tree.find(path)
    unwritten = known is not None and known.content == InlineFile(b"")
    download = _downloaded(action, path) if speaks and (unwritten or not redirect.opened) else None
    if download is not None:
        yield download
    elif not redirect.opened:
        yield _write(action, path, text, append=redirect.operator.endswith(">>"))
    elif text != "":
        yield Append(path, text)


def _downloaded(action: Action, path: str) -> Effect | None:
    """The program that a download, or what unpacks it in a pipe, writes."""
    url = action.tree.stream
    if url is None:
        return None
    from depscan.filesystem.downloads import decompressed, fetch_of, fetched  # noqa: PLC0415 - few stages fetch

    read = fetched if action.command.name in _FETCHING else decompressed if action.command.name in _UNPACKING else None
    return read(fetch_of(action), path, url) if read is not None else None


def run_tee(action: Action) -> Iterator[Effect]:
    """`tee`: its input, from a here-document or a pipe, to each operand."""
    options = read_options(action.command.words[1:])
    for path in action.paths(options.operands):
        if not path.startswith("/dev/"):
            yield _write(action, path, action.command.stdin, append=options.has("a", "--append"))


def run_sed(action: Action) -> Iterator[Effect]:
    """`sed -i` and `perl -i` change the files they name; without it they print."""
    words = [word.text or "" for word in action.command.words[1:]]
    if any(re.match(r"-[nErspe]*i|--in-place", word) for word in words):
        scripts = [word for word in words if re.match(r"s\W", word)]
        stripping = len(scripts) == 1 and _STRIPPING.fullmatch(scripts[0]) is not None
        yield from strip_returns(action) if stripping else rewrite(action)


def strip_returns(action: Action) -> Iterator[Effect]:
    """`dos2unix`, and sed with the same task: the small texts that it names have Unix line ends afterwards."""
    for effect in rewrite(action):
        known = action.tree.find(effect.path) if isinstance(effect, FileEntry) else None
        text = read_head(known, _MAX_SCRIPT + 1) if known is not None else None
        if isinstance(effect, FileEntry) and text is not None and len(text) <= _MAX_SCRIPT and b"\0" not in text:
            yield replace(effect, content=InlineFile(text.replace(b"\r\n", b"\n")))
        else:
            yield effect


def _write(action: Action, path: str, text: str | None, *, append: bool) -> Effect:
    """Appending to what is not known gives what is not known."""
    before = b""
    if append:
        known = action.tree.find(path)
        content = known.content if known else None
        if not isinstance(content, InlineFile):
            return action.written(path, None)
        before = content.data
    return action.written(path, None if text is None else InlineFile(before + text.encode("utf-8", "surrogateescape")))
