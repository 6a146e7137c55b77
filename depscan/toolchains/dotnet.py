"""dotnet publish, build and tool install: the program that starts an application, for a runtime identifier.

In: a command. Out: its apphost, a single-file program or one of Native AOT; nothing for a library. The identifier names
system, C library and machine: linux-x64 is glibc, linux-musl-x64 is musl (learn.microsoft.com, .NET RID catalog).
Without one the apphost is that of the SDK itself. Measured: .NET 3.1's host and a single-file program of .NET 10 need
libstdc++.so.6 and libgcc_s.so.1, and nothing of glibc above 2.27; Native AOT does without both (dotnet-docker's
runtime-deps images `-aot` have no libstdc++), and is linked with the C library of the stage.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.prediction import Mend, Product
from depscan.findings import Confidence
from depscan.platforms import DEFAULT_PLATFORM, MACHINES, Platform
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.elf import ceiling, linked_program, static_program
from depscan.toolchains.msbuild import Project, find_project, is_true

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.arguments import Arguments
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    -c --configuration -f --framework -r --runtime -o --output -a --arch --os --artifacts-path --manifest -s --source
    -v --verbosity --version-suffix --tool-path --version --add-source --configfile -p --property
    """.split()  # noqa: SIM905 - read as prose
)
_LONG = {
    "-c": "--configuration",
    "-f": "--framework",
    "-r": "--runtime",
    "-o": "--output",
    "-a": "--arch",
    "--ucr": "--use-current-runtime",
}
_MUSL_SYSTEMS = r"linux-musl|alpine(\.[\d.]+)?"
_GLIBC_SYSTEMS = r"linux|(debian|ubuntu|rhel|fedora|centos|opensuse|sles|ol|linuxmint)(\.[\d.]+)?"
_MACHINES = {"x64": "amd64", "arm64": "arm64", "arm": "arm", "x86": "386", "s390x": "s390x", "ppc64le": "ppc64le"}
HOST_NEEDS = ("libstdc++.so.6", "libgcc_s.so.1")
_RELEASE_SINCE = 8  # publish takes Release for projects of net8.0 and later


class _Build(Struct, frozen=True):
    """A command: verb, flags by their long name, and its project with the properties that the command sets."""

    verb: str
    flags: dict[str, str | None]
    project: Project


class _Target(Struct, frozen=True):
    """What is built for: C library and platform, and the identifier as written; None for the SDK's own."""

    family: str
    platform: Platform
    identifier: str | None


def predict(place: Workplace) -> Iterator[Product]:
    """The program of `dotnet publish` and `build`, and the starters of `dotnet tool install`."""
    verb = place.words[1] if len(place.words) > 1 else None
    arguments = read_arguments(place.command.words[2:], _VALUED)
    if verb == "tool":
        yield from _install_tool(arguments, place)
    elif verb in ("publish", "build"):
        build = _read(verb, arguments, place)
        target = _target(build, place)
        path = _output(build, target, place) if target is not None else None
        product = _product(path, build, target, place) if target is not None and path is not None else None
        if product is not None:
            yield product


def _read(verb: str, arguments: Arguments, place: Workplace) -> _Build:
    flags: dict[str, str | None] = {}
    given: dict[str, str | None] = {}
    for name, value in arguments.flags:
        text = f"{name}={value}" if value else name
        found = re.fullmatch(r"--?p(?:roperty)?[:=](\w+)=?(.*)", text)
        if found:
            given[found[1].lower()] = None if value is None else found[2]
        elif ":" in name:  # --runtime:linux-x64
            name, _, value = name.partition(":")  # noqa: PLW2901 - the same flag, spelt otherwise
            flags[_LONG.get(name, name)] = value
        else:
            flags[_LONG.get(name, name)] = value
    properties = (re.fullmatch(r"/p(?:roperty)?:(\w+)=(.*)", word) for word in arguments.operands)
    given.update({found[1].lower(): found[2] for found in properties if found})
    operands = [word for word in arguments.operands if not re.match(r"/\w+:", word) and word not in ("true", "false")]
    return _Build(verb, flags, find_project(operands[0] if operands else None, given, place))


def _target(build: _Build, place: Workplace) -> _Target | None:
    """What the flags or the project ask for; None where it is not known, or another system."""
    flags, project = build.flags, build.project
    if "--runtime" in flags:
        return _read_identifier(flags["--runtime"])
    own = _own_target(place)
    if "--os" in flags or "--arch" in flags:
        machine = own.identifier.rpartition("-")[2] if own and own.identifier else None
        system = "linux-musl" if own and own.family == "musl" else "linux"
        system, machine = flags.get("--os", system), flags.get("--arch", machine)  # type: ignore[assignment]
        machine = {"amd64": "x64", "386": "x86", "x86_64": "x64", "aarch64": "arm64"}.get(machine or "", machine)
        return _read_identifier(f"{system}-{machine}" if system and machine else None)
    if "runtimeidentifier" in project.properties and "--use-current-runtime" not in flags:
        return _read_identifier(project.properties["runtimeidentifier"])
    return _Target(own.family, own.platform, None) if own else None


def _read_identifier(text: str | None) -> _Target | None:
    system, _, machine = (text or "").rpartition("-")
    musl, glibc = re.fullmatch(_MUSL_SYSTEMS, system), re.fullmatch(_GLIBC_SYSTEMS, system)
    architecture = _MACHINES.get(machine)
    if architecture is None or not (musl or glibc):
        return None
    variant = "v7" if architecture == "arm" else None
    return _Target("musl" if musl else "glibc", Platform("linux", architecture, variant), text)


def _own_target(place: Workplace) -> _Target | None:
    """The SDK's own identifier, by the C library and platform of the stage."""
    machine = {architecture: name for name, architecture in _MACHINES.items()}.get(place.platform.architecture)
    system = {"glibc": "linux", "musl": "linux-musl"}.get(place.profile.libc.family)
    return _read_identifier(f"{system}-{machine}") if system and machine else None


def _output(build: _Build, target: _Target, place: Workplace) -> str | None:
    """The program's path; `DIRECTORY/*` where its name is not known, None where the directory is not."""
    project = build.project
    name = project.name
    if "--output" in build.flags:
        directory = place.path(build.flags["--output"])
        return posixpath.join(directory, name or "*") if directory else None
    framework = build.flags.get("--framework") or project.properties.get("targetframework")
    moved = {"publishdir", "outputpath", "outdir", "baseoutputpath", "artifactspath", "useartifactsoutput"}
    if project.path is None or name is None or not framework or not moved.isdisjoint(project.properties):
        return None
    configuration = build.flags.get("--configuration", project.properties.get("configuration", ""))
    if configuration == "":
        modern = re.match(r"net(\d+)\.", framework)
        released = build.verb == "publish" and modern is not None and int(modern[1]) >= _RELEASE_SINCE
        configuration = "Release" if released else "Debug"
    if configuration is None:
        return None
    parts = ["bin", configuration, framework, target.identifier, "publish" if build.verb == "publish" else None, name]
    return posixpath.join(posixpath.dirname(project.path), *(part for part in parts if part))


def _product(path: str, build: _Build, target: _Target, place: Workplace) -> Product | None:
    properties = build.project.properties
    native = build.verb == "publish" and is_true(properties, "publishaot")
    maybe = build.verb == "publish" and "publishaot" in properties and properties["publishaot"] is None
    if build.project.is_library or (is_true(properties, "useapphost") is False and not native and not maybe):
        return None
    why = _why(build, target, native=native is True)
    if native and is_true(properties, "staticexecutable"):
        machine = MACHINES[target.platform.architecture]
        return Product(path, "dotnet", static_program(machine), evidence=("StaticExecutable: it is linked statically",))
    libc = place.profile.libc
    at_home = bool(native) and target.family == libc.family
    needed = () if native or maybe else HOST_NEEDS
    facts = linked_program(target.family, target.platform, libc.version if at_home else None, needed)
    if facts is None:
        return None
    told = target.identifier is not None and not native  # whether a native program is static, its project may say
    known = not _is_elsewhere(target, place) and (told or build.project.is_program)
    return Product(
        path,
        "dotnet",
        facts,
        Confidence.LIKELY if known else Confidence.POSSIBLE,
        ceiling(place) if at_home else None,
        (why,),
        _refutation(target, place),
        None if native or maybe else _mend(build, target),
    )


def _mend(build: _Build, target: _Target) -> Mend | None:
    """The identifier of the other C library; with --no-restore the packages for it would not be there."""
    given, identifier = build.flags.get("--runtime"), target.identifier
    if identifier is None or "--no-restore" in build.flags or not re.match(r"linux-(musl-)?\w+$", identifier):
        return None
    other = identifier.replace("linux-musl-", "linux-") if target.family == "musl" else f"linux-musl-{identifier[6:]}"
    title = f"publish it for {other}"
    return Mend(title, replaced=identifier, by=other) if given else Mend(title, after=f" -r {other}")


def _is_elsewhere(target: _Target, place: Workplace) -> bool:
    """Whether it is for another machine than the default platform: a Dockerfile for that machine may be looked at."""
    native = place.platform.architecture
    return native == DEFAULT_PLATFORM.architecture != target.platform.architecture


def _refutation(target: _Target, place: Workplace) -> str | None:
    if _is_elsewhere(target, place):
        return f"a build for {target.platform}: say so with --platform"
    return None if target.identifier else "a RuntimeIdentifier that the Dockerfile and its context do not show"


def _why(build: _Build, target: _Target, *, native: bool) -> str:
    what = "Native AOT" if native else "the program that starts the application"
    if target.identifier is None:
        return f"no runtime identifier: {what} is for the SDK's own system ({target.family})"
    given = "--runtime" in build.flags or "--os" in build.flags or "--arch" in build.flags
    where = "the command" if given or build.project.path is None else "the project"
    return f"runtime identifier {target.identifier} of {where}: {what} is for {target.family}"


def _install_tool(arguments: Arguments, place: Workplace) -> Iterator[Product]:
    """`dotnet tool install`: a starter of the SDK's own system for each tool, whose name its package tells."""
    own = _own_target(place)
    if not arguments.operands or arguments.operands[0] not in ("install", "update") or own is None:
        return
    if arguments.has("-g", "--global"):
        directory = place.path((place.environment.get("HOME") or "/root") + "/.dotnet/tools")
    else:
        directory = place.path(arguments.value("--tool-path")) if arguments.has("--tool-path") else None
    facts = linked_program(own.family, own.platform, None, HOST_NEEDS)
    if directory is not None and facts is not None:
        why = f"tools get a starter of the SDK's own system ({own.family})"
        yield Product(f"{directory}/*", "dotnet-tool", facts, Confidence.LIKELY, evidence=(why,))
