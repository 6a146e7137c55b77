"""Where a real image is, as the user spells it, to its profile.

In: the reference, a spec, the platform. Specs: a directory (an OCI layout where it has the mark oci-layout, else an
unpacked root), a tar archive (docker save or OCI layout, also compressed), `docker:REF` or `podman:REF`. Out:
`ImageProfile`. A path that is not there is wrong use; odd content is a `BadImageError`, after which the knowledge
answers.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.errors import UsageError
from depscan.images.contents import BadImageError
from depscan.images.daemon import CLIENTS, save_image
from depscan.images.docker_archive import is_image, read_archive
from depscan.images.layers import Layer, unpack
from depscan.images.layout import MARK, read_layout
from depscan.images.profiling import make_profile
from depscan.images.reference import familiar
from depscan.images.rootfs import read_root
from depscan.images.stored_profiles import find_cached, find_images_folder, keep_cached
from depscan.images.tarfiles import TarFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from depscan.images.contents import Contents
    from depscan.images.manifest import Configuration, Image
    from depscan.images.profile import ImageProfile, ImageReference
    from depscan.platforms import Platform

_REMEDY = (
    "name an OCI layout, a docker save archive or an unpacked root directory, or use docker:REF, podman:REF, "
    "glibc:VERSION (glibc:2.31), musl:VERSION (musl:1.2.4) or none"
)

_ROOT_FOLDERS = {"/bin", "/etc", "/lib", "/usr"}


def read_source(reference: ImageReference, spec: str, platform: Platform) -> ImageProfile:
    """The profile of the image that `spec` names.

    Raises UsageError where nothing is there, BadImageError with the reason where it cannot be read as an image.
    """
    client, _, name = spec.partition(":")
    if client in CLIENTS and name:
        return read_once(_read_daemon, reference, platform, client, name)
    try:
        status = os.stat(spec)  # noqa: PTH116 - for Path an empty text is the working directory
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{spec!r}, the source of {familiar(reference)}: {reason}; {_REMEDY}") from None
    return read_once(_read_path, reference, platform, Path(spec), status.st_mtime_ns)


def read_once(
    read: Callable[..., ImageProfile], reference: ImageReference, platform: Platform, *place: Hashable
) -> ImageProfile:
    """Read each place once in a run, which asks for it again for each suggestion; a failure too."""
    outcome = _outcome(read, reference, platform, place)
    if isinstance(outcome, str):
        raise BadImageError(outcome)
    return outcome


@lru_cache(maxsize=16)
def _outcome(
    read: Callable[..., ImageProfile], reference: ImageReference, platform: Platform, place: tuple[Hashable, ...]
) -> ImageProfile | str:
    try:
        return read(reference, platform, *place)
    except BadImageError as error:
        return str(error)


def _read_path(reference: ImageReference, platform: Platform, path: Path, _modified: int) -> ImageProfile:
    if not os.path.isdir(path):
        return _read_archive(reference, platform, path)
    if os.path.exists(path / MARK):
        return profile_image(reference, read_layout(path, reference, platform), platform, "oci-layout", str(path))
    return _root_profile(reference, read_root(path), platform, path, cache=True)


def _read_archive(reference: ImageReference, platform: Platform, path: Path) -> ImageProfile:
    with scratch() as folder, closing(TarFiles(path, folder)) as files:
        if is_image(files):
            return profile_image(reference, read_archive(files, reference, platform), platform, "archive", str(path))
        return _root_profile(reference, unpack([Layer(path.name, files.whole)], folder), platform, path, cache=False)


def _root_profile(
    reference: ImageReference, contents: Contents, platform: Platform, path: Path, *, cache: bool
) -> ImageProfile:
    """The profile of a bare root file system, which nothing configures."""
    if not _ROOT_FOLDERS & contents.files.keys():
        raise BadImageError("no root file system in it, nor an OCI layout or docker save archive")
    profile = make_profile(str(reference), contents, platform, cache=cache)
    return replace(profile, source="rootfs", why=_why(f"the files of {path}", profile.why))


def _read_daemon(reference: ImageReference, platform: Platform, client: str, name: str) -> ImageProfile:
    with scratch() as folder, closing(TarFiles(save_image(client, name, folder), folder)) as files:
        image = read_archive(files, reference, platform)
        return profile_image(reference, image, platform, "archive", f"{client} save {name}")


def profile_image(reference: ImageReference, image: Image, platform: Platform, source: str, place: str) -> ImageProfile:
    """The profile of an image: the cached one of its digest, else read from its layers."""
    profile = find_cached(image.digest, platform)
    if profile is None:
        with scratch() as folder:
            contents = unpack(image.layers, folder)
            profile = make_profile(str(reference), contents, platform, cache=False)
        keep_cached(image.digest, platform, profile)
    return replace(
        _configured(profile, image.configuration),
        reference=str(reference),
        source=source,
        size=image.size,
        why=_why(f"{place}, {image.digest[:19]}", profile.why),
    )


def _configured(profile: ImageProfile, configuration: Configuration) -> ImageProfile:
    """Add what the image configuration says; docker leaves out what is empty."""
    run = configuration.config
    pairs = (text.partition("=") for text in (run.environment if run else None) or ())
    return replace(
        profile,
        environment={name: value for name, _, value in pairs},
        workdir=(run.workdir if run else None) or "/",
        entrypoint=(run.entrypoint if run else None) or (),
        cmd=(run.cmd if run else None) or (),
        as_of=(configuration.created or "")[:10] or None,
    )


def _why(place: str, build: str) -> str:
    return f"read from {place} ({build})" if build else f"read from {place}"


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder below the cache's; raises BadImageError where there can be none."""
    try:
        parent = find_images_folder()
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=parent, prefix="unpacked-", ignore_cleanup_errors=True)
    except OSError as error:
        raise BadImageError(f"no room to unpack it: {error}") from None
    with folder as name:
        yield Path(name)
