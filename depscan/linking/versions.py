"""Version needs against what the found libraries define (glibc only; musl's dynamic linker ignores versions).

In: the `Closure`, the `Loader`. Out: a `VersionCheck` for each vernaux entry. glibc refuses to start if any is absent,
used by a symbol or not, unless it is weak; a provider without version definitions only draws a warning (glibc
elf/dl-version.c).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.filesystem.entries import Presence
from depscan.findings import Confidence
from depscan.linking.placement import VersionCheck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.images.profile import Libc
    from depscan.linking.closure import Closure
    from depscan.linking.loaders import Loader
    from depscan.linking.root import Root
    from depscan.linking.search import Loaded

_NUMBERED = re.compile(r"([A-Za-z]\w*?)_(\d+(?:\.\d+)*)")
_ABI_TAG = "GLIBC_ABI_"
_RELR_TAG = "GLIBC_ABI_DT_RELR"
_MUSL_RELR, _GLIBC_RELR = (1, 2, 4), (2, 36)


def check_versions(program: Loaded, closure: Closure, loader: Loader, root: Root) -> tuple[VersionCheck, ...]:
    """All version needs of all objects whose facts are known, in load order."""
    objects = {loaded.path: loaded for loaded in (program, *closure.objects.values())}.values()
    relr = (check for loaded in objects for check in _check_relr(loaded, loader))
    if loader.family != "glibc":
        return tuple(relr)
    return (*(check for loaded in objects for check in _check_shared(loaded, closure, loader, root)), *relr)


def providers_of(loaded: Loaded, closure: Closure) -> tuple[str | None, ...]:
    """The paths of the libraries that an object's version needs are held against."""
    found = map(closure.objects.get, loaded.facts.version_needs) if loaded.facts is not None else ()
    return tuple(None if provider is None else provider.path for provider in found)


def _check_shared(loaded: Loaded, closure: Closure, loader: Loader, root: Root) -> tuple[VersionCheck, ...]:
    """An object that meets the same libraries in many processes is checked once."""
    key = ("versions", loaded.path, loader, providers_of(loaded, closure))
    return root.once(key, lambda: tuple(_check_object(loaded, closure, loader, root)))


def _check_relr(loaded: Loaded, loader: Loader) -> Iterator[VersionCheck]:
    """DT_RELR: musl knows it since 1.2.4 (ldso/dynlink.c, do_relr_relocs), glibc since 2.36 by a version need only."""
    facts, version = loaded.facts, loader.version
    if facts is None or not facts.relr or version is None:
        return
    known = numeric(version)
    if loader.family == "musl" and known < _MUSL_RELR:
        old = f"musl {version}"
        yield VersionCheck(
            "DT_RELR", "musl", loaded.path, Presence.MISSING, weak=False, ceiling=old, confidence=Confidence.LIKELY
        )
    declared = any(need.name == _RELR_TAG for needs in facts.version_needs.values() for need in needs)
    libcs = [name for name in facts.needed if name.startswith("libc.so.")]
    if loader.family == "glibc" and known >= _GLIBC_RELR and libcs and facts.version_needs and not declared:
        yield VersionCheck(_RELR_TAG, libcs[0], loaded.path, Presence.MISSING, weak=False, undeclared=True)


def _check_object(loaded: Loaded, closure: Closure, loader: Loader, root: Root) -> Iterator[VersionCheck]:
    if loaded.facts is None:
        return
    for library, needs in loaded.facts.version_needs.items():
        provider = closure.objects.get(library)
        for need in needs:
            presence, ceiling, confidence = _compare(need.name, library, provider, loader, root)
            yield VersionCheck(need.name, library, loaded.path, presence, need.weak, ceiling, confidence)


def _compare(
    name: str, library: str, provider: Loaded | None, loader: Loader, root: Root
) -> tuple[Presence, str | None, Confidence]:
    if provider is not None and provider.facts is not None:
        return _in_definitions(name, provider.facts.version_definitions)
    known = root.installed(library, loader.profile)
    if root.filesystem.libc_replaced:
        return Presence.UNKNOWN, None, Confidence.CERTAIN
    if known is not None and known.versions is not None:
        return *_in_definitions(name, known.versions)[:2], loader.confidence
    if known is None or loader.copied:
        return Presence.UNKNOWN, None, Confidence.CERTAIN
    if library in root.filesystem.libraries and library not in loader.profile.libraries:
        return Presence.UNKNOWN, None, Confidence.CERTAIN
    return _against_ceiling(name, loader.profile.libc, loader.confidence)


def _in_definitions(name: str, definitions: tuple[str, ...]) -> tuple[Presence, str | None, Confidence]:
    if not definitions or name in definitions:
        return Presence.PROVIDED, None, Confidence.CERTAIN
    namespace = name.partition("_")[0]
    numbers = [text for text in definitions if (match := _NUMBERED.fullmatch(text)) and match[1] == namespace]
    highest = max(numbers, key=lambda text: numeric(text.rpartition("_")[2]), default=None)
    return Presence.MISSING, highest, Confidence.CERTAIN


def _against_ceiling(name: str, libc: Libc, confidence: Confidence) -> tuple[Presence, str | None, Confidence]:
    if name.startswith(_ABI_TAG):
        return _abi_tag(name, libc)
    match = _NUMBERED.fullmatch(name)
    if match is None:
        # GLIBC_PRIVATE is defined by every glibc; other unnumbered versions are not in the knowledge.
        provided = name == "GLIBC_PRIVATE" and libc.family == "glibc"
        return (Presence.PROVIDED if provided else Presence.UNKNOWN), None, confidence
    highest = libc.ceilings.get(match[1])
    if highest is None:
        return Presence.UNKNOWN, None, confidence
    met = numeric(match[2]) <= numeric(highest)
    return (Presence.PROVIDED if met else Presence.MISSING), f"{match[1]}_{highest}", confidence


def _abi_tag(name: str, libc: Libc) -> tuple[Presence, str | None, Confidence]:
    """GLIBC_ABI_* tags arrive in stable updates of a release: an absent one is never certain."""
    if name.removeprefix("GLIBC_") in libc.abi_tags:
        return Presence.PROVIDED, None, Confidence.CERTAIN
    return Presence.UNKNOWN, None, Confidence.POSSIBLE


def numeric(text: str) -> tuple[int, ...]:
    """2.34 as (2, 34), for comparison; zeros at the end do not count."""
    numbers = [int(part) for part in text.replace("_", ".").split(".") if part.isdigit()]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
