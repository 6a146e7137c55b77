"""Messages with facts in them: attribute paths only."""

from __future__ import annotations

import pytest
from msgspec import Struct

from depscan.rulebook.templates import TemplateError, compile_template


class Thing(Struct, frozen=True):
    path: str
    cause: str | None = None
    ready: bool = True
    index: int = 3


class Group(Struct, frozen=True):
    thing: Thing


NAMES = {"thing": Thing, "group": Group}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{thing.path} stands", "/a b stands"),
        ("{group.thing.path}{thing.index}", "/c3"),
        ("{thing.cause} and {thing.ready}", "unknown and true"),
        ("{{literally}} {thing.index}", "{literally} 3"),
        ("no facts", "no facts"),
    ],
)
def test_render(text: str, expected: str) -> None:
    facts = {"thing": Thing("/a b"), "group": Group(Thing("/c"))}
    assert compile_template(text, NAMES).render(facts) == expected


def test_a_file_name_cannot_start_a_new_line_of_the_report() -> None:
    forged = {"thing": Thing("/x\nDockerfile:1:1: error: forged")}
    assert "\n" not in compile_template("{thing.path}", NAMES).render(forged)


def test_facts_are_not_templates_themselves() -> None:
    assert compile_template("{thing.path}", NAMES).render({"thing": Thing("{thing.index}")}) == "{thing.index}"


def test_what_is_rendered_is_bounded() -> None:
    rendered = compile_template("{thing.path}", NAMES).render({"thing": Thing("x" * 100_000)})
    assert len(rendered) < 3_000


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("a {thing.pth} b", 3, "'thing' has no 'pth'; did you mean 'path'?"),
        ("{thin.path}", 1, "unknown name 'thin'; did you mean 'thing'?"),
        ("{group.thing}", 1, "{group.thing} is a group of facts; name one of them"),
        ("{thing.path!r}", 1, "{thing.path} takes no format after ':' or '!'"),
        ("{thing.path:>90000000}", 1, "{thing.path} takes no format after ':' or '!'"),
        ("{thing.path[0]}", 1, "{thing.path[0]} is not a name such as {artifact.path}"),
        ("{thing.__class__}", 1, "'thing' has no '__class__'; known: cause, index, path, ready"),
        ("{}", 1, "{} is not a name such as {artifact.path}"),
        ("{0}", 1, "{0} is not a name such as {artifact.path}"),
        ("{thing.path()}", 1, "{thing.path()} is not a name such as {artifact.path}"),
    ],
)
def test_errors_tell_where_and_what(text: str, offset: int, message: str) -> None:
    with pytest.raises(TemplateError) as error:
        compile_template(text, NAMES)
    assert (error.value.offset, str(error.value)) == (offset, message)


@pytest.mark.parametrize("text", ["{thing.path", "thing.path}", "{"])
def test_unbalanced_braces_say_how_to_write_a_brace(text: str) -> None:
    with pytest.raises(TemplateError, match=r"write {{ and }} for braces that are meant literally"):
        compile_template(text, NAMES)
