"""cargo build, cargo install, rustc: programs linked against the target's C library.

In: a command. Out: its programs. The laws: a `-gnu` target is linked dynamically and needs libgcc_s.so.1 for
unwinding, a `-musl` target statically, unless the target feature crt-static says otherwise (Rust reference, "Linkage");
Alpine's own compiler has the target x86_64-alpine-linux-musl, which is dynamic (Alpine's aports, main/rust). Measured
with 1.95 on glibc 2.36 and with 1.85 and 1.95 on 2.41: std asks for GLIBC_2.34, and from 2.39 on for what
std::process::Command starts programs with.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.artifacts.facts import VersionNeed
from depscan.artifacts.prediction import Product
from depscan.findings import Confidence
from depscan.platforms import MACHINES
from depscan.toolchains.arguments import Arguments, read_arguments
from depscan.toolchains.cargo_cfg import platform_of
from depscan.toolchains.cargo_flags import read_flags, why_static
from depscan.toolchains.cargo_selection import programs, select
from depscan.toolchains.crates import (
    Workspace,
    find_workspace,
    pinned_toolchain,
    read_configuration,
    read_toml,
    table,
    texts,
    upward,
)
from depscan.toolchains.elf import MERGED, ceiling, is_at_least, linked_program, static_program
from depscan.toolchains.foreign_libraries import Libraries, Resolution
from depscan.toolchains.rustup import told_host, told_release
from depscan.toolchains.triples import Target, read_target
from depscan.toolchains.workplace import Unread
from depscan.toolchains.xx import target_platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.facts import ElfFacts
    from depscan.toolchains.crates import Package
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    """
    --target --target-dir --bin --example -p --package --exclude --manifest-path --root --path --git --branch --tag
    --rev --version --vers --registry --index --artifact-dir --out-dir --profile --features -F --config -C -Z --color
    --message-format -j --jobs --timings --crate-type -o --emit --edition --cap-lints -L -l --cfg --codegen
    """.split()  # noqa: SIM905 - read as prose
)
_BUILDS = {"build": "build", "b": "build", "rustc": "build", "zigbuild": "build", "install": "install"}
_WRAPPERS = ("auditable", "leptos", "cross")
_DIRECTORIES = {"dev": "debug", "test": "debug", "bench": "release"}
_NEWER = "2.38"  # std asks for nothing between 2.34 and this
_PROCESS = "2.39"  # where glibc has pidfd_spawnp
_PROCESS_RUST = (1, 85)  # the oldest release of which it is measured


class _Build(Struct, frozen=True):
    """A build: its verb, arguments, the workspace where it is known, and the configuration files that hold.

    `toolchain` is the one that the command names, `cargo +NAME`, `start` the directory that it runs in.
    """

    verb: str
    arguments: Arguments
    workspace: Workspace | None
    configuration: list[dict[str, object]]
    by_zig: bool
    toolchain: str | None = None
    start: str = "/"
    wrapper: str = ""

    @property
    def told(self) -> bool:
        """Whether the manifest and the settings beside it are at hand: one that is not there asks for nothing known.

        `cargo install NAME` and rustc alone read none.
        """
        remote = self.verb == "install" and not self.arguments.has("--path")
        return self.workspace is not None or remote or self.verb == "rustc"


def predict(place: Workplace) -> Iterator[Product | Unread]:
    """The programs of a command; nothing for verbs that build none, and for other systems than Linux."""
    build = _read(place)
    if build is None:
        return
    yield from _unread(build, place)
    for triple in _triples(build, place):
        target = read_target(triple) if triple else _host(build, place)
        if target is None:
            continue
        flags = read_flags(build.arguments, build.configuration, place, target, alone=build.verb == "rustc")
        resolution = _resolution(build, place, target, flags[0] if flags[1] else None)
        for path, package in _outputs(build, place, triple, resolution):
            product = _product(path, package, target, build, place, flags, resolution)
            if product is not None:
                yield product


def _unread(build: _Build, place: Workplace) -> Iterator[Unread]:
    """The manifests at hand that cannot be read."""
    directories = [build.workspace.root] if build.workspace else list(upward(build.start))[:1]
    for name in ("Cargo.toml", "Cargo.lock") if build.verb != "rustc" else ():
        for directory in directories:
            path = posixpath.join(directory, name)
            if place.files.is_at_hand(path) and read_toml(place.files, path) is None:
                yield Unread(path, "it cannot be read, or is no TOML: what cargo builds from it is not known")


def _resolution(build: _Build, place: Workplace, target: Target, flags: str | None) -> Resolution | None:
    if build.workspace is None:
        return None
    selection = select(build.arguments, build.workspace)
    if build.wrapper == "leptos":  # it takes features from the manifest's metadata
        selection = replace(selection, known=False)
    platform = platform_of(re.sub(r"(-gnu\w*)[.\d]+$", r"\1", target.triple), flags)
    return Resolution(selection, build.workspace, platform, place, dev=build.verb != "install")


def _read(place: Workplace) -> _Build | None:
    words = [word for word in place.command.words if not (word.text or "").startswith("+")]
    toolchain = next((text[1:] for text in place.words if text and text.startswith("+")), None)
    name = place.command.name or ""
    verbs = read_arguments(words[1:], _VALUED).operands
    wrapper = ""
    while name != "rustc" and verbs and verbs[0] in _WRAPPERS:
        wrapper, verbs = verbs[0], verbs[1:]
    verb = "rustc" if name == "rustc" else _BUILDS.get(verbs[0] if verbs else "")
    start = place.path(".")
    if verb is None or start is None:
        return None
    arguments = read_arguments(words[1:], _VALUED)
    manifest = place.path(arguments.value("--manifest-path")) if arguments.has("--manifest-path") else None
    given = posixpath.dirname(manifest) if manifest else place.path(arguments.value("--path", "-C"))
    remote = verb == "install" and not arguments.has("--path")
    workspace = None if remote or verb == "rustc" else find_workspace(place.files, given or start)
    configuration = read_configuration(place, start)
    by_zig = "zigbuild" in verbs[:1]
    return _Build(verb, arguments, workspace, configuration, by_zig, toolchain, given or start, wrapper)


def _triples(build: _Build, place: Workplace) -> tuple[str | None, ...]:
    """The targets asked for; one None for the host's. Nothing where one is asked for that is not known."""
    if place.command.name == "xx-cargo":
        triple = _triple_of_xx(build, place)
        return (triple,) if triple else ()
    given = build.arguments.values("--target")
    if given:
        return given if None not in given else ()
    if "CARGO_BUILD_TARGET" in place.environment and build.verb != "rustc":
        triple = place.environment["CARGO_BUILD_TARGET"]
        return (triple,) if triple else ()
    configured = (texts(table(data, "build").get("target")) for data in build.configuration)
    return next((each for each in configured if each and build.verb != "rustc"), (None,))


def _triple_of_xx(build: _Build, place: Workplace) -> str | None:
    """What xx-cargo gives to --target: the image's machine, the stage's C library (tonistiigi/xx, src/xx-cargo)."""
    platform, family = target_platform(place), place.profile.libc.family
    own = _host(build, place)
    if platform is None or own is None or {"XX_LIBC", "XX_VENDOR"} & place.environment.keys():
        return None
    machine = {"riscv64": "riscv64gc", "arm": "armv7"}.get(platform.architecture, MACHINES.get(platform.architecture))
    ending = "eabihf" if platform.architecture == "arm" else ""
    return f"{machine}-{own.vendor}-linux-{'gnu' if family == 'glibc' else family}{ending}"


def _host(build: _Build, place: Workplace) -> Target | None:
    """The compiler's own target: as rustup was told, else by the stage's C library; Alpine's package has its own."""
    told = told_host(place, build.toolchain, pinned_toolchain(place.files, build.start))
    if told is not None:
        return read_target(told)
    family = place.profile.libc.family
    if family not in ("glibc", "musl"):
        return None
    packages = {re.split("[=<>~@]", name)[0] for name in place.packages}
    vendor = "alpine" if family == "musl" and packages & {"rust", "cargo"} and "rustup" not in packages else "unknown"
    machine = MACHINES.get(place.platform.architecture, "")
    return Target(f"{machine}-{vendor}-linux-{'gnu' if family == 'glibc' else family}", family, place.platform, vendor)


def _outputs(
    build: _Build, place: Workplace, triple: str | None, resolution: Resolution | None
) -> Iterator[tuple[str, Package | None]]:
    """The paths of the programs with their packages; `DIRECTORY/*` where a name cannot be known."""
    if build.verb == "rustc":
        yield from _single(build, place)
        return
    directory = _bin_directory(build, place) if build.verb == "install" else _target_directory(build, place, triple)
    if directory is None:
        return
    packages = resolution.selection.packages if resolution else ()
    named = [(name, each) for each in packages for name in programs(build.arguments, each)]
    chosen = build.arguments.values("--bin")
    yield from (
        (posixpath.join(directory, name), each)
        for name, each in named
        if chosen or (resolution and resolution.builds(each, name))
    )
    if chosen:
        known = {name for name, _ in named}
        others = [name for name in chosen if name not in known and not (name and re.search(r"[*?\[]", name))]
        yield from ((posixpath.join(directory, name or "*"), None) for name in others)
    elif not any(package.programs for package in packages):
        yield posixpath.join(directory, "*"), None


def _single(build: _Build, place: Workplace) -> Iterator[tuple[str, None]]:
    """`rustc main.rs` makes main, `rustc -o NAME` that."""
    kinds = build.arguments.value("--crate-type", "--emit", "--print")
    sources = [each for each in build.arguments.operands if each.endswith(".rs")]
    if kinds in (None, "bin", "link") and sources and not build.arguments.has("--test"):
        name = posixpath.basename(sources[-1]).removesuffix(".rs")
        path = place.path(build.arguments.value("-o") if build.arguments.has("-o") else name)
        yield from [(path, None)] if path else ()


def _bin_directory(build: _Build, place: Workplace) -> str | None:
    """Where cargo install puts programs: bin below --root, CARGO_INSTALL_ROOT, CARGO_HOME or ~/.cargo."""
    official = re.search(r"(^|/)(rust:|cargo-chef:)", place.profile.name) is not None
    home = place.environment.get("HOME", "/root")
    default = place.environment.get("CARGO_HOME", "/usr/local/cargo" if official else home and f"{home}/.cargo")
    root = place.environment.get("CARGO_INSTALL_ROOT", default)
    if build.arguments.has("--root"):
        root = build.arguments.value("--root")
    return place.path(posixpath.join(root, "bin")) if root else None


def _target_directory(build: _Build, place: Workplace, triple: str | None) -> str | None:
    start = build.workspace.root if build.workspace else "."
    configured = [texts(table(data, "build").get("target-dir")) for data in build.configuration]
    top = place.path(next((each[0] for each in configured if each), "target"), place.path(start))
    for name in ("CARGO_BUILD_TARGET_DIR", "CARGO_TARGET_DIR"):
        if name in place.environment:
            top = place.path(place.environment[name])
    if build.arguments.has("--target-dir"):
        top = place.path(build.arguments.value("--target-dir"))
    profile = "release" if build.arguments.has("-r", "--release") else "dev"
    if build.arguments.has("--profile"):
        profile = build.arguments.value("--profile") or ""
    if top is None or not profile:
        return None
    machine = re.sub(r"(-gnu\w*)[.\d]+$", r"\1", triple) if triple else ""  # Zig's version is no part of it
    return posixpath.join(top, machine, _DIRECTORIES.get(profile, profile))


def _product(  # noqa: PLR0917 - what a program is made of
    path: str,
    package: Package | None,
    target: Target,
    build: _Build,
    place: Workplace,
    flags: tuple[str, bool],
    resolution: Resolution | None,
) -> Product | None:
    why = why_static(flags[0], target, place)
    machine = MACHINES[target.platform.architecture]
    if why is not None:
        return Product(path, "cargo", static_program(machine, "rust"), evidence=(why,))
    libraries = _libraries(package, target, build, place, resolution)
    facts = _dynamic(target, libraries.sonames, build, place)
    if facts is None:
        return None
    sure = flags[1] and not build.arguments.unknown and build.told and not _asks_static(package, place)
    return Product(
        path,
        "cargo",
        facts,
        Confidence.LIKELY if sure else Confidence.POSSIBLE,
        _ceiling(place, target, build),
        (f"cargo links the target {target.triple} dynamically", *libraries.evidence),
        "a -musl target or the target feature +crt-static, set where the Dockerfile and the manifests do not show it",
        open=not libraries.complete,
    )


def _libraries(
    package: Package | None, target: Target, build: _Build, place: Workplace, resolution: Resolution | None
) -> Libraries:
    """The system's libraries in a program; those of the stage are of no use to one for another machine."""
    if build.verb == "rustc":
        return Libraries(complete=not any(name.startswith(("-l", "--extern")) for name, _ in build.arguments.flags))
    if package is None or resolution is None:
        return Libraries(complete=False)
    found = resolution.libraries(package)
    if build.by_zig or target.platform.architecture != place.platform.architecture:
        return Libraries(complete=found.complete and not found.sonames)
    return found


def _asks_static(package: Package | None, place: Workplace) -> bool:
    """Whether the package's build script speaks of static linking: what it asks for is known when it runs."""
    script = place.files.read(posixpath.join(package.directory, "build.rs")) if package else None
    return script is not None and re.search(r"(?<!\w)-static\b|crt-static", script) is not None


def _dynamic(target: Target, libraries: tuple[str, ...], build: _Build, place: Workplace) -> ElfFacts | None:
    libc = place.profile.libc
    native = not build.by_zig and libc.family == target.family
    needed = (*libraries, *(() if build.by_zig else ("libgcc_s.so.1",)))  # Zig brings an unwinder of its own
    version = libc.version if native else target.version
    facts = linked_program(target.family, target.platform, version, needed, "rust")
    if facts is None or "libc.so.6" not in facts.version_needs or not _starts_processes(build, place):
        return facts
    return replace(
        facts, version_needs={"libc.so.6": (VersionNeed(f"GLIBC_{MERGED}"), VersionNeed(f"GLIBC_{_PROCESS}"))}
    )


def _ceiling(place: Workplace, target: Target, build: _Build) -> str | None:
    """What the program may ask for beyond its sure needs: nothing on a glibc between 2.34 and 2.38."""
    version = place.profile.libc.version
    if build.by_zig or target.family != "glibc" or (is_at_least(version, MERGED) and not is_at_least(version, _NEWER)):
        return None
    return ceiling(place)


def _starts_processes(build: _Build, place: Workplace) -> bool:
    """Whether std::process::Command is in the sources, of a std that links pidfd_spawnp on this glibc."""
    if not is_at_least(place.profile.libc.version, _PROCESS) or build.by_zig or build.workspace is None:
        return False
    tag = re.search(r"(?:^|/)rust:(?:(\d+)\.(\d+)|1\b|latest|slim|trixie)|-rust-(\d+)\.(\d+)", place.profile.name)
    numbers = tuple(int(part) for part in tag.groups() if part) if tag else told_release(place)
    pinned = any(name.startswith("rust-toolchain") for name in place.files.names(build.workspace.root))
    if numbers is None or pinned or build.toolchain or (numbers and numbers < _PROCESS_RUST):
        return False
    sources = [path for path in place.files.walk(build.workspace.root) if re.search(r"/src/.*\.rs$", path)]
    return any("process::Command" in (place.files.read(path, 2**18) or "") for path in sources[:500])
