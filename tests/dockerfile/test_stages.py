"""Stages: bases, scopes of FROM, platforms, ONBUILD, and how stages use each other."""

from __future__ import annotations

import pytest

from depscan.dockerfile.stages import is_windows, leaf_stages, stages_needed, target_index
from depscan.errors import UsageError

from .reading import place, read, shown


def bases(text: str, platform: str = "linux/amd64", **build_arguments: str) -> list[str | None]:
    dockerfile = read(text, platform, **build_arguments)
    assert {problem.kind for problem in dockerfile.problems} <= {"platform-shadowed"}
    return [stage.base for stage in dockerfile.stages]


def test_base_has_its_column() -> None:
    (stage,) = read("FROM alpine:3.20\nCOPY hello /hello\n").stages
    assert (stage.base, place(stage.base_span)) == ("alpine:3.20", "1:6..1:17")
    assert [instruction.keyword for instruction in stage.instructions] == ["COPY"]


@pytest.mark.parametrize(
    ("text", "arguments", "expected"),
    [
        ("ARG V=3.20\nFROM alpine:$V", {}, "alpine:3.20"),
        ("ARG V=3.20\nFROM alpine:${V}", {"V": "3.18"}, "alpine:3.18"),
        ("ARG V\nFROM alpine:${V:-3.19}", {}, "alpine:3.19"),
        ("ARG A=1 B=2.$A\nFROM x:$B", {}, "x:2.1"),
        ("ARG V=1\nARG V\nFROM x:$V", {}, "x:1"),
        ("ARG V=v1.2\nFROM x:${V#v}", {}, "x:1.2"),
        ("ARG S=\nFROM debian:12${S:+-$S}", {"S": "slim"}, "debian:12-slim"),
        ("ARG S=\nFROM debian:12${S}", {}, "debian:12"),
        ("FROM x:$TARGETARCH", {}, "x:amd64"),
        ("FROM x:$TARGETARCH", {"TARGETARCH": "s390x"}, "x:s390x"),
        ("ARG TARGETARCH=arm\nFROM x:$TARGETARCH", {}, "x:arm"),
        ("ARG TARGETARCH\nFROM x:$TARGETARCH$TARGETVARIANT", {}, "x:amd64"),
        ('FROM "alpine":3', {}, "alpine:3"),
    ],
)
def test_from_is_expanded(text: str, arguments: dict[str, str], expected: str) -> None:
    assert bases(text, **arguments) == [expected]


def test_variables_without_value_are_named() -> None:
    dockerfile = read("ARG BASE\nFROM $BASE\nFROM a:${TAG} AS b\nFROM b\nFROM --platform=$P c")
    assert dockerfile.problems == ()
    assert [(stage.base, stage.unresolved) for stage in dockerfile.stages] == [
        (None, ("BASE",)),
        (None, ("TAG",)),
        ("b", ()),
        (None, ("P",)),
    ]
    assert dockerfile.stages[2].base_stage == 1


def test_bare_build_argument_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from depscan.dockerfile.stages import read_dockerfile

    monkeypatch.setenv("TAG", "9")
    source = read("ARG TAG=1\nFROM a:$TAG").source
    platform = read("FROM a").stages[0].platform
    given = read_dockerfile(source, platform=platform, build_arguments={"TAG": None})
    assert given.stages[0].base == "a:9"
    monkeypatch.delenv("TAG")
    given = read_dockerfile(source, platform=platform, build_arguments={"TAG": None})
    assert given.stages[0].base == "a:1"


def test_stage_names_have_no_case_but_from_does() -> None:
    stages = read("FROM a AS Build\nFROM build\nFROM Build\nCOPY --from=BUILD x /y").stages
    assert [stage.name for stage in stages] == ["build", None, None]
    assert [stage.base_stage for stage in stages] == [None, 0, None]


def test_a_stage_named_after_itself_is_an_image() -> None:
    stages = read("FROM golang AS golang\nFROM golang").stages
    assert [stage.base_stage for stage in stages] == [None, 0]


def test_platforms() -> None:
    text = (
        "FROM --platform=$BUILDPLATFORM a AS b\nFROM c\nFROM --platform=linux/arm/v6 d\n"
        "FROM --platform=linux/s390x b\nFROM --platform=linux/x/y/z e"
    )
    dockerfile = read(text, "linux/arm64")
    assert [str(stage.platform) for stage in dockerfile.stages[:4]] == [
        "linux/arm64",
        "linux/arm64",
        "linux/arm/v6",
        "linux/arm64",  # that of stage b, whatever the flag says
    ]
    assert [stage.platform_flag for stage in dockerfile.stages[:3]] == ["$BUILDPLATFORM", None, "linux/arm/v6"]
    assert shown(dockerfile.problems) == [("syntax", "5:29..5:30")]


@pytest.mark.parametrize(
    "text",
    [
        "FROM mcr.microsoft.com/windows/servercore:ltsc2022",
        "FROM mcr.microsoft.com/windows:ltsc2019",
        "FROM golang:1.22-nanoserver-1809",
        "FROM --platform=windows/amd64 golang",
        "# escape=`\nFROM golang",
        "FROM golang:1.22-windowsservercore AS a\nFROM a",
    ],
)
def test_windows(text: str) -> None:
    assert all(is_windows(stage) for stage in read(text).stages)


@pytest.mark.parametrize("text", ["FROM dockcross/windows-static-x64", "FROM alpine", "FROM example.com/windows/tool"])
def test_not_windows(text: str) -> None:
    assert not is_windows(read(text).stages[0])


def test_what_onbuild_holds_is_judged_in_the_first_child() -> None:
    text = "FROM a AS p\nONBUILD COPY a\nONBUILD ENV b=${v:0:3}\nONBUILD RUN x\n"
    assert shown(read(text).problems) == []
    dockerfile = read(text + "FROM p\nFROM p\n")
    assert [(problem.kind, place(problem.span), problem.stage) for problem in dockerfile.problems] == [
        ("syntax", "2:14..2:15", 1),
        ("syntax", "3:13..3:23", 1),
    ]
    assert [[each.keyword for each in stage.instructions] for stage in dockerfile.stages[1:]] == [["RUN"], ["RUN"]]


def test_from_is_lexed_too() -> None:
    assert shown(read("FROM a:${v:0:3}\n").problems) == [("syntax", "1:6..1:16")]


def test_onbuild_runs_in_children_only() -> None:
    stages = read("FROM a AS p\nONBUILD COPY x /x\nFROM p AS c\nRUN y\nFROM c").stages
    keywords = [[instruction.keyword for instruction in stage.instructions] for stage in stages]
    assert keywords == [["ONBUILD"], ["COPY", "RUN"], []]
    assert place(stages[1].instructions[0].span) == "2:9..2:18"


@pytest.mark.parametrize(
    ("text", "kind", "where"),
    [
        ("", "no-stage", "1:1..1:1"),
        ("\n \n", "no-stage", "1:1..1:1"),
        ("# only\n# comments\n", "no-stage", "1:1..1:7"),
        ("ARG a=b\n", "no-stage", "1:1..1:4"),
        ("RUN x\nCOPY a b\n", "no-stage", "1:1..1:4"),
        ("FORM a\n", "syntax", "1:1..1:5"),
        ("RUN x\nFROM a\n", "syntax", "1:1..1:4"),
        ("{% if a %}\nRUN x\n{% endif %}", "template", "1:1..1:3"),
        ("FROM {{ a }}\nRUN x\nFROM {{ b }} AS c\n", "template", "1:6..1:8"),
        ("FROM a\nCOPY --from=1 x /y", "unknown-stage", "2:6..2:14"),
        ("FROM a\nCOPY --from=-1 x /y", "unknown-stage", "2:6..2:15"),
        ("FROM a\nCOPY --from=0 x /y", "unknown-stage", "2:6..2:14"),
        ("FROM a\nCOPY --from=late x /y\nFROM b AS late", "unknown-stage", "2:6..2:17"),
        ("FROM a AS b\nRUN --mount=from=b,target=/x y", "unknown-stage", "2:5..2:29"),
        ("ARG A=\nFROM $A", "syntax", "2:6..2:8"),
        ("ARG A=x\nFROM ${A^^}", "syntax", "2:6..2:12"),
    ],
)
def test_problems(text: str, kind: str, where: str) -> None:
    assert shown(read(text).problems) == [(kind, where)]


def test_problem_tells_its_stage() -> None:
    (problem,) = read("FROM a\nFROM b\nCOPY --from=7 x /y").problems
    assert (problem.stage, problem.detail) == (1, "there is no stage 7; stages count from 0 to 1")


def test_template_stage_has_no_base() -> None:
    stages = read("FROM {{ a }}\nRUN x\nFROM <%= b %> AS c").stages
    assert [(stage.base, stage.unresolved) for stage in stages] == [(None, ()), (None, ())]


GRAPH = """FROM a AS one
FROM b AS two
RUN --mount=type=bind,from=one,target=/x y
FROM c AS three
FROM two AS four
COPY --from=nginx x /y
FROM d
COPY --from=2 x /y
"""


def test_which_stages_are_needed() -> None:
    dockerfile = read(GRAPH)
    assert dockerfile.problems == ()
    assert stages_needed(dockerfile, 3) == {0, 1, 3}
    assert stages_needed(dockerfile, 4) == {2, 4}
    assert leaf_stages(dockerfile) == (3, 4)


def test_target() -> None:
    dockerfile = read(GRAPH)
    assert target_index(dockerfile, None) == 4
    assert target_index(dockerfile, "TWO") == 1
    assert target_index(dockerfile, "2") == 2
    assert target_index(read(""), "x") is None
    with pytest.raises(UsageError, match=r"--target five: .* one, two, three, four, 4"):
        target_index(dockerfile, "five")


def test_global_arguments_reach_the_stage() -> None:
    (stage,) = read("ARG V=1\nARG W\nFROM a", "linux/arm64").stages
    assert stage.global_arguments["V"] == "1"
    assert stage.global_arguments["TARGETARCH"] == "arm64"
    assert "W" not in stage.global_arguments


def test_a_template_is_one_problem_whatever_else_its_text_breaks() -> None:
    text = "FROM debian:{{ env.version }}\n{{ if env.slim then ( -}}\nset -eux; \\\n\trm -f x\n{{ ) end -}}\nFOO bar\n"
    assert [(problem.kind, problem.span.start.line) for problem in read(text).problems] == [("template", 1)]
