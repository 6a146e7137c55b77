"""Which release an image's name and tag stand for: exact tag rows first, then the rules of knowledge/naming.json.

In: an `ImageReference`. Out: `Match`, with the release or only the libc family, how sure that is, and the sentence
that says which row or rule told it; None when nothing is known. A release is never guessed: a tag of a known image that
is in no row gives at most the family that all its tags share.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.findings import Confidence
from depscan.images.reference import familiar, parse_reference
from depscan.images.rows import Host, find_naming, find_release, find_sources, find_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.images.profile import ImageReference

# Images whose tags are a distribution's bare root file system: their library lists hold in full.
ROOTS = frozenset(
    [
        "alpine",
        "almalinux",
        "amazonlinux",
        "archlinux",
        "busybox",
        "centos",
        "centos/centos",
        "debian",
        "fedora",
        "frolvlad/alpine-glibc",
        "opensuse/leap",
        "opensuse/tumbleweed",
        "oraclelinux",
        "photon",
        "rockylinux",
        "scratch",
        "ubuntu",
    ]
)
_NO_DISTRIBUTIONS = frozenset(["busybox", "scratch"])  # a stranger's image of this name is something else
# Words that stand for no release of their own.
CHANNELS = frozenset(
    [
        "base",
        "devel",
        "edge",
        "latest",
        "minimal",
        "oldoldstable",
        "oldstable",
        "rawhide",
        "rolling",
        "stable",
        "testing",
        "unstable",
    ]
)
_ROOT_SUFFIX = r"(?:[-.](?:\d{8}(?:\.\d+)*|slim|minimal|micro|init|base|backports))+$"
_FAMILIES = {"alpine": "musl", "busybox": "unknown", "scratch": "none", "windows": "unknown"}


class Match(Struct, frozen=True):
    """What a name stands for; `release` is None where only `family` is known.

    `bare` says that nothing was added to the release, `untold` that another dynamic linker may be there; `architecture`
    is set by names such as arm64v8/alpine.
    """

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


def resolve(reference: ImageReference) -> Match | None:
    """What the reference stands for, by the first way that answers."""
    host, image = _host(reference), canonical_image(reference)
    official = host.official and "/" not in image
    found = (
        _windows(image, reference.tag)
        or _exact(image, reference)
        or _root(image, reference)
        or _by_vendor(image, reference)
        or _by_path(image)
        or _by_tag(image, reference, official)
        or _by_family(image, reference, official)
        or _by_component(image, reference)
    )
    if found is None:
        return None
    untold = found.untold or _is_untold(image, reference.tag) or not (official or _is_plain(image, found))
    return msgspec.structs.replace(found, architecture=host.architecture, untold=untold)


class Origin(Struct, frozen=True):
    """The image that another one is made from by adding a program alone, and the source that says so.

    `kept` says that it is this image as it was on the day on which a version of the other came out.
    """

    reference: ImageReference
    source: str
    kept: bool


def find_origin(reference: ImageReference) -> Origin | None:
    """The image under one that only adds a program: rust:1-slim for lukemathwalker/cargo-chef:latest-rust-1-slim."""
    image = canonical_image(reference)
    for rule in find_naming().derived:
        found = re.fullmatch(rule.tag, reference.tag or "") if rule.image == image else None
        if found:
            return Origin(parse_reference(found.expand(rule.base)), rule.source, rule.kept)
    return None


def canonical_image(reference: ImageReference) -> str:
    """The image's name without a registry that only mirrors it: python for public.ecr.aws/docker/library/python."""
    host = _host(reference)
    return host.image + f"{reference.domain}/{reference.path}".removeprefix(host.prefix)


def _host(reference: ImageReference) -> Host:
    name = f"{reference.domain}/{reference.path}"
    fitting = [host for host in find_naming().hosts if name.startswith(host.prefix)]
    if fitting:
        return max(fitting, key=lambda host: len(host.prefix))
    before, library, image = name.rpartition("/library/")  # a pull-through proxy of docker.io
    known = library and find_tags(image)
    return Host(f"{before}/library/", "", official=True) if known else Host("", "")


def _windows(image: str, tag: str | None) -> Match | None:
    named = image.startswith(find_naming().windows)
    part = next((name for name in ("windowsservercore", "nanoserver") if name in (tag or "")), None)
    if not named and part is None:
        return None
    why = f"the tag names {part}" if part else "a Windows image by its name"
    return Match(image, why, Confidence.CERTAIN, family="unknown", windows=True)


def _exact(image: str, reference: ImageReference) -> Match | None:
    """A row of the table of tags, dated where the publisher still moves the tag."""
    row = find_tags(image).get(reference.tag or "")
    if row is None:
        return None
    shown = _shown(image, reference.tag)
    why = f"{shown} stands on {row.release}" if shown != row.release else f"{shown} is in the table of tags"
    if row.moving:
        why = f"{shown} stands on {row.release} as of {find_sources().tags_as_of}; the tag moves"
    sure = not row.moving or family_of(row.release) != "glibc"
    return Match(image, why, _certain_if(sure), row.release, bare=_is_bare(image), moving=row.moving)


def _is_bare(image: str) -> bool:
    return image in ROOTS or image.startswith(("distroless/", "chainguard/", "wolfi-dev/"))


def _root(image: str, reference: ImageReference) -> Match | None:
    """A root image's tag with a date, a patch level or a variant: debian:12.5-slim, ubuntu:jammy-20240101."""
    if image not in ROOTS or reference.tag is None:
        return None
    tags, tag = find_tags(image), re.sub(_ROOT_SUFFIX, "", reference.tag).removeprefix(image)
    while tag and tag not in tags:
        tag = tag.rpartition(".")[0]
    if not tag or tags[tag].moving:
        return None
    why = f"{_shown(image, reference.tag)} is {tags[tag].release} by its number or codename"
    return Match(image, why, Confidence.CERTAIN, tags[tag].release, bare=True)


def _by_vendor(image: str, reference: ImageReference) -> Match | None:
    tag = reference.tag or ""
    for rule in find_naming().vendors:
        found = re.fullmatch(rule.tag, tag) if image.startswith(rule.prefix) else None
        if found:
            row = find_tags(image).get(rule.release.removeprefix("@"))
            release = row.release if row else found.expand(rule.release)
            if not release.startswith("@"):
                return Match(image, rule.source, Confidence.LIKELY, release or None, rule.family, bare=_is_bare(image))
    return None


def _by_path(image: str) -> Match | None:
    for rule in find_naming().paths:
        known = image.startswith(rule.prefix)
        found = re.fullmatch(rule.rest, image.removeprefix(rule.prefix)) if known else None
        if found:
            release = found.expand(rule.release) or None
            why = f"images named {image} stand on {release or rule.family}"
            return Match(image, why, rule.confidence, release, rule.family)
    return None


def _by_tag(image: str, reference: ImageReference, official: bool) -> Match | None:
    tag = reference.tag or ""
    found = named_releases(tag, _codenames_for(image, tag))
    if len(found) == 1:
        (release,) = found
        why = f"the tag {tag} names {release}"
        return Match(image, why, _certain_if(official), release)
    if not found and re.search(r"(?:^|[-._])alpine(?:$|[-._])", tag):
        why = f"the tag {tag} names Alpine without a release"
        return Match(image, why, Confidence.LIKELY, family="musl", moving=True)
    return None


def _by_component(image: str, reference: ImageReference) -> Match | None:
    """What the last part of a stranger's name tells: corp/ubuntu:22.04, corp/base-debian12.

    A root's name with a release is probably a copy of it or built on it; anything may have been added. What its owner
    moves is the owner's own: corp/debian is not the debian:latest of today.
    """
    _, slash, name = image.rpartition("/")
    if not slash:
        return None
    like = (_exact(name, reference) or _root(name, reference)) if name in ROOTS - _NO_DISTRIBUTIONS else None
    if like is not None and not like.moving:
        why = f"{image} has the name of {name}: {like.why}"
        return msgspec.structs.replace(
            like, image=image, why=why, confidence=Confidence.LIKELY, bare=False, untold=True
        )
    found = named_releases(name, {}) if like is None else set()
    release = found.pop() if len(found) == 1 else None
    return Match(image, f"{image} names {release}", Confidence.LIKELY, release, untold=True) if release else None


def named_releases(tag: str, codenames: Mapping[str, str]) -> set[str]:
    """The releases that parts of a tag name: bookworm, alpine3.20, ubuntu-22.04, ubi9.

    `codenames` are Debian's and Ubuntu's.
    """
    found = {codenames[token] for token in re.split(r"[-_.]", tag) if token in codenames}
    for rule in find_naming().tags:
        match = re.search(rf"(?:^|[-_.]){rule.part}(?=$|[-_.])", tag) if rule.word in tag else None
        if match:
            found.add(match.expand(rule.release))
    return found


@cache
def _codenames() -> dict[str, str]:
    rows = [row for image in ("debian", "ubuntu") for row in find_tags(image).items()]
    return {tag: row.release for tag, row in rows if tag.isalpha() and not row.moving}


def _codenames_for(image: str, tag: str) -> Mapping[str, str]:
    """The codenames that a tag may name: not those which mean something else there (ros:kinetic)."""
    if image in ("debian", "ubuntu", "buildpack-deps") or "ubuntu" in f"{image}:{tag}" or "debian" in f"{image}:{tag}":
        return _codenames()
    return {word: release for word, release in _codenames().items() if word not in find_naming().ambiguous}


def is_codename(word: str) -> bool:
    """Whether a word of a tag is a codename of Debian or Ubuntu."""
    return word in _codenames()


def is_distribution_word(word: str) -> bool:
    """Whether a word of a tag names a distribution or its size, not what the image is for."""
    return word in _codenames() or word in {"alpine", "slim"}


def _by_family(image: str, reference: ImageReference, official: bool) -> Match | None:
    """The libc family that all tags of a known image share, when the tag itself is in no row."""
    tags = find_tags(image)
    tag = reference.tag
    alike = {family_of(row.release) for name, row in tags.items() if "alpine" not in name or tag is None}
    if not (official and tags) or len(alike) != 1 or alike & {"unknown", "none"}:
        return None
    (family,) = alike
    shown = "a digest alone" if tag is None else f"the tag {tag} is in no table: it"
    why = f"{shown} tells no release of {image}, whose known tags are all {family}"
    sure = Confidence.LIKELY if family == "musl" else Confidence.POSSIBLE  # another libc on Alpine is rare
    return Match(image, why, sure, family=family, moving=tag is not None)


def family_of(release: str) -> str:
    """The libc family of a release id, also of one that has no row: alpine:3.4 is musl."""
    row = find_release(release)
    return row.libc if row else _FAMILIES.get(release.partition(":")[0], "glibc")


def _is_untold(image: str, tag: str | None) -> bool:
    """Whether a second libc may be in the image though its tag names the distribution alone."""
    glibc = "glibc" in f"{image}:{tag}" and image not in ("busybox", "frolvlad/alpine-glibc")
    wide = (tag or "").endswith("32bit")
    return glibc or wide or image.startswith(find_naming().untold)


def _is_plain(image: str, found: Match) -> bool:
    """Whether an image that is not docker-library's own surely has no second libc: strangers add glibc to Alpine."""
    family = found.family or family_of(found.release or "")
    return family != "musl" or image in ROOTS or image.startswith(find_naming().plain)


def _shown(image: str, tag: str | None) -> str:
    return f"{image}:{tag}" if tag else image


def _certain_if(sure: bool) -> Confidence:
    return Confidence.CERTAIN if sure else Confidence.LIKELY


def nearest_tag(reference: ImageReference) -> str | None:
    """A known spelling that the tag may have meant (python:3.12-bulseye), in the short form, or None."""
    image, tag = canonical_image(reference), reference.tag
    tags = find_tags(image)
    if tag is None or not tags:
        return None
    from difflib import get_close_matches  # noqa: PLC0415 - 3 ms at start-up, needed for an unknown tag only

    words = {*_codenames(), "alpine", "slim"}
    for token in re.split(r"[-_]", tag):
        near = get_close_matches(token, words - {token}, 1, 0.8) if token.isalpha() and token not in words else []
        if near:
            return familiar(msgspec.structs.replace(reference, tag=tag.replace(token, near[0])))
    numbers = re.findall(r"\d+", tag)  # another number is another version, not a slip: nginx:1.13 is not nginx:1.31
    close = get_close_matches(tag, [name for name in tags if re.findall(r"\d+", name) == numbers], 1, 0.8)
    return familiar(msgspec.structs.replace(reference, tag=close[0])) if close else None
