"""What `depscan bases` prints of hand-made trials: the list, the matrix at several widths, hostile names."""

from __future__ import annotations

import json
import re

import pytest
from msgspec.structs import replace

from depscan.linking.bases import BaseTrial
from depscan.linking.placement import Cause, LinkResult, Verdict
from depscan.reports.bases import render_json, render_text
from tests.reports.odd_names import ODD, assert_harmless

VERDICTS = {"+": Verdict.LOADS, "-": Verdict.FAILS, "?": Verdict.UNKNOWN}


def trial(
    make, base: str, *files: tuple[str, str, str], size: int | None = None, unpacked: int | None = None
) -> BaseTrial:
    """Each file as its name, its mark, the detail or reason."""
    placements = []
    for name, mark, reason in files:
        placement = make.placement()
        placements.append(
            replace(
                placement,
                artifact=replace(placement.artifact, source=name),
                verdict=VERDICTS[mark],
                cause=Cause.LIBRARY_MISSING if mark == "-" else None,
                detail=reason if mark == "-" else None,
                link=LinkResult(unknowns=(reason,) if mark == "?" else ()),
            )
        )
    profile = replace(make.placement().filesystem.profile, reference=f"docker.io/library/{base}")
    profile = replace(profile, size=size, unpacked_size=unpacked)
    return BaseTrial(profile, tuple(placements))


def test_a_list_for_one_file(make) -> None:
    trials = [
        trial(make, "debian:12", ("api", "+", ""), size=28_200_000, unpacked=74_830_000),
        trial(make, "alpine:3.20", ("api", "-", "libpq.so.5")),
        trial(
            make, "base:1", ("api", "?", "libpq.so.5: the files of docker.io/library/base:1 are not completely known")
        ),
    ]
    assert render_text(trials).splitlines() == [
        "verdict    base         libc        compressed    unpacked    reason",
        "---------  -----------  ----------  ------------  ----------  " + "-" * 53,
        "loads      debian:12    musl 1.2.5  28.2 MB       74.8 MB",
        "fails      alpine:3.20  musl 1.2.5                            library-missing libpq.so.5",
        "unknown    base:1       musl 1.2.5                            "
        "libpq.so.5: the base's files are not completely known",
    ]
    assert "\x1b[32mloads\x1b[0m      debian:12" in render_text(trials, color=True)


def test_a_matrix_for_three_files(make) -> None:
    def row(base: str, marks: str) -> BaseTrial:
        names = ("build/bin/api", "build/bin/cli", "build/lib/liba.so")
        return trial(make, base, *((name, mark, "libx.so.1") for name, mark in zip(names, marks, strict=True)))

    trials = [
        row("none:1", "---"),
        row("all:1", "+++"),
        row("some:1", "+-?"),
        row("all:2", "+++"),
        row("some:2", "+-?"),
    ]
    assert render_text(trials) == (
        "file         A  B  C\n"
        "-----------  -  -  -\n"
        "bin/api      +  +  -\n"
        "bin/cli      +  -  -\n"
        "lib/liba.so  +  ?  -\n"
        "\n"
        "+ loads   - fails   ? not known\n"
        "\n"
        "A  3 of 3 load on all:1, all:2\n"
        "\n"
        "B  1 of 3 load on some:1, some:2\n"
        "   - library-missing libx.so.1: bin/cli\n"
        "   ? libx.so.1: lib/liba.so\n"
        "\n"
        "C  0 of 3 load on none:1\n"
        "   - library-missing libx.so.1: bin/api, bin/cli, lib/liba.so\n"
    )


def test_reasons_that_differ_within_a_group(make) -> None:
    trials = [
        trial(make, f"base:{number}", ("a", "+", ""), ("b", "-", soname))
        for number, soname in enumerate(["libx.so", "liby.so", "libx.so"])
    ]
    assert "   - library-missing libx.so (or library-missing liby.so): b\n" in render_text(trials)
    trials.append(trial(make, "base:9", ("a", "+", ""), ("b", "-", "libz.so")))
    assert "   - library-missing libx.so (or one of 2 other reasons): b\n" in render_text(trials)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("color", [False, True])
def test_hundreds_of_bases_and_long_names_keep_to_the_width(width: int, color: bool, make) -> None:
    names = [f"very/{'long/' * 30}folder-{number}/program" for number in range(12)]
    trials = [
        trial(make, f"base:{number}", *((name, "+-?"[(number >> place) % 3], "x") for place, name in enumerate(names)))
        for number in range(300)
    ]
    text = render_text(trials, width=width, color=color)
    plain = re.sub(r"\x1b\[\d*m", "", text)
    assert max(map(len, plain.splitlines())) <= width
    assert (plain == text) is not color
    matrix = [line for line in plain.splitlines() if line.startswith("folder-11/program ")]
    groups = [line for line in plain.splitlines() if re.match(r"[A-Z]+ +\d+ of 12 load on ", line)]
    assert sum(len(line.split()) - 1 for line in matrix) == len(groups)
    assert sum(len(re.findall(r"base:\d+", line)) for line in plain.splitlines()) == len(trials)


def test_json_has_each_base(make) -> None:
    trials = [
        trial(make, "all:1", ("a", "+", ""), size=28_200_000, unpacked=74_830_000),
        trial(make, "none:1", ("a", "-", "libx.so")),
    ]
    assert json.loads(render_json(trials)) == {
        "bases": [
            {"reference": "all:1", "verdict": "loads", "causes": [], "size": 28200000, "unpacked_size": 74830000},
            {
                "reference": "none:1",
                "verdict": "fails",
                "causes": [{"file": "a", "cause": "library-missing", "detail": "libx.so"}],
                "size": None,
                "unpacked_size": None,
            },
        ]
    }


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("count", [1, 3])
def test_odd_names(odd: str, count: int, make) -> None:
    files = [(f"{odd}{number}", mark, odd) for number, mark in enumerate("-?+"[:count])]
    trials = [trial(make, f"base{odd}:1", *files), trial(make, "base:2", *files)]
    assert_harmless(render_text(trials))
    assert_harmless(render_json(trials))
    assert json.loads(render_json(trials))["bases"][0]["causes"][0]["detail"] == odd
