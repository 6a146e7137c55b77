"""Real root file systems to run programs in.

In: a name of `ROOTS`. Out: the path of an unpacked root, made once and kept in `cache_folder()`. Debian's roots come
from debootstrap's minbase variant, which is what Debian's own images are made of; musl's root is an Alpine in small:
the dynamic linker of Debian's package `musl`, without the path file that Alpine does not have.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def cache_folder() -> Path:
    """Where roots are kept: DEPSCAN_LIVE_CACHE, else ~/.cache/depscan-live."""
    return Path(os.environ.get("DEPSCAN_LIVE_CACHE") or Path.home() / ".cache" / "depscan-live")


def why_not() -> str | None:
    """The reason why programs cannot be run in roots on this machine, or None where they can."""
    if os.geteuid() != 0:
        return "needs root, for chroot"
    if os.uname().machine != "x86_64":
        return "the programs are x86_64's"
    if shutil.which("debootstrap") is None:
        return "needs debootstrap"
    return None


def root(name: str) -> Path:
    """The root file system called `name`, made when it is not there yet (Debian's: half a minute each)."""
    kept = cache_folder() / name
    if not kept.exists():
        half_made = cache_folder() / f".{name}.{os.getpid()}"
        half_made.mkdir(parents=True)
        try:
            ROOTS[name](half_made)
            half_made.rename(kept)
        finally:
            shutil.rmtree(half_made, ignore_errors=True)
    return kept


def _bootstrap(suite: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        _run("debootstrap", "--variant=minbase", suite, str(folder))
        for needless in ("usr/share", "var/cache", "var/lib"):
            shutil.rmtree(folder / needless)

    return make


def _musl(folder: Path) -> None:
    packages = folder / "packages"
    packages.mkdir()
    packages.chmod(0o777)  # apt downloads as a user of its own
    _run("apt-get", "download", "musl", cwd=packages)
    for package in packages.iterdir():
        _run("dpkg-deb", "--extract", str(package), str(folder))
    shutil.rmtree(packages)
    shutil.rmtree(folder / "etc")


def _empty(folder: Path) -> None:
    (folder / "tmp").mkdir()


def _run(*command: str, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {(done.stderr or done.stdout)[-400:]}")


ROOTS: dict[str, Callable[[Path], None]] = {
    "bookworm": _bootstrap("bookworm"),
    "bullseye": _bootstrap("bullseye"),
    "trixie": _bootstrap("trixie"),
    "musl": _musl,
    "empty": _empty,
}
