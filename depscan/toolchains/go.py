"""go build and go install: a static program, or one that cgo links against the stage's C library.

In: a command. Out: its programs. The laws are the go command's own (cmd/go, `go help environment`, `go help build`):
cgo is on for a native build where a C compiler is found, off for a cross build, and as CGO_ENABLED says where that is
set; a program is linked dynamically only where a package of it uses cgo, as `net` and `os/user` do without the tags
netgo and osusergo. The entry of such a program is Go's own where no other package uses cgo, but what glibc merged in
2.34 it needs either way: pthread_create has that version.
"""

from __future__ import annotations

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
from depscan.toolchains.go_command import UNKNOWN, keep, read_build
from depscan.toolchains.go_constraints import Target
from depscan.toolchains.go_imports import Reach
from depscan.toolchains.go_programs import Tree, outputs
from depscan.toolchains.system_libraries import are_found, sonames_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.facts import ElfFacts
    from depscan.toolchains.go_command import Build
    from depscan.toolchains.workplace import Workplace

_STATIC_FLAG = r"-extldflags?[= ]?\W*[^-]*-static|(^|[\s\"'])-static\b"
_EXTERNAL = r"-linkmode[= ]['\"]?external"
_PUREGO = "github.com/ebitengine/purego"  # names libc for the dynamic linker in its sources, without cgo


class _Task(Struct, frozen=True, dict=True):
    """One program to build: the command, its stage, the platform, the sources at hand, the package."""

    build: Build
    place: Workplace
    platform: Platform
    tree: Tree
    package: str | None

    @cached_property
    def reach(self) -> Reach:
        """What the sources tell: read only where it matters, since they may be thousands of files."""
        return self.tree.reach(self.package) or Reach()

    @property
    def enabled(self) -> str | None:
        """CGO_ENABLED: empty where it is not set, None where its value is not known."""
        return self.build.settings.get("CGO_ENABLED", "")

    @property
    def flags(self) -> str:
        """What the linkers are told."""
        return f"{self.build.flags.get('-ldflags', '')} {self.build.settings.get('CGO_LDFLAGS') or ''}"

    @property
    def external(self) -> bool:
        """Whether the C linker links, whatever the program reaches."""
        sanitized = (self.build.tags or frozenset()) & {"race", "msan", "asan"}
        return bool(sanitized) or re.search(_EXTERNAL, self.flags) is not None


def predict(place: Workplace) -> Iterator[Product | Made]:
    """The programs of `go build` and `go install`, what `go env -w` keeps; nothing for other systems and libraries."""
    kept = keep(place)
    build = read_build(place)
    if kept is not None or build is None or build.flags.get("-buildmode", "exe") not in ("exe", "pie"):
        yield from () if kept is None else (kept,)
        return
    architecture = build.variable("GOARCH", place.platform.architecture)
    if build.variable("GOOS", "linux") != "linux" or architecture not in MACHINES:
        return
    same = architecture == place.platform.architecture
    platform = place.platform if same else Platform("linux", architecture)
    tree = Tree.of(build, place, _target(build, place, platform))
    for path, package in outputs(tree, platform):
        product = _product(path, _Task(build, place, platform, tree, package))
        if product is not None:
            yield product


def _target(build: Build, place: Workplace, platform: Platform) -> Target:
    """What files are chosen for; where nothing tells whether cgo is on, it counts as on."""
    release = re.search(r"golang:1\.(\d+)", place.profile.name)
    off = build.settings.get("CGO_ENABLED", "") == "0" or _why_off(build, place, platform) is not None
    number = int(release[1]) if release else 17
    return Target(platform.architecture, not off, build.tags, number, exact=release is not None)


def _why_off(build: Build, place: Workplace, platform: Platform) -> str | None:
    """Why cgo is off though CGO_ENABLED does not say so; None where it may be on."""
    if build.settings.get("CGO_ENABLED", "") != "":
        return None
    if platform.architecture != place.platform.architecture:
        return "a cross build: cgo is off"
    old = re.search(r"golang:1\.1?\d\b", place.profile.name)  # only since 1.20 a C compiler is looked for
    return None if old or has_c_compiler(place) is not False else "no C compiler in the stage: cgo is off"


def _product(path: str, task: _Task) -> Product | None:
    why_static = _why_static(task)
    facts = _dynamic_facts(task, () if why_static else sonames_of(task.reach.links, task.place))
    if why_static is not None:
        return _static_product(path, task, facts, why_static)
    if facts is None:
        return None
    confidence, reason = _why_dynamic(task)
    calls_c = task.enabled == "1" or task.reach.c is not None
    return Product(
        path,
        "go",
        facts,
        confidence,
        ceiling(task.place) if calls_c else None,  # what Go's own library calls is older than 2.34, or came with it
        (reason,),
        "CGO_ENABLED=0 in the environment of the command, or no package that uses cgo (net and os/user do)",
        None if calls_c else Mend("build it statically: CGO_ENABLED=0 go build", before="CGO_ENABLED=0 "),
        open=_may_need_more(task),
    )


def _static_product(path: str, task: _Task, facts: ElfFacts | None, why: str) -> Product:
    """A program without cgo; Go's own linker may name a dynamic linker nevertheless."""
    named = None if _by_flags(task) else _why_dynamic_without_cgo(task)
    if named is None or facts is None:
        facts = static_program(MACHINES[task.platform.architecture], "go")
        evidence = (*_why_machine(task), why)
        return Product(path, "go", facts, evidence=evidence, mend=_for_the_target(task), open=_may_be_dynamic(task))
    confidence, reason = named
    needed = task.reach.libraries if task.reach.complete and facts.libc == "glibc" else ()
    facts = replace(facts, needed=needed, version_needs={})
    return Product(path, "go", facts, confidence, evidence=(reason,), open=not task.reach.complete)


def _dynamic_facts(task: _Task, links: tuple[str, ...]) -> ElfFacts | None:
    """A program linked against the C library; libraries are found for a native build only."""
    platform, libc = task.platform, task.place.profile.libc
    family = "musl" if "musl" in (task.build.settings.get("CC") or "") else libc.family
    native = platform == task.place.platform and family == libc.family
    return linked_program(family, platform, libc.version, links if native else (), language="go")


def _may_need_more(task: _Task) -> bool:
    """Whether C that the program is known to reach links libraries that its facts lack."""
    return task.reach.c is not None and not (task.reach.whole and are_found(task.reach.links, task.place))


def _may_be_dynamic(task: _Task) -> bool:
    """Whether Go's own linker may name a dynamic linker, or pass over -extldflags, for what is not at hand."""
    if task.reach.complete:
        return False
    if _by_flags(task) and task.enabled != "0":
        return not task.external and task.reach.c is None
    modules = task.tree.modules
    return modules is not None and any(each.requires(_PUREGO) for each in (modules.main, *modules.others))


def _why_machine(task: _Task) -> tuple[str, ...]:
    """Where the machine of the program comes from, if a variable says it."""
    given = task.build.settings.get("GOARCH")
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
    modules = task.tree.modules
    if modules is None or modules.main.requires(_PUREGO) is None:
        return None
    return (Confidence.LIKELY, task.reach.dynamic) if task.reach.dynamic else None


def _by_flags(task: _Task) -> bool:
    return re.search(_STATIC_FLAG, task.flags) is not None


def _why_static(task: _Task) -> str | None:
    """Why the program is static, in a sentence; None where cgo may link it."""
    if task.enabled == "0":
        return "CGO_ENABLED=0: go links it statically"
    off = _why_off(task.build, task.place, task.platform)
    if off is not None:
        return off
    inner = task.reach.complete and task.reach.c is None  # Go's own linker then links, and passes over -extldflags
    if _by_flags(task) and (task.external or not inner):
        return "-extldflags -static: the linker makes it static"
    if task.external:
        return None
    if {"netgo", "osusergo"} <= (task.build.tags or frozenset()) and not task.reach.c:
        return "-tags netgo,osusergo: the packages of Go's own library do without cgo"
    if task.reach.complete and not (task.reach.c or task.reach.library):
        return "no source imports a package that uses cgo"
    return None


def _why_dynamic(task: _Task) -> tuple[Confidence, str]:
    """How sure it is that a package uses cgo and nothing makes the program static, and why."""
    flags, surely = task.build.flags, task.enabled == "1" or has_c_compiler(task.place)
    if task.enabled is None or UNKNOWN in flags or re.search(r"\$\{?\w", flags.get("-ldflags", "")):
        return Confidence.POSSIBLE, "cgo may be on: the settings of the command are not known"
    found = task.reach.c or task.reach.library
    if found is not None and surely:
        return Confidence.LIKELY, f"cgo is on, and {found}"
    if task.external and surely:
        return Confidence.LIKELY, "cgo is on, and the flags of the command make the C linker link it"
    if task.enabled == "1":
        return Confidence.LIKELY, "CGO_ENABLED=1: cgo is on"
    return Confidence.POSSIBLE, "CGO_ENABLED is not set to 0: where a package uses cgo (net, os/user), libc is linked"
