"""gcc, clang and their like: programs linked against the C library of the stage, or of a cross compiler's target.

In: a command. Out: the program it links; nothing for -c, -shared and the like. Measured with gcc 12 on glibc 2.36, gcc
14 on 2.41 and musl-gcc: a C program needs libc alone and __libc_start_main@GLIBC_2.34; one of g++ needs libstdc++.so.6
too, and where it includes <iostream>, with libstdc++ of gcc 13 or later, GLIBCXX_3.4.32 of it.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.artifacts.facts import VersionNeed
from depscan.artifacts.prediction import Mend, Product
from depscan.findings import Confidence
from depscan.platforms import MACHINES
from depscan.toolchains.arguments import flag_text
from depscan.toolchains.elf import ceiling, is_at_least, linked_program, static_program
from depscan.toolchains.system_libraries import libraries_asked_for, sonames_of
from depscan.toolchains.triples import Target, read_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.facts import ElfFacts
    from depscan.toolchains.workplace import Workplace

_NO_PROGRAM = frozenset(
    """
    -c -S -E -M -MM -shared -r -fsyntax-only -nostdlib -nostartfiles -nodefaultlibs -ffreestanding -dM -dumpversion
    -dumpmachine -dumpspecs --version --help -emit-llvm -### -print-search-dirs
    """.split()  # noqa: SIM905 - read as prose
)
_STATIC = frozenset({"-static", "--static", "-static-pie"})
_VALUED = frozenset("-o -I -L -D -U -l -x -include -isystem -idirafter -Xlinker -T -u -z -target -MF -MT -MQ".split())  # noqa: SIM905
_INPUT = r".+\.(c|cc|cpp|cxx|c\+\+|C|o|a|s|S|m|mm|i|ii|f|f90|lo)|-"
_OF_LIBC = frozenset({"m", "pthread", "dl", "rt", "util", "stdc++"})
_LOADS_MODULES = r"\b(?:dlopen|getaddrinfo|gethostby\w+|getpw\w+|getgr\w+|iconv_open)\b"
_IOSTREAM_SINCE = "3.4.32"
_OWN_COMPILER = r"(?:.*/)?gcc:(1[3-9]|[2-9]\d)(?!\.1\b).*"  # has a libstdc++ of its own beside the distribution's
_MAX_SOURCE = 512 * 1024


class _Link(Struct, frozen=True):
    """A command that links: its output, bare flags, -l names and inputs; whether words are there that are not known."""

    output: str
    flags: frozenset[str]
    libraries: tuple[str, ...]
    inputs: tuple[str, ...]
    unknown: bool


def predict(place: Workplace) -> Iterator[Product]:
    """The program that a command links."""
    link, target = _read(place), _target(place)
    path = place.path(link.output) if link else None
    if link is None or target is None or path is None:
        return
    if link.flags & _STATIC or any(re.fullmatch("-Wl,.*-static.*", flag) for flag in link.flags):
        machine = MACHINES[target.platform.architecture]
        yield Product(path, "c", static_program(machine, "c"), evidence=("-static: it is linked statically",))
        return
    facts = _dynamic(link, target, place)
    if facts is not None:
        yield Product(
            path,
            "c",
            facts,
            Confidence.POSSIBLE if link.unknown else Confidence.LIKELY,
            ceiling(place) if target.family == place.profile.libc.family == "glibc" else None,
            ("no -static: it is linked dynamically",),
            "-static among flags that the Dockerfile does not show",
            mend=_mend(link, target, place),
        )


def _read(place: Workplace) -> _Link | None:
    flags: set[str] = set()
    values: dict[str, list[str | None]] = {}
    operands: list[str] = []
    unknown = False
    pending = list(reversed(place.command.words[1:]))
    while pending:
        word = pending.pop()
        text = flag_text(word)
        if text in _VALUED:
            values.setdefault(text, []).append(pending.pop().text if pending else None)
        elif re.match(r"-[ol].", text) and text != "-openmp":
            values.setdefault(text[:2], []).append(None if word.text is None else text[2:])
        elif text.startswith("-") and text != "-":
            flags.add(text)
        elif word.text is None:
            unknown |= "pkg-config" not in text  # which tells of libraries and include directories
            values.setdefault("-l", []).extend(libraries_asked_for(text))
            operands += [text] if re.fullmatch(_INPUT, text) else []
        else:
            operands.append(text)
    inputs = tuple(each for each in operands if re.fullmatch(_INPUT, each))
    output = values.get("-o", ["a.out"])[-1]
    if flags & _NO_PROGRAM or not inputs or output is None or re.search(r"\.(so|o|a)\b", output):
        return None
    libraries = tuple(name for name in values.get("-l", []) if name)
    return _Link(output, frozenset(flags), libraries, inputs, unknown)


def _target(place: Workplace) -> Target | None:
    """Of a cross compiler the triple before its name, of musl-gcc musl, else the stage's own."""
    name = place.command.name or ""
    prefix = re.fullmatch(r"(.+-linux-\w+)-[a-z+]+[-.\d]*", name)
    if prefix is not None:
        return read_target(prefix[1])
    libc = place.profile.libc
    if name.startswith("musl-"):
        return Target("musl", "musl", place.platform)
    return Target("", libc.family, place.platform, version=libc.version)


def _mend(link: _Link, target: Target, place: Workplace) -> Mend | None:
    """-static, where the builder has all archives for it: those of Debian's and Alpine's C library come with headers.

    Of other libraries the archives may lack what these need in turn, and a program that loads modules while it runs, be
    it for names of hosts and users, needs the very libraries of its C library.
    """
    others = {name for name in link.libraries if name not in _OF_LIBC}
    if target.triple or others or link.unknown or place.profile.package_manager not in ("apt", "apk"):
        return None
    texts = list(_sources(link, place))
    if len(texts) < len(link.inputs) or not all(texts) or any(re.search(_LOADS_MODULES, text) for text in texts):
        return None
    name = place.command.name or ""
    return Mend(f"link it statically: {name} -static", replaced=name, by=f"{name} -static")


def _dynamic(link: _Link, target: Target, place: Workplace) -> ElfFacts | None:
    found = () if target.triple else sonames_of(link.libraries, place, _sources(link, place))
    runtime = _needs_cxx(link, place)
    needed = (*found, *(("libstdc++.so.6",) if runtime else ()))
    version = target.version if not target.triple else place.profile.libc.version
    facts = linked_program(target.family, target.platform, version, needed, "c")
    if facts is None:
        return None
    if target.triple == "musl":
        facts = replace(facts, needed=(*needed, "libc.so"))  # Debian's musl has this soname
    if runtime and not target.triple and _streams(link, place):
        own = {"libstdc++.so.6": (VersionNeed(f"GLIBCXX_{_IOSTREAM_SINCE}"),)}
        facts = replace(facts, version_needs={**facts.version_needs, **own})
    return facts


def _needs_cxx(link: _Link, place: Workplace) -> bool:
    """Whether libstdc++ is linked: by the C++ driver, unless it is static or another library takes its part."""
    driver = re.search(r"(^|-)(g\+\+|c\+\+|clang\+\+)[-.\d]*$", place.command.name or "") is not None
    other = any(flag.startswith("-stdlib=") and flag != "-stdlib=libstdc++" for flag in link.flags)
    return (driver or "stdc++" in link.libraries) and not other and "-static-libstdc++" not in link.flags


def _streams(link: _Link, place: Workplace) -> bool:
    """Whether a source at hand includes <iostream>, with a libstdc++ whose header asks for a symbol of its own."""
    newer = is_at_least(place.profile.libc.ceilings.get("GLIBCXX"), _IOSTREAM_SINCE)
    if not newer and not re.fullmatch(_OWN_COMPILER, place.profile.name):
        return False
    return any(re.search(r"(?m)^\s*#\s*include\s*<iostream>", text) for text in _sources(link, place))


def _sources(link: _Link, place: Workplace) -> Iterator[str]:
    """The texts of the command's inputs, as far as they are at hand."""
    paths = [place.path(each) for each in link.inputs if posixpath.splitext(each)[1] not in (".o", ".a")]
    return (place.files.read(path, _MAX_SOURCE) or "" for path in paths if path)
