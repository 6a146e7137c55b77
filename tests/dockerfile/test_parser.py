"""Instructions, words and problems of Dockerfile texts, with their columns."""

from __future__ import annotations

import pytest

from depscan.dockerfile.instructions import Form
from depscan.dockerfile.parser import MAX_PROBLEMS, parse_instructions
from depscan.source import SourceText

from .reading import cut, parse, place, problems_of


def test_words_have_columns() -> None:
    base, copy = parse("FROM alpine:3.20\nCOPY hello /hello\n")
    assert [(word.text, place(word.span)) for word in base.arguments] == [("alpine:3.20", "1:6..1:17")]
    assert [(word.text, place(word.span)) for word in copy.arguments] == [
        ("hello", "2:6..2:11"),
        ("/hello", "2:12..2:18"),
    ]
    assert place(copy.span) == "2:1..2:18"
    assert place(copy.keyword_span) == "2:1..2:5"


def test_continuations_drop_comments_and_empty_lines_inside() -> None:
    text = "FROM a\n  RUN one && \\\n# no\n\n   # neither\n  two \\ \n  three\nCOPY x /y"
    run, copy = parse(text)[1:]
    assert run.text == "one &&   two   three"
    assert place(run.span) == "2:3..7:8"
    at = run.text.index("two")
    assert place(run.offsets.span(at, at + 3)) == "6:3..6:6"
    assert place(copy.arguments[0].span) == "8:6..8:7"


def test_word_broken_by_a_continuation_spans_both_lines() -> None:
    (copy,) = parse("COPY he\\\nllo /hello")
    assert copy.arguments[0].text == "hello"
    assert place(copy.arguments[0].span) == "1:6..2:4"


def test_crlf_and_byte_order_mark_do_not_move_columns() -> None:
    text = "\ufeffFROM alpine\r\nRUN a \\\r\n  b\r\nCOPY x /y\r\n"
    base, run, copy = parse(text)
    assert place(base.arguments[0].span) == "1:6..1:12"
    assert run.text == "a   b"
    assert place(copy.arguments[1].span) == "4:8..4:10"


def test_columns_count_code_points() -> None:
    (copy,) = parse("COPY héllo🎉 /hello")
    assert [place(word.span) for word in copy.arguments] == ["1:6..1:12", "1:13..1:19"]


def test_escape_directive_changes_continuation() -> None:
    source = SourceText.of("D", "# escape=`\n# syntax=docker/dockerfile:1\nFROM a\nCOPY a `\n C:\\\nRUN x")
    instructions, comments, escape, problems = parse_instructions(source)
    assert escape == "`"
    assert problems == ()
    assert [word.text for word in instructions[1].arguments] == ["a", "C:\\"]
    assert [comment.text for comment in comments] == ["escape=`", "syntax=docker/dockerfile:1"]


def test_directive_after_a_comment_is_a_comment() -> None:
    source = SourceText.of("D", "# hello\n# escape=`\nFROM a\n")
    assert parse_instructions(source)[2] == "\\"


def test_json_words_have_the_span_of_their_literal() -> None:
    text = 'CMD [ "a b", "\\u0041\\"" , "/x"]'
    (cmd,) = parse(text)
    assert cmd.form is Form.EXEC
    assert [word.text for word in cmd.arguments] == ["a b", 'A"', "/x"]
    assert [cut(text, word.span) for word in cmd.arguments] == ['"a b"', '"\\u0041\\""', '"/x"']


def test_json_lone_surrogate_can_be_written() -> None:
    (cmd,) = parse('CMD ["\\ud800x"]')
    assert cmd.arguments[0].text == "\ufffdx"


@pytest.mark.parametrize("text", ["RUN [ -f x ] && y", "CMD [a]", "RUN [NaN]", "RUN " + "[" * 9999])
def test_what_is_no_json_is_shell_form(text: str) -> None:
    (instruction,) = parse(text)
    assert instruction.form is Form.SHELL
    assert [word.text for word in instruction.arguments] == [text[4:]]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("CMD ['a']", "single quotes; JSON takes double quotes"),
        ("CMD ['a', 'b c']", "single quotes; JSON takes double quotes"),
        ("ENTRYPOINT [ 'a', 'b' ]", "single quotes; JSON takes double quotes"),
        ('CMD ["a", "b",]', "a comma before the closing bracket"),
        ('CMD ["a" "b"]', "no comma between two strings"),
        ('CMD ["a", "b"', "no closing bracket at its end"),
        ('RUN ["a"] x', "text behind the closing bracket"),
        ("CMD [\u201ca\u201d]", "curly quotes"),
        ('RUN ["a", "C:\\w"]', "a backslash or a character that JSON does not take"),
        ("CMD [nginx, -g]", "words without double quotes"),
        ("HEALTHCHECK --interval=5s CMD [\"curl\", 'x']", "single quotes; JSON takes double quotes"),
    ],
)
def test_an_array_that_is_no_json_is_told_of_at_its_place(text: str, wrong: str) -> None:
    instructions, _, _, problems = parse_instructions(SourceText.of("D", f"FROM a\n{text}\n"))
    assert [(problem.kind, problem.detail) for problem in problems] == [("malformed-exec-form", wrong)]
    assert cut(f"FROM a\n{text}", problems[0].span) == text[text.index("[") :]
    assert instructions[1].form is Form.SHELL, "the builder takes it for a shell's text"


@pytest.mark.parametrize(
    "text",
    [
        'RUN [ "$A" = "b" ] && x',
        'RUN [ "a", = "a", ] || x'.replace(",", ""),
        "CMD [[ -f /x ]] && y",
        "RUN [ -z '' ]",
        'CMD [ "$1" ] && exec x',
        'LABEL a=["b",]',
        'CMD ["a"]',
        "CMD []",
        "RUN [ 'a' = 'a' ]",
        'RUN [ "a" != "b" -a "c" ]',
        'CMD ["a", {{ b }}]',
        'FROM {{ x }}\nCMD ["a"]^',
    ],
)
def test_no_broken_array(text: str) -> None:
    """The test command, arrays that are well, and what a template engine has yet to fill in."""
    problems = parse_instructions(SourceText.of("D", f"FROM a\n{text}\n"))[3]
    assert [problem for problem in problems if problem.kind != "template"] == []


def test_flags_have_values_and_spans() -> None:
    text = 'COPY --from=build --link --chown="a b":c \\\n  --exclude=*.x a /b'
    (copy,) = parse(text)
    assert [(flag.name, flag.value) for flag in copy.flags] == [
        ("from", "build"),
        ("link", None),
        ("chown", "a b:c"),
        ("exclude", "*.x"),
    ]
    assert [cut(text, flag.span) for flag in copy.flags] == [
        "--from=build",
        "--link",
        '--chown="a b":c',
        "--exclude=*.x",
    ]
    assert [word.text for word in copy.arguments] == ["a", "/b"]


def test_two_dashes_end_the_flags() -> None:
    (copy,) = parse("COPY --link -- --from=x /y")
    assert [flag.name for flag in copy.flags] == ["link"]
    assert [word.text for word in copy.arguments] == ["--from=x", "/y"]


def test_assignments_are_one_word_each() -> None:
    text = "ENV a=1 b=\"two words\" c=d\\ e\nENV old  value with spaces\nARG x y='z z'\nLABEL k=v"
    env, old, arg, label = parse(text)
    assert [cut(text, word.span) for word in env.arguments] == ["a=1", 'b="two words"', "c=d\\ e"]
    assert [word.text for word in old.arguments] == ["old  value with spaces"]
    assert [cut(text, word.span) for word in arg.arguments] == ["x", "y='z z'"]
    assert [word.text for word in label.arguments] == ["k=v"]


def test_heredocs_of_copy() -> None:
    text = "FROM a\nCOPY <<one <<-'two' /dir/\n$x\none\n\t\thi\n\ttwo\nRUN y\n"
    _, copy, run = parse(text)
    assert [(doc.name, doc.content, doc.expand) for doc in copy.heredocs] == [
        ("one", "$x\n", True),
        ("two", "hi\n", False),
    ]
    assert [cut(text, doc.span) for doc in copy.heredocs] == ["<<one", "<<-'two'"]
    assert [place(doc.body_span) for doc in copy.heredocs] == ["3:1..4:4", "5:1..6:5"]
    assert place(copy.heredocs[1].offsets.span(0, 2)) == "5:3..5:5"
    assert place(copy.span) == "2:1..6:5"
    assert place(run.keyword_span) == "7:1..7:4"


def test_heredoc_keeps_carriage_returns_of_its_body() -> None:
    (run,) = parse("RUN <<EOF\r\n#!/bin/sh\r\nEOF\r\n")
    assert run.heredocs[0].content == "#!/bin/sh\r\n"


def test_comment_inside_a_heredoc_is_content() -> None:
    _, comments, _, _ = parse_instructions(SourceText.of("D", "# one\nRUN <<E\n# two\nE\n"))
    assert [(comment.text, place(comment.span)) for comment in comments] == [("one", "1:1..1:6")]


@pytest.mark.parametrize(
    "line",
    [
        "ENV b=${v#p}${v##p}${v%p}${v%%p}${v/a/b}${v//a/b}${v:-x}${v-x}${v:+x}${v+x}${v:?x}${v?x}",
        "ENV b=${v:-${w%.*}} c='${v:0:3}' \"d\"=e",
        'ARG "b"=c',
        "RUN echo ${v:0:3} ${v^^} 'a",
        'CMD echo "${v:0:3}"',
        "ENTRYPOINT exec ${v,,}",
        "HEALTHCHECK CMD test ${v:0:3}",
        "COPY <<'E' /b\n${v:0:3}\nE",
        "COPY <<E /b\nit's \"one\nE",
        "ONBUILD ENV b=${v:0:3}",
        "ONBUILD COPY a",
        "ONBUILD FOO a",
    ],
)
def test_what_buildkit_takes_is_taken(line: str) -> None:
    assert problems_of(f"FROM a\n{line}\n") == []


def test_the_message_is_buildkits() -> None:
    (problem,) = parse_instructions(SourceText.of("D", "FROM a\nENV b=${v:0:3}\n"))[3]
    assert problem.detail == "unsupported modifier (:0) in substitution"


def test_onbuild_holds_an_instruction() -> None:
    (onbuild,) = parse("ONBUILD COPY --link a /b")
    assert onbuild.trigger is not None
    assert onbuild.trigger.keyword == "COPY"
    assert [place(word.span) for word in onbuild.trigger.arguments] == ["1:21..1:22", "1:23..1:25"]


def test_healthcheck_body() -> None:
    shell, exec_form = parse('HEALTHCHECK --interval=5s CMD curl -f x\nHEALTHCHECK CMD ["a","b"]')
    assert [word.text for word in shell.arguments] == ["CMD", "curl -f x"]
    assert [word.text for word in exec_form.arguments] == ["CMD", "a", "b"]
    assert exec_form.form is Form.EXEC


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("FOO bar", "1:1..1:4"),
        ("FROM a\nCOPY a", "2:6..2:7"),
        ("FROM a\nADD", "2:1..2:4"),
        ("FROM", "1:1..1:5"),
        ("FROM a b", "1:8..1:9"),
        ("FROM a AS 1st", "1:11..1:14"),
        ("FROM --platfrom=x a", "1:6..1:18"),
        ("FROM a\nCOPY --from a b", "2:6..2:12"),
        ("FROM a\nCOPY --from=$X a b", "2:6..2:15"),
        ("FROM a\nCOPY --link=maybe a b", "2:6..2:18"),
        ("FROM a\nCOPY --chown=a --chown=b a b", "2:16..2:25"),
        ("FROM a\nRUN --mont=x y", "2:5..2:13"),
        ("FROM a\nRUN --mount=type=bnd y", "2:5..2:21"),
        ("FROM a\nRUN --mount=from=$S,target=/x y", "2:5..2:30"),
        ("FROM a\nCMD --x y", "2:5..2:8"),
        ("FROM a\nENV", "2:1..2:4"),
        ("FROM a\nENV name", "2:5..2:9"),
        ("FROM a\nENV a=b c", "2:9..2:10"),
        ("FROM a\nENV =x", "2:5..2:7"),
        ('FROM a\nCOPY "a b /c', "2:6..2:8"),
        ("FROM a\nENV a=${b", "2:5..2:10"),
        ("FROM a\nWORKDIR", "2:1..2:8"),
        ("FROM a\nSHELL /bin/sh", "2:1..2:6"),
        ("FROM a\nCMD [1]", "2:5..2:8"),
        ("FROM a\nHEALTHCHECK FOO x", "2:13..2:16"),
        ("FROM a\nONBUILD FROM b", "2:9..2:13"),
        ("FROM a\nONBUILD ENV b", "2:13..2:14"),
        ('FROM a\nARG "b=c"', "2:5..2:10"),
        ('ARG "b=c"\nFROM a', "1:5..1:10"),
        ('FROM a\nENV "B=c" d=e', "2:5..2:10"),
        ("FROM a\nLABEL 'b=c'", "2:7..2:12"),
        ("FROM a\nENV b=${v:0:3}", "2:5..2:15"),
        ("FROM a\nENV b=${v:-${w^^}}", "2:5..2:19"),
        ("FROM a\nENV b=${v#\\a}", "2:5..2:14"),
        ("FROM a\nCOPY --chown=${v:0:3} b c", "2:6..2:22"),
        ("FROM a\nRUN --mount=type=cache,target=/${v:1} b", "2:5..2:38"),
        ("FROM a\nCOPY <<E /b\n${v:0:3}\nE", "2:6..2:9"),
        ("FROM a\nCOPY a <<E\nx\nE", "2:8..2:11"),
        ("FROM a\nRUN cat <<EOF\nx", "2:9..2:14"),
        ("FROM a\nRUN x \\\n  && y <<-'A B'\nz", "3:8..3:16"),
        ("#escape=x\nFROM a", "1:1..1:10"),
        ("#escape=`\n#escape=`\nFROM a", "2:1..2:10"),
        ("FROM a\n\\\n", "2:1..2:1"),
    ],
)
def test_wrong_text_is_a_problem_at_its_column(text: str, where: str) -> None:
    assert problems_of(text) == [("syntax", where)]


@pytest.mark.parametrize(
    "text",
    [
        "{{ if x }}",
        "FROM {{ image }}",
        "{% if x %}\nFROM b",
        "<% x %>",
        "FROM @@BASE@@",
        "FROM <%= x %>",
        "FROM a\n@IF [ -n x ]\nRUN y\n@ENDIF\n@INCLUDE other",
    ],
)
def test_template_is_told_apart(text: str) -> None:
    assert [kind for kind, _ in problems_of(text)] == ["template"]


def test_an_argument_on_a_line_of_its_own_is_no_template() -> None:
    assert problems_of("FROM a\nRUN npm install\n  @scope/pkg") == [("syntax", "3:3..3:13")]


def test_an_error_does_not_lose_the_rest() -> None:
    source = SourceText.of("D", "FROM a\nFOO x\nCOPY y\nFROM a b c d\nCOPY x /y\n")
    instructions, _, _, problems = parse_instructions(source)
    assert [instruction.keyword for instruction in instructions] == ["FROM", "FROM", "COPY"]
    assert [problem.stage for problem in problems] == [0, 0, 1]


def test_another_frontend_may_have_its_own_instructions() -> None:
    assert problems_of("# syntax=someone/dockerfile-x\nFROM a\nINCLUDE ./b\nCOPY --magic a b") == []
    assert len(problems_of("# syntax=mirror.example/docker/dockerfile:1\nFROM a\nINCLUDE ./b")) == 1


def test_a_near_miss_is_named() -> None:
    problem = parse_instructions(SourceText.of("D", "FORM alpine"))[3][0]
    assert problem.detail == "unknown instruction: FORM; did you mean FROM?"


def test_a_file_that_is_no_dockerfile_gives_few_problems() -> None:
    assert len(problems_of("lorem ipsum\n" * 5000)) == MAX_PROBLEMS
