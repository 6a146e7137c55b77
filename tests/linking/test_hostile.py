"""Hostile or damaged input to linking: each is bounded, ends, and is told."""

from __future__ import annotations

import pytest

from depscan.linking.closure import MAX_OBJECTS, MAX_STEPS
from depscan.linking.search import MAX_LOADERS
from tests.linking.stages import MULTIARCH, glibc_image, library, link, musl_image, outcome, program, root

MUSL_LOADER = musl_image().loaders[0]
TOO_MANY = ("too many libraries to follow",)


def test_ten_thousand_missing_needs() -> None:
    needed = tuple(f"lib{number}.so.1" for number in range(10_000))
    placement = link(root({"/app": program(needed=needed)}, glibc_image()))
    assert outcome(placement) == ("fails", "library-missing", "lib0.so.1")
    assert len(placement.link.needs) == MAX_OBJECTS
    assert placement.link.unknowns == TOO_MANY


def test_ten_thousand_libraries_that_need_each_other() -> None:
    names = [f"lib{number}.so.1" for number in range(10_000)]
    following = dict(zip(names, names[1:] + names[:1], strict=True))
    files = {f"{MULTIARCH[0]}/{name}": library(name, needed=(following[name],)) for name in names}
    placement = link(root({"/app": program(needed=(names[0],)), **files}, glibc_image()))
    assert (outcome(placement)[0], placement.link.unknowns) == ("unknown", TOO_MANY)


def test_a_run_path_of_many_directories_that_many_libraries_are_looked_for_in() -> None:
    paths = tuple(f"/opt/{number}" for number in range(2_000))
    needed = tuple(f"lib{number}.so.1" for number in range(1_000))
    placement = link(root({"/app": program(needed=needed, runpath=paths)}, glibc_image()))
    steps = sum(len(need.trace) for need in placement.link.needs)
    assert MAX_STEPS <= steps < MAX_STEPS + 2 * len(paths)
    assert placement.link.unknowns == TOO_MANY


@pytest.mark.parametrize(("image", "interpreter"), [(glibc_image(), None), (musl_image(), MUSL_LOADER)])
def test_a_long_chain_of_loaders_with_search_paths(image: object, interpreter: str | None) -> None:
    first = {"interpreter": interpreter, "libc": "musl"} if interpreter else {}
    depth = MAX_LOADERS + 2
    files = {
        f"/opt/{number}/lib{number}.so": library(
            f"lib{number}.so", needed=(f"lib{number + 1}.so",), rpath=(f"/opt/{number + 1}",), libc="musl"
        )
        for number in range(depth)
    }
    where = root({"/app": program(needed=("lib0.so",), rpath=("/opt/0",), **first), **files}, image)  # type: ignore[arg-type]
    placement = link(where)
    assert outcome(placement)[0] == "unknown"
    assert placement.link.unknowns == (f"lib{depth}.so: RPATH of more than {MAX_LOADERS} loaders",)


@pytest.mark.parametrize(
    ("path", "workdir", "verdict"),
    [
        ("/../../opt/./lib//", "/", "loads"),  # the root's parent is the root
        ("$ORIGIN/opt/lib/../lib", "/", "loads"),
        ("lib", "/opt", "loads"),
        ("../opt/lib", "/srv", "loads"),
        ("", "/opt/lib", "loads"),  # empty is the working directory
        ("", "/", "fails"),
        ("lib", None, "unknown"),
        ("/link", "/", "loads"),
        ("/loop", "/", "fails"),
        ("/loop/../opt/lib", "/", "fails"),  # the kernel walks it: ELOOP
        ("/opt/lib\x1b[2J\n", "/", "fails"),
    ],
)
def test_odd_run_paths(path: str, workdir: str | None, verdict: str) -> None:
    files = {
        "/app": program(needed=("liba.so.1",), runpath=(path,)),
        "/opt/lib/liba.so.1": library("liba.so.1", needed=()),
    }
    links = {"/link": "/opt/lib", "/loop": "/pool", "/pool": "/loop"}
    where = root(files, glibc_image(), links=links, workdir=workdir)
    assert outcome(link(where))[0] == verdict


def test_a_need_that_is_the_file_itself() -> None:
    me = library("libme.so.1", needed=("libme.so.1",))
    assert outcome(link(root({"/app": me}, glibc_image()))) == ("loads", None, None)
