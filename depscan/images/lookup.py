"""The profile of a base image, from the best that is at hand.

In: the text of a FROM, the platform, the user's overrides. Out: `ImageProfile`, always: override, then knowledge by
exact tag, by rule, then unknown with the reason in `why`. A strange reference is an unknown image, not an error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.findings import Confidence
from depscan.images.knowledge import lookup
from depscan.images.naming import nearest_tag
from depscan.images.override import find_override, override
from depscan.images.profile import ImageProfile, Libc
from depscan.images.reference import BadReferenceError, familiar, parse_reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.images.profile import ImageReference
    from depscan.platforms import Platform


def profile(text: str, platform: Platform, overrides: Mapping[str, str]) -> ImageProfile:
    """What the image named `text` provides on `platform`.

    `overrides` maps references or globs, in the short or the full spelling, to specs (see `override`). Raises
    UsageError for an override's bad spec only.
    """
    try:
        reference = parse_reference(text)
    except BadReferenceError as error:
        return _unknown(text, f"not an image reference: {error}")
    spec = find_override(overrides, reference)
    if spec is not None:
        return override(reference, spec, platform)
    found = lookup(reference, platform)
    if found is None:
        return _unknown(str(reference), _reason(reference))
    near = nearest_tag(reference) if found.release is None and found.moving else None
    return replace(found, why=f"{found.why}; did you mean {near}?") if near else found


def _unknown(reference: str, why: str) -> ImageProfile:
    return ImageProfile(reference=reference, libc=Libc("unknown"), why=why, confidence=Confidence.POSSIBLE)


def _reason(reference: ImageReference) -> str:
    near = nearest_tag(reference)
    if near is not None:
        return f"nothing is known of {familiar(reference)}; did you mean {near}?"
    return (
        f"nothing is known of {familiar(reference)}; --base {familiar(reference)}=glibc:VERSION states what it provides"
    )
