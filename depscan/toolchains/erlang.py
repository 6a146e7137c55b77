"""mix release and rebar3 release: the Erlang runtime system that a release carries.

In: a command. Out: beam.smp, which starts first, copied from the stage's own Erlang. Its directory is named after the
version of the runtime system, which is not known: `erts-*` here. From OTP 24 on (on arm64 from 25 on) its compiler is
a part of C++, and it needs libstdc++ and libgcc_s (erlang/docker-erlang-example issues 14 and 19, erlef/docker-elixir
issue 20; measured with OTP 25). What starts it is a script for /bin/sh, bin/NAME. Places and options: hexdocs.pm/mix
(mix release), rebar3.org (Releases).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.artifacts.prediction import Made
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.native_programs import native_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.artifacts.prediction import Product
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset({"--path", "--version", "-o", "--output-dir", "-n", "--relname", "-v", "--relvsn"})
_CXX_SINCE = {"amd64": 24, "arm64": 25}
_OTP_OF_ELIXIR = ((14, 25), (12, 24))  # erlef/docker-elixir: 1.12 stands on OTP 24, 1.14 on 25
_MOVING = r"(?:^|/)erlang:(?:latest|alpine|slim)"  # beyond OTP 25 since 2022 (docker-library/official-images)


class _Release(Struct, frozen=True):
    """A release: its directory, its name where that is known."""

    directory: str
    name: str | None


def predict(place: Workplace) -> Iterator[Product | Made]:
    """The runtime system of a release; nothing where the release's name is not known, or it comes without one."""
    release = _release_by_mix(place) if place.command.name == "mix" else _release_by_rebar(place)
    if release is None:
        return
    directory = release.directory
    if release.name is not None:
        yield Made(posixpath.join(directory, "bin", release.name), text="#!/bin/sh\n", executable=True)
    cxx = _otp(place.profile.name) >= _CXX_SINCE.get(place.platform.architecture, 1000)
    path = posixpath.join(directory, "erts-*/bin/beam.smp")
    why = "a release carries the Erlang runtime system of the stage that makes it"
    needed = ("libgcc_s.so.1",) if cxx else ()
    product = native_program(path, place, why, tool="erlang", needed=needed, cxx=cxx)
    if product is not None:
        yield replace(product, refuted_by="include_erts: false, set where the manifests at hand do not show it")


def _release(path: str | None, name: str | None) -> _Release | None:
    return _Release(path, name) if path is not None else None


def _release_by_mix(place: Workplace) -> _Release | None:
    arguments = read_arguments(place.command.words[1:], _VALUED)
    manifest = _read(place, "mix.exs")
    hidden = {"MIX_TARGET", "MIX_BUILD_PATH", "MIX_BUILD_ROOT"} & place.environment.keys()
    if arguments.operands[:1] != ("release",) or arguments.unknown or hidden or "include_erts" in manifest:
        return None
    name = arguments.operands[1] if arguments.operands[1:] else _name_in_mix(manifest)
    if arguments.has("--path"):
        return _release(place.path(arguments.value("--path")), name)
    profile = place.environment.get("MIX_ENV", "dev")
    return _release(place.path(f"_build/{profile}/rel/{name}"), name) if name and profile else None


def _name_in_mix(manifest: str) -> str | None:
    """The one release that mix.exs configures, else the application's name."""
    plain = re.sub(r"#[^\n]*", "", manifest)
    configured = re.search(r"\breleases:\s*\[\s*\"?(\w+)\"?:", plain)
    if configured is not None:
        return configured[1]
    name = re.search(r"\bapp:\s*:(\w+)", plain)
    return name[1] if name and "releases" not in plain else None


def _release_by_rebar(place: Workplace) -> _Release | None:
    arguments = read_arguments(place.command.words[1:], _VALUED)
    manifest = re.sub(r"%[^\n]*", "", _read(place, "rebar.config"))
    names = {name.strip("'") for name in re.findall(r"\{\s*release\s*,\s*\{\s*('?\w+'?)\s*,", manifest)}
    carries = re.search(r"\{\s*mode\s*,\s*(prod|minimal)|\{\s*include_erts\s*,\s*true", manifest) is not None
    profile = arguments.operands[1] if arguments.operands[:1] == ("as",) else "default"
    verb = arguments.operands[2:3] if profile != "default" else arguments.operands[:1]
    if (
        verb != ("release",)
        or arguments.unknown
        or len(names) != 1
        or not carries
        or "REBAR_BASE_DIR" in place.environment
    ):
        return None
    top = arguments.value("-o", "--output-dir") if arguments.has("-o", "--output-dir") else f"_build/{profile}/rel"
    name = names.pop()
    return _release(place.path(f"{top}/{name}"), name) if top and "," not in profile else None


def _read(place: Workplace, name: str) -> str:
    path = place.path(name)
    return (place.files.read(path) if path else None) or ""


def _otp(image: str) -> int:
    """The oldest OTP that an image of Erlang or Elixir may have, by its name; 0 where that does not tell."""
    found = re.search(r"(?:^|/)erlang:(\d+)|[-:]erlang-(\d+)|-otp-(\d+)", image)
    if found is not None:
        return int(next(part for part in found.groups() if part))
    if re.fullmatch(_MOVING, image):
        return 25
    elixir = re.search(r"(?:^|/)elixir:(?:1\.(\d+)|latest|alpine|slim|otp)", image)
    if elixir is None:
        return 0
    return next((otp for minor, otp in _OTP_OF_ELIXIR if int(elixir[1] or 99) >= minor), 0)
