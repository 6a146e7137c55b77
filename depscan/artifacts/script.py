"""The first line of a script: which program the kernel starts for it.

In: the first HEAD_SIZE bytes of a file. Out: `Script`, None for bytes that nobody meant for a script. The law is that
of Linux' fs/binfmt_script.c: the line must end, or its interpreter's name at least, within BINPRM_BUF_SIZE bytes (Linux
5.0 and later); spaces and tabs around the name are skipped; what follows it is one argument, however many words it has.
Of env(1) the program is read that it looks for along PATH.
"""

from __future__ import annotations

import re

from msgspec import Struct

HEAD_SIZE = 256  # BINPRM_BUF_SIZE of include/uapi/linux/binfmts.h
_BLANKS = b" \t"
_BYTE_ORDER_MARKS = {b"\xef\xbb\xbf#!": "a UTF-8 byte order mark", b"\xff\xfe#\x00!\x00": "UTF-16 text"}
_WORD = r"(?:[^\s\"']|\"[^\"]*\"|'[^']*')+"
_SPLITTING = r"(?:-[iv0]*S|--split-string[= ])\s*"
_VALUED = frozenset({"-u", "-C", "--unset", "--chdir"})


class Script(Struct, frozen=True):
    """A `#!` line as the kernel reads it.

    `interpreter` is the path, None where the kernel finds none; `argument` all that follows it. `program` is what env
    looks for, None where the interpreter is not env or names none. `flaw` says why the kernel takes the file for no
    script: a byte order mark, a name that does not end in time, none at all. `returns` says that the line ends with a
    carriage return, which then belongs to the last word.
    """

    interpreter: str | None
    argument: str | None = None
    program: str | None = None
    flaw: str | None = None
    returns: bool = False

    @property
    def wanted(self) -> str | None:
        """The program that runs the script, as its author named it: bash for /bin/bash and for /usr/bin/env bash."""
        name = self.program or self.interpreter
        return name.rstrip("\r") if name else None


def read_script(head: bytes) -> Script | None:
    """Read a file's first bytes (HEAD_SIZE of them, fewer where it is shorter)."""
    for mark, words in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return Script(None, flaw=words)
    if not head.startswith(b"#!"):
        return None
    head = head[:HEAD_SIZE]
    line, newline, _ = head.partition(b"\n")
    name, _, rest = line[2:].lstrip(_BLANKS).replace(b"\t", b" ").partition(b" ")
    if not newline and len(head) == HEAD_SIZE and not _ends(line[2:]):
        return Script(None, flaw=f"a first line of more than {HEAD_SIZE} bytes")
    name = name.partition(b"\0")[0]
    if not name:
        return Script(None, flaw="a #! that names no interpreter")
    argument = rest.partition(b"\0")[0].strip(_BLANKS)
    return _explain(_decode(name), _decode(argument) or None)


def _ends(line: bytes) -> bool:
    """Whether the name in a line that was cut off is whole: a blank or NUL follows it."""
    name = line.lstrip(_BLANKS)
    return bool(re.search(rb"[ \t\0]", name))


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _explain(interpreter: str, argument: str | None) -> Script:
    program = None
    if interpreter.rpartition("/")[2] == "env" and argument is not None:
        program = _looked_for(argument)
    return Script(interpreter, argument, program, returns=(argument or interpreter).endswith("\r"))


def _looked_for(argument: str) -> str | None:
    """The program that env looks for. Without -S its one argument is a program's name, blanks included (env(1))."""
    split = re.match(_SPLITTING, argument)
    if split is None:
        return None if argument.startswith("-") or "=" in argument.partition(" ")[0] else argument
    words = re.finditer(_WORD, argument[split.end() :])  # \s takes the carriage return: env -S splits there too
    for word in words:
        if word[0] in _VALUED:
            next(words, None)
        elif not word[0].startswith("-") and not re.match(r"\w+=", word[0]):
            return str(word[0]).strip("\"'")
    return None
