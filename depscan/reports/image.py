"""What `depscan image` prints: what is known of base images, and from where.

In: `ImageProfile`s. Out: text or JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.reports.escaping import printable
from depscan.reports.objects import dump, image_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.images.profile import ImageProfile

_LABEL = 13
_MOST = 12


def render_json(profiles: Sequence[ImageProfile]) -> str:
    """The document with schema_version 1."""
    return dump({"schema_version": 1, "images": [_image(profile) for profile in profiles]})


def _image(profile: ImageProfile) -> dict[str, object]:
    return {
        **image_object(profile),
        "loaders": list(profile.loaders),
        "libraries": sorted(profile.libraries),
        "ceilings": dict(sorted(profile.libc.ceilings.items())),
    }


def render_text(profiles: Sequence[ImageProfile]) -> str:
    """A paragraph per image."""
    return "\n".join("".join(f"{line}\n" for line in _lines(profile)) for profile in profiles)


def _lines(profile: ImageProfile) -> Iterator[str]:
    yield printable(profile.reference)
    for label, value in _rows(profile):
        yield f"  {label:<{_LABEL}}{printable(value)}"


def _rows(profile: ImageProfile) -> Iterator[tuple[str, str]]:
    """Labels and values; "not known" is said where it matters and left out elsewhere."""
    yield "release", profile.release or "not known"
    yield "libc", " ".join(part for part in (profile.libc.family, profile.libc.version) if part)
    ceilings = sorted(profile.libc.ceilings.items())
    rows = (
        ("versions", ", ".join(f"up to {namespace}_{version}" for namespace, version in ceilings)),
        ("loaders", ", ".join(profile.loaders)),
        ("packages", profile.package_manager or ""),
        ("size", f"{profile.size / 1e6:.1f} MB compressed" if profile.size else ""),
    )
    yield from (row for row in rows if row[1])
    yield "libraries", _libraries(profile)
    dated = f" of {profile.as_of}" if profile.as_of else ""
    yield "source", f"{profile.source}{dated}, {profile.confidence}{f': {profile.why}' if profile.why else ''}"


def _libraries(profile: ImageProfile) -> str:
    names = sorted(profile.libraries)
    rest = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    complete = "complete list" if profile.libraries_complete else "others may be there"
    return f"{', '.join(names[:_MOST])}{rest} ({complete})" if names else f"none listed ({complete})"
