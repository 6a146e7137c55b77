"""jlink and jpackage: a Java runtime whose programs are those of the JDK that is linked.

In: a command. Out: `bin/java` and `bin/keytool` below --output, or jpackage's launcher; they ask for the C library of
the stage. Measured with Debian's openjdk-17: bin/java needs libjli.so, which its rpath finds in ../lib, libz.so.1 and
GLIBC_2.34 of the distribution's own build. JDKs that are downloaded are built on an older glibc, so that only a JDK
of the distribution's packages is taken to ask for the stage's.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.prediction import Product
from depscan.findings import Confidence
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.elf import linked_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    --output --add-modules --module-path -p --limit-modules --launcher --compress -c --vm --include-locales --strip
    --resources-last-sorter --save-opts --endian --disable-plugin --exclude-files --order-resources
    --dest -d --name -n --type -t --input -i --main-jar --main-class --runtime-image --app-version --java-options
    """.split()  # noqa: SIM905 - read as prose
)
_PACKAGED = re.compile(r"(default|openjdk-?\d+|java-[\d.]+-openjdk(-headless)?)-?(jdk|jre|devel)?(-headless)?")


def predict(place: Workplace) -> Iterator[Product]:
    """The programs of the runtime; nothing for a conditional or unknown output, or packages of jpackage."""
    name, arguments = place.command.name, read_arguments(place.command.words[1:], _VALUED)
    libc = place.profile.libc
    packaged = any(_PACKAGED.fullmatch(package.partition("=")[0]) for package in place.packages)
    facts = linked_program(libc.family, place.platform, libc.version if packaged else None)
    if facts is None:
        return
    for path in _launchers(place) if name == "jpackage" else _programs(place.path(arguments.value("--output"))):
        why = f"{name} takes the programs of the JDK in the stage, which is for {libc.family}"
        yield Product(path, "jlink", facts, Confidence.LIKELY, evidence=(why,))


def _programs(output: str | None) -> Iterator[str]:
    if output is not None:
        yield from (posixpath.join(output, "bin", name) for name in ("java", "keytool"))


def _launchers(place: Workplace) -> Iterator[str]:
    arguments = read_arguments(place.command.words[1:], _VALUED)
    name = arguments.value("--name", "-n")
    directory = place.path(arguments.value("--dest", "-d") or ".")
    if arguments.value("--type", "-t") == "app-image" and name and directory:
        yield posixpath.join(directory, name, "bin", name)
