"""File systems in layers, as a builder keeps them: made once, mounted over each other.

In: what a layer stands on and a text that says how it is made. Out: its name, a folder of `layers_folder()` that
overlayfs mounts. A layer with the same parents and the same text is made once, so that what apt installs is shared by
all Dockerfiles that begin alike.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.live.roots import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Layers = tuple[str, ...]  # the lowest first
_LOWEST = "base-"


def layers_folder() -> Path:
    """Where layers are kept."""
    folder = cache_folder() / "layers"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def make_layer(parents: Layers, text: str, work: Callable[[Path], None], *, alone: bool = False) -> Layers:
    """`parents` and the layer that `work` makes in the mounted root; `alone` it sees nothing of the parents."""
    digest = hashlib.sha256("\0".join(("alone" if alone else "", *parents, text)).encode()).hexdigest()[:16]
    name = digest if parents else f"{_LOWEST}{digest}"
    kept = layers_folder() / name
    if not kept.exists():
        half_made = Path(tempfile.mkdtemp(dir=layers_folder(), prefix=".half-"))
        half_made.chmod(0o755)
        try:
            with mount(() if alone else parents, half_made) as here:
                work(here)
            _keep(half_made, kept)
        finally:
            shutil.rmtree(half_made, ignore_errors=True)
    return (*parents, name)


def _keep(half_made: Path, kept: Path) -> None:
    try:
        half_made.rename(kept)
    except OSError:  # another process made the same
        if not kept.exists():
            raise


def forget_layers(room: int) -> None:
    """Remove all layers but the lowest where the disk has less `room` (bytes), while nothing is performed."""
    if shutil.disk_usage(layers_folder()).free < room:
        for layer in layers_folder().iterdir():
            if not layer.name.startswith(_LOWEST):
                shutil.rmtree(layer, ignore_errors=True)


@contextmanager
def mount(layers: Layers, upper: Path | None = None) -> Iterator[Path]:
    """The root that `layers` make, mounted; what is written lands in `upper`, or is thrown away."""
    with tempfile.TemporaryDirectory(dir=layers_folder(), prefix=".mount-") as scratch:
        here, work, empty = (Path(scratch, name) for name in ("root", "work", "empty"))
        for folder in (here, work, empty, Path(scratch, "upper")):
            folder.mkdir()
        lower = ":".join([*reversed(layers), os.path.relpath(empty, layers_folder())])
        options = f"lowerdir={lower},upperdir={upper or Path(scratch, 'upper')},workdir={work}"
        Path(scratch).chmod(0o755)
        command = ["mount", "-t", "overlay", "overlay", "-o", options, str(here)]
        subprocess.run(command, cwd=layers_folder(), check=True, capture_output=True)
        try:
            yield here
        finally:
            subprocess.run(["umount", "--lazy", str(here)], check=True, capture_output=True)
