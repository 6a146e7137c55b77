"""The profile of a base image, from the best that is at hand.

In: the text of a FROM, the platform, the user's overrides. Out: `ImageProfile`, always: override (stated, or a real
image at hand), a base that the user keeps, the registry where it may be asked, then knowledge by exact tag, by rule,
then unknown with the reason in `why`. A strange reference is an unknown image, not an error; a real image that cannot
be read leaves its reason in `trouble`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.errors import UsageError
from depscan.findings import Confidence
from depscan.images.knowledge import lookup
from depscan.images.naming import nearest_tag
from depscan.images.override import find_override, override, states_libc
from depscan.images.profile import ImageProfile, Libc
from depscan.images.reference import BadReferenceError, familiar, parse_reference
from depscan.platforms import platform_of_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.images.profile import ImageReference
    from depscan.platforms import Platform


def profile(text: str, platform: Platform, overrides: Mapping[str, str], *, online: bool = False) -> ImageProfile:
    """What the image named `text` provides on `platform`.

    `overrides` maps references or globs, in the short or the full spelling, to specs (see `override`, `sources`).
    `online` allows to ask registries. Raises UsageError for an override's bad spec only.
    """
    try:
        reference = parse_reference(text)
    except BadReferenceError as error:
        return unknown_image(text, f"not an image reference: {error}")
    platform = platform_of_image(text, platform).platform
    spec = find_override(overrides, reference)
    if spec is not None and states_libc(spec):
        return override(reference, spec, platform)
    real, trouble = _real_image(reference, spec, platform, online=online)
    return real or _troubled(_known(reference, platform), trouble)


def keep_base(source: str, text: str | None, platform: Platform) -> ImageProfile:
    """Keep what a source provides, so that later runs know the image named `text` without it; gives its profile.

    `text` may be None for docker:REF and podman:REF. Raises UsageError where the source cannot be read.
    """
    from depscan.images.contents import BadImageError  # noqa: PLC0415 - only `depscan image --add`
    from depscan.images.sources import read_source  # noqa: PLC0415 - likewise
    from depscan.images.stored_profiles import keep  # noqa: PLC0415 - likewise

    client, _, name = source.partition(":")
    text = text or (name if client in ("docker", "podman") else None)
    if text is None:
        raise UsageError(f"--add {source}: which image is it? Name it: --as registry.example/base:1")
    try:
        reference = parse_reference(text)
        found = read_source(reference, source, platform)
    except BadReferenceError as error:
        raise UsageError(f"--as {text}: not an image reference: {error}") from None
    except BadImageError as error:
        raise UsageError(f"--add {source}: {error}") from None
    keep(str(reference), platform, found)
    return found


def _real_image(
    reference: ImageReference, spec: str | None, platform: Platform, *, online: bool
) -> tuple[ImageProfile | None, str | None]:
    """The profile read from a real image, where there is one to read; beside None the reason where that failed."""
    if spec is None:
        if reference.path == "library/scratch":
            return None, None
        from depscan.images.stored_profiles import find_kept  # noqa: PLC0415 - not for scratch

        kept = find_kept(str(reference), platform)
        if kept is not None:
            return replace(kept, why=f"kept by depscan image --add, {kept.why}"), None
        if not online:
            return None, None
    from depscan.images.contents import BadImageError  # noqa: PLC0415 - where there is an image to read

    try:
        if spec is not None:
            from depscan.images.sources import read_source  # noqa: PLC0415 - likewise

            return read_source(reference, spec, platform), None
        from depscan.images.registry import read_registry  # noqa: PLC0415 - likewise

        return read_registry(reference, platform), None
    except BadImageError as error:
        return None, f"{spec or familiar(reference)}: {error}"


def _troubled(found: ImageProfile, trouble: str | None) -> ImageProfile:
    """What answers in place of a real image that could not be read, with the reason."""
    if trouble is None:
        return found
    return replace(found, trouble=trouble, why=f"{found.why}; {trouble}" if found.why else trouble)


def _known(reference: ImageReference, platform: Platform) -> ImageProfile:
    found = lookup(reference, platform)
    if found is None:
        return unknown_image(str(reference), _reason(reference))
    near = nearest_tag(reference) if found.release is None and found.moving else None
    return replace(found, why=f"{found.why}; did you mean {near}?") if near else found


def unknown_image(reference: str, why: str) -> ImageProfile:
    """The profile of an image that nothing is known of."""
    return ImageProfile(reference=reference, libc=Libc("unknown"), why=why, confidence=Confidence.POSSIBLE)


def _reason(reference: ImageReference) -> str:
    near = nearest_tag(reference)
    if near is not None:
        return f"nothing is known of {familiar(reference)}; did you mean {near}?"
    return (
        f"nothing is known of {familiar(reference)}; --base {familiar(reference)}=glibc:VERSION states what it provides"
    )
