"""GraalVM's native-image, by itself or through Maven and Gradle: programs linked with the C library of the stage.

In: a command, pom.xml of the context. Out: the program. By the GraalVM reference manual (Build a Statically Linked or
Mostly-Statically Linked Native Executable) a program is linked dynamically by default, fully statically with --static
(and --libc=musl), and but for the C library with --static-nolibc. Quarkus names its program
`<artifactId>-<version>-runner` in target, native-maven-plugin `<artifactId>`, Gradle's plugin writes to
build/native/nativeCompile.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.prediction import Product
from depscan.findings import Confidence
from depscan.toolchains.elf import ceiling, dynamic_program, static_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset({"-cp", "-classpath", "--class-path", "-p", "--module-path", "-o", "-jar", "-m", "--module"})
_STATIC = r"--static(?!-nolibc)\b"
_NO_PROGRAM = frozenset({"--shared", "--version", "--help", "--list-modules", "--bundle-create", "--dry-run"})
_MAX_POM = 512 * 1024
_NATIVE_MAVEN = (
    r"-P\s*(?:\S*,)?native\b|-Dnative\b|-Dquarkus\.(?:package\.type=native|native\.enabled=true)|native:compile"
)


def predict(place: Workplace) -> Iterator[Product]:
    """The program of native-image, or of a native build with mvn or gradle; nothing for other goals."""
    name = place.command.name or ""
    words = [word.text if word.text is not None else word.raw for word in place.command.words[1:]]
    if name == "native-image":
        yield from _product(_output(words, place), words, place, Confidence.LIKELY)
    elif name in ("mvn", "mvnw") and re.search(_NATIVE_MAVEN, " ".join(words)):
        yield from _of_maven(words, place)
    elif name in ("gradle", "gradlew") and any(word.rpartition(":")[2] == "nativeCompile" for word in words):
        directory = place.path("build/native/nativeCompile")
        path = f"{directory}/*" if directory else None
        settings = _settings(place, "build.gradle", "build.gradle.kts")
        # What is not at hand may ask for a static program.
        yield from _product(
            path, [*words, settings], place, Confidence.LIKELY if settings.strip() else Confidence.POSSIBLE
        )


def _product(
    path: str | None, settings: Sequence[str], place: Workplace, confidence: Confidence = Confidence.LIKELY
) -> Iterator[Product]:
    if path is None:
        return
    text = " ".join(settings)
    if re.search(_STATIC, text):
        yield Product(path, "native-image", static_program(place.machine), evidence=("--static: linked statically",))
        return
    facts = dynamic_program(place)
    if facts is not None:
        yield Product(
            path,
            "native-image",
            facts,
            Confidence.POSSIBLE if "$" in text else confidence,
            ceiling(place),
            ("no --static: native-image links it dynamically",),
            "--static in settings that the Dockerfile and its context do not show",
        )


def _output(words: Sequence[str], place: Workplace) -> str | None:
    """Where native-image writes: -o, -H:Name, the operand behind the class or jar, else their own name."""
    given, operands, pending, jar = None, [], list(words), None
    while pending:
        word = pending.pop(0)
        if word in _NO_PROGRAM:
            return None
        if word in _VALUED:
            value = pending.pop(0) if pending else ""
            given = value if word == "-o" else given
            jar = value if word == "-jar" else jar
        elif word.startswith("-H:Name="):
            given = word.partition("=")[2]
        elif not word.startswith("-"):
            operands.append(word)
    if given is None and jar is not None:
        given = operands[0] if operands else posixpath.basename(jar).removesuffix(".jar")
    elif given is None and operands:
        given = operands[1] if len(operands) > 1 else operands[0].lower()
    return place.path(given) if given and "$" not in given else None


def _of_maven(words: Sequence[str], place: Workplace) -> Iterator[Product]:
    """A native build with Maven, where pom.xml stands in the directory of the command."""
    path = place.path("pom.xml")
    text = place.files.read(path, _MAX_POM) if path else None
    settings = [*words, text or "", _settings(place, "src/main/resources/application.properties")]
    project = _parse(text)
    target = place.path("target")
    if project is None or target is None or re.search(r"container-build", " ".join(settings)):
        return
    artifact, version = (_child(project, name) for name in ("artifactId", "version"))
    name = f"{artifact}-{version}-runner" if "quarkus" in (text or "") else artifact
    if artifact and version and "$" not in name:
        settings = [re.sub(r"\$\{[^}]*\}", "", setting) for setting in settings]
        yield from _product(posixpath.join(target, name), settings, place)


def _settings(place: Workplace, *names: str) -> str:
    """The text of those of these files that are there."""
    paths = [path for name in names if (path := place.path(name))]
    return " ".join(place.files.read(path, _MAX_POM) or "" for path in paths)


def _parse(text: str | None) -> Element | None:
    if text is None or "<!DOCTYPE" in text:
        return None
    from xml.etree.ElementTree import ParseError, fromstring  # noqa: PLC0415 - 5 ms that only native builds pay

    try:
        return fromstring(text)  # noqa: S314 - without a document type it has no entities
    except (ParseError, ValueError):
        return None


def _child(element: Element, name: str) -> str:
    """The text of a child element, whatever its namespace; empty where there is none."""
    found = (child for child in element if isinstance(child.tag, str) and child.tag.rpartition("}")[2] == name)
    return next(((child.text or "").strip() for child in found), "")
