"""Texts that a command of RUN writes to a file, or changes there.

In: an `Action` with redirections, `tee`, `sed -i` or `dos2unix`. Out: the files written, with their bytes where the
text says them: a here-document to `cat`, `echo` and `printf` of plain words, carriage returns taken away. That matters
for /etc/ld.so.conf.d and start scripts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.filesystem.content import read_head
from depscan.filesystem.effects import Disturb, Effect
from depscan.filesystem.entries import FileEntry, InlineFile
from depscan.filesystem.file_programs import rewrite
from depscan.filesystem.options import read_options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.filesystem.effects import Action
    from depscan.shell.commands import SimpleCommand

_FETCHING = frozenset({"curl", "wget"})
_UNPACKING = frozenset({"gunzip", "gzip", "zcat", "xz", "unxz", "xzcat", "bunzip2", "zstd", "tar", "funzip"})
_STRIPPING = re.compile(r"s(.)(?:\\r|\r|\\x0[dD])\$?\1\1g?")  # what sed is told to take carriage returns away
_MAX_SCRIPT = 64 << 10  # bytes of a file whose carriage returns are taken away here too
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\\\": "\\", "%%": "%"}


def write_outputs(action: Action) -> Iterator[Effect]:
    """The files that redirections write; what goes to an unknown place may be a linker's configuration in /etc."""
    for redirect in action.command.redirects:
        path = action.path(redirect.target.text)
        if path is None:
            yield Disturb(("/etc",), foreign_libc=False)
        elif not path.startswith(("/dev/", "/proc/", "/sys/")):
            yield _downloaded(action, path) or _write(
                action, path, _printed(action.command), append=redirect.operator.endswith(">>")
            )


def _downloaded(action: Action, path: str) -> Effect | None:
    """The program that a download, or what unpacks it in a pipe, writes."""
    url = action.tree.stream
    if url is None:
        return None
    from depscan.filesystem.downloads import decompressed, fetch_of, fetched  # noqa: PLC0415 - few stages fetch

    read = fetched if action.command.name in _FETCHING else decompressed if action.command.name in _UNPACKING else None
    return read(fetch_of(action), path, url) if read is not None else None


def run_tee(action: Action) -> Iterator[Effect]:
    """`tee`: its input, known from a here-document only, to each operand."""
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


def _printed(command: SimpleCommand) -> str | None:
    """What a command prints, for the few of which the text tells."""
    if command.name == "cat" and len(command.words) == 1:
        return command.stdin
    texts = [word.text for word in command.words[1:] if not word.glob]
    if command.name not in {"echo", "printf"} or None in texts or len(texts) < len(command.words) - 1:
        return None
    known = [text for text in texts if text is not None]
    return _echo(known) if command.name == "echo" else _printf(known)


def _echo(texts: list[str]) -> str | None:
    """Shells differ in what echo makes of a backslash: then nothing is known."""
    newline = "\n"
    if texts[:1] == ["-n"]:
        texts, newline = texts[1:], ""
    if any("\\" in text for text in texts) or texts[:1] == ["-e"]:
        return None
    return " ".join(texts) + newline


def _printf(texts: list[str]) -> str | None:
    """A format without conversions, or `%s` and a newline for each operand (printf repeats the format)."""
    if not texts:
        return None
    template, *operands = texts
    if template == "%s\\n" and operands:
        return "".join(operand + "\n" for operand in operands)
    if re.sub(r"%%|\\[nt\\]", "", template).count("%") or re.search(r"\\[^nt\\]", template):
        return None
    return re.sub(r"%%|\\[nt\\]", lambda found: _ESCAPES[found[0]], template)
