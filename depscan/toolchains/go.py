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
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.artifacts.prediction import Mend, Product
from depscan.findings import Confidence
from depscan.platforms import MACHINES, Platform
from depscan.toolchains.compilers import has_c_compiler
from depscan.toolchains.elf import ceiling, linked_program, static_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.shell.commands import ShellWord
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    -o -C -p -ldflags -gcflags -asmflags -tags -mod -modfile -overlay -pkgdir -toolexec -installsuffix -compiler
    -buildmode -buildvcs -covermode -coverpkg -exec -pgo -gccgoflags
    """.split()  # noqa: SIM905 - read as prose
)
_MAX_SOURCES = 2000
_MAX_SOURCE = 256 * 1024  # imports stand at a file's beginning
_STATIC_FLAG = r"-extldflags?[= ]?\W*[^-]*-static|(^|[\s\"'])-static\b"
_UNKNOWN = "$"
_PUREGO = "github.com/ebitengine/purego"  # names libc for the dynamic linker without cgo: its dlfcn and nocgo sources
_BY_FLAGS = "-extldflags -static: the linker makes it static"
# Packages of Go's own library that use cgo, and what reaches them (go list -deps, Go 1.24).
_CGO_IMPORTS = r'"(net|net/http|net/rpc|net/smtp|os/user|google\.golang\.org/grpc)"'
# Modules that are mostly C: their own sources say `import "C"`.
_CGO_MODULES = re.compile(
    r"(github\.com/(?:mattn/go-sqlite3|confluentinc/confluent-kafka-go|DataDog/zstd|linxGnu/grocksdb"
    r"|tecbot/gorocksdb|libgit2/git2go|go-gl/gl|veandco/go-sdl2|h2non/bimg|davidbyttow/govips|pebbe/zmq4"
    r"|godror/godror|mutecomm/go-sqlcipher|duckdb/duckdb-go|marcboeker/go-duckdb))(?:/v\d+)?\s"
)


class _Build(Struct, frozen=True):
    """A go command: its verb, flags by name (with one dash), the value of -o, and package operands.

    A variable of which nothing is known, where flags stand, is a flag called `$`.
    """

    verb: str
    flags: dict[str, str]
    output: str | None
    packages: tuple[str | None, ...]


def predict(place: Workplace) -> Iterator[Product]:
    """The programs of `go build` and `go install`; nothing for other verbs, other systems and libraries."""
    build = _read(place)
    if build is None or build.flags.get("-buildmode", "exe") not in ("exe", "pie"):
        return
    architecture = _variable(place, "GOARCH", place.platform.architecture)
    if _variable(place, "GOOS", "linux") != "linux" or architecture not in MACHINES:
        return
    same = architecture == place.platform.architecture
    platform = place.platform if same else Platform("linux", architecture)
    for path in _outputs(build, place, platform):
        product = _product(path, build, place, platform)
        if product is not None:
            yield product


def _read(place: Workplace) -> _Build | None:
    words = list(place.command.words[1:])
    verb = words.pop(0).text if words else None
    if verb not in ("build", "install"):
        return None
    flags: dict[str, str] = {}
    output = None
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
    return _Build(verb, flags, output, tuple(word.text for word in words))


def _text(word: ShellWord) -> str:
    """A word, as written where its value is not known: flags are told by their beginning."""
    return word.text if word.text is not None else word.raw.strip("\"'")


def _variable(place: Workplace, name: str, default: str) -> str | None:
    """A variable as the go command reads it: an empty one counts as not set. None: it is not known."""
    value = place.environment.get(name, "")
    return default if value == "" else value


def _outputs(build: _Build, place: Workplace, platform: Platform) -> Iterator[str]:
    """The paths of the programs; `DIRECTORY/*` where the name cannot be known."""
    if build.verb == "install":
        directory: str | None = _bin_directory(place, platform)
    elif build.output is None:
        directory = place.path(".") if len(build.packages) <= 1 else None
    elif "$" in build.output or "`" in build.output:
        return
    else:
        directory = place.path(build.output)
        several = len(build.packages) > 1 or any(package is None or "..." in package for package in build.packages)
        if directory is not None and not (build.output.endswith("/") or several):
            yield directory
            return
    if directory is None:
        return
    named = build.verb == "build" and build.output is None  # in the directory of the sources a star would mean too much
    for package in build.packages or (".",):
        name = _package_name(package, place)
        if name or not named:
            yield posixpath.join(directory, name or "*")


def _bin_directory(place: Workplace, platform: Platform) -> str:
    """Where go install puts programs: GOBIN, else bin below GOPATH; a cross build's in a folder of their own."""
    given = place.environment.get("GOBIN")
    if given:
        return given
    directory = posixpath.join((place.environment.get("GOPATH") or "/go").partition(":")[0], "bin")
    cross = platform.architecture != place.platform.architecture
    return posixpath.join(directory, f"linux_{platform.architecture}") if cross else directory


def _package_name(package: str | None, place: Workplace) -> str | None:
    """The name that the go command gives a program: the last element of its import path; a version suffix is none."""
    if package is None or "..." in package:
        return None
    text = package.partition("@")[0].rstrip("/")
    if text.endswith(".go"):
        return posixpath.basename(text).removesuffix(".go")
    if text in ("", ".") or (text.startswith((".", "/")) and place.path(text) == place.path(".")):
        module = _module_path(place)
        elements = module.split("/") if module else []
    else:
        elements = text.split("/")
    if len(elements) > 1 and re.fullmatch(r"v[2-9]\d*", elements[-1]):
        elements.pop()
    return elements[-1] if elements and elements[-1] not in ("", ".", "..") else None


def _module_path(place: Workplace) -> str | None:
    """The module's path where its go.mod stands in the directory of the command."""
    manifest = _manifest(place, 1)
    found = re.search(r"(?m)^module\s+\"?([^\s\"]+)", manifest) if manifest else None
    return found[1] if found else None


def _manifest(place: Workplace, depth: int = 6) -> str | None:
    """The go.mod of the command's directory, or of a directory above it."""
    here = place.path(".")
    for _ in range(depth):
        if here is None:
            return None
        text = place.files.read(posixpath.join(here, "go.mod"))
        if text is not None or here == "/":
            return text
        here = posixpath.dirname(here)
    return None


def _product(path: str, build: _Build, place: Workplace, platform: Platform) -> Product | None:
    why_static = _why_static(build, place, platform)
    libc = place.profile.libc
    family = "musl" if "musl" in (place.environment.get("CC") or "") else libc.family
    facts = linked_program(family, platform, libc.version, language="go")
    if why_static is not None:
        why = None if why_static is _BY_FLAGS else _why_dynamic_without_cgo(build, place)
        if why is None or facts is None:
            return Product(path, "go", static_program(MACHINES[platform.architecture], "go"), evidence=(why_static,))
        confidence, reason = why
        return Product(path, "go", replace(facts, needed=(), version_needs={}), confidence, evidence=(reason,))
    if facts is None:
        return None
    confidence, reason = _why_dynamic(build, place)
    calls_c = place.environment.get("CGO_ENABLED") == "1" or _c_source(place) is not None
    return Product(
        path,
        "go",
        facts,
        confidence,
        ceiling(place) if calls_c else None,  # what Go's own library calls is older than 2.34, or came with it
        (reason,),
        "CGO_ENABLED=0 in the environment of the command, or no package that uses cgo (net and os/user do)",
        None if calls_c else Mend("build it statically: CGO_ENABLED=0 go build", before="CGO_ENABLED=0 "),
    )


def _why_dynamic_without_cgo(build: _Build, place: Workplace) -> tuple[Confidence, str] | None:
    """Why Go's own linker names a dynamic linker although cgo is off; None where it does not."""
    if build.flags.get("-buildmode") == "pie":
        return Confidence.POSSIBLE, "-buildmode=pie asks for a dynamic linker"  # measured with Go 1.19
    for line in (_manifest(place) or "").splitlines():
        if _PUREGO in line:
            confidence = Confidence.POSSIBLE if "// indirect" in line else Confidence.LIKELY
            return confidence, f"go.mod requires {_PUREGO}, which loads libc without cgo"
    return None


def _why_static(build: _Build, place: Workplace, platform: Platform) -> str | None:
    """Why the program is static, in a sentence; None where cgo may link it."""
    enabled = place.environment.get("CGO_ENABLED", "")
    if enabled == "0":
        return "CGO_ENABLED=0: go links it statically"
    flags = f"{build.flags.get('-ldflags', '')} {place.environment.get('GOFLAGS') or ''}"
    if re.search(_STATIC_FLAG, f"{flags} {place.environment.get('CGO_LDFLAGS') or ''}"):
        return _BY_FLAGS
    tags = re.split(r"[\s,]+", f"{build.flags.get('-tags', '')},{place.environment.get('GOFLAGS') or ''}")
    if {"netgo", "osusergo"} <= {tag.removeprefix("-tags=") for tag in tags} and not _c_source(place):
        return "-tags netgo,osusergo: the packages of Go's own library do without cgo"
    if _is_pure(place) and "external" not in flags:
        return "no source imports a package that uses cgo"
    if enabled == "1":
        return None
    if platform.architecture != place.platform.architecture:
        return "a cross build: cgo is off"
    old = re.search(r"golang:1\.1?\d\b", place.profile.name)  # only since 1.20 a C compiler is looked for
    return None if old or has_c_compiler(place) is not False else "no C compiler in the stage: cgo is off"


def _why_dynamic(build: _Build, place: Workplace) -> tuple[Confidence, str]:
    """How sure it is that a package uses cgo and nothing makes the program static, and why."""
    enabled = place.environment.get("CGO_ENABLED", "")
    if enabled is None or _UNKNOWN in build.flags or re.search(r"\$\{?\w", build.flags.get("-ldflags", "")):
        return Confidence.POSSIBLE, "cgo may be on: the settings of the command are not known"
    found = _c_source(place) or _source_with(place, _CGO_IMPORTS)
    if found is not None and (enabled == "1" or has_c_compiler(place)):
        return Confidence.LIKELY, f"cgo is on, and {found}"
    if enabled == "1":
        return Confidence.LIKELY, "CGO_ENABLED=1: cgo is on"
    return Confidence.POSSIBLE, "CGO_ENABLED is not set to 0: where a package uses cgo (net, os/user), libc is linked"


def _is_pure(place: Workplace) -> bool:
    """Whether all sources are known, of a module without requirements, and none reaches a package that uses cgo."""
    manifest = _manifest(place)
    if manifest is None or re.search(r"(?m)^require\b", manifest):
        return False
    return bool(_sources(place)) and not _c_source(place) and not _source_with(place, _CGO_IMPORTS)


def _c_source(place: Workplace) -> str | None:
    """A module or a source file that is C, where the context tells."""
    for line in (_manifest(place) or "").splitlines():
        module = _CGO_MODULES.search(line + " ")
        if module is not None and "// indirect" not in line:
            return f"go.mod requires {module[1]}"
    return _source_with(place, r'(?m)^import "C"')


def _source_with(place: Workplace, pattern: str) -> str | None:
    """The first source of the module that matches, in words."""
    expression = re.compile(pattern)
    for path in _sources(place):
        found = expression.search(place.files.read(path, _MAX_SOURCE) or "")
        if found is not None:
            return f"{posixpath.basename(path)} has {found[0]}"
    return None


def _sources(place: Workplace) -> list[str]:
    here = place.path(".")
    known = place.files.walk(here) if here is not None and here != "/" else ()
    return [path for path in known if path.endswith(".go") and not path.endswith("_test.go")][:_MAX_SOURCES]
