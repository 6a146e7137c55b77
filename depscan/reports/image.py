"""What `depscan image` prints: what is known of base images, and from where.

In: `ImageProfile`s. Out: text or JSON: the profile, its source, date and confidence, which row or rule matched, and how
long it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from depscan.images.candidates import pinned_spelling
from depscan.images.ceilings import all_ceilings
from depscan.images.lifetimes import days_since_end, find_end
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
        **_linking(profile),
        "second_libc": _second(profile.secondary) if profile.secondary else None,
        "interpreters": sorted(profile.interpreters),
        "interpreters_complete": profile.interpreters_complete,
        "package_manager": profile.package_manager,
        "packages": _packages(profile),
        "packages_unread": profile.packages_unread,
        "size": profile.size,
        "unpacked_size": profile.unpacked_size,
        "why": profile.why,
        "layers": list(profile.layers),
        "moving": profile.moving,
        "moved": {"on": profile.moved[0], "from": profile.moved[1]} if profile.moved else None,
        "updates_end": find_end(profile.release),
        "trouble": profile.trouble,
    }


def _linking(profile: ImageProfile) -> dict[str, object]:
    """What one C library of an image provides."""
    return {
        "loaders": list(profile.loaders),
        "libraries": sorted(profile.libraries),
        "ceilings": all_ceilings(profile),
    }


def _second(profile: ImageProfile) -> dict[str, object]:
    """The C library beside the first, with its own dynamic linker and libraries."""
    return {"family": profile.libc.family, "version": profile.libc.version, **_linking(profile)}


def render_text(profiles: Sequence[ImageProfile]) -> str:
    """A paragraph per image."""
    return "\n".join("".join(f"{line}\n" for line in _lines(profile)) for profile in profiles)


def _lines(profile: ImageProfile) -> Iterator[str]:
    yield printable(profile.reference)
    for label, value in _rows(profile):
        yield f"  {label:<{_LABEL}}{printable(value)}"


def _rows(profile: ImageProfile) -> Iterator[tuple[str, str]]:
    """Labels and values; "not known" is said where it matters and left out elsewhere."""
    yield "libc", _libc(profile)
    yield "release", _release(profile)
    rows = (
        ("versions", _versions(profile)),
        ("loaders", ", ".join(profile.loaders)),
        *(_second_rows(profile.secondary) if profile.secondary else ()),
        ("interpreters", _shown(sorted(profile.interpreters), complete=profile.interpreters_complete)),
        ("packages", _package_row(profile)),
        ("size", _sizes(profile)),
    )
    yield from (row for row in rows if row[1])
    count = f"{len(profile.libraries)}: " if profile.libraries else ""
    listed = _shown(sorted(profile.libraries), complete=profile.libraries_complete)
    yield "libraries", count + (listed or f"none listed ({_extent(profile.libraries_complete)})")
    yield "source", profile.source + (f" of {profile.as_of}" if profile.as_of else "")
    yield "confidence", str(profile.confidence)
    yield from _reasons(profile)


def _libc(profile: ImageProfile) -> str:
    return " ".join(part for part in (profile.libc.family, profile.libc.version) if part)


def _second_rows(second: ImageProfile) -> Iterator[tuple[str, str]]:
    """What the second C library provides; each program gets that whose dynamic linker it names."""
    yield "second libc", "; ".join(part for part in (_libc(second), _versions(second)) if part)
    yield "its loaders", ", ".join(second.loaders)


def _packages(profile: ImageProfile) -> list[dict[str, str]] | None:
    """All installed packages; None where they are not known."""
    return [msgspec.structs.asdict(package) for package in profile.packages] if profile.packages is not None else None


def _package_row(profile: ImageProfile) -> str:
    """The package manager, how many packages its databases list, and why one of these could not be read."""
    count = f"{len(profile.packages)} installed" if profile.packages is not None else ""
    unread = f"installed ones not known: {profile.packages_unread}" if profile.packages_unread else ""
    return "; ".join(part for part in (profile.package_manager, count, unread) if part)


def _sizes(profile: ImageProfile) -> str:
    sizes = ((profile.size, "compressed"), (profile.unpacked_size, "unpacked"))
    return ", ".join(f"{size / 1e6:.1f} MB {state}" for size, state in sizes if size)


def _release(profile: ImageProfile) -> str:
    end = find_end(profile.release)
    if end is None:
        return profile.release or "not known"
    tense = "ended" if days_since_end(profile.release) else "go on until"
    return f"{profile.release}, security updates {tense} {'on ' if tense == 'ended' else ''}{end}"


def _versions(profile: ImageProfile) -> str:
    """Up to which version of each namespace; those beyond the libc's as far as they fit."""
    names = [f"{space}_{version}" for space, version in all_ceilings(profile).items()]
    rest = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"up to {', '.join(names[:_MOST])}{rest}" if names else ""


def _reasons(profile: ImageProfile) -> Iterator[tuple[str, str]]:
    """Which row or rule matched, what was joined to it, how long it holds."""
    if profile.why:
        yield "why", profile.why
    for layer in profile.layers:
        yield "adds", layer
    if profile.moved and profile.moving:
        date, before = profile.moved
        pinned = pinned_spelling(profile)
        yield "moved", f"from {before} on {date}" + (f"; {pinned} stays" if pinned else "")


def _shown(names: list[str], *, complete: bool) -> str:
    rest = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{', '.join(names[:_MOST])}{rest} ({_extent(complete)})" if names else ""


def _extent(complete: bool) -> str:
    return "complete list" if complete else "others may be there"
