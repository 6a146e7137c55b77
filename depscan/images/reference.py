"""Image references: the grammar of docker and the OCI distribution project.

In: a reference as FROM writes it. Out: `ImageReference` with docker's defaults filled in (docker.io, library/, latest),
and the short spelling that people use. The grammar is distribution/reference's: domain, path, tag, digest.
"""

from __future__ import annotations

import re

from depscan.images.profile import ImageReference

_DEFAULT_DOMAIN = "docker.io"
_NAME_LENGTH = 255
_DOMAIN_PART = r"(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])"
_DOMAIN = rf"(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[0-9A-Fa-f:]+\])(?::[0-9]+)?"
_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}"
_DIGEST_ONLY = r"[0-9a-f]{64}"


class BadReferenceError(ValueError):
    """Text that is not an image reference; the message is one clause for the report."""


def parse_reference(text: str) -> ImageReference:
    """Read `[domain/]path[:tag][@digest]`; raises BadReferenceError.

    Without tag and digest the tag is latest; beside a digest alone it stays None, since nothing names the release then.
    """
    if len(text) > 4 * _NAME_LENGTH:
        raise BadReferenceError("an image reference of more than 1020 characters")
    rest, at, digest = text.partition("@")
    if at and not re.fullmatch(_DIGEST, digest):
        raise BadReferenceError(f"{digest!r} is not a digest such as sha256:<64 hexadecimal digits>")
    name, tag = _split_tag(rest)
    domain, path = _split_domain(name)
    _check_name(domain, path, name)
    return ImageReference(domain, path, tag if tag or digest else "latest", digest or None)


def familiar(reference: ImageReference) -> str:
    """The short spelling: docker.io/library/alpine:3.20 is alpine:3.20."""
    text = str(reference).removeprefix(f"{_DEFAULT_DOMAIN}/")
    official = reference.domain == _DEFAULT_DOMAIN and reference.path.count("/") == 1
    return text.removeprefix("library/") if official else text


def _split_tag(text: str) -> tuple[str, str | None]:
    name, colon, tag = text.rpartition(":")
    if not colon or "/" in tag:  # the colon belongs to the domain's port
        return text, None
    if not _TAG.fullmatch(tag):
        raise BadReferenceError(f"{tag!r} is not a tag: letters, digits, '_', '.', '-', at most 128 of them")
    return name, tag


def _split_domain(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_domain = slash and ("." in first or ":" in first or first == "localhost" or first != first.lower())
    domain, path = (first, rest) if is_domain else (_DEFAULT_DOMAIN, name)
    if domain == "index.docker.io":
        domain = _DEFAULT_DOMAIN
    if domain == _DEFAULT_DOMAIN and "/" not in path:
        path = f"library/{path}"
    return domain, path


def _check_name(domain: str, path: str, name: str) -> None:
    if not name:
        raise BadReferenceError("an image reference without a name")
    if len(name) == 64 and re.fullmatch(_DIGEST_ONLY, name):
        raise BadReferenceError("64 hexadecimal digits are an image id, not a name")
    if domain != _DEFAULT_DOMAIN and not re.fullmatch(_DOMAIN, domain):
        raise BadReferenceError(f"{domain!r} is not a registry host")
    if len(domain) + 1 + len(path) > _NAME_LENGTH:
        raise BadReferenceError(f"an image name of more than {_NAME_LENGTH} characters")
    for component in path.split("/"):
        if not _COMPONENT.fullmatch(component):
            hint = ", names are lower case" if component != component.lower() else ""
            raise BadReferenceError(f"{component!r} cannot stand in an image name{hint}")
