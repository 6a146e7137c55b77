"""What `depscan why` prints of hand-made placements: the tree, hostile names, long chains."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from depscan.filesystem.entries import Presence
from depscan.linking.placement import Cause, Failure, LinkResult, Need, SearchStep, SymbolCheck, Verdict, VersionCheck
from depscan.reports.why import Explained, render_json, render_text
from tests.reports.odd_names import ODD, assert_harmless

if TYPE_CHECKING:
    from depscan.linking.placement import Placement

PROVIDED, MISSING, UNKNOWN = Presence.PROVIDED, Presence.MISSING, Presence.UNKNOWN


def explained(make, *needs: Need, needed: dict[str, tuple[str, ...]] | None = None, **link: object) -> Explained:
    placement: Placement = make.placement()
    result = LinkResult(interpreter="/lib/ld.so", interpreter_presence=PROVIDED, needs=needs, **link)  # type: ignore[arg-type]
    return Explained(replace(placement, link=result, verdict=Verdict.LOADS, cause=None, detail=None), needed or {})


def step(path: str, law: str, presence: Presence = MISSING) -> SearchStep:
    return SearchStep(path, law, presence)


def test_vain_looks_of_the_usual_directories_are_left_out(make) -> None:
    trace = (
        step("/opt/a/libx.so", "RPATH"),
        step("/opt/b/libx.so", "RPATH"),
        step("/usr/local/lib/libx.so", "ld.so.cache"),
        step("/lib/libx.so", "default path", PROVIDED),
    )
    lines = render_text(
        [explained(make, Need("libx.so", "/hello", PROVIDED, "/lib/libx.so", trace=trace))]
    ).splitlines()
    assert lines[2:] == ["  libx.so => /lib/libx.so (default path)", "      missing in /opt/a (RPATH), /opt/b (RPATH)"]


def test_what_stands_in_place_of_a_library(make) -> None:
    need = Need(
        "libx.so.1", "/hello", MISSING, unfit="/lib/libx.so.1", flaw="invalid ELF header", other_major="libx.so.2"
    )
    text = render_text([explained(make, need)])
    assert "    /lib/libx.so.1 is there and does not fit: invalid ELF header\n" in text
    assert "    libx.so.2 is there, which is another version of it\n" in text


def test_versions_and_symbols(make) -> None:
    need = Need("libc.so.6", "/hello", PROVIDED, "/lib/libc.so.6")
    versions = (
        VersionCheck("GLIBC_2.2", "libc.so.6", "/hello", PROVIDED, weak=False),
        VersionCheck("GLIBC_2.38", "libc.so.6", "/hello", MISSING, weak=False, ceiling="GLIBC_2.36"),
        VersionCheck("GLIBC_2.39", "libc.so.6", "/hello", MISSING, weak=True),
    )
    symbols = (SymbolCheck("f", "GLIBC_2.38", "/hello", MISSING),)
    found = [explained(make, need, versions=versions, symbols=symbols)]
    assert render_text(found).splitlines()[3:] == [
        "      version GLIBC_2.38 missing, which ends at GLIBC_2.36, required by /hello",
        "      version GLIBC_2.39 missing, required by /hello (weak)",
    ]
    (binary,) = json.loads(render_json(found))["binaries"]
    assert binary["libraries"][0]["versions"][1] == {
        "name": "GLIBC_2.38",
        "required_by": "/hello",
        "presence": "missing",
        "weak": False,
    }
    assert binary["symbols"] == [{"name": "f", "version": "GLIBC_2.38", "required_by": "/hello", "presence": "missing"}]


def test_what_fails_twice_in_the_same_words_is_told_once(make) -> None:
    twice = tuple(Failure(Cause.VERSION_MISSING, f"DT_RELR of {name}", "Segmentation fault") for name in "ab")
    assert render_text([explained(make, failures=twice)]).splitlines()[2:] == ["  version-missing: Segmentation fault"]
    assert len(json.loads(render_json([explained(make, failures=twice)]))["binaries"][0]["failures"]) == 2


def test_what_is_loaded_already(make) -> None:
    needs = (
        Need("liba.so", "/hello", PROVIDED, "/lib/liba.so"),
        Need("libb.so", "/lib/liba.so", PROVIDED, "/lib/libb.so"),
    )
    needed = {"/hello": ("liba.so",), "/lib/liba.so": ("libb.so",), "/lib/libb.so": ("liba.so", "libb.so", "libnot.so")}
    found = [explained(make, *needs, needed=needed)]
    assert render_text(found).splitlines()[2:] == [
        "  liba.so => /lib/liba.so",
        "    libb.so => /lib/libb.so",
        "      already loaded: liba.so, libb.so",
    ]
    (binary,) = json.loads(render_json(found))["binaries"]
    assert binary["libraries"][0]["libraries"][0]["already_loaded"] == ["liba.so", "libb.so"]


def test_a_library_behind_links(make) -> None:
    found = explained(make, Need("liba.so", "/hello", PROVIDED, "/lib/liba.so"))
    filesystem = replace(found.placement.filesystem, links={"/lib": "usr/lib", "/usr/lib/liba.so": "liba.so.1"})
    found = Explained(replace(found.placement, filesystem=filesystem), {})
    assert "  liba.so => /lib/liba.so -> /usr/lib/liba.so.1\n" in render_text([found])
    assert json.loads(render_json([found]))["binaries"][0]["libraries"][0]["real_path"] == "/usr/lib/liba.so.1"


def test_a_hostile_chain_is_cut(make) -> None:
    paths = ["/hello", *(f"/lib/lib{number}.so" for number in range(4000))]
    needs = (Need(path[5:], above, PROVIDED, path) for above, path in pairwise(paths))
    found = [explained(make, *needs)]
    text = render_text(found)
    assert text.endswith("and more below, too deep to be shown\n")
    assert len(text.splitlines()) < 80
    assert '"cut": true' in render_json(found)


@pytest.mark.parametrize("odd", ODD)
def test_odd_names(odd: str, make) -> None:
    place = f"/lib/{odd}"
    needs = (
        Need(odd, "/hello", PROVIDED, place, trace=(step(f"{place}/a", odd), step(place, odd, PROVIDED))),
        Need(
            f"{odd}2", place, MISSING, trace=(step(place, odd),), reason=odd, not_searched=place, unfit=place, flaw=odd
        ),
    )
    found = explained(
        make,
        *needs,
        needed={place: (odd,)},
        versions=(VersionCheck(odd, odd, place, MISSING, weak=False, ceiling=odd),),
        symbols=(SymbolCheck(odd, odd, place, MISSING),),
        failures=(Failure(Cause.LIBRARY_MISSING, odd, odd),),
        unknowns=(odd,),
        notes=(odd,),
    )
    placement = replace(found.placement, entry=replace(found.placement.entry, path=place), detail=odd)
    found = Explained(placement, found.needed)
    assert_harmless(render_text([found]))
    document = render_json([found])
    assert_harmless(document)
    assert json.loads(document)["binaries"][0]["detail"] == odd
