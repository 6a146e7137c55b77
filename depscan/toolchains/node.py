"""npm, yarn, pnpm and bun: the native files that an installation puts into node_modules.

In: a command on a stage. Out: a `Product` for each package that is known or proved native and fits one C library, a
`Fault` where a lockfile lacks the variant for this one. The laws were tried with npm 10.9 and 11.19: a lockfile's
`libc` fields choose among platform packages, and without them every variant is installed; the optional packages that a
lockfile leaves out are not (npm/cli#4828). yarn 1 knows no `libc` either.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from depscan.artifacts.prediction import Product
from depscan.findings import Confidence
from depscan.toolchains.elf import linked_program, shared_object
from depscan.toolchains.node_command import read_install, runs
from depscan.toolchains.node_lockfiles import NAMES, Lockfile, read_lockfile
from depscan.toolchains.node_manifest import locked_by_manifest, locked_by_name, read_manifest
from depscan.toolchains.node_prisma import predict_engine
from depscan.toolchains.node_selection import Selection
from depscan.toolchains.node_variants import find_missing_variants
from depscan.toolchains.workplace import Unpacking, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.node_command import Install
    from depscan.toolchains.node_selection import Chosen
    from depscan.toolchains.workplace import Fault, Workplace

_REFUTED = "an install on the C library it is to run on, or one with --libc"
_BROWSERS = "/root/.cache/ms-playwright"


def predict(place: Workplace) -> Iterator[Product | Fault | Unread | Unpacking]:
    """The native files of an installation; nothing for other commands."""
    install = read_install(place)
    if runs(place, "playwright", "install"):
        yield from _playwright(place)
    elif runs(place, "prisma", "generate"):
        yield from predict_engine(place)
    elif install is not None:
        yield from _installed(install, place)


def _installed(install: Install, place: Workplace) -> Iterator[Product | Fault | Unread | Unpacking]:
    for name in install.names:
        path = place.path(name) if name.endswith((".tgz", ".tar.gz")) else None
        if path is not None and place.files.is_at_hand(path):
            yield Unpacking("module", path, posixpath.join(install.directory, "node_modules"))
    lock = _find_lock(install, place)
    if isinstance(lock, Unread):
        yield lock
    if not isinstance(lock, Lockfile):
        return
    selection = Selection(lock, install, read_manifest(place, install.directory))
    for chosen in selection.native():
        product = _product(chosen, install, place, lock)
        if product is not None:
            yield product
    yield from find_missing_variants(selection)


def _find_lock(install: Install, place: Workplace) -> Lockfile | Unread | None:
    """What pins the packages: the tool's lockfile, else the names and ranges that were given; None: not known."""
    here, names = install.directory, place.files.names(install.directory)
    settings = "".join(place.files.read(f"{here}/{name}") or "" for name in (".yarnrc.yml", "pnpm-workspace.yaml"))
    if "supportedArchitectures" in settings + (place.files.read(f"{here}/package.json") or ""):
        return None
    if install.names:
        return locked_by_name(install)
    for name in NAMES[install.tool] if install.locked else ():
        if name not in names:
            continue
        path = posixpath.join(here, name)
        text = place.files.read(path)
        lock = read_lockfile(install.tool, text) if text is not None else "cannot be read, or is larger than 4 MB"
        if isinstance(lock, str):
            return Unread(path, lock)
        plain = install.tool != "yarn" or lock.version == 1 or "nodeLinker: node-modules" in settings
        return lock if plain else None  # Plug'n'Play makes no node_modules
    if install.tool == "bun" and "bun.lockb" in names:
        return Unread(posixpath.join(here, "bun.lockb"), "is binary; bun install --save-text-lockfile writes bun.lock")
    return locked_by_manifest(install, place)


def _product(chosen: Chosen, install: Install, place: Workplace, lock: Lockfile) -> Product | None:
    """What one package brings."""
    package, known = chosen.package, chosen.known
    if known is not None and known.comes == "browser":
        return _browser(chosen, install, place)
    calls = known.calls if known is not None and chosen.libc == "glibc" else ()
    facts = shared_object(chosen.libc, install.platform, calls)
    if facts is None:
        return None
    version = f" {package.version}" if package.version else ""
    return Product(
        posixpath.join(install.directory, package.path, chosen.file),
        lock.tool,
        facts,
        chosen.confidence,
        evidence=(f"{package.name}{version}: {chosen.why}",),
        refuted_by=_REFUTED,
    )


def _browser(chosen: Chosen, install: Install, place: Workplace) -> Product | None:
    known, package = chosen.known, chosen.package
    settings = ("PUPPETEER_SKIP_DOWNLOAD", "PUPPETEER_SKIP_CHROMIUM_DOWNLOAD", "PUPPETEER_EXECUTABLE_PATH")
    facts = linked_program("glibc", install.platform, None)
    given = any(name in place.environment for name in settings) or {"chromium", "google-chrome-stable"} & set(
        place.packages
    )
    if known is None or facts is None or given or ".puppeteerrc.cjs" in place.files.names(install.directory):
        return None
    evidence = (f"{package.name} {package.version}: {known.source}",)
    return Product(known.file, install.tool, facts, Confidence.POSSIBLE, evidence=evidence, refuted_by=settings[0])


def _playwright(place: Workplace) -> Iterator[Product]:
    """`playwright install` downloads browsers, built for Ubuntu and Debian (playwright.dev/docs/browsers)."""
    directory = place.environment.get("PLAYWRIGHT_BROWSERS_PATH", _BROWSERS)
    facts = linked_program("glibc", place.platform, None)
    if facts is not None and directory:
        path = posixpath.join(directory, "chromium-*/chrome-linux/chrome")
        evidence = ("playwright's browsers are built for Ubuntu and Debian (playwright.dev/docs/browsers)",)
        refuted = "a browser of the distribution, which executablePath names"
        yield Product(path, "npm", facts, evidence=evidence, refuted_by=refuted)
