"""What `go build` and `go install` are told: words, GOFLAGS, the variables that the go command reads.

In: a `Workplace`. Out: `Build`: verb, flags, packages, settings. Flags of GOFLAGS count where the words lack them
(`go help environment`); `go env -w` keeps settings in a file, which a variable of the environment wins over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.prediction import Made
from depscan.toolchains.xx import target_platform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.shell.commands import ShellWord
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    -o -C -p -ldflags -gcflags -asmflags -tags -mod -modfile -overlay -pkgdir -toolexec -installsuffix -compiler
    -buildmode -buildvcs -covermode -coverpkg -exec -pgo -gccgoflags
    """.split()  # noqa: SIM905 - read as prose
)
_KEPT = "/root/.config/go/env"  # where `go env -w` writes for root (os.UserConfigDir)
UNKNOWN = "$"
_RACING = frozenset({"-race", "-msan", "-asan"})


class Build(Struct, frozen=True):
    """A go command: its verb, flags by name (with one dash), the value of -o, package operands, the settings.

    A variable of which nothing is known, where flags stand, is a flag called `$`.
    """

    verb: str
    flags: dict[str, str]
    output: str | None
    packages: tuple[str | None, ...]
    settings: Mapping[str, str | None]

    def directory(self, place: Workplace) -> str | None:
        """Where the command works: -C changes it before anything else."""
        return place.path(self.flags.get("-C", "."))

    @property
    def tags(self) -> frozenset[str] | None:
        """The tags of -tags and of flags that set one; None where they are not known."""
        text = self.flags.get("-tags", "")
        if UNKNOWN in self.flags or UNKNOWN in text or "`" in text:
            return None
        races = {flag[1:] for flag in _RACING & self.flags.keys() if self.flags[flag] != "false"}
        return frozenset(re.split(r"[\s,]+", text)) - {""} | races

    @property
    def files(self) -> tuple[str, ...]:
        """The Go files that make the program, where the operands are files."""
        names = tuple(each or "" for each in self.packages)
        return names if names and all(name.endswith(".go") for name in names) else ()

    def variable(self, name: str, default: str) -> str | None:
        """A variable as the go command reads it: an empty one counts as not set. None: it is not known."""
        value = self.settings.get(name, "")
        return default if value == "" else value


def keep(place: Workplace) -> Made | None:
    """`go env -w NAME=VALUE`: a file that later commands read; `xx-go --wrap` writes it anew, --unwrap removes it."""
    if place.words[1:] in (("--wrap",), ("--unwrap",)):
        settings = _wrapped(place) if "--wrap" in place.words else {}
        return Made(_KEPT, text="".join(f"{name}={value}\n" for name, value in settings.items()))
    if place.words[1:2] != ("env",) or place.words[2:3] not in (("-w",), ("-u",)):
        return None
    kept = _kept(place)
    for word in place.words[3:]:
        name, _, value = (word or "").partition("=")
        kept[name] = value
    return Made(_KEPT, text="".join(f"{name}={value}\n" for name, value in kept.items() if value))


def read_build(place: Workplace) -> Build | None:
    """A command that builds programs; None for any other."""
    words = list(place.command.words[1:])
    verb = words.pop(0).text if words else None
    if verb not in ("build", "install"):
        return None
    settings = {**_kept(place), **place.environment, **_wrapped(place)}
    flags = _of_environment(settings.get("GOFLAGS", ""))
    while words and _text(words[0]).startswith(("-", UNKNOWN)):
        name, equals, value = _text(words.pop(0)).partition("=")
        if name.startswith(UNKNOWN):
            flags[UNKNOWN] = name
            continue
        name = "-" + name.lstrip("-")
        if not equals and name in _VALUED:
            value = _text(words.pop(0)) if words else ""
        flags[name] = value
    output = flags.pop("-o", None)
    return Build(verb, flags, output, tuple(map(_operand, words)), settings)


def _of_environment(text: str | None) -> dict[str, str]:
    """The flags of GOFLAGS: words with spaces between, perhaps in quotes."""
    if text is None:
        return {UNKNOWN: "GOFLAGS"}
    flags: dict[str, str] = {}
    for found in re.finditer(r"'([^']*)'|\"([^\"]*)\"|(\S+)", text):
        name, _, value = (found[1] or found[2] or found[3] or "").partition("=")
        flags["-" + name.lstrip("-")] = value
    return flags


def _wrapped(place: Workplace) -> dict[str, str]:
    """What the wrapper xx-go exports; go builds for a system of no name where the platform is not known."""
    if place.command.name != "xx-go":
        return {}
    platform = target_platform(place)
    return {"GOOS": platform.os, "GOARCH": platform.architecture} if platform else {"GOOS": UNKNOWN}


def _kept(place: Workplace) -> dict[str, str | None]:
    pairs = (line.partition("=") for line in (place.files.read(_KEPT) or "").splitlines())
    return {name: value for name, _, value in pairs}


def _operand(word: ShellWord) -> str | None:
    """A package operand; of one whose version alone is not known, what stands before the version."""
    path, at, _ = _text(word).partition("@")
    return f"{path}@" if word.text is None and at and "$" not in path and "`" not in path else word.text


def _text(word: ShellWord) -> str:
    """A word, as written where its value is not known: flags are told by their beginning."""
    return word.text if word.text is not None else word.raw.strip("\"'")
