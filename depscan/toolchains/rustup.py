"""rustup: which compilers it installs where, and for which host.

In: `rustup-init` (also by its script), `rustup default`, `rustup set default-host`. Out: its programs, and the settings
that it keeps for the commands behind. Sources: rust-lang/rustup rustup-init.sh, src/settings.rs and the user guide
(overrides), 0878429a (2026-07-24): the host is the machine with the C library of the system, unless --default-host or
the name of a toolchain (stable-x86_64-unknown-linux-musl) says another. What it puts into CARGO_HOME/bin are names of
rustup itself, which starts the toolchain's own.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.artifacts.prediction import Made, Product
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.elf import linked_program, static_program
from depscan.toolchains.homes import home

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset("--default-host --default-toolchain --profile -c --component -t --target".split())  # noqa: SIM905
_SETTINGS = "settings.toml"
_NAMES = ("rustup", "cargo", "rustc")
_TRIPLE = re.compile(r"(?:^|-)((?:x86_64|aarch64|i\d86|arm|armv7|powerpc64le|riscv64gc|s390x)-[\w-]+)$")
_OFFICIAL = r"(?:.*/)?(?:rust|cargo-chef):.*"  # docker-library/rust: RUSTUP_HOME=/usr/local/rustup


def predict(place: Workplace) -> Iterator[Product | Made]:
    """What an installation makes, and what a change of the settings leaves."""
    arguments = read_arguments(place.command.words[1:], _VALUED)
    if place.command.name != "rustup":
        yield from _settings(place, arguments.value("--default-host"), arguments.value("--default-toolchain"))
        yield from _programs(place)
    elif arguments.operands[:2] == ("set", "default-host"):
        yield from _settings(place, arguments.operands[-1], None)
    elif arguments.operands[:1] == ("default",) or arguments.operands[:2] == ("override", "set"):
        names = arguments.operands[1 if arguments.operands[0] == "default" else 2 :]
        yield from _settings(place, None, next(iter(names), None))


def told_host(place: Workplace, toolchain: str | None, pinned: str | None) -> str | None:
    """The triple of the compiler that a command starts, where anything names one; None for the system's own.

    `toolchain` is what the command names (`cargo +nightly-x86_64-unknown-linux-musl`), `pinned` what the project's
    rust-toolchain file does.
    """
    settings = _read(place)
    names = (toolchain, place.environment.get("RUSTUP_TOOLCHAIN"), pinned, settings.get("default_toolchain"))
    chosen = next((name for name in names if name), "")
    found = _TRIPLE.search(chosen)
    return found[1] if found else settings.get("default_host_triple")


def told_release(place: Workplace) -> tuple[int, ...] | None:
    """The release of Rust that rustup was told to install: () for the newest; None where that is not known."""
    settings = _read(place)
    found = re.match(r"(?:stable|(\d+)\.(\d+))", settings.get("default_toolchain", "stable")) if settings else None
    return tuple(int(part) for part in found.groups() if part) if found else None


def _read(place: Workplace) -> Mapping[str, str]:
    path = _settings_path(place)
    text = place.files.read(path) if path else None
    return dict(re.findall(r'(?m)^(\w+) = "([^"\n]*)"$', text or ""))


def _settings_path(place: Workplace) -> str | None:
    official = re.fullmatch(_OFFICIAL, place.profile.name)
    directory = home(place.environment, "$RUSTUP_HOME", "/usr/local/rustup" if official else "$HOME/.rustup")
    return place.path(posixpath.join(directory, _SETTINGS)) if directory else None


def _settings(place: Workplace, host: str | None, toolchain: str | None) -> Iterator[Made]:
    path = _settings_path(place)
    told = {"version": "12", "default_host_triple": host, "default_toolchain": toolchain}
    values = {**_read(place), **{name: value for name, value in told.items() if value}}
    plain = all(re.fullmatch(r"[\w.-]+", value) for value in values.values())
    if path is not None and plain:
        yield Made(path, text="".join(f'{name} = "{value}"\n' for name, value in values.items()))


def _programs(place: Workplace) -> Iterator[Product]:
    """The program rustup under each of its names: of the host that its script sees, whatever the toolchains are for."""
    directory = home(place.environment, "$CARGO_HOME", "$HOME/.cargo")
    family, platform = place.profile.libc.family, place.platform
    facts = static_program(place.machine) if family == "musl" else linked_program(family, platform, None)
    if directory is None or facts is None:
        return
    for name in _NAMES:
        path = place.path(posixpath.join(directory, "bin", name))
        why = "rustup-init.sh takes the build for the C library of the system (rust-lang/rustup, 2026-07-24)"
        yield from [Product(path, "download", facts, evidence=(why,), open=True)] if path else []
