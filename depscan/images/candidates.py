"""Base images worth trying in place of one that does not fit.

In: the profile of a base. Out: references, the nearest first: the same image on another distribution, newer releases of
the same distribution, then the usual bases. Nothing is promised: `suggest` runs the same engine on each and keeps what
passes.
"""

from __future__ import annotations

import posixpath
import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.images.knowledge import lookup
from depscan.images.lifetimes import distribution_release
from depscan.images.naming import (
    CHANNELS,
    ROOTS,
    canonical_image,
    family_of,
    find_origin,
    is_codename,
    is_distribution_word,
    resolve,
)
from depscan.images.reference import BadReferenceError, familiar, parse_reference
from depscan.images.rows import KNOWLEDGE, find_tags, find_variants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.images.profile import ImageProfile, ImageReference
    from depscan.platforms import Platform

# A suggestion costs a run of the engine: the nearest variants answer what further ones would.
_GLIBC_SHOWN, _ALPINE_SHOWN = 4, 2


class _Suggestions(Struct, frozen=True):
    """knowledge/suggestions.json: usual bases by the libc family of the failing one; all bases for `depscan bases`."""

    general: dict[str, list[str]]
    bases: list[str]


@cache
def _suggestions() -> _Suggestions:
    return msgspec.json.decode((KNOWLEDGE / "suggestions.json").read_bytes(), type=_Suggestions)


def all_bases(platform: Platform) -> tuple[ImageProfile, ...]:
    """The profiles of the known bases that hold nothing but a distribution, the smallest kinds first."""
    found = (lookup(parse_reference(text), platform) for text in _suggestions().bases)
    return tuple(profile for profile in found if profile is not None)


def candidates(profile: ImageProfile) -> tuple[str, ...]:
    """References to try in place of the profile's image, in the short spelling, the nearest first."""
    try:
        reference = parse_reference(profile.reference)
    except BadReferenceError:
        return ()
    usual = _suggestions().general
    family = profile.libc.family if profile.libc.family in usual else "glibc"
    found = (*_same_image(reference), *_newer(reference, profile.release), *usual[family])
    return tuple(text for text in dict.fromkeys(found) if text != familiar(reference))


def image_name(reference: str) -> str:
    """Debian of docker.io/library/debian:12-slim; all distroless images are one name."""
    name = reference.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return "distroless" if "distroless/" in reference else name


def carries(reference: str, program: str, platform: Platform) -> bool:
    """Whether the knowledge has an interpreter of this name in an image: java, python3, node."""
    profile = lookup(parse_reference(reference), platform)
    return profile is not None and any(posixpath.basename(path) == program for path in profile.interpreters)


def builder_candidates(builder: ImageProfile, runtime: ImageProfile) -> tuple[str, ...]:
    """References to build on in place of the builder's image: the same version on the runtime's own release first."""
    try:
        reference = parse_reference(builder.reference)
    except BadReferenceError:
        return ()
    release = distribution_release(runtime.release)
    own = sorted(
        (tag for tag, named in _named(reference) if named == release), key=lambda tag: _kinship(tag, reference)
    )
    found = (*(familiar(_with(reference, tag)) for tag in own), *_same_image(reference))
    return tuple(text for text in dict.fromkeys(found) if text != familiar(reference))


def _kinship(tag: str, reference: ImageReference) -> tuple[int, int, str]:
    """How far a tag is from the reference's, by its words beside the release: `slim` builds no more than full does."""
    own, other = set(re.split(r"[-_]", reference.tag or "")), set(re.split(r"[-_]", tag))
    words = {word for word in own ^ other if not is_codename(word)}
    return len(words), len(tag), tag


def pinned_spelling(profile: ImageProfile) -> str | None:
    """The image under a tag that names its release, in the short spelling: python:3.12-trixie for python:3.12.

    None where no such tag is known.
    """
    reference = parse_reference(profile.reference)
    image, tag = canonical_image(reference), reference.tag or ""
    rows = find_tags(image).items() if image in ROOTS else ()
    named = [(name, row.release) for name, row in rows if not row.moving and name.split("-")[0].isalpha()]
    wanted = "-".join(word for word in tag.split("-") if word not in CHANNELS)
    same = [name for name, release in named or _named(reference) if release == profile.release]
    fitting = (name for name in same if "-".join(w for w in name.split("-") if not is_codename(w)) == wanted)
    found = min(fitting, key=len, default=None)
    return familiar(_with(reference, found)) if found else None


def _same_image(reference: ImageReference) -> Iterator[str]:
    """A language image's version on other distributions: python:3.12-alpine gives python:3.12-slim-bookworm, ..."""
    named = _named(reference)
    alike = [row for row in named if _flavour(row[0]) == _flavour(reference.tag or "")] or named
    glibc = sorted((row for row in alike if family_of(row[1]) == "glibc" and not _is_old(row[1])), key=_variant_rank)
    musl = sorted((row for row in alike if family_of(row[1]) == "musl"), key=lambda row: _number(row[1]), reverse=True)
    for tag, _ in (*glibc[:_GLIBC_SHOWN], *musl[:_ALPINE_SHOWN]):
        yield familiar(_with(reference, tag))


def _named(reference: ImageReference) -> list[tuple[str, str]]:
    """The tags of the reference's version that name their release, with the release."""
    origin = find_origin(reference)
    if origin is not None:
        own, tag = reference.tag or "", origin.reference.tag or ""
        before = own.removesuffix(tag)
        return (
            [(before + tag, release) for tag, release in _named(origin.reference)] if before != own and before else []
        )
    version = re.match(r"\d+(?:\.\d+)*", reference.tag or "")
    parts = version.group().split(".") if version else []
    image = canonical_image(reference)
    rows = (find_variants(image, ".".join(parts[:size])) for size in (2, 1) if size <= len(parts))
    tags = next((row for row in rows if row), ())
    return [(tag, match.release) for tag in tags if (match := resolve(_with(reference, tag))) and match.release]


def _flavour(tag: str) -> frozenset[str]:
    """What a tag says beside version and distribution: fpm, jre; slim counts as distribution."""
    words = re.split(r"[-_]", tag)
    return frozenset(word for word in words if word.isalpha() and not is_distribution_word(word))


def _is_old(release: str) -> bool:
    """Debian up to 11, Ubuntu up to 20.04 and CentOS, whose support has ended: no step towards a fix."""
    oldest = {"debian": [12], "ubuntu": [22]}.get(release.partition(":")[0], [])
    return release.startswith("centos") or (len(_number(release)) > 0 and _number(release) < oldest)


def _variant_rank(row: tuple[str, str]) -> tuple[bool, bool, list[int], str]:
    """Slim before full, Debian before others, then the older release: it is the smaller step."""
    tag, release = row
    return "slim" not in tag, not release.startswith("debian"), _number(release), tag


def _newer(reference: ImageReference, release: str | None) -> Iterator[str]:
    """Newer releases of the same root image, slim variants first, the smallest step first."""
    image = canonical_image(reference)
    if image.startswith("distroless/"):
        yield from _newer_distroless(image)
    if image not in ROOTS or release is None or ":" not in release:
        return
    rows = [(tag, row.release) for tag, row in find_tags(image).items() if not row.moving]
    newer = [(tag, other) for tag, other in rows if _number(other) > _number(release) > []]
    words = [row for row in newer if image != "debian" or row[0].split("-")[0].isalpha()]
    numbers = [row for row in words if image == "debian" or _is_release_number(image, row[0])]
    for tag, _ in sorted(numbers, key=lambda row: (not row[0].endswith("-slim"), _number(row[1]), row[0])):
        yield familiar(_with(reference, tag))


def _is_release_number(image: str, tag: str) -> bool:
    return bool(re.fullmatch(r"\d[02468]\.04", tag)) if image == "ubuntu" else tag[0].isdigit()


def _newer_distroless(image: str) -> Iterator[str]:
    """The same distroless image on a newer Debian, then the ones that hold more: static, base, cc."""
    kind = image.removeprefix("distroless/").partition("-debian")[0]
    for name in (kind, "base", "cc"):
        for debian in ("debian12", "debian13"):
            if find_tags(f"distroless/{name}-{debian}"):
                yield f"gcr.io/distroless/{name}-{debian}"


def _with(reference: ImageReference, tag: str) -> ImageReference:
    return msgspec.structs.replace(reference, tag=tag, digest=None)


def _number(release: str) -> list[int]:
    """The release's number for ordering; [] for a codename alone."""
    return [int(part) for part in re.findall(r"\d+", release.rpartition(":")[2].partition("@")[0])]
