"""Which release an image's name and tag stand for: exact tag rows first, then the rules of knowledge/naming.json.

In: an `ImageReference`. Out: `Match`, with the release or only the libc family, how sure that is, and the sentence that
says which row or rule told it; None when nothing is known. A release is never guessed: a tag of a known image that is in
no row gives at most the family that all its tags share.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.findings import Confidence
from depscan.images.reference import familiar
from depscan.images.rows import KNOWLEDGE, find_release, find_sources, find_tags

if TYPE_CHECKING:
    from depscan.images.profile import ImageReference

# Images whose tags are a distribution's bare root file system: their library lists hold in full.
ROOTS = frozenset(
    {
        "alpine", "almalinux", "amazonlinux", "archlinux", "busybox", "centos", "debian", "fedora", "frolvlad/alpine-glibc",
        "oraclelinux", "photon", "rockylinux", "scratch", "ubuntu",
    }
)  # fmt: skip
_CHANNELS = frozenset(
    {"base", "devel", "edge", "latest", "minimal", "oldoldstable", "oldstable", "rawhide", "rolling", "stable", "testing",
     "unstable"}
)  # fmt: skip
_ROOT_SUFFIX = re.compile(r"(?:[-.](?:\d{8}(?:\.\d+)*|slim|minimal|micro|init|base|backports))+$")
_FAMILIES = {"alpine": "musl", "busybox": "unknown", "scratch": "none", "windows": "unknown"}


class Match(Struct, frozen=True):
    """What a name stands for. `release` is None where only `family` is known. `bare` says that nothing was added to the
    release; `architecture` is set by names such as arm64v8/alpine. `untold` says that another dynamic linker may be there."""

    image: str
    why: str
    confidence: Confidence
    release: str | None = None
    family: str | None = None
    bare: bool = False
    moving: bool = False
    architecture: str | None = None
    untold: bool = False
    windows: bool = False


class Host(Struct, frozen=True, array_like=True):
    """A registry prefix, what stands for it in an image's name, whether its images are docker-library's own."""

    prefix: str
    image: str
    official: bool = False
    architecture: str | None = None


class PathRule(Struct, frozen=True, array_like=True):
    """An image name (a regular expression) whose every tag stands on `release`, or is of `family` where that is empty."""

    image: str
    release: str
    confidence: Confidence
    family: str | None = None


class VendorRule(Struct, frozen=True, array_like=True):
    """An image name and tag (regular expressions) that stand for a release, or for another tag where it is "@tag"."""

    image: str
    tag: str
    release: str
    source: str


class Rules(Struct, frozen=True):
    """knowledge/naming.json. `tags` are a part of a tag and its release, `windows` and `untold` image names."""

    hosts: tuple[Host, ...]
    paths: tuple[PathRule, ...]
    tags: tuple[tuple[str, str], ...]
    vendors: tuple[VendorRule, ...]
    windows: tuple[str, ...]
    untold: tuple[str, ...]


@cache
def _rules() -> Rules:
    return msgspec.json.decode((KNOWLEDGE / "naming.json").read_bytes(), type=Rules)


def resolve(reference: ImageReference) -> Match | None:
    """What the reference stands for, by the first way that answers."""
    host = _host(reference)
    image = host.image + f"{reference.domain}/{reference.path}".removeprefix(host.prefix)
    official = host.official and "/" not in image
    found = (
        _windows(image, reference.tag)
        or _exact(image, reference)
        or _root(image, reference)
        or _by_vendor(image, reference)
        or _by_path(image)
        or _by_tag(image, reference, official)
        or _by_family(image, reference, official)
    )
    if found is None:
        return None
    return msgspec.structs.replace(
        found, architecture=host.architecture, untold=found.untold or _is_untold(image, reference.tag)
    )


def canonical_image(reference: ImageReference) -> str:
    """The image's name without a registry that only mirrors it: python for public.ecr.aws/docker/library/python."""
    host = _host(reference)
    return host.image + f"{reference.domain}/{reference.path}".removeprefix(host.prefix)


def _host(reference: ImageReference) -> Host:
    name = f"{reference.domain}/{reference.path}"
    fitting = [host for host in _rules().hosts if name.startswith(host.prefix)]
    if fitting:
        return max(fitting, key=lambda host: len(host.prefix))
    before, library, image = name.rpartition("/library/")  # a pull-through proxy of docker.io
    known = library and find_tags(image)
    return Host(f"{before}/library/", "", official=True) if known else Host("", "")


def _windows(image: str, tag: str | None) -> Match | None:
    named = any(re.fullmatch(pattern, image) for pattern in _rules().windows)
    part = next((name for name in ("windowsservercore", "nanoserver") if name in (tag or "")), None)
    if not named and part is None:
        return None
    why = f"the tag names {part}" if part else "a Windows image by its name"
    return Match(image, why, Confidence.CERTAIN, family="unknown", windows=True)


def _exact(image: str, reference: ImageReference) -> Match | None:
    tags = find_tags(image)
    release = tags.get(reference.tag or "")
    if release is None:
        return None
    return _row(image, reference, release, f"{_shown(image, reference.tag)} is in the table of tags")


def _row(image: str, reference: ImageReference, release: str, why: str) -> Match:
    """A match by a row of the table, dated where the tag does not name its release."""
    bare = image in ROOTS or image.startswith(("distroless/", "chainguard/", "wolfi-dev/", "redhat/", "opensuse/"))
    moving = not _names_release(image, reference.tag or "", release)
    if moving:
        why = f"{_shown(image, reference.tag)} stands on {release} as of {find_sources().as_of}; the tag may move"
    sure = not moving or family_of(release) != "glibc"
    return Match(image, why, _certain_if(sure), release, bare=bare, moving=moving)


def _names_release(image: str, tag: str, release: str) -> bool:
    """Whether the tag itself pins the release: by codename, by number, or through a rule on its parts."""
    row = find_release(release)
    if row is not None and row.rolling:
        return False
    if image in ROOTS:
        number = release.rpartition(":")[2].removeprefix("stream")
        return (tag.startswith(number) or tag.split("-")[0].isalpha()) and tag.split("-")[0] not in _CHANNELS
    if image.startswith("distroless/"):
        return image.endswith(release.rpartition("-")[2])
    return release in _parts(tag)


def _root(image: str, reference: ImageReference) -> Match | None:
    """A root image's tag with a date, a patch level or a variant: debian:12.5-slim, ubuntu:jammy-20240101."""
    if image not in ROOTS or reference.tag is None:
        return None
    tags, tag = find_tags(image), _ROOT_SUFFIX.sub("", reference.tag).removeprefix(image)
    while tag and tag not in tags:
        tag = tag.rpartition(".")[0]
    if not tag or tag in _CHANNELS:
        return None
    release = tags[tag]
    if not _names_release(image, tag, release):
        return None
    why = f"{_shown(image, reference.tag)} is {release} by its number or codename"
    return Match(image, why, Confidence.CERTAIN, release, bare=True)


def _by_vendor(image: str, reference: ImageReference) -> Match | None:
    tag = reference.tag or ""
    for rule in _rules().vendors:
        if re.fullmatch(rule.image, image) and re.fullmatch(rule.tag, tag):
            release = find_tags(image).get(rule.release[1:]) if rule.release.startswith("@") else rule.release
            if release:
                return Match(image, rule.source, Confidence.LIKELY, release, bare=rule.release != release)
    return None


def _by_path(image: str) -> Match | None:
    for rule in _rules().paths:
        found = re.fullmatch(rule.image, image)
        if found:
            release = found.expand(rule.release) or None
            why = f"images named {image} stand on {release or rule.family}"
            return Match(image, why, rule.confidence, release, rule.family)
    return None


def _by_tag(image: str, reference: ImageReference, official: bool) -> Match | None:
    tag = reference.tag or ""
    found = _parts(tag)
    if len(found) == 1:
        (release,) = found
        why = f"the tag {tag} names {release}"
        return Match(image, why, _certain_if(official), release)
    if not found and re.search(r"(?:^|[-._])alpine(?:$|[-._])", tag):
        why = f"the tag {tag} names Alpine without a release"
        return Match(image, why, Confidence.LIKELY, family="musl", moving=True)
    return None


def _parts(tag: str) -> set[str]:
    """The releases that parts of a tag name: bookworm, alpine3.20, ubuntu-22.04, ubi9."""
    found: set[str] = set()
    for token in re.split(r"[-_.]", tag):
        if token.isalpha() and token not in _CHANNELS:
            found |= {release for image in ("debian", "ubuntu") if (release := find_tags(image).get(token))}
    for pattern, release in _rules().tags:
        match = re.search(rf"(?:^|[-_.]){pattern}(?=$|[-_.])", tag)
        if match:
            found.add(match.expand(release))
    return found


def _by_family(image: str, reference: ImageReference, official: bool) -> Match | None:
    """The libc family that all tags of a known image share, when the tag itself is in no row."""
    tags = find_tags(image)
    tag = reference.tag
    alike = {family_of(release) for name, release in tags.items() if "alpine" not in name or tag is None}
    if not (official and tags) or len(alike) != 1 or alike & {"unknown", "none"}:
        return None
    (family,) = alike
    shown = "a digest alone" if tag is None else f"the tag {tag} is in no table: it"
    why = f"{shown} tells no release of {image}, whose known tags are all {family}"
    return Match(image, why, Confidence.POSSIBLE, family=family, moving=tag is not None)


def family_of(release: str) -> str:
    """The libc family of a release id, also of one that has no row: alpine:3.4 is musl."""
    row = find_release(release)
    return row.libc if row else _FAMILIES.get(release.partition(":")[0], "glibc")


def _is_untold(image: str, tag: str | None) -> bool:
    """Whether a second libc may be in the image though its tag names the distribution alone."""
    glibc = "glibc" in f"{image}:{tag}" and image not in ("busybox", "frolvlad/alpine-glibc")
    wide = (tag or "").endswith("32bit")
    return glibc or wide or any(re.fullmatch(pattern, image) for pattern in _rules().untold)


def _shown(image: str, tag: str | None) -> str:
    return f"{image}:{tag}" if tag else image


def _certain_if(sure: bool) -> Confidence:
    return Confidence.CERTAIN if sure else Confidence.LIKELY


def nearest_tag(reference: ImageReference) -> str | None:
    """A known spelling that the tag may have meant (python:3.12-bulseye), in the short form, or None."""
    from difflib import get_close_matches  # noqa: PLC0415 - 3 ms at start-up, needed for an unknown tag only

    image, tag = canonical_image(reference), reference.tag
    tags = find_tags(image)
    if tag is None or not tags:
        return None
    words = {token for name in ("debian", "ubuntu") for token in find_tags(name) if token.isalpha()} | {"alpine", "slim"}
    for token in re.split(r"[-_]", tag):
        near = get_close_matches(token, words - {token}, 1, 0.8) if token.isalpha() and token not in words else []
        if near:
            return familiar(msgspec.structs.replace(reference, tag=tag.replace(token, near[0])))
    close = get_close_matches(tag, tags, 1, 0.85)
    return familiar(msgspec.structs.replace(reference, tag=close[0])) if close else None
