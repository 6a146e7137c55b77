from __future__ import annotations

import pytest

from depscan.findings import Confidence, Edit, Finding, Location, Related, Severity, Skipped, Suggestion
from depscan.linking.placement import LinkResult, Verdict
from depscan.reports import FORMATS
from depscan.source import SourceText, Span

render = FORMATS["text"]

STORY = """\
error[glibc-exec-on-musl]: /hello is linked against glibc, alpine:3.20 has musl 1.2.5
 --> Dockerfile:2:6
  |
1 | FROM alpine:3.20
  |      ----------- musl 1.2.5
2 | COPY hello /hello
  |      ^^^^^ /hello
  |
  = fact: PT_INTERP of hello is /lib64/ld-linux-x86-64.so.2
  = at run time: exec /hello: no such file or directory
  = confidence: certain
  = help: use debian:bookworm-slim (28 MB compressed, proved)
1 + FROM debian:bookworm-slim

/hello (hello, needs glibc 2.34) on alpine:3.20, musl 1.2.5: fails, interpreter-missing

skipped: assets/broken (line 2): truncated ELF file
Dockerfile on linux/amd64: 1 error; 1 binary checked: 1 fails, 1 skipped
"""


def replace(value, **changes):
    from msgspec.structs import replace as replaced

    return replaced(value, **changes)


def place(line: int, column: int, end_line: int, end_column: int, path: str = "Dockerfile") -> Location:
    return Location(path, Span.at(line, column, end_line, end_column))


def test_the_story(result) -> None:
    assert render(result) == STORY


def test_colour_changes_no_word(result) -> None:
    import re

    colored = render(result, color=True)
    assert "\x1b[1;31merror[glibc-exec-on-musl]\x1b[0m" in colored
    assert re.sub("\x1b\\[[0-9;]*m", "", colored) == STORY


def test_nothing_found(make) -> None:
    scan = make.scan(findings=(), placements=(), skipped=(), notes=("no stage with a final file system",))
    assert render(make.result(scan)) == (
        "note: no stage with a final file system\nDockerfile on linux/amd64: no findings; 0 binaries checked\n"
    )


def test_no_proved_suggestion_is_said(make) -> None:
    finding = replace(make.finding(), suggestions=())
    text = render(make.result(make.scan(findings=(finding,))))
    assert "  = help: no suggestion could be proved; `depscan explain glibc-exec-on-musl` tells more\n" in text


def test_quiet_prints_findings_only(make) -> None:
    text = render(make.result(quiet=True))
    assert text == STORY[: STORY.index("/hello (hello")]
    assert render(make.result(make.scan(findings=()), quiet=True)) == ""


def test_verbose_tells_what_was_chosen(make) -> None:
    text = render(make.result(verbose=True))
    assert "context: . (the Dockerfile's own directory)\n" in text
    assert "stage 0: alpine:3.20, libc musl 1.2.5, knowledge of 2026-01-02\n" in text


def test_ignored_findings_are_counted_only(make) -> None:
    text = render(make.result(make.scan(findings=(replace(make.finding(), ignored=True),))))
    assert "glibc-exec-on-musl" not in text
    assert "Dockerfile on linux/amd64: 1 ignored; " in text


def test_several_scans_have_headings(make) -> None:
    text = render(make.result(make.scan(), make.scan()))
    assert text.count("== Dockerfile on linux/amd64\n") == 2


def test_binaries_of_one_instruction_share_a_row_and_verbose_shows_each(make) -> None:
    loads = tuple(
        replace(make.placement(f"/usr/lib/plugins/p{number}.so"), verdict=Verdict.LOADS, cause=None, detail=None)
        for number in range(30)
    )
    scan = make.scan(findings=(), placements=(*loads, make.placement()))
    text = render(make.result(scan))
    assert text.index("/hello") < text.index("p0.so +29")
    assert "p1.so" not in text
    assert text.endswith("31 binaries checked: 1 fails, 30 load, 1 skipped\n")
    assert "p29.so" in render(make.result(scan, verbose=True))


def test_many_rows_are_cut_and_verbose_shows_them(make) -> None:
    fails = tuple(replace(make.placement(f"/bin/{number}"), detail=f"lib{number}.so") for number in range(30))
    scan = make.scan(findings=(), placements=fails)
    assert "/bin/19 " in render(make.result(scan))
    assert "/bin/20 " not in render(make.result(scan))
    assert "\nand 10 more; --verbose shows all\n" in render(make.result(scan))
    assert "/bin/29 " in render(make.result(scan, verbose=True))


def test_another_machine_is_named(make) -> None:
    placement = make.placement()
    arm = replace(
        placement, artifact=replace(placement.artifact, facts=replace(placement.artifact.facts, machine="arm"))
    )
    assert "needs glibc 2.34, arm) on " in render(make.result(make.scan(findings=(), placements=(arm,))))


def test_unknown_verdicts_give_their_reason_once(make) -> None:
    link = LinkResult(unknowns=("the image is not known",))
    unknown = replace(make.placement(), verdict=Verdict.UNKNOWN, cause=None, detail=None, link=link)
    one = render(make.result(make.scan(placements=(unknown,))))
    assert "unknown, /hello: the image is not known\n" in one
    two = render(make.result(make.scan(placements=(unknown, unknown))))
    assert "unknown, 2 binaries: the image is not known\n" in two


def test_many_skipped_are_cut(make) -> None:
    skipped = tuple(Skipped(f"file{number}", "a FIFO") for number in range(20))
    text = render(make.result(make.scan(skipped=skipped)))
    assert "skipped: file7: a FIFO\nskipped: 12 more; --verbose shows all\n" in text


def test_artifacts_of_one_cause_are_listed(make) -> None:
    paths = tuple(f"/plugins/{number}.so" for number in range(40))
    finding = replace(make.finding(), artifact=paths[0], artifacts=paths)
    text = render(make.result(make.scan(findings=(finding,))))
    assert "^^^^^ /plugins/0.so and 39 more\n" in text
    assert "  = also: /plugins/0.so, /plugins/1.so, /plugins/2.so, /plugins/3.so, /plugins/4.so and 35 more\n" in text


def test_long_texts_are_wrapped_at_100_columns(make) -> None:
    finding = replace(make.finding(), message="word " * 60, evidence=("fact " * 60,))
    text = render(make.result(make.scan(findings=(finding,))))
    assert max(map(len, text.split("\n"))) <= 100


def test_a_related_place_in_another_file_is_a_line(make) -> None:
    other = Related(place(3, 1, 3, 5, "go.mod"), "requires cgo")
    text = render(make.result(make.scan(findings=(replace(make.finding(), related=(other,)),))))
    assert " ::: go.mod:3:1: requires cgo\n" in text


def test_an_inserted_line_is_shown_as_it_will_read(make) -> None:
    edit = Edit(place(2, 1, 2, 1), "RUN apk add --no-cache gcompat\n")
    package = Suggestion("package", "add gcompat", True, None, (edit,))
    text = render(make.result(make.scan(findings=(replace(make.finding(), suggestions=(package,)),))))
    assert "  = help: add gcompat (proved)\n2 + RUN apk add --no-cache gcompat\n\n" in text


def framed(source: str, *places: Span) -> list[str]:
    primary, *others = places
    related = tuple(Related(Location("Dockerfile", span), "here") for span in others)
    finding = Finding("a-rule", Severity.WARNING, Confidence.LIKELY, "m", Location("Dockerfile", primary), related)
    from conftest import make_result, make_scan

    scan = make_scan(source=SourceText.of("Dockerfile", source), findings=(finding,), placements=(), skipped=())
    lines = render(make_result(scan)).split("\n")
    return lines[3 : next(number for number, line in enumerate(lines) if line.strip().startswith("= "))][:-1]


def test_lines_between_are_dots() -> None:
    text = "FROM a\n" + "RUN b\n" * 9 + "COPY c /\n"
    assert framed(text, Span.at(11, 6, 11, 7), Span.at(1, 6, 1, 7)) == [
        " 1 | FROM a",
        "   |      - here",
        "...",
        "11 | COPY c /",
        "   |      ^",
    ]


def test_two_places_on_one_line_show_it_once() -> None:
    assert framed("COPY --from=a b /c\n", Span.at(1, 15, 1, 16), Span.at(1, 6, 1, 14)) == [
        "1 | COPY --from=a b /c",
        "  |      -------- here",
        "  |               ^",
    ]


def test_tabs_and_wide_characters_keep_carets_under_the_place() -> None:
    assert framed("COPY\t日本 /x\n", Span.at(1, 6, 1, 8)) == ["1 | COPY    日本 /x", "  |         ^^^^"]


def test_a_place_over_several_lines_ends_with_its_first() -> None:
    assert framed("RUN a \\\n  b\n", Span.at(1, 5, 2, 4)) == ["1 | RUN a \\", "  |     ^^^"]


def test_a_huge_line_is_cut_around_the_place() -> None:
    line = "COPY " + "x" * 1_000_000 + " target " + "y" * 1_000_000
    shown, carets = framed(line, Span.at(1, 1_000_007, 1, 1_000_013))
    assert len(shown) <= 100
    assert shown[carets.index("^") :][:6] == "target"
    assert shown.startswith("1 | ...xxx")
    assert shown.endswith("y...")


@pytest.mark.parametrize("span", [Span.at(99, 1, 99, 9), Span.at(1, 50, 1, 60), Span.at(1, 1, 1, 1)])
def test_a_place_outside_the_text_is_no_crash(span: Span) -> None:
    assert framed("FROM a\n", span)[-1].count("^") >= 1


def test_further_lines_of_a_message_stand_behind_a_bar(make) -> None:
    finding = replace(make.finding(), runtime_message="first\n::error::second")
    text = render(make.result(make.scan(findings=(finding,))))
    assert "  = at run time: first\n  |              ::error::second\n" in text


def test_the_table_fits_100_columns_whatever_the_names(make) -> None:
    placement = make.placement("/opt/" + "very-long/" * 20 + "server", "build/" + "deep/" * 30 + "server")
    other = replace(placement, verdict=Verdict.UNKNOWN)
    lines = render(make.result(make.scan(findings=(), placements=(placement, other), skipped=()))).split("\n")
    assert max(map(len, lines[:4])) <= 100
    assert lines[2].startswith("...")


def test_one_binary_is_told_in_a_sentence_without_tabulate(make) -> None:
    import sys

    sys.modules.pop("tabulate", None)
    text = render(make.result(make.scan(findings=())))
    assert text.startswith("/hello (hello, needs glibc 2.34) on alpine:3.20, musl 1.2.5: fails, interpreter-missing\n")
    assert "tabulate" not in sys.modules


def test_the_table_stands_only_where_something_does_not_load(make) -> None:
    loads = replace(make.placement(), verdict=Verdict.LOADS, cause=None, detail=None)
    scan = make.scan(findings=(), placements=(loads,), skipped=())
    assert render(make.result(scan)) == ("Dockerfile on linux/amd64: no findings; 1 binary checked: 1 loads\n")
    assert "alpine:3.20, musl 1.2.5  loads" in render(make.result(scan, verbose=True))


def test_a_finding_without_a_binary_points_to_its_page(make) -> None:
    finding = replace(make.finding(), rule="unused-ignore", artifact=None, artifacts=(), suggestions=())
    assert "  = help: `depscan explain unused-ignore` tells more\n" in render(
        make.result(make.scan(findings=(finding,)))
    )
