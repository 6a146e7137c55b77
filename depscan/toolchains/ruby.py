"""bundle and gem: the extensions of native gems that an installation builds or takes precompiled.

In: a command on a stage. Out: a `Product` for each known native gem of Gemfile.lock, and what `bundle config` is told,
`Made` as its file. Gems go to BUNDLE_PATH, the configured path, vendor/bundle with --deployment, else to GEM_HOME,
which docker-library's image sets to /usr/local/bundle.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.artifacts.prediction import Made, Product
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.elf import shared_object
from depscan.toolchains.ruby_gems import NATIVE, Gem, Known, read_lockfile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.arguments import Arguments
    from depscan.toolchains.workplace import Workplace

_VALUED = frozenset(
    {"--path", "--gemfile", "--without", "--with", "-j", "--jobs", "--retry", "-v", "--version", "--standalone", "-i"}
)
_IMAGE = re.compile(r"(?:.*/library/)?ruby:(\d+\.\d+).*")
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
_REFUTED = "an installation in the image that it is to run on"


def predict(place: Workplace) -> Iterator[Product | Made]:
    """The native files of `bundle install` and `gem install`."""
    arguments = read_arguments(place.command.words[1:], _VALUED)
    verb = arguments.operands[:1]
    if place.command.name in ("bundle", "bundler"):
        if verb == ("config",):
            yield from _remember(arguments, place)
        elif verb in ((), ("install",)) and not arguments.unknown:
            yield from _bundle(arguments, place)
    elif verb == ("install",) and place.command.name == "gem":
        for name in arguments.operands[1:]:
            made = _product(
                Gem(name, arguments.value("-v", "--version") or "*", frozenset({""})), _gem_home(place), place
            )
            if made is not None:
                yield made


def _remember(arguments: Arguments, place: Workplace) -> Iterator[Made]:
    words = [word for word in arguments.operands[1:] if word != "set"]
    path = _configuration(place)
    if path is not None and len(words) >= 2:
        yield Made(path, text=f'{place.files.read(path) or ""}BUNDLE_{words[0].upper()}: "{words[1]}"\n')


def _configuration(place: Workplace) -> str | None:
    """Where `bundle config` writes."""
    image = "/usr/local/bundle" if _IMAGE.fullmatch(place.profile.name) else place.path(".bundle")
    directory = place.environment.get("BUNDLE_APP_CONFIG") or image
    return posixpath.join(directory, "config") if directory else None


def _bundle(arguments: Arguments, place: Workplace) -> Iterator[Product]:
    given = arguments.value("--gemfile") or place.environment.get("BUNDLE_GEMFILE") or "Gemfile"
    gemfile = place.path(given)
    text = place.files.read(f"{gemfile}.lock") if gemfile else None
    directory = _gems(arguments, place)
    if text is None or directory is None or gemfile is None:
        return
    for gem in read_lockfile(text, place.files.read(gemfile)):
        made = _product(gem, directory, place)
        if made is not None:
            yield made


def _gems(arguments: Arguments, place: Workplace) -> str | None:
    """The directory that holds gems/."""
    configured = _configuration(place)
    settings = dict(
        re.findall(r'(?m)^(BUNDLE_\w+): "(.*)"$', (place.files.read(configured) if configured else "") or "")
    )
    if "BUNDLE_PATH" in place.environment and place.environment["BUNDLE_PATH"] is None:
        return None
    path = arguments.value("--path") or place.environment.get("BUNDLE_PATH") or settings.get("BUNDLE_PATH")
    deployment = arguments.has("--deployment") or settings.get("BUNDLE_DEPLOYMENT") in ("true", "1")
    deployment = deployment or place.environment.get("BUNDLE_DEPLOYMENT") in ("true", "1")
    if path is None and not deployment:
        return _gem_home(place)
    found = _IMAGE.fullmatch(place.profile.name)
    below = place.path(path or "vendor/bundle")
    return posixpath.join(below, f"ruby/{found[1] if found else '*'}.0") if below else None


def _gem_home(place: Workplace) -> str | None:
    home = place.environment.get("GEM_HOME")
    return home or ("/usr/local/bundle" if _IMAGE.fullmatch(place.profile.name) else None)


def _product(gem: Gem, directory: str | None, place: Workplace) -> Product | None:
    known, family = NATIVE.get(gem.name), place.profile.libc.family
    if known is None or directory is None or family not in ("glibc", "musl"):
        return None
    machine = _MACHINES.get(place.platform.architecture, place.platform.architecture)
    own = f"{machine}-linux-{'gnu' if family == 'glibc' else 'musl'}"
    built = not any(variant.startswith(f"{machine}-linux") for variant in gem.variants)
    facts = shared_object(family, place.platform)
    if facts is None or not (own in gem.variants or (built and "" in gem.variants)):
        return None  # precompiled for either C library in one, or not to be had here
    name = f"{gem.name}-{gem.version}" if built else f"{gem.name}-{gem.version}-{own}"
    how = "built from source here" if built else f"precompiled for {own}"
    needed = (*(_linked(known, place) if built else ()), *facts.needed)
    return Product(
        posixpath.join(directory, "gems", name, known.file),
        "bundle",
        replace(facts, needed=needed),
        evidence=(f"{gem.name} {gem.version}: {how}",),
        refuted_by=_REFUTED,
    )


def _linked(known: Known, place: Workplace) -> tuple[str, ...]:
    fixed = {soname.partition(".so")[0].removeprefix("lib"): soname for soname in known.sonames}
    found = ([place.soname(each) or fixed.get(each) for each in name.split("|")] for name in known.links)
    return tuple(soname for one in found if (soname := next(filter(None, one), None)) is not None)
