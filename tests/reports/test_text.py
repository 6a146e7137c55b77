from __future__ import annotations

import re

import pytest

from depscan.findings import AT_BUILD, Confidence, Edit, Finding, Location, Related, Severity, Skipped, Suggestion
from depscan.linking.placement import LinkResult, Verdict
from depscan.platforms import Platform
from depscan.reports import FORMATS
from depscan.rulebook import load_rules
from depscan.source import SourceText, Span

render = FORMATS["text"]

STORY = """\
error: /hello will not start: it needs glibc, and alpine:3.20 has musl            glibc-exec-on-musl
  Dockerfile:2
  1 | FROM alpine:3.20
    |      ^^^^^^^^^^^ musl 1.2.5
  2 | COPY hello /hello
    |      ^^^^^ built for glibc: asks for /lib64/ld-linux-x86-64.so.2
  docker run would say: exec /hello: no such file or directory

  fix  FROM debian:bookworm-slim   28 MB
  more: depscan explain glibc-exec-on-musl

"""
END = "1 error · 1 file judged for linux/amd64, 1 unknown (files 1: --verbose)\n"


def replace(value, **changes):
    from msgspec.structs import replace as replaced

    return replaced(value, **changes)


def place(line: int, column: int, end_line: int, end_column: int, path: str = "Dockerfile") -> Location:
    return Location(path, Span.at(line, column, end_line, end_column))


def told(make, *findings: Finding, **changes) -> str:
    return render(make.result(make.scan(findings=findings, skipped=()), **changes))


def test_the_story(result) -> None:
    assert render(result) == STORY + END


def test_colour_changes_no_word(result) -> None:
    colored = render(result, color=True)
    assert colored.startswith("\x1b[1;31merror\x1b[0m")
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == STORY + END


@pytest.mark.parametrize("width", [60, 79, 132])
def test_the_width_is_the_terminals(make, width: int) -> None:
    finding = replace(make.finding(), message="word " * 60, evidence=("fact " * 60,), label="label " * 9)
    text = render(make.result(make.scan(findings=(finding,)), verbose=True), width=width)
    assert width - 12 <= max(map(len, text.split("\n"))) <= width


def test_nothing_found_is_one_line(make) -> None:
    scan = make.scan(findings=(), placements=(), skipped=(), notes=("no stage with a final file system",))
    assert render(make.result(scan)) == (
        "note: no stage with a final file system\nno findings in Dockerfile · 0 files judged for linux/amd64\n"
    )
    loads = replace(make.placement(), verdict=Verdict.LOADS, cause=None, detail=None)
    clean = make.scan(findings=(), placements=(loads,), skipped=())
    assert render(make.result(clean)) == "no findings in Dockerfile · 1 file judged for linux/amd64\n"


def test_errors_come_first_then_warnings_and_notes_are_one_line_by_kind(make) -> None:
    warning = replace(make.finding(), rule="w", severity=Severity.WARNING, message="it may not start")
    note = Finding("base-tag-moves", Severity.NOTE, Confidence.CERTAIN, "it moves", place(1, 6, 1, 17))
    about = replace(make.finding(), rule="static-glibc-nss", severity=Severity.NOTE)
    text = told(make, note, about, warning, make.finding())
    assert re.findall(r"^(error|warning|note):", text, re.MULTILINE) == ["error", "warning"]
    assert text.endswith(
        "1 error, 1 warning · 1 file judged for linux/amd64\n"
        "2 notes: base-tag-moves (alpine:3.20), static-glibc-nss (/hello)\n"
    )
    for shown in ({"verbose": True}, {"fail_on": Severity.NOTE}):
        assert "note: it moves" in told(make, note, make.finding(), **shown)


def test_notes_of_one_kind_are_counted_beyond_three(make) -> None:
    names = [f"FROM image:{number}" for number in range(5)]
    source = SourceText.of("Dockerfile", "\n".join(names))
    notes = tuple(
        Finding("moves", Severity.NOTE, Confidence.CERTAIN, f"{number} moves", place(number + 1, 6, number + 1, 13))
        for number in range(5)
    )
    text = render(make.result(make.scan(source=source, findings=notes)))
    assert text.endswith("\n5 notes: moves (image:0, image:1, image:2 and 2 more)\n")


def test_quiet_prints_findings_only(make) -> None:
    assert render(make.result(quiet=True)) == STORY
    assert render(make.result(make.scan(findings=()), quiet=True)) == ""


def test_verbose_tells_what_was_chosen(make) -> None:
    text = render(make.result(verbose=True))
    assert "context: . (the Dockerfile's own directory)\n" in text
    assert "stage 0: alpine:3.20, libc musl 1.2.5, knowledge of 2026-01-02\n" in text
    assert "  fact: PT_INTERP of hello is /lib64/ld-linux-x86-64.so.2\n" in text
    assert "skipped: assets/broken (line 2): truncated ELF file\n" in text


def test_ignored_findings_are_counted_only(make) -> None:
    text = told(make, replace(make.finding(), ignored=True))
    assert text == "no findings, 1 ignored in Dockerfile · 1 file judged for linux/amd64\n"


def test_two_platforms_are_one_finding_that_names_them(make) -> None:
    text = render(make.result(make.scan(), make.scan(platform=Platform("linux", "arm64"))))
    assert text.count("will not start") == 1
    assert "\n  Dockerfile:2, on linux/amd64, linux/arm64\n" in text
    assert text.endswith("1 error · 1 file judged for linux/amd64, linux/arm64, 1 unknown (files 1: --verbose)\n")


def test_builds_are_counted(make) -> None:
    other = make.scan(source=SourceText.of("api/Dockerfile", "FROM scratch\n"), findings=(), placements=(), skipped=())
    assert "1 error in 1 of 2 builds · 1 file judged" in render(make.result(make.scan(), other))
    assert render(make.result(other, make.scan(findings=()))).startswith("no findings in 2 builds · ")


def test_what_is_not_known_is_counted_by_kind(make) -> None:
    unknown = replace(make.placement("/x"), verdict=Verdict.UNKNOWN, cause=None, link=LinkResult(unknowns=("why",)))
    skipped = (
        Skipped("https://example.org/x", "is fetched", Span.at(2, 6, 2, 11)),
        Skipped("base", "nothing is known of it", Span.at(1, 6, 1, 17)),
        Skipped("assets/broken", "truncated"),
    )
    text = render(make.result(make.scan(findings=(), placements=(make.placement(), unknown), skipped=skipped)))
    assert text == (
        "no findings in Dockerfile · 1 file judged for linux/amd64, 4 unknown (files 2, downloads 1, base\n"
        "  images 1: --verbose)\n"
    )


def test_the_table_is_for_verbose_and_cuts_no_path(make) -> None:
    path = "/opt/" + "very-long/" * 20 + "server"
    unknown = replace(make.placement(path), verdict=Verdict.UNKNOWN, cause=None, link=LinkResult(unknowns=("why",)))
    scan = make.scan(findings=(), placements=(unknown, make.placement()))
    assert path not in render(make.result(scan))
    text = render(make.result(scan, verbose=True))
    assert text.index("  fails     /hello (from hello, needs glibc 2.34): interpreter-missing") < text.index(
        "  unknown "
    )
    assert f"unknown {path} (" in " ".join(text.split())


@pytest.mark.parametrize(
    ("verdict", "confidence", "severity", "word"),
    [
        (Verdict.FAILS, Confidence.CERTAIN, Severity.ERROR, "fails"),
        (Verdict.FAILS, Confidence.POSSIBLE, Severity.WARNING, "may fail"),
        (Verdict.FAILS, Confidence.POSSIBLE, None, "may fail"),
        (Verdict.LOADS, Confidence.LIKELY, Severity.WARNING, "may fail"),
        (Verdict.UNKNOWN, Confidence.LIKELY, Severity.ERROR, "fails"),
        (Verdict.UNKNOWN, Confidence.LIKELY, None, "unknown"),
        (Verdict.LOADS, Confidence.CERTAIN, Severity.NOTE, "loads"),
    ],
)
def test_the_table_never_contradicts_a_finding(make, verdict, confidence, severity, word: str) -> None:
    placement = replace(make.placement(), verdict=verdict, confidence=confidence)
    findings = (replace(make.finding(), severity=severity, confidence=confidence),) if severity else ()
    text = render(make.result(make.scan(findings=findings, placements=(placement,)), verbose=True))
    assert re.search(rf"^  {word} +/hello \(", text, re.MULTILINE)


def test_another_machine_is_named(make) -> None:
    placement = make.placement()
    arm = replace(
        placement, artifact=replace(placement.artifact, facts=replace(placement.artifact.facts, machine="arm"))
    )
    assert "needs glibc 2.34, arm)" in render(make.result(make.scan(findings=(), placements=(arm,)), verbose=True))


def test_artifacts_of_one_cause_are_listed_by_verbose(make) -> None:
    paths = tuple(f"/plugins/{number}.so" for number in range(40))
    finding = replace(make.finding(), artifact=paths[0], artifacts=paths)
    assert "/plugins/39.so" not in told(make, finding)
    assert "  files: /plugins/0.so, /plugins/1.so, " in told(make, finding, verbose=True)
    assert "/plugins/39.so\n" in told(make, finding, verbose=True)


def test_a_related_place_in_another_file_is_a_line(make) -> None:
    other = Related(place(3, 1, 3, 5, "go.mod"), "requires cgo")
    assert "\n  go.mod:3: requires cgo\n" in told(make, replace(make.finding(), related=(other,)))


def test_a_place_that_says_nothing_is_left_out(make) -> None:
    silent = Related(place(1, 6, 1, 17), "")
    assert "FROM alpine" not in told(make, replace(make.finding(), related=(silent,), suggestions=()))


def test_the_moment_is_told(make) -> None:
    finding = replace(make.finding(), moment=AT_BUILD, runtime_message="/bin/sh: 1: x: not found")
    assert "\n  docker build would say: /bin/sh: 1: x: not found\n" in told(make, finding)


def test_what_is_not_certain_is_said(make) -> None:
    finding = replace(make.finding(), confidence=Confidence.LIKELY)
    assert "\n  likely · more: depscan explain glibc-exec-on-musl\n" in told(make, finding)


@pytest.mark.parametrize(
    ("suggestion", "lines"),
    [
        (
            Suggestion(
                "package",
                "install it: RUN apk add libpq",
                None,
                (Edit(place(2, 1, 2, 1), "RUN apk add libpq\n"),),
            ),
            "  fix  add after line 1: RUN apk add libpq\n",
        ),
        (
            Suggestion("build-flag", "link it statically", None, (Edit(place(2, 6, 2, 6), "--chmod=755 "),)),
            "  fix  link it statically\n       line 2: COPY --chmod=755 hello /hello\n",
        ),
        (
            Suggestion("base", "use FROM y", "y", (Edit(place(1, 6, 1, 17), "y"),), 8_000_000, remark="no shell"),
            "  fix  FROM y   8.0 MB, no shell\n",
        ),
        (Suggestion("build-flag", "build it for arm64"), "  fix  build it for arm64\n"),
        (
            Suggestion("edit", "name it", None, (Edit(place(1, 1, 1, 1, ".dockerignore"), "x\ny\n"),)),
            "  fix  name it\n       .dockerignore: x y\n",
        ),
    ],
)
def test_how_a_remedy_is_applied(make, suggestion: Suggestion, lines: str) -> None:
    text = told(make, replace(make.finding(), suggestions=(suggestion,)))
    assert f"\n\n{lines}  more: " in text


def test_three_remedies_are_shown_and_verbose_shows_all(make) -> None:
    many = tuple(Suggestion("build-flag", f"way {number}") for number in range(5))
    finding = replace(make.finding(), suggestions=many)
    assert "  fix  way 0\n  or   way 1\n  or   way 2\n  more: depscan explain glibc-exec-on-musl, 2 more with" in told(
        make, finding
    )
    assert "  or   way 4\n  more: depscan explain glibc-exec-on-musl\n" in told(make, finding, verbose=True)


def test_without_a_remedy_the_page_tells_the_first(make) -> None:
    finding = replace(make.finding(), rule="host-node-modules-copied", suggestions=())
    result = replace(make.result(make.scan(findings=(finding,))), rules=load_rules())
    assert "\n  try  Name it in .dockerignore: " in render(result)


def framed(source: str, *places: Span, label: str = "", width: int = 100) -> list[str]:
    primary, *others = places
    related = tuple(Related(Location("Dockerfile", span), f"here {n}") for n, span in enumerate(others))
    location = Location("Dockerfile", primary)
    finding = Finding("a-rule", Severity.WARNING, Confidence.CERTAIN, "m", location, related, label=label)
    from conftest import make_result, make_scan

    scan = make_scan(source=SourceText.of("Dockerfile", source), findings=(finding,), placements=(), skipped=())
    lines = render(make_result(scan), width=width).split("\n")
    return lines[2 : lines.index("  more: depscan explain a-rule")]


def test_the_lines_stand_in_their_order() -> None:
    text = "FROM a\n" + "RUN b\n" * 9 + "COPY c /\n"
    assert framed(text, Span.at(11, 6, 11, 7), Span.at(1, 6, 1, 7)) == [
        "   1 | FROM a",
        "     |      ^ here 0",
        "  11 | COPY c /",
        "     |      ^",
    ]


def test_two_places_on_one_line_show_it_once() -> None:
    assert framed("COPY --from=a b /c\n", Span.at(1, 15, 1, 16), Span.at(1, 6, 1, 14)) == [
        "  1 | COPY --from=a b /c",
        "    |      ^^^^^^^^ here 0",
        "    |               ^",
    ]


def test_a_label_is_folded_beside_its_place_or_below() -> None:
    beside = framed("COPY a /b\n", Span.at(1, 6, 1, 7), label="word " * 12, width=60)
    assert beside[1:] == [f"    |      ^ {('word ' * 9).rstrip()}", f"    |        {('word ' * 3).rstrip()}"]
    below = framed(f"COPY {'x' * 40} /b\n", Span.at(1, 6, 1, 46), label="word " * 6, width=60)
    assert below[1:] == [f"    |      {'^' * 40}", f"    |      {('word ' * 6).rstrip()}"]


def test_a_long_second_place_leaves_room_for_what_it_tells() -> None:
    text = f"RUN gcc {'x' * 80}\nCOPY a /\n"
    assert framed(text, Span.at(2, 6, 2, 7), Span.at(1, 5, 1, 89))[1] == "    |     ^^^ here 0"


def test_tabs_and_wide_characters_keep_carets_under_the_place() -> None:
    assert framed("COPY\t日本 /x\n", Span.at(1, 6, 1, 8)) == ["  1 | COPY    日本 /x", "    |         ^^^^"]


def test_a_place_over_several_lines_is_folded_to_its_first() -> None:
    assert framed("RUN a \\\n  b\n", Span.at(1, 5, 2, 4)) == ["  1 | RUN a \\", "    |     ^^^"]


def test_a_huge_line_is_cut_around_the_place() -> None:
    line = "COPY " + "x" * 1_000_000 + " target " + "y" * 1_000_000
    shown, carets = framed(line, Span.at(1, 1_000_007, 1, 1_000_013))
    assert len(shown) <= 100
    assert shown[carets.index("^") :][:6] == "target"
    assert shown.startswith("  1 | ...xxx")
    assert shown.endswith("y...")


@pytest.mark.parametrize("span", [Span.at(99, 1, 99, 9), Span.at(1, 50, 1, 60), Span.at(1, 1, 1, 1)])
def test_a_place_outside_the_text_is_no_crash(span: Span) -> None:
    assert framed("FROM a\n", span)[-1].count("^") >= 1


def test_no_line_begins_as_a_ci_server_reads_commands(make) -> None:
    words = "x " * 60 + "::error::second ##vso[task] " + "x " * 60
    named = make.finding("::error::Dockerfile")
    finding = replace(named, message=words, runtime_message=f"first\n::error::second {words}", label=words)
    assert "| ::error::Dockerfile:2" in told(make, finding)
    for line in told(make, finding, verbose=True).split("\n"):
        assert not line.lstrip().startswith(("::", "##"))


def test_a_long_path_is_never_cut(make) -> None:
    path = "/opt/" + "deep/" * 25 + "server"
    text = told(make, replace(make.finding(), message=f"{path} will not start: it needs glibc"))
    assert text.startswith(f"error: {path}\n  will not start: it needs glibc")
