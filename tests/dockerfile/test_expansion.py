"""Values of words under ENV and ARG, three-valued: known, empty, not known."""

from __future__ import annotations

import time

import pytest

from depscan.dockerfile.expansion import MAX_VALUE, Scope


def scope(*, base_known: bool = True, **values: str | None) -> Scope:
    return Scope(
        values, base_known=base_known, global_arguments={"G": "global", "TARGETARCH": "arm64"}, build_arguments={}
    )


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("plain/path", "plain/path"),
        ("$A/x", "one/x"),
        ("${A}x", "onex"),
        ("'$A'", "$A"),
        ('"$A b"', "one b"),
        ("\\$A", "$A"),
        ("a\\ b", "a b"),
        ("$NONE.", "."),
        ("${NONE:-w}", "w"),
        ("${EMPTY:-w}", "w"),
        ("${EMPTY-w}", ""),
        ("${A:+w}", "w"),
        ("${NONE:+w}", ""),
        ("${A:?gone}", "one"),
        ("${NONE:?gone}", None),
        ("${NONE:-${ALSO:-$A}}", "one"),
        ("${PATHS#*/}", "b/c.tar.gz"),
        ("${PATHS##*/}", "c.tar.gz"),
        ("${PATHS%.*}", "a/b/c.tar"),
        ("${PATHS%%.*}", "a/b/c"),
        ("${PATHS/b/x}", "a/x/c.tar.gz"),
        ("${PATHS//a/_}", "_/b/c.t_r.gz"),
        ("$UNKNOWN", None),
        ("x${UNKNOWN}", None),
        ("${UNKNOWN:-w}", None),
        ("${UNKNOWN:+w}", None),
        ("${A:-$UNKNOWN}", "one"),
        ("'$UNKNOWN'", "$UNKNOWN"),
        ("${", None),
        ('"open', None),
    ],
)
def test_expand(word: str, value: str | None) -> None:
    values = {"A": "one", "EMPTY": "", "PATHS": "a/b/c.tar.gz", "UNKNOWN": None}
    assert scope(**values).expand(word) == value


def test_unset_names_are_unknown_on_an_unknown_base() -> None:
    unknown = scope(base_known=False, A="one")
    assert unknown.expand("$PYTHON_VERSION") is None
    assert unknown.expand("$A") == "one"
    assert unknown.expand("${A:+x}") == "x"


def test_words_are_split_outside_quotes() -> None:
    assert scope(A="x y").expand_words("$A 'b c' d") == ("x", "y", "b c", "d")


def test_argument_takes_build_argument_then_default_then_global() -> None:
    given = Scope({}, base_known=True, global_arguments={"A": "g", "B": "g", "C": "g"}, build_arguments={"A": "cli"})
    given.declare_argument("A", "default")
    given.declare_argument("B", "default")
    given.declare_argument("C")
    assert [given.expand(word) for word in ("$A", "$B", "$C")] == ["cli", "default", "g"]


def test_global_argument_needs_a_declaration() -> None:
    stage = scope()
    assert stage.expand("$G") == ""
    stage.declare_argument("G")
    assert stage.expand("$G") == "global"


def test_default_beats_the_platform_value() -> None:
    stage = scope()
    stage.declare_argument("TARGETARCH", "amd64")
    assert stage.expand("$TARGETARCH") == "amd64"


def test_declared_argument_without_value_is_not_known_where_it_stands_plainly() -> None:
    for base_known in (True, False):
        stage = scope(base_known=base_known)
        stage.declare_argument("V")
        assert stage.expand("app-$V") is None
        assert stage.expand("${V:-1.0}") == "1.0"
        assert stage.expand("${V:+x}") == ""


def test_the_later_of_env_and_arg_wins() -> None:
    stage = scope()
    stage.declare_argument("V", "arg")
    stage.set_environment("V", "env")
    assert stage.expand("$V") == "env"
    stage.declare_argument("V", "later")
    assert stage.expand("$V") == "later"
    stage.declare_argument("V")  # without a value it changes nothing
    assert stage.expand("$V") == "later"
    assert stage.environment == {"V": "env"}


def test_environment_is_env_only_and_a_child_sees_both() -> None:
    parent = scope(BASE="b")
    parent.declare_argument("A", "1")
    parent.set_environment("E", "2")
    assert parent.environment == {"BASE": "b", "E": "2"}
    child = Scope(
        parent.environment, base_known=True, global_arguments={}, build_arguments={}, arguments=parent.arguments
    )
    assert child.expand("$BASE$A$E") == "b12"


def test_unresolved_names() -> None:
    given = scope(A="a", U=None)
    assert given.unresolved("$A-${B}-${C:-x}-$U-'$D'") == ("B", "U")
    assert given.unresolved("${A:-$B}") == ()


def test_backtick_escapes() -> None:
    windows = Scope({"A": "x"}, base_known=True, global_arguments={}, build_arguments={}, escape="`")
    assert windows.expand("C:\\$A`$A") == "C:\\x$A"


def test_growing_values_are_bounded() -> None:
    stage = scope(A="x" * 1000)
    started = time.process_time()
    for _ in range(60):
        stage.set_environment("A", stage.expand("$A$A"))
    assert stage.expand("$A") is None
    assert stage.expand("$A" * 100_000) is None
    stage.set_environment("B", "x" * (MAX_VALUE + 1))
    assert stage.expand("$B") is None
    assert time.process_time() - started < 10  # linear is 1.5 s; doubling without a bound would never end


def test_hostile_patterns_are_bounded() -> None:
    started = time.process_time()
    assert scope(A="a" * 5000).expand("${A#*a*a*a*a*a*a*b}") is None
    assert scope(A="a.b.c").expand("${A#*.*.}") == "c"
    assert time.process_time() - started < 10  # linear is 1.5 s; doubling without a bound would never end
