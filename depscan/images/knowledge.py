"""What the packaged knowledge says of a base image, offline.

In: an `ImageReference` and a platform. Out: `ImageProfile` with source knowledge, date, confidence and the rule that
matched; None when nothing is known. `naming` says which release a name stands for, `rows` what was measured of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.findings import Confidence
from depscan.images.architectures import architecture_of
from depscan.images.library_rows import find_definitions, find_layers
from depscan.images.lifetimes import distribution_release, find_move
from depscan.images.naming import Match, Origin, family_of, find_origin, resolve
from depscan.images.override import CORE_LIBRARIES
from depscan.images.profile import ImageProfile, Libc, Library
from depscan.images.reference import familiar
from depscan.images.rows import find_configuration, find_layout, find_release, find_sizes, find_sources, find_tags
from depscan.platforms import Platform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.images.architectures import Architecture
    from depscan.images.profile import ImageReference
    from depscan.images.rows import Configuration, Release, Sizes

_OF_GCC = r"lib(stdc\+\+|gcc_s|gomp|atomic|quadmath|gfortran|itm|[almt]san|ubsan|cc1|objc)\.so"
_SPACES_OF_GCC = r"GLIBCXX|CXXABI(_TM)?|GCC|G?OMP|GOMP_PLUGIN|G?OACC|LIBATOMIC|LIBITM|QUADMATH|GFORTRAN"


def knowledge_as_of() -> str:
    """The ISO date on which the packaged knowledge was made."""
    return find_sources().as_of


def lookup(reference: ImageReference, platform: Platform) -> ImageProfile | None:
    """The profile of an image by its exact tag or by rule; None when nothing is known of it.

    A moving tag gets the release that it stood for on `as_of`, and `why` says so.
    """
    origin = find_origin(reference)
    derived = _derived(reference, origin, platform) if origin is not None else None
    if derived is not None:
        return derived
    match = resolve(reference)
    if match is None:
        return None
    if match.architecture:
        name, _, variant = match.architecture.partition("/")
        platform = Platform("linux", name, variant or None)
    if match.windows or platform.os == "windows":
        why = match.why if match.windows else "the platform is Windows"
        return _start(reference, Libc("unknown"), windows=True, why=why)
    architecture = architecture_of(platform)
    if architecture is None:
        unmeasured = _start(reference, Libc("unknown"), why=f"nothing was measured on {platform}")
        return replace(unmeasured, confidence=Confidence.POSSIBLE)
    profile = _of_match(reference, match, architecture, platform)
    sizes = _sizes(reference, match) if platform.architecture == "amd64" else None
    if sizes is None:
        return profile
    packed, unpacked = sizes.packed, sizes.unpacked
    return replace(profile, size=packed and packed[0], unpacked_size=unpacked and unpacked[0])


def _derived(reference: ImageReference, origin: Origin, platform: Platform) -> ImageProfile | None:
    """The origin's profile under another name; None where the tag has moved since this one was made, or may have."""
    found = lookup(origin.reference, platform)
    if found is None or (origin.kept and found.moving):
        return None
    return replace(
        found,
        reference=_spelled(reference),
        size=None,
        unpacked_size=None,
        why=f"{familiar(reference)} is made from {familiar(origin.reference)} ({origin.source}); {found.why}",
        confidence=Confidence.weakest(found.confidence, Confidence.LIKELY),
    )


def _spelled(reference: ImageReference) -> str:
    return "scratch" if familiar(reference) == "scratch:latest" else str(reference)


def _start(reference: ImageReference, libc: Libc, *, why: str, windows: bool = False) -> ImageProfile:
    return ImageProfile(
        reference=_spelled(reference), libc=libc, windows=windows, source="knowledge", as_of=knowledge_as_of(), why=why
    )


def _of_match(reference: ImageReference, match: Match, architecture: Architecture, platform: Platform) -> ImageProfile:
    row = find_release(match.release) if match.release else None
    if row is None:
        return _family_only(reference, match, architecture)
    profile = release_profile(row, architecture)
    if _is_stripped(match.image, reference.tag or ""):
        profile = replace(profile, package_manager=None, interpreters=frozenset(), interpreters_complete=False)
    configuration = find_configuration(match.image)
    moving = match.moving or row.rolling
    unsure = (Confidence.LIKELY,) if moving and profile.libc.family == "glibc" else ()
    move = find_move(match.image, reference.tag) if match.moving else None
    profile = _with_layers(profile, reference.tag or "latest", configuration, profile.release)
    profile = replace(profile, libraries=_defined(profile, platform.architecture))
    if match.image == "gcc":
        profile = _with_own_runtime(profile)
    return replace(
        profile,
        reference=_spelled(reference),
        loaders_complete=not match.untold,
        libraries_complete=profile.libraries_complete and match.bare,
        interpreters_complete=profile.interpreters_complete and match.bare and not _has_busybox(reference),
        environment=configuration.environment or (_bare_environment(profile, reference) if match.bare else None),
        workdir=configuration.workdir,
        why=match.why,
        confidence=Confidence.weakest(match.confidence, *unsure),
        moving=moving,
        moved=(move.date, move.before) if move else None,
    )


def _with_layers(profile: ImageProfile, tag: str, configuration: Configuration, release: str | None) -> ImageProfile:
    """The profile with what the image adds to its release, or to every release of a distribution."""
    name = next((layer for pattern, layer in configuration.layers if re.fullmatch(pattern, tag)), None)
    rows = find_layers(name, release) if name and release else ()
    libraries = {soname: Library(soname) for row in rows for soname in row.libraries.split()}
    return replace(
        profile,
        libraries={**profile.libraries, **libraries},
        interpreters=profile.interpreters.union(*(row.interpreters.split() for row in rows)),
        layers=tuple(f"{row.name}: {row.source}" for row in rows),
    )


def _defined(profile: ImageProfile, architecture: str) -> dict[str, Library]:
    """The libraries with their version definitions where these were read; musl's dynamic linker ignores versions."""
    known = find_definitions(distribution_release(profile.release) or "", architecture)
    return {name: Library(name, library.path, known.get(name)) for name, library in profile.libraries.items()}


def _with_own_runtime(profile: ImageProfile) -> ImageProfile:
    """GCC's image finds the libraries of its own compiler, in /usr/local, first: their versions are not known.

    docker-library/gcc: `make install-strip`, then a row for /usr/local in ld.so.conf.d.
    """
    libraries = {
        name: Library(name, library.path) if re.match(_OF_GCC, name) else library
        for name, library in profile.libraries.items()
    }
    ceilings = {
        name: version for name, version in profile.libc.ceilings.items() if not re.fullmatch(_SPACES_OF_GCC, name)
    }
    return replace(profile, libraries=libraries, libc=replace(profile.libc, ceilings=ceilings))


def _is_stripped(image: str, tag: str) -> bool:
    """Whether an image keeps its release's libc, but neither shell nor package manager, or may.

    Chiseled Ubuntu (dotnet/dotnet-docker), UBI micro, Chainguard's and Docker's hardened images whose tag has no `-dev`
    (edu.chainguard.dev, container variants; docs.docker.com/dhi, migrate from Alpine or Debian).
    """
    hardened = image.startswith(("chainguard/", "dhi.io/")) and image != "chainguard/wolfi-base"
    return "chiseled" in tag or image.endswith("-micro") or (hardened and "-dev" not in tag)


def _has_busybox(reference: ImageReference) -> bool:
    """Distroless debug tags add busybox, whose programs were not listed."""
    return "debug" in (reference.tag or "")


def _bare_environment(profile: ImageProfile, reference: ImageReference) -> Mapping[str, str | None] | None:
    """ENV of a distribution; distroless debug tags put busybox at the end of PATH (static/static.bzl)."""
    environment = profile.environment
    path = environment.get("PATH") if environment else None
    if environment is None or path is None or not _has_busybox(reference):
        return environment
    return {**environment, "PATH": f"{path}:/busybox"}


def _family_only(reference: ImageReference, match: Match, architecture: Architecture) -> ImageProfile:
    """The libc's family is known, its version is not: the dynamic linker and libc's own names, no ceilings."""
    family = match.family or family_of(match.release or "")
    configuration = find_configuration(match.image)
    profile = replace(
        _start(reference, Libc(family), why=match.why),
        release=match.release,
        loaders=_loaders(family, architecture),
        loaders_complete=family != "unknown" and not match.untold,
        libraries=_libraries(family, CORE_LIBRARIES if family == "glibc" else (), architecture),
        search_paths=tuple(find_layout("alpine").search_paths) if family == "musl" else (),
        environment=configuration.environment,
        workdir=configuration.workdir,
        confidence=match.confidence,
        moving=match.moving,
    )
    return _with_layers(profile, reference.tag or "latest", configuration, "alpine") if family == "musl" else profile


def release_profile(row: Release, architecture: Architecture) -> ImageProfile:
    """What a release's bare root file system provides on an architecture; `reference` is the release's id."""
    base = find_release(row.root) if row.root else row
    if base is None:  # alpine-3.3_glibc-2.22: nothing was measured of so old an Alpine
        base = row
    layout = find_layout(base.layout)
    second = find_release(row.second) if row.second else None
    return ImageProfile(
        reference=row.id,
        release=base.id,
        libc=Libc(base.libc, base.version, base.ceilings, frozenset(base.abi_tags)),
        loaders=() if base.layout == "nix" else _loaders(base.libc, architecture),
        loaders_complete=True,
        libraries=_libraries(base.libc, base.libraries, architecture),
        libraries_complete=base.complete,
        links=_links(layout.links, architecture),
        links_complete=layout.links_complete,
        search_paths=_paths(layout.search_paths, architecture),
        cache_paths=_paths(layout.cache_paths, architecture),
        interpreters=layout.interpreters,
        interpreters_complete=layout.interpreters_complete,
        package_manager=layout.package_manager,
        environment=layout.environment,
        source="knowledge",
        as_of=row.as_of,
        secondary=_beside_musl(second, base, architecture) if second else None,
    )


def _beside_musl(second: Release, base: Release, architecture: Architecture) -> ImageProfile:
    """The glibc in /usr/glibc-compat: linked from /lib and /lib64; its ld.so.conf lists Alpine's directories too."""
    glibc = release_profile(second, architecture)
    name = architecture.glibc.rpartition("/")[2]
    places = ("/lib64", "/lib", "/usr/glibc-compat/lib", "/usr/glibc-compat/lib64")
    alpine = {soname: Library(soname) for soname in base.libraries}
    loaders = dict.fromkeys((architecture.glibc, *(f"{place}/{name}" for place in places)))
    sure = second.version != "2.35"  # there /lib64 comes from Alpine's libc6-compat
    return replace(
        glibc,
        loaders=tuple(loaders),
        libraries={**alpine, **glibc.libraries},
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        why=f"glibc {second.version} in /usr/glibc-compat",
    )


def _loaders(family: str, architecture: Architecture) -> tuple[str, ...]:
    return {"glibc": (architecture.glibc,), "musl": (architecture.musl,)}.get(family, ())


def _libraries(family: str, names: tuple[str, ...], architecture: Architecture) -> dict[str, Library]:
    """The rows' names and the dynamic linker's own, which depends on the architecture.

    Alpine's libc.musl-ARCH.so.1 is a link beside musl's dynamic linker (docker-alpine's minirootfs).
    """
    known: dict[str, str | None] = dict.fromkeys(names)
    if family == "glibc" and names:
        known[architecture.glibc.rpartition("/")[2]] = None
    if family == "musl" and architecture.musl_soname:
        known[architecture.musl_soname] = f"{architecture.musl.rpartition('/')[0]}/{architecture.musl_soname}"
    return {name: Library(name, path) for name, path in known.items()}


def _paths(paths: tuple[str, ...], architecture: Architecture) -> tuple[str, ...]:
    expanded = (architecture.expand(path) for path in paths)
    return tuple(dict.fromkeys(path for path in expanded if path))


def _links(links: dict[str, str], architecture: Architecture) -> dict[str, str]:
    expanded = ((architecture.expand(path), architecture.expand(target)) for path, target in links.items())
    return {path: target for path, target in expanded if path and target}


def _sizes(reference: ImageReference, match: Match) -> Sizes | None:
    """The sizes where a source has them, also under the release's other spellings (12-slim, bookworm-slim)."""
    sizes, variant = find_sizes(), _variant(reference.tag or "")
    if not match.bare:
        return sizes.get(familiar(reference))
    same = (tag for tag, row in find_tags(match.image).items() if row.release == match.release)
    names = (f"{match.image}:{tag}" for tag in same if _variant(tag) == variant)
    return next((sizes[name] for name in names if name in sizes), None)


def _variant(tag: str) -> str | None:
    """What a tag says of a base image's size."""
    return next((end for end in ("-slim", "-minimal") if tag.endswith(end) or tag == end[1:]), None)
