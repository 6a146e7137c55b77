"""Places of keys and of code points in string values, for every way TOML writes a string."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from depscan.rulebook.places import TomlText
from depscan.source import Position

TEXT = '''\
# id = "not this one"
id = "one"
why = """
id = "nor this"
"""
references = [
  "https://example.org",
]

[[examples]]
files = { a = "b" }
dockerfile = \'\'\'
[[examples]]
id = 1
\'\'\'

[[examples]]
dockerfile = "x"
'''


@pytest.mark.parametrize(
    ("key", "table", "index", "expected"),
    [
        ("id", None, 0, Position(2, 1)),
        ("why", None, 0, Position(3, 1)),
        ("references", None, 0, Position(6, 1)),
        ("dockerfile", "examples", 0, Position(12, 1)),
        ("dockerfile", "examples", 1, Position(18, 1)),
        ("files", "examples", 1, Position(17, 1)),  # absent: the table's header
        ("absent", None, 0, Position(1, 1)),
        ("id", "examples", 7, Position(1, 1)),
    ],
)
def test_keys(key: str, table: str | None, index: int, expected: Position) -> None:
    document = TomlText(TEXT)
    assert document.position(document.key(key, table, index)) == expected


@pytest.mark.parametrize(
    "line",
    [
        'when = "ab@cd"',
        "when = 'ab@cd'",
        'when   =   "ab@cd" # comment',
        'when = "\\"\\\\\\t@cd"',
        'when = "\\u00e9\\U0001F600@"',
        'when = """\nab@cd"""',
        "when = '''\nab\n  @cd'''",
        "when = '''ab@cd'''",
        'when = """\\\n   ab \\\n\n   @cd"""',
        "when = '''\r\nab\r\n@cd'''",
    ],
)
def test_code_points_within_a_value(line: str) -> None:
    text = f'id = "x"\n{line}\nafter = "@"\n'
    value = tomllib.loads(text)["when"]
    document = TomlText(text)
    at = document.within("when", value.index("@"))
    assert document.text[at] == "@"
    assert at < document.text.index("after")


def test_a_key_in_quotes_is_not_looked_for() -> None:
    document = TomlText('id = 1\n"when" = "x"')
    assert (document.key("when"), document.within("when", 0)) == (0, 0)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20))
def test_any_basic_string(value: str) -> None:
    written = "".join(
        f"\\U{ord(char):08x}" if char in '"\\' or ord(char) < 32 or ord(char) == 127 else char for char in value
    )
    text = f'when = "{written}@"\n'
    document = TomlText(text)
    assert document.text[document.within("when", len(value))] == "@"
