"""go build and go install: a static program, or one that cgo links against the stage's C library.

In: a command. Out: its programs. The laws are the go command's own (cmd/go, `go help environment`, `go help build`):
cgo is on for a native build where a C compiler is found, off for a cross build, and as CGO_ENABLED says where that is
set; a program is linked dynamically only where a package of it uses cgo, as `net` and `os/user` do without the tags
netgo and osusergo. The entry of such a program is Go's own where no other package uses cgo, but what glibc merged in
2.34 it needs either way: pthread_create has that version.
"""

from __future__ import annotations

import posixpath
import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.artifacts.prediction import Made, Mend, Product
from depscan.findings import Confidence
from depscan.platforms import MACHINES, Platform
from depscan.toolchains.compilers import has_c_compiler
from depscan.toolchains.elf import ceiling, linked_program, static_program
from depscan.toolchains.go_imports import find_module, follow_imports, main_packages
from depscan.toolchains.system_libraries import sonames_of
from depscan.toolchains.xx import target_platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.shell.commands import ShellWord
    from depscan.toolchains.go_imports import Module
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    -o -C -p -ldflags -gcflags -asmflags -tags -mod -modfile -overlay -pkgdir -toolexec -installsuffix -compiler
    -buildmode -buildvcs -covermode -coverpkg -exec -pgo -gccgoflags
    """.split()  # noqa: SIM905 - read as prose
)
_STATIC_FLAG = r"-extldflags?[= ]?\W*[^-]*-static|(^|[\s\"'])-static\b"
_KEPT = "/root/.config/go/env"  # where `go env -w` writes for root (os.UserConfigDir)
_UNKNOWN = "$"
_PUREGO = re.compile(r"github\.com/ebitengine/purego")  # names libc for the dynamic linker in its sources, without cgo
_BY_FLAGS = "-extldflags -static: the linker makes it static"


class _Build(Struct, frozen=True):
    """A go command: its verb, flags by name (with one dash), the value of -o, and package operands.

    A variable of which nothing is known, where flags stand, is a flag called `$`.
    """

    verb: str
    flags: dict[str, str]
    output: str | None
    packages: tuple[str | None, ...]

    def directory(self, place: Workplace) -> str | None:
        """Where the command works: -C changes it before anything else."""
        return place.path(self.flags.get("-C", "."))


class _Sources(Struct, frozen=True):
    """What the sources at hand tell of a program; see `Reach`. `pure` says that nothing it reaches uses cgo."""

    c: str | None = None
    library: str | None = None
    pure: bool = False
    links: tuple[str, ...] = ()

    @classmethod
    def of(cls, package: str | None, build: _Build, place: Workplace) -> _Sources:
        """Of a package operand; without its sources go.mod alone speaks.

        A package with a version suffix is built without the go.mod at hand (`go help install`).
        """
        here = build.directory(place)
        module = find_module(place.files, here) if here is not None else None
        if module is None or "@" in (package or ""):
            return cls()
        directory = _package_directory(package, module, here, place)
        reach = follow_imports(place.files, module, directory) if directory is not None else None
        if reach is None or not reach.seen:
            required = module.c_module()
            return cls(f"go.mod requires {required}" if required else None)
        return cls(reach.c, reach.library, reach.complete and not (reach.c or reach.library), reach.links)


def _package_directory(package: str | None, module: Module, here: str | None, place: Workplace) -> str | None:
    """The directory of a package of the module, or of the files that make one; None for those of other modules."""
    if package is None or "..." in package:
        return None
    if module.path and package.startswith(f"{module.path}/"):
        return posixpath.normpath(posixpath.join(module.root, package.removeprefix(f"{module.path}/")))
    if package.endswith(".go"):
        return place.path(posixpath.dirname(package) or ".", here)
    return place.path(package, here) if package.startswith((".", "/")) else None


class _Task(Struct, frozen=True, dict=True):
    """One program to build: the command, its stage, the platform, the variables that go reads, the package."""

    build: _Build
    place: Workplace
    platform: Platform
    settings: Mapping[str, str | None]
    package: str | None

    @cached_property
    def sources(self) -> _Sources:
        """What the sources tell: read only where it matters, since they may be thousands of files."""
        return _Sources.of(self.package, self.build, self.place)

    @property
    def enabled(self) -> str | None:
        """CGO_ENABLED: empty where it is not set, None where its value is not known."""
        return self.settings.get("CGO_ENABLED", "")


def predict(place: Workplace) -> Iterator[Product | Made]:
    """The programs of `go build` and `go install`, what `go env -w` keeps; nothing for other systems and libraries."""
    if place.words[1:3] == ("env", "-w") or place.words[1:] in (("--wrap",), ("--unwrap",)):
        yield _keep(place)
        return
    build = _read(place)
    if build is None or build.flags.get("-buildmode", "exe") not in ("exe", "pie"):
        return
    settings = {**_kept(place), **place.environment, **_wrapped(place)}
    architecture = _variable(settings, "GOARCH", place.platform.architecture)
    if _variable(settings, "GOOS", "linux") != "linux" or architecture not in MACHINES:
        return
    same = architecture == place.platform.architecture
    platform = place.platform if same else Platform("linux", architecture)
    for path, package in _outputs(build, place, platform):
        product = _product(path, _Task(build, place, platform, settings, package))
        if product is not None:
            yield product


def _keep(place: Workplace) -> Made:
    """`go env -w NAME=VALUE`: a file that later commands read; `xx-go --wrap` writes it anew, --unwrap removes it."""
    if "--wrap" in place.words or "--unwrap" in place.words:
        settings = _wrapped(place) if "--wrap" in place.words else {}
        return Made(_KEPT, text="".join(f"{name}={value}\n" for name, value in settings.items()))
    lines = "".join(f"{word}\n" for word in place.words[3:] if word)
    return Made(_KEPT, text=(place.files.read(_KEPT) or "") + lines)


def _wrapped(place: Workplace) -> dict[str, str]:
    """What the wrapper xx-go exports; go builds for a system of no name where the platform is not known."""
    if place.command.name != "xx-go":
        return {}
    platform = target_platform(place)
    return {"GOOS": platform.os, "GOARCH": platform.architecture} if platform else {"GOOS": _UNKNOWN}


def _kept(place: Workplace) -> dict[str, str | None]:
    pairs = (line.partition("=") for line in (place.files.read(_KEPT) or "").splitlines())
    return {name: value for name, _, value in pairs}


def _read(place: Workplace) -> _Build | None:
    words = list(place.command.words[1:])
    verb = words.pop(0).text if words else None
    if verb not in ("build", "install"):
        return None
    flags: dict[str, str] = {}
    while words and _text(words[0]).startswith(("-", "$")):
        name, equals, value = _text(words.pop(0)).partition("=")
        if name.startswith("$"):
            flags[_UNKNOWN] = name
            continue
        name = "-" + name.lstrip("-")
        if not equals and name in _VALUED:
            value = _text(words.pop(0)) if words else ""
        flags[name] = value
    output = flags.pop("-o", None)
    return _Build(verb, flags, output, tuple(map(_operand, words)))


def _operand(word: ShellWord) -> str | None:
    """A package operand; of one whose version alone is not known, what stands before the version."""
    path, at, _ = _text(word).partition("@")
    return f"{path}@" if word.text is None and at and "$" not in path and "`" not in path else word.text


def _text(word: ShellWord) -> str:
    """A word, as written where its value is not known: flags are told by their beginning."""
    return word.text if word.text is not None else word.raw.strip("\"'")


def _variable(settings: Mapping[str, str | None], name: str, default: str) -> str | None:
    """A variable as the go command reads it: an empty one counts as not set. None: it is not known."""
    value = settings.get(name, "")
    return default if value == "" else value


def _outputs(build: _Build, place: Workplace, platform: Platform) -> Iterator[tuple[str, str | None]]:
    """The paths of the programs and their packages; `DIRECTORY/*` where the name cannot be known."""
    here = build.directory(place)
    packages = tuple(_each_package(build, place))
    if build.verb == "install":
        directory: str | None = _bin_directory(place, platform)
    elif build.output is None:
        directory = here if len(build.packages) <= 1 else None
    elif "$" in build.output or "`" in build.output:
        return
    else:
        directory = place.path(build.output, here)
        if directory is not None and not _is_directory(directory, build, place):
            yield directory, packages[0]
            return
    if directory is None:
        return
    named = build.verb == "build" and build.output is None  # in the directory of the sources a star would mean too much
    for package in packages:
        name = _package_name(package, build, place)
        if name or not named:
            yield posixpath.join(directory, name or "*"), package


def _is_directory(output: str, build: _Build, place: Workplace) -> bool:
    """Whether -o names a directory. Several packages need one; a pattern does not, as long as it names one program."""
    written = build.output is not None and build.output.endswith("/")
    return written or len(build.packages) > 1 or place.files.is_directory(output)


def _each_package(build: _Build, place: Workplace) -> Iterator[str | None]:
    """The package operands; `./cmd/...` as the programs that it matches, where their sources are at hand."""
    for package in build.packages or (".",):
        directory, wildcard, rest = (package or "").partition("/...")
        where = place.path(directory, build.directory(place)) if wildcard and not rest else None
        inside = re.match(r"\.{0,2}/|\.\Z", f"{directory}/") is not None
        written = build.verb == "install" or build.output is not None  # go throws away what it builds of several
        found = main_packages(place.files, where) if where is not None and inside and written else []
        yield from found or (package,)


def _bin_directory(place: Workplace, platform: Platform) -> str:
    """Where go install puts programs: GOBIN, else bin below GOPATH; a cross build's in a folder of their own."""
    given = place.environment.get("GOBIN")
    if given:
        return given
    directory = posixpath.join((place.environment.get("GOPATH") or _go_path(place)).partition(":")[0], "bin")
    cross = platform.architecture != place.platform.architecture
    return posixpath.join(directory, f"linux_{platform.architecture}") if cross else directory


def _go_path(place: Workplace) -> str:
    """Where GOPATH is without being set: below HOME for a distribution's go; the official images set it to /go."""
    packaged = any(re.fullmatch(r"go(lang(-go|-\d[.\d]*(-go)?)?)?", name) for name in place.packages)
    return posixpath.join(place.environment.get("HOME") or "/root", "go") if packaged else "/go"


def _package_name(package: str | None, build: _Build, place: Workplace) -> str | None:
    """The name that the go command gives a program: the last element of its import path; a version suffix is none."""
    if package is None or "..." in package:
        return None
    here = build.directory(place)
    text = package.partition("@")[0].rstrip("/")
    if text.endswith(".go"):
        return posixpath.basename(text).removesuffix(".go")
    if text in ("", ".") or (text.startswith((".", "/")) and place.path(text, here) == here):
        module = find_module(place.files, here) if here else None
        elements = module.path.split("/") if module is not None and module.root == here else []
    else:
        elements = text.split("/")
    if len(elements) > 1 and re.fullmatch(r"v[2-9]\d*", elements[-1]):
        elements.pop()
    return elements[-1] if elements and elements[-1] not in ("", ".", "..") else None


def _product(path: str, task: _Task) -> Product | None:
    platform, libc = task.platform, task.place.profile.libc
    why_static = _why_static(task)
    family = "musl" if "musl" in (task.settings.get("CC") or "") else libc.family
    native = platform == task.place.platform and family == libc.family
    links = _linked(task) if why_static is None and native else ()
    facts = linked_program(family, platform, libc.version, links, language="go")
    if why_static is not None:
        why = None if why_static is _BY_FLAGS else _why_dynamic_without_cgo(task)
        if why is None or facts is None:
            facts = static_program(MACHINES[platform.architecture], "go")
            return Product(path, "go", facts, evidence=(*_why_machine(task), why_static), mend=_for_the_target(task))
        confidence, reason = why
        return Product(path, "go", replace(facts, needed=(), version_needs={}), confidence, evidence=(reason,))
    if facts is None:
        return None
    confidence, reason = _why_dynamic(task)
    calls_c = task.enabled == "1" or task.sources.c is not None
    return Product(
        path,
        "go",
        facts,
        confidence,
        ceiling(task.place) if calls_c else None,  # what Go's own library calls is older than 2.34, or came with it
        (reason,),
        "CGO_ENABLED=0 in the environment of the command, or no package that uses cgo (net and os/user do)",
        None if calls_c else Mend("build it statically: CGO_ENABLED=0 go build", before="CGO_ENABLED=0 "),
    )


def _linked(task: _Task) -> tuple[str, ...]:
    """The libraries that sources for cgo link, by the sonames of those that the stage has."""
    return sonames_of(task.sources.links, task.place)


def _why_machine(task: _Task) -> tuple[str, ...]:
    """Where the machine of the program comes from, if a variable says it."""
    given = task.settings.get("GOARCH")
    return (f"GOARCH={given}: go builds for {given}",) if given else ()


def _for_the_target(task: _Task) -> Mend | None:
    """The command with the machine of the platform that is built."""
    here = dict(task.place.command.assignments)
    title, by = "build it for the platform of the image: GOARCH=$TARGETARCH", "GOARCH=$TARGETARCH"
    if "GOARCH" not in here:
        return Mend(title, before=f"{by} ", declares="TARGETARCH")
    return Mend(title, replaced=f"GOARCH={here['GOARCH']}", by=by, declares="TARGETARCH") if here["GOARCH"] else None


def _why_dynamic_without_cgo(task: _Task) -> tuple[Confidence, str] | None:
    """Why Go's own linker names a dynamic linker although cgo is off; None where it does not."""
    if task.build.flags.get("-buildmode") == "pie":
        return Confidence.POSSIBLE, "-buildmode=pie asks for a dynamic linker"  # measured with Go 1.19
    here = task.build.directory(task.place)
    module = find_module(task.place.files, here) if here is not None else None
    if module is not None and module.requires(_PUREGO):
        return Confidence.LIKELY, "go.mod requires github.com/ebitengine/purego, which loads libc without cgo"
    return None


def _why_static(task: _Task) -> str | None:
    """Why the program is static, in a sentence; None where cgo may link it."""
    build, place, goflags = task.build, task.place, task.settings.get("GOFLAGS") or ""
    if task.enabled == "0":
        return "CGO_ENABLED=0: go links it statically"
    flags = f"{build.flags.get('-ldflags', '')} {goflags}"
    if re.search(_STATIC_FLAG, f"{flags} {task.settings.get('CGO_LDFLAGS') or ''}"):
        return _BY_FLAGS
    tags = re.split(r"[\s,]+", f"{build.flags.get('-tags', '')},{goflags}")
    if {"netgo", "osusergo"} <= {tag.removeprefix("-tags=") for tag in tags} and not task.sources.c:
        return "-tags netgo,osusergo: the packages of Go's own library do without cgo"
    if task.sources.pure and "external" not in flags:
        return "no source imports a package that uses cgo"
    if task.enabled == "1":
        return None
    if task.platform.architecture != place.platform.architecture:
        return "a cross build: cgo is off"
    old = re.search(r"golang:1\.1?\d\b", place.profile.name)  # only since 1.20 a C compiler is looked for
    return None if old or has_c_compiler(place) is not False else "no C compiler in the stage: cgo is off"


def _why_dynamic(task: _Task) -> tuple[Confidence, str]:
    """How sure it is that a package uses cgo and nothing makes the program static, and why."""
    flags = task.build.flags
    if task.enabled is None or _UNKNOWN in flags or re.search(r"\$\{?\w", flags.get("-ldflags", "")):
        return Confidence.POSSIBLE, "cgo may be on: the settings of the command are not known"
    found = task.sources.c or task.sources.library
    if found is not None and (task.enabled == "1" or has_c_compiler(task.place)):
        return Confidence.LIKELY, f"cgo is on, and {found}"
    if task.enabled == "1":
        return Confidence.LIKELY, "CGO_ENABLED=1: cgo is on"
    return Confidence.POSSIBLE, "CGO_ENABLED is not set to 0: where a package uses cgo (net, os/user), libc is linked"
