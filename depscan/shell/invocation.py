"""What a program's words really start: wrappers stripped, scripts in arguments found.

In: the words of a command. Out: the words of the program behind sudo, env, timeout and the like; the script that
`sh -c`, `eval` or `su -c` carries. The tables are the programs' own manual pages (sudo(8), env(1), timeout(1), ...).
"""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.shell.commands import ITEM, ShellWord

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASSIGNMENT = r"(?s)([A-Za-z_]\w*)=(.*)"
SHELLS = frozenset({"sh", "bash", "ash", "dash", "ksh", "zsh"})


class _Wrapper(Struct, frozen=True):
    """A program that starts the one named in its arguments.

    `valued` are the short options that take a value as the next word, `long` the long ones, `operands` the words of its
    own before the command, `assigns` whether NAME=value words may stand before the command, `feeds` whether it adds
    words of its own. `only` are options without which it starts no command that its words name.
    """

    valued: str = ""
    long: frozenset[str] = frozenset()
    operands: int = 0
    assigns: bool = False
    feeds: bool = False
    only: frozenset[str] = frozenset()


_PRIVILEGES = frozenset(
    f"--{name}"
    for name in (
        *("reuid", "regid", "ruid", "rgid", "euid", "egid", "groups", "inh-caps", "ambient-caps", "bounding-set"),
        *("securebits", "pdeathsig", "selinux-label", "apparmor-profile"),
    )
)
_WRAPPERS: dict[str, _Wrapper] = {
    "builtin": _Wrapper(),
    "busybox": _Wrapper(),
    "catatonit": _Wrapper(),
    "chronic": _Wrapper(),
    "command": _Wrapper(),
    "doas": _Wrapper("uC", assigns=True),
    "dumb-init": _Wrapper("r", frozenset({"--rewrite"})),
    "eatmydata": _Wrapper(),
    "env": _Wrapper("uCS", assigns=True),
    "exec": _Wrapper("a"),
    "fakeroot": _Wrapper(),
    "gosu": _Wrapper(operands=1),
    "ionice": _Wrapper("cn"),
    "linux32": _Wrapper(),
    "linux64": _Wrapper(),
    "nice": _Wrapper("n"),
    "nohup": _Wrapper(),
    "runuser": _Wrapper("ugGs", frozenset({"--user", "--group", "--supp-group"}), only=frozenset({"-u", "--user"})),
    "setarch": _Wrapper(operands=1),
    "setpriv": _Wrapper(long=_PRIVILEGES),
    "setsid": _Wrapper(),
    "stdbuf": _Wrapper("ioe"),
    "su-exec": _Wrapper(operands=1),
    "sudo": _Wrapper("ugpCrtUhDR", assigns=True),
    "time": _Wrapper("fo"),
    "timeout": _Wrapper("sk", operands=1),
    "tini": _Wrapper("pe"),
    "tini-static": _Wrapper("pe"),
    "unbuffer": _Wrapper(),
    "xargs": _Wrapper("InPLdaEs", feeds=True),
    "xvfb-run": _Wrapper("enspf"),
}


class Invocation(Struct, frozen=True):
    """The words that really run, and the assignments that wrappers add to their environment.

    `repeated` says that they run once for each item, of which there may be none, with `ITEM` in its place.
    """

    words: tuple[ShellWord, ...]
    assignments: tuple[tuple[str, str | None], ...] = ()
    repeated: bool = False


def unwrap(words: Sequence[ShellWord]) -> Invocation:
    """Strip wrappers from the front; what only asks (`command -v`) or has no command behind it stays as it is."""
    assignments: list[tuple[str, str | None]] = []
    repeated = False
    while words:
        wrapper = _WRAPPERS.get(base_name(words[0]) or "")
        rest = _after(words, wrapper, assignments) if wrapper else []
        if wrapper is None or not rest or _starts_nothing(words, wrapper):
            break
        if wrapper.feeds:
            item = _placeholder(words[1 : len(words) - len(rest)])
            repeated |= item is not None
            rest = [*rest, ShellWord(None, "", rest[-1].end, rest[-1].end)] if item is None else _fill(rest, item)
        words = rest
    return Invocation(tuple(words), tuple(assignments), repeated)


def started_places(texts: Sequence[str]) -> list[int]:
    """The places of the words that are executed one after the other: a wrapper's, then its command's."""
    words: Sequence[ShellWord] = [ShellWord(text, text, place, place) for place, text in enumerate(texts)]
    found: list[int] = []
    while words:
        found.append(words[0].start)
        wrapper = _WRAPPERS.get(base_name(words[0]) or "")
        words = _after(words, wrapper, []) if wrapper and not _starts_nothing(words, wrapper) else ()
    return found


def _starts_nothing(words: Sequence[ShellWord], wrapper: _Wrapper) -> bool:
    """Whether a wrapper only asks (`command -v`), or lacks the option with which it starts what follows."""
    texts = {word.text for word in words[1:]}
    asks = words[0].text in {"command", "sudo"} and any(word.text in {"-v", "-V"} for word in words[1:2])
    return asks or bool(wrapper.only and not wrapper.only & texts)


def _placeholder(options: Sequence[ShellWord]) -> str | None:
    """What xargs replaces by each item: of -I, of -i and --replace where they name none, {}."""
    texts = [word.text or "" for word in options]
    for text, after in zip_longest(texts, texts[1:], fillvalue=""):
        found = re.fullmatch(r"(?s)(?:-[0rtpxo]*I|-[0rtpxo]*(i)|-(-replace=?))(.*)", text)
        if found:
            return found[3] or ("{}" if found[1] or found[2] else after) or None
    return None


def _fill(words: Sequence[ShellWord], item: str) -> list[ShellWord]:
    return [replace(word, text=word.text.replace(item, ITEM)) if word.text else word for word in words]


def base_name(word: ShellWord) -> str | None:
    """The last component of a program's path."""
    return None if word.text is None else word.text.rsplit("/", 1)[-1]


def _after(words: Sequence[ShellWord], wrapper: _Wrapper, assignments: list[tuple[str, str | None]]) -> list[ShellWord]:
    rest = list(words[1:])
    operands = wrapper.operands
    while rest:
        text = rest[0].text or ""
        if text == "--":
            return rest[1:]
        assigned = re.fullmatch(_ASSIGNMENT, text) if wrapper.assigns else None
        if text.startswith("-") and len(text) > 1:
            takes_value = text in wrapper.long or (text[-1] in wrapper.valued and not text.startswith("--"))
            if _unsets(words[0], text) and len(rest) > 1:
                assignments.append((rest[1].text or "", ""))
            del rest[: 2 if takes_value else 1]
        elif assigned:
            assignments.append((assigned[1], assigned[2]))
            del rest[0]
        elif operands:
            operands -= 1
            del rest[0]
        else:
            break
    return rest


def _unsets(word: ShellWord, option: str) -> bool:
    """Whether an option is `-u NAME` of env, which takes a variable away; an empty one is as good to programs."""
    return base_name(word) == "env" and option == "-u"


def script_argument(words: Sequence[ShellWord]) -> ShellWord | None:
    """The word that holds a script: of `sh -c`, `su -c`, `runuser -c` or `eval`; None when there is none."""
    name = base_name(words[0]) if words else None
    if name in SHELLS:
        return _shell_script(words[1:])
    if name in {"su", "runuser"}:
        places = [place for place, word in enumerate(words[:-1]) if word.text in {"-c", "--command", "-lc"}]
        return words[places[0] + 1] if places else None
    return words[1] if name == "eval" and len(words) == 2 else None


def fetches_script(word: ShellWord) -> bool:
    """Whether the word of a script is what a command fetches: `sh -c "$(curl URL)"`."""
    return word.text is None and re.match(r"\"?\$\(\s*(curl|wget)\s", word.raw) is not None


def reads_standard_input(words: Sequence[ShellWord]) -> bool:
    """Whether a shell reads its script from standard input: no -c and no script file."""
    if not words or base_name(words[0]) not in SHELLS or _shell_script(words[1:]) is not None:
        return False
    rest = _operands(words[1:])
    return not rest or rest[0].text == "-" or any(word.text == "-s" for word in words[1:])


def _shell_script(arguments: Sequence[ShellWord]) -> ShellWord | None:
    options = [word.text for word in arguments if word.text and re.fullmatch(r"-[a-zA-Z]*c[a-zA-Z]*", word.text)]
    rest = _operands(arguments)
    return rest[0] if options and rest else None


def _operands(arguments: Sequence[ShellWord]) -> list[ShellWord]:
    """What follows a shell's options; `-o NAME` (also as in `-euxo pipefail`) takes a value."""
    rest = list(arguments)
    while rest and rest[0].text and re.match(r"[-+].", rest[0].text):
        option = rest[0].text
        takes_value = option in {"--rcfile", "--init-file"} or bool(re.fullmatch(r"[-+][a-zA-Z]*[oO]", option))
        del rest[: 2 if takes_value else 1]
    return rest
