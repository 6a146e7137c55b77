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
from depscan.toolchains.crates import (
    Workspace,
    find_workspace,
    pinned_toolchain,
    read_configuration,
    table,
    texts,
)
from depscan.toolchains.elf import MERGED, ceiling, is_at_least, linked_program, static_program
from depscan.toolchains.foreign_libraries import foreign_libraries
from depscan.toolchains.rustup import told_host, told_release
from depscan.toolchains.triples import Target, read_target
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


def predict(place: Workplace) -> Iterator[Product]:
    """The programs of a command; nothing for verbs that build none, and for other systems than Linux."""
    build = _read(place)
    if build is None:
        return
    for triple in _triples(build, place):
        target = read_target(triple) if triple else _host(build, place)
        if target is None:
            continue
        for path, package in _outputs(build, place, triple):
            product = _product(path, package, target, build, place)
            if product is not None:
                yield product


def _read(place: Workplace) -> _Build | None:
    words = [word for word in place.command.words if not (word.text or "").startswith("+")]
    toolchain = next((text[1:] for text in place.words if text and text.startswith("+")), None)
    name = place.command.name or ""
    verbs = read_arguments(words[1:], _VALUED).operands
    while name != "rustc" and verbs and verbs[0] in _WRAPPERS:
        verbs = verbs[1:]
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
    return _Build(verb, arguments, workspace, configuration, "zigbuild" in verbs[:1], toolchain, start)


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


def _outputs(build: _Build, place: Workplace, triple: str | None) -> Iterator[tuple[str, Package | None]]:
    """The paths of the programs with their packages; `DIRECTORY/*` where a name cannot be known."""
    if build.verb == "rustc":
        yield from _single(build, place)
        return
    directory = _bin_directory(build, place) if build.verb == "install" else _target_directory(build, place, triple)
    if directory is None:
        return
    chosen = build.arguments.values("--bin")
    packages = _chosen(build)
    if chosen:
        yield from ((posixpath.join(directory, name or "*"), _owner(name, packages)) for name in chosen)
    elif packages and any(package.programs for package in packages):
        yield from ((posixpath.join(directory, name), each) for each in packages for name in each.programs)
    else:
        yield posixpath.join(directory, "*"), None


def _single(build: _Build, place: Workplace) -> Iterator[tuple[str, None]]:
    """`rustc main.rs` makes main, `rustc -o NAME` that."""
    kinds = build.arguments.value("--crate-type", "--emit", "--print")
    sources = [each for each in build.arguments.operands if each.endswith(".rs")]
    if kinds in (None, "bin", "link") and sources and not build.arguments.has("--test"):
        name = posixpath.basename(sources[-1]).removesuffix(".rs")
        path = place.path(build.arguments.value("-o") if build.arguments.has("-o") else name)
        yield from [(path, None)] if path else ()


def _chosen(build: _Build) -> tuple[Package, ...]:
    """The packages of -p and --workspace, or those that are built without."""
    if build.workspace is None:
        return ()
    if build.arguments.has("--workspace", "--all"):
        return build.workspace.packages
    names = build.arguments.values("-p", "--package")
    if names:
        plain = {(name or "").partition("@")[0] for name in names}
        return tuple(package for package in build.workspace.packages if package.name in plain)
    return build.workspace.default or build.workspace.packages


def _owner(program: str | None, packages: tuple[Package, ...]) -> Package | None:
    return next((package for package in packages if program in package.programs), None)


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


def _product(path: str, package: Package | None, target: Target, build: _Build, place: Workplace) -> Product | None:
    flags, known = _flags(build, place, target)
    why = _why_static(flags, target, place)
    machine = MACHINES[target.platform.architecture]
    if why is not None:
        return Product(path, "cargo", static_program(machine, "rust"), evidence=(why,))
    root = build.workspace.root if build.workspace else ""
    libraries = foreign_libraries(package, root, place) if package and not build.by_zig else ()
    facts = _dynamic(target, libraries, build, place)
    if facts is None:
        return None
    sure = known and not build.arguments.unknown
    return Product(
        path,
        "cargo",
        facts,
        Confidence.LIKELY if sure else Confidence.POSSIBLE,
        _ceiling(place, target, build),
        (f"cargo links the target {target.triple} dynamically", *_why_libraries(libraries)),
        "a -musl target or the target feature +crt-static, set where the Dockerfile and the manifests do not show it",
    )


def _why_libraries(libraries: tuple[str, ...]) -> tuple[str, ...]:
    return (f"Cargo.lock has crates that link {', '.join(libraries)}",) if libraries else ()


def _why_static(flags: str, target: Target, place: Workplace) -> str | None:
    """Why the program is static, in a sentence; None where it is dynamic.

    bullseye's own rustc 1.48 takes no notice of +crt-static for glibc, bookworm's 1.63 does (measured).
    """
    switches = re.findall(r"([+-])crt-static", flags)
    if re.search(r"link-args?=[^,]*-static\b", flags):
        return "the linker is told -static"
    packaged = not {"cargo", "rustc"}.isdisjoint(place.packages)
    if switches and target.family == "glibc" and packaged and place.profile.release == "debian:11":
        return None
    if switches:
        return f"the target feature +crt-static links {target.triple} statically" if switches[-1] == "+" else None
    if target.family == "musl" and target.vendor != "alpine":
        return f"the target {target.triple} is linked statically"
    return None


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


def _flags(build: _Build, place: Workplace, target: Target) -> tuple[str, bool]:
    """The compiler's flags as text, and whether all are known. The first source that is set counts (Cargo book)."""
    own = " ".join([*build.arguments.rest, *(value or "" for value in build.arguments.values("-C", "--codegen"))])
    own += " ".join(name for name, _ in build.arguments.flags if name.startswith("-Ctarget-feature"))
    own += " ".join(f"{name}={value}" for name, value in build.arguments.flags if name.startswith("-C"))
    own += " ".join(value or "" for value in build.arguments.values("--config"))
    environment = place.environment
    if build.verb == "rustc":
        return own, True
    for name in ("CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"):
        if environment.get(name, "") != "":
            return f"{own} {environment[name] or ''}", environment[name] is not None
    name = f"CARGO_TARGET_{target.triple.upper().replace('-', '_')}_RUSTFLAGS"
    found = [environment.get(name) or "", *_configured(build, target)]
    if not any(found):
        found = [environment.get("CARGO_BUILD_RUSTFLAGS") or ""]
        found += [" ".join(_texts(table(data, "build").get("rustflags"))) for data in build.configuration]
    return f"{own} {' '.join(found)}", environment.get(name, "") is not None


def _configured(build: _Build, target: Target) -> Iterator[str]:
    """The flags of [target.TRIPLE] and of each [target.'cfg(...)'], as Linux with this C library may meet it."""
    for data in build.configuration:
        for name, section in table(data, "target").items():
            fits = name == target.triple or (name.startswith("cfg(") and not re.search("windows|macos|wasm", name))
            if fits and isinstance(section, dict):
                yield " ".join(_texts(section.get("rustflags")))


def _texts(value: object) -> tuple[str, ...]:
    return texts(value) if value is not None else ()
