"""pip, uv, poetry, pdm, pipenv, venv: the native files and environments that an installation makes.

In: a command on a stage. Out: a `Product` for each package that is known or proved native, `Made` for the links of a
virtual environment and for wheels, a `Fault` for wheels that the stage's C library has no use for. A wheel brings its
libraries along (auditwheel's promise), so a product of one needs the C library alone; one built from source needs what
it was linked with.
"""

from __future__ import annotations

import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.artifacts.prediction import Made, Product
from depscan.findings import Confidence
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.elf import shared_object
from depscan.toolchains.python_command import read_install, split_program
from depscan.toolchains.python_environments import install_managed, make_environment
from depscan.toolchains.python_interpreter import ANY
from depscan.toolchains.python_lockfiles import (
    Locked,
    read_lockfile,
    read_requirement,
    read_requirements,
    requirement_files,
)
from depscan.toolchains.python_packages import Known, find_known
from depscan.toolchains.wheels import file_name, read_wheel
from depscan.toolchains.workplace import Fault, Unpacking, Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.python_command import Install
    from depscan.toolchains.wheels import Wheel
    from depscan.toolchains.workplace import Workplace

WHEEL_UNFIT, WHEEL_TAGS = "wheel-unfit", "wheel-tags"
_LOCKS = {"uv": "uv.lock", "poetry": "poetry.lock", "pdm": "pdm.lock", "pipenv": "Pipfile.lock"}
_REFUTED = "an installation in the image that it is to run on"
_VENV_VALUED = frozenset({"-p", "--python", "--prompt", "--copies-of", "--app-data", "--seeder"})
MAX_NESTED = 8  # requirement files of requirement files


def predict(place: Workplace) -> Iterator[Product | Made | Fault | Unread | Unpacking]:
    """What the command makes; nothing for commands that install nothing."""
    tool, words = split_program(place)
    arguments = read_arguments(words, _VENV_VALUED)
    named = arguments.value("-p", "--python")
    if tool in ("venv", "virtualenv") and arguments.operands:
        path = place.path(arguments.operands[-1])
        if path is not None and not arguments.has("--copies", "--always-copy"):
            yield from make_environment(path, place, tool=tool, program=named or _program(place))
    elif tool == "uv" and arguments.operands[:1] == ("venv",):
        path = place.path((*arguments.operands, ".venv")[1])
        if path is not None:
            yield from make_environment(path, place, tool=tool, program=named)
    elif tool == "uv" and arguments.operands[:2] == ("python", "install"):
        yield from install_managed(next(iter(arguments.operands[2:]), None), place)
    elif tool == "poetry" and arguments.operands[:1] == ("config",):
        yield from _remember(arguments.operands[1:], place)
    else:
        install = read_install(place)
        if install is not None:
            yield from _install(install, place, named)


def _program(place: Workplace) -> str | None:
    """The Python that runs venv, where it is named by its path."""
    word = place.words[0] or ""
    return word if word.startswith("/") else None


def _remember(words: tuple[str, ...], place: Workplace) -> Iterator[Made]:
    path = "/root/.config/pypoetry/config.toml"
    if len(words) == 2:
        yield Made(path, text=f"{place.files.read(path) or ''}{words[0]} = {words[1]}\n")


def _install(
    install: Install, place: Workplace, named: str | None
) -> Iterator[Product | Made | Fault | Unread | Unpacking]:
    if install.environment and "python" not in place.files.names(posixpath.join(install.environment, "bin")):
        yield from make_environment(install.environment, place, tool=install.tool, program=named)
    locked = list(_locked(install, place))
    yield from (each for each in locked if isinstance(each, Unread | Fault | Unpacking))
    packages = {each.name: each for each in locked if isinstance(each, Locked)}
    if install.wheels is not None:
        yield Made(install.wheels, directory=True)
    elif packages:
        yield from _directories(install)
    for package in list(packages.values()):
        known = find_known(package.name, package.version)
        for name in known.draws if known else ():
            packages.setdefault(name, Locked(name))
    for package in packages.values():
        made = _product(package, install, place)
        if made is not None:
            yield made


def _directories(install: Install) -> Iterator[Made]:
    """The top of a prefix or target, which the installation makes: what lies below is its own."""
    top = install.packages.partition("/lib/python")[0]
    if top not in ("", "/usr", "/usr/local"):
        yield Made(top, directory=True)


def _locked(install: Install, place: Workplace) -> Iterator[Locked | Unread | Fault | Unpacking]:
    """The packages that are installed, pinned or not."""
    if install.locked:
        yield from _of_lockfile(install, place)
    yield from _of_names(install, place)
    yield from _of_files(install.files, install, place, 0)


def _of_lockfile(install: Install, place: Workplace) -> Iterator[Locked | Unread]:
    path = posixpath.join(install.directory, _LOCKS[install.tool])
    text = place.files.read(path)
    if text is None:
        return
    manifest = place.files.read(posixpath.join(install.directory, "pyproject.toml"))
    found = read_lockfile(install.tool, text, manifest, install.version)
    if isinstance(found, str):
        yield Unread(path, found)
    else:
        yield from found


def _of_files(paths: tuple[str, ...], install: Install, place: Workplace, depth: int) -> Iterator[Locked]:
    for path in paths if depth < MAX_NESTED else ():
        text = place.files.read(path)
        if text is not None:
            yield from read_requirements(text, install.version)
            further = (
                posixpath.normpath(posixpath.join(posixpath.dirname(path), each)) for each in requirement_files(text)
            )
            yield from _of_files(tuple(further), install, place, depth + 1)


def _of_names(install: Install, place: Workplace) -> Iterator[Locked | Fault | Unpacking]:
    """Requirements given by name, and wheels by their files."""
    files = [each for name in install.names if name.endswith((".whl", "/*")) for each in _wheels_at(name, place)]
    wheels = [wheel for _, wheel in files]
    read = [wheel for path, wheel in files if not place.files.is_predicted(path)]
    for name in install.names:
        if not name.endswith((".whl", "/*")) and "/" not in name:
            yield from read_requirement(name, install.version)
    unfit = [wheel for wheel in wheels if _is_unfit(wheel, place)]
    refused = [] if unfit else [each for each in read if _refusal(each, install, place)]
    for path, wheel in files if not unfit and not refused else ():
        at_hand = install.wheels is None and place.files.is_at_hand(path)
        yield from _of_file(path, wheel, install) if at_hand else [Locked(wheel.name, wheel.version, (wheel,))]
    if unfit:
        yield _fault(unfit, place)
    if refused:
        more = f" (and {len(refused) - 1} more wheels)" if len(refused) > 1 else ""
        detail = f"the wheel of {refused[0].name} {refused[0].version} {_refusal(refused[0], install, place)}{more}"
        yield Fault(WHEEL_TAGS, detail)


def _of_file(path: str, wheel: Wheel, install: Install) -> Iterator[Locked | Unpacking]:
    """A wheel that can be read: nothing of it is to be predicted, but what it draws in."""
    yield Unpacking("wheel", path, install.packages)
    known = find_known(wheel.name, wheel.version)
    yield from map(Locked, known.draws if known else ())


def _wheels_at(name: str, place: Workplace) -> list[tuple[str, Wheel]]:
    """The wheels at a path or pattern, with their paths."""
    path = place.path(name)
    if path is None:
        return []
    directory, pattern = posixpath.split(path)
    names = [each for each in place.files.names(directory) if fnmatchcase(each, pattern)]
    found = ((posixpath.join(directory, each), read_wheel(each)) for each in names)
    return [(path, wheel) for path, wheel in found if wheel is not None]


def _is_unfit(wheel: Wheel, place: Workplace) -> bool:
    """Whether a wheel is for the other C library alone."""
    libcs, family = wheel.libcs(place.platform.architecture), place.profile.libc.family
    return not wheel.pure and bool(libcs) and family in ("glibc", "musl") and family not in libcs


def _refusal(wheel: Wheel, install: Install, place: Workplace) -> str | None:
    """Why the stage's pip takes no such wheel."""
    from depscan.toolchains.wheel_tags import refuse  # noqa: PLC0415 - where wheels are given by their files

    return refuse(wheel, install.version, place)


def _fault(wheels: list[Wheel], place: Workplace) -> Fault:
    first, family = wheels[0], place.profile.libc.family
    more = f" (and {len(wheels) - 1} more)" if len(wheels) > 1 else ""
    other = "glibc" if family == "musl" else "musl"
    wheel = f"the wheel of {first.name} {first.version}{more} is for {other} ({first.platforms[0]})"
    detail = f"{wheel}, and {place.profile.name} has {family}"
    return Fault(WHEEL_UNFIT, detail)


def _product(package: Locked, install: Install, place: Workplace) -> Product | Made | None:
    """What one package brings: its extension module, or with `pip wheel` a wheel."""
    known = find_known(package.name, package.version)
    family = place.profile.libc.family
    taken = _wheel_for(package, install, place)
    if family not in ("glibc", "musl") or not _is_native(package, known, taken, install):
        return None
    if known is not None and known.comes == "glibc":
        family = "glibc"  # on musl pip finds nothing to install
    built = _is_built(package, known, taken, install, family)
    if install.wheels is not None:
        platform = "linux" if built else {"glibc": "manylinux_2_17", "musl": "musllinux_1_2"}[family]
        name = file_name(package.name, package.version, install.version, f"{platform}_{place.machine}")
        return Made(posixpath.join(install.wheels, name))
    facts = shared_object(family, place.platform)
    if facts is None:
        return None
    needed = _linked(known, place) if built else known.needs if known else ()
    facts = replace(facts, needed=(*needed, *facts.needed))
    file = _file(package, known, family, install, place)
    return Product(
        posixpath.join(install.packages, file),
        install.tool,
        facts,
        Confidence.LIKELY if known else Confidence.POSSIBLE,
        evidence=(_evidence(package, known, built=built),),
        refuted_by=_REFUTED,
    )


def _is_native(package: Locked, known: Known | None, taken: Wheel | None, install: Install) -> bool:
    """Whether a package is known to need its extension module, or all wheels that a lockfile lists have one."""
    if known is not None:
        return known.comes in ("native", "glibc")
    listed = package.wheels or ()
    return taken is not None and install.wheels is None and not any(wheel.pure for wheel in listed)


def _wheel_for(package: Locked, install: Install, place: Workplace) -> Wheel | None:
    """The listed wheel that this stage's Python takes."""
    family, architecture = place.profile.libc.family, place.platform.architecture
    fitting = (each for each in package.wheels or () if each.fits(install.version))
    return next((each for each in fitting if family in each.libcs(architecture)), None)


def _is_built(package: Locked, known: Known | None, taken: Wheel | None, install: Install, family: str) -> bool:
    """Whether the package is built from source here."""
    if {":all:", package.name} & install.source:
        return True
    if taken is not None:
        return "linux" in {tag.partition("_")[0] for tag in taken.platforms}  # built in another stage
    return bool(package.wheels) or (known is not None and family not in known.wheels)


def _linked(known: Known | None, place: Workplace) -> tuple[str, ...]:
    """The libraries that a build from source links, as this stage has them."""
    fixed = {soname.partition(".so")[0].removeprefix("lib"): soname for soname in known.sonames} if known else {}
    names = known.links if known else ()
    found = ([place.soname(each) or fixed.get(each) for each in name.split("|")] for name in names)
    return tuple(soname for one in found if (soname := next(filter(None, one), None)) is not None)


def _file(package: Locked, known: Known | None, family: str, install: Install, place: Workplace) -> str:
    """The extension module's path below the directory of packages; a star for what is not known."""
    if known is None or not known.file:
        return f"{package.name.replace('-', '_')}/{ANY}.so"
    if known.file.endswith(".so"):
        return known.file
    number = install.version.replace(".", "") if install.version else ANY
    system = {"glibc": "linux-gnu", "musl": "linux-musl"}[family]
    return f"{known.file}.cpython-{number}-{place.machine}-{system}.so"


def _evidence(package: Locked, known: Known | None, *, built: bool) -> str:
    version = f" {package.version}" if package.version else ""
    how = "built from source here" if built else "a wheel for this C library"
    return (
        f"{package.name}{version}: {how}; {known.source}"
        if known
        else f"{package.name}{version}: its wheels are native"
    )
