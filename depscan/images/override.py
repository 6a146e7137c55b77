"""What the user says of a base image: `--base REFERENCE=SPEC`, which beats all knowledge.

In: overrides (reference or glob -> spec), the reference, the platform. Out: `ImageProfile` with source override. Specs
are `glibc:2.31`, `musl:1.2.4` and `none`; only what follows is claimed: the standard dynamic linker and libc's own
libraries are there, of other libraries nothing is known.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from depscan.errors import UsageError
from depscan.images.architectures import architecture_of
from depscan.images.profile import ImageProfile, Libc, Library
from depscan.images.reference import familiar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from depscan.images.profile import ImageReference
    from depscan.platforms import Platform

CORE_LIBRARIES = (
    "libanl.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
)  # glibc's own, which no distribution splits off (PEP 599)

# Releases of glibc that define no symbol version of their own number (measured by mayeut/pep600_compliance).
_CEILINGS = {"2.19": "2.18", "2.20": "2.18", "2.21": "2.18", "2.37": "2.36"}
_REMEDY = "use glibc:VERSION (glibc:2.31), musl:VERSION (musl:1.2.4) or none"


def glibc_ceiling(version: str) -> str:
    """The highest GLIBC_ symbol version that a glibc release defines: 2.36 for 2.37, else its own number."""
    return _CEILINGS.get(version, version)


def find_override(overrides: Mapping[str, str], reference: ImageReference) -> str | None:
    """The spec of the first override whose reference or glob matches the short or the full spelling, or None."""
    names = {familiar(reference), str(reference)}
    if reference.tag == "latest":
        names |= {name.removesuffix(":latest") for name in names}
    return next((spec for glob, spec in overrides.items() if any(fnmatchcase(name, glob) for name in names)), None)


def states_libc(spec: str) -> bool:
    """Whether a spec states the C library (glibc:2.31, musl:1.2.4, none); any other names a real image."""
    return spec.strip().partition(":")[0] in ("glibc", "musl", "none")


def override(reference: ImageReference, spec: str, platform: Platform) -> ImageProfile:
    """The profile that a spec states; raises UsageError for another spec."""
    family, _, version = spec.strip().partition(":")
    why = f"--base {familiar(reference)}={spec}"
    if family == "none" and not version:
        return _profile(reference, Libc("none"), why)
    if family not in ("glibc", "musl") or not _is_version(version):
        raise UsageError(f"{why}: {spec!r} states no C library; {_REMEDY}")
    architecture = architecture_of(platform)
    if architecture is None:
        return _profile(reference, Libc("unknown"), f"{why}: nothing is known of the dynamic linkers of {platform}")
    if family == "musl":
        names = (architecture.musl_soname,) if architecture.musl_soname else ()
        return _profile(reference, Libc("musl", version), why, (architecture.musl,), names)
    libc = Libc("glibc", version, {"GLIBC": glibc_ceiling(version)})
    return _profile(reference, libc, why, (architecture.glibc,), CORE_LIBRARIES)


def _profile(
    reference: ImageReference, libc: Libc, why: str, loaders: tuple[str, ...] = (), names: tuple[str, ...] = ()
) -> ImageProfile:
    return ImageProfile(
        reference=str(reference),
        libc=libc,
        loaders=loaders,
        loaders_complete=libc.family != "unknown",
        libraries={name: Library(name) for name in names},
        libraries_complete=libc.family == "none",
        source="override",
        why=why,
    )


def _is_version(text: str) -> bool:
    parts = text.split(".")
    return 2 <= len(parts) <= 4 and all(part.isascii() and part.isdigit() and len(part) < 8 for part in parts)
