"""What a shell text says: expectations stand beside the texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depscan.shell.grammar import parse_tree
from depscan.shell.parser import MAX_TEXT, parse_script, parse_words
from depscan.shell.plain import read_plain

if TYPE_CHECKING:
    from depscan.shell.commands import Script, SimpleCommand

VARIABLES = {"HOME": "/root", "V": "1.2.3", "EMPTY": "", "LIST": "a  b\n c", "UNKNOWN": None}


def read(text: str, directory: str | None = "/w") -> Script:
    return parse_script(text, VARIABLES, directory)


def words(script: Script) -> list[list[str | None]]:
    return [[word.text for word in command.words] for command in script.commands]


def only(text: str) -> SimpleCommand:
    script = read(text)
    assert len(script.commands) == 1
    return script.commands[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x a 'b c' \"d e\" f\\ g", ["a", "b c", "d e", "f g"]),
        ("x it''s \"a\"'b'c", ["its", "abc"]),
        ('x "a\\"b\\$c\\n"', ['a"b$c\\n']),
        ("x $'a\\tb'", ["a\tb"]),
        ("x a \\\n b", ["a", "b"]),
        ("x $V ${V} \"$V\" '$V' v$V-x", ["1.2.3", "1.2.3", "1.2.3", "$V", "v1.2.3-x"]),
        ('x "  $V  "', ["  1.2.3  "]),
        ("x $EMPTY y", ["y"]),
        ('x "$EMPTY" y', ["", "y"]),
        ("x $LIST", ["a", "b", "c"]),
        ("x pre$LIST/post", ["prea", "b", "c/post"]),
        ('x "$LIST"', ["a  b\n c"]),
        ("x $UNKNOWN $NOWHERE a$NOWHERE", [None, None, None]),
        ("x ${EMPTY:-z} ${EMPTY-z} ${V:-z} ${V:+set} ${NOWHERE:-z} ${V:?m}", ["z", "1.2.3", "set", None, "1.2.3"]),
        ("x ${EMPTY:-$V}", ["1.2.3"]),
        ("x ${V%.*} ${V%%.*} ${V#*.} ${V##*.} ${V#9}", ["1.2", "1", "2.3", "3", "1.2.3"]),
        ("x $(ls) `ls` $((1+1)) <(ls)", [None, None, None, None]),
        ("x ~/a ~", ["/root/a", "/root"]),
        ("x a{b,c} {1..3} {} $V{a,b}", [None, None, "{}", None]),
        ("x é ü", ["é", "ü"]),
        ("x -- --flag=$V -e", ["--", "--flag=1.2.3", "-e"]),
    ],
)
def test_words_are_what_the_program_would_see(text: str, expected: list[str | None]) -> None:
    assert [word.text for word in only(text).words[1:]] == expected


@pytest.mark.parametrize(
    ("word", "glob"),
    [
        ("*.so", True),
        ("'*.so'", False),
        ('"*.so"', False),
        ("\\*.so", False),
        ("a?", True),
        ("[ab]c", True),
        ("a", False),
    ],
)
def test_an_unquoted_wildcard_is_a_glob(word: str, glob: bool) -> None:
    assert only(f"ls {word}").words[1].glob is glob


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1; x $A", [["x", "1"]]),
        ("A=1 x $A", [["x", None]]),
        ("A=1; A=$A.2; x $A", [["x", "1.2"]]),
        ("A=a; A+=b; x $A", [["x", "ab"]]),
        ('A="p q"; x $A', [["x", "p", "q"]]),
        ("export A=1 B; x $A", [["x", "1"]]),
        ("V=$(date); x $V", [["x", None]]),
        ("unset V; x ${V:-gone}", [["x", "gone"]]),
        ("if c; then V=2; fi; x $V", [["c"], ["x", None]]),
        ("if c; then V=2; y $V; fi", [["c"], ["y", "2"]]),
        ("case $V in 1.*) A=new;; *) A=old;; esac; x $A", [["x", "new"]]),
        ("case $UNKNOWN in a) A=1;; b) A=2;; esac; x $A", [["x", None]]),
        ("(V=2); x $V", [["x", "1.2.3"]]),
        ("echo y | read V; x $V", [["echo", "y"], ["read", "V"], ["x", "1.2.3"]]),
        ("for i in a b; do x $i$V; done", [["x", "a1.2.3"], ["x", "b1.2.3"]]),
        ("for i in $(ls); do x $i; done", [["x", None]]),
        ("for i in *.so; do x $i; done", [["x", None]]),
        ("f() { x $1; }; f p; f q", [["x", "p"], ["x", "q"]]),
        ("f() { x; }", []),
        ("sh -c 'x $V'", [["x", "1.2.3"]]),
        ("A=1; sh -c 'x $A'", [["x", None]]),
        ("export A=1; bash -ec 'x $A'", [["x", "1"]]),
        ("A=1 sh -c 'x $A'", [["x", "1"]]),
        ("eval 'A=5'; x $A", [["x", "5"]]),
        ("bash -euxo pipefail -c 'x; y'", [["x"], ["y"]]),
        ("su - postgres -c 'x y'", [["x", "y"]]),
        ("bash <<'EOF'\nx $V\nEOF\n", [["x", "1.2.3"]]),
        ("<<EOF bash\nx $V\nEOF", [["x", "1.2.3"]]),
        ("bash script.sh", [["bash", "script.sh"]]),
    ],
)
def test_variables_live_as_in_a_shell(text: str, expected: list[list[str | None]]) -> None:
    script = read(text)
    assert (words(script), script.understood) == (expected, True)


@pytest.mark.parametrize(
    ("text", "certain", "conditional"),
    [
        ("a && b; c", "abc", ""),
        ("a || b", "", "ab"),
        ("a || exit 1", "a", "exit"),
        ("a || { echo no; exit 1; }; b", "ab", "echo exit"),
        ("a && b || c; d", "d", "abc"),
        ("a | b", "ab", ""),
        ("(a; b) && { c; }", "abc", ""),
        ("if a; then b; elif c; then d; else e; fi; f", "f", "abcde"),
        ("while a; do b; done", "", "ab"),
        ("for i in 1 2; do a; done", "aa", ""),
        ("for i in $(x); do a; done", "", "a"),
        ("case $UNKNOWN in x) a;; *) b;; esac", "", "ab"),
        ("case $V in 1*) a;; *) b;; esac", "a", ""),
        ("V=1; if [ $V = 1 ]; then a; else b; fi; c", "ac", ""),
        ('V=1; if [ "$V" != 1 ]; then a; elif [ -n "$V" ]; then b; else c; fi', "b", ""),
        ('V=; if [ -z "$V" ] && [ ! "$V" ]; then a; fi', "a", ""),
        ("V=1; if [[ $V == 1* ]]; then a; else b; fi", "", "ab"),
        ('V=1; if [ "$V" = 1 -o "$U" = 1 ]; then a; fi', "", "a"),
        ("V=1; if [ $U = 1 ]; then a; elif [ $V = 1 ]; then b; else c; fi", "", "ab"),
        ("V=1; [ $V = 2 ] && a; [ $V = 2 ] || b; [ $V = 1 ] && c", "bc", ""),
        ("V=1; if [ $V = 1 ] && a; then b; fi", "", "ab"),
        ("[ -f x ] && a", "a", ""),
        ("[ -f x ] && a; b", "b", "a"),
        ("test -f x && a && b; c", "testc", "ab"),
        ("! a && b; c", "ac", "b"),
        ("sh -c 'a || true'", "", "a true"),
        ("a & b", "ab", ""),
        ("set -e\na\nb", "setab", ""),
    ],
)
def test_control_flow_makes_commands_conditional(text: str, certain: str, conditional: str) -> None:
    found: dict[bool, str] = {False: "", True: ""}
    for command in read(text).commands:
        found[command.conditional] += command.name or "?"
    assert (found[False], found[True]) == (certain, conditional.replace(" ", ""))


@pytest.mark.parametrize(
    ("text", "directory"),
    [
        ("x", "/w"),
        ("cd a && x", "/w/a"),
        ("cd /b/../c/ && x", "/c"),
        ("cd /b && cd $PWD/c && x", "/b/c"),
        ("cd /b && y=$(pwd) && cd / && cd $y/c && x", "/b/c"),
        ("cd $NOWHERE && cd $PWD/c && x", None),
        ("cd $V && x", "/w/1.2.3"),
        ("cd $NOWHERE && x", None),
        ("cd $NOWHERE && cd /d && x", "/d"),
        ("cd && x", "/root"),
        ("cd /e && cd - && x", "/w"),
        ("(cd /f) && x", "/w"),
        ("cd /f | x", "/w"),
        ("pushd /g && popd && x", "/w"),
        ("if c; then cd /h; fi; x", None),
        ("sh -c 'cd /i'; x", "/w"),
        ("eval 'cd /i'; x", "/i"),
        ("cd a*; x", None),
    ],
)
def test_the_directory_is_tracked(text: str, directory: str | None) -> None:
    assert read(text).commands[-1].directory == directory


def test_an_unknown_start_leaves_relative_directories_unknown() -> None:
    assert [command.directory for command in read("x; cd a; y; cd /b; z", None).commands[::2]] == [None, None, "/b"]


@pytest.mark.parametrize(
    ("text", "expected", "assignments"),
    [
        ("sudo -E -u root x y", ["x", "y"], ()),
        ("env -i A=1 B=$V x", ["x"], (("A", "1"), ("B", "1.2.3"))),
        ("A=$V x", ["x"], (("A", "1.2.3"),)),
        ("export A=1; x", ["x"], (("A", "1"),)),
        ("exec x", ["x"], ()),
        ("timeout -k 5 30 x", ["x"], ()),
        ("nice -n 10 time -f %e x", ["x"], ()),
        ("xargs -0 -n 1 rm -rf", ["rm", "-rf", None], ()),
        ("command -v x", ["command", "-v", "x"], ()),
        ("command x", ["x"], ()),
        ("busybox cp a b", ["cp", "a", "b"], ()),
        ("/usr/bin/env x", ["x"], ()),
        ("nohup", ["nohup"], ()),
    ],
)
def test_wrappers_are_stripped(text: str, expected: list[str], assignments: tuple[tuple[str, str], ...]) -> None:
    command = read(text).commands[-1]
    assert ([word.text for word in command.words], command.assignments) == (expected, assignments)


@pytest.mark.parametrize(
    ("text", "outputs", "stdin"),
    [
        ("x > f", [[(">", "f")]], [None]),
        ("x >> $V 2>&1", [[(">>", "1.2.3")]], [None]),
        ("x 2> /dev/null < in", [[(">", "/dev/null")]], [None]),
        (">f x", [[(">", "f")]], [None]),
        ("> f", [[(">", "f")]], [None]),
        ("a && b > f", [[], [(">", "f")]], [None, None]),
        ("a | b > f", [[("|", None)], [(">", "f")]], [None, None]),
        ("a >&2", [[(">&", "/dev/fd/2")]], [None]),
        ("cat > f <<EOF\nx $V\nEOF\n", [[(">", "f")]], ["x 1.2.3\n"]),
        ("cat <<'EOF' > f\nx $V\nEOF\n", [[(">", "f")]], ["x $V\n"]),
        ("cat <<EOF\n$(date)\nEOF\n", [[]], [None]),
        ("cat <<-EOF\n\ta\n\t\tb\n\tEOF\n", [[]], ["a\nb\n"]),
        ("cat > f <<EOF && y\nx\nEOF\n", [[(">", "f")], []], ["x\n", None]),
        ("cat <<EOF | tee f\nx\nEOF\n", [[("|", None)], []], ["x\n", "x\n"]),
        ("x <<< $V", [[]], ["1.2.3\n"]),
        ("{ a; b > g; } > f", [[(">", "f")], [(">", "/w/f")], [(">", "g")]], [None] * 3),
        ("( a | b ) >> f", [[(">>", "f")], [("|", None)], [(">>", "/w/f")]], [None] * 3),
        ("for i in 1 2; do a; done > f", [[(">", "f")], *[[(">", "/w/f")]] * 2], [None] * 3),
        ("if a; then b; fi > f", [[(">", "f")], *[[(">", "/w/f")]] * 2], [None] * 3),
        ("f() { a; }; f > g", [[(">", "g")], [(">", "/w/g")]], [None] * 2),
        ("sh -c 'a; b' > f", [[(">", "f")], *[[(">", "/w/f")]] * 2], [None] * 3),
        ("{ echo a; printf b; } | tee f", [[("|", None)], [("|", None)], []], [None, None, "a\nb"]),
        ("{ echo a | x; echo b; } | tee f", [[("|", None)]] * 3 + [[]], [None, "a\n", None, None]),
        ("if a; then echo b; fi | tee f", [[("|", None)]] * 2 + [[]], [None] * 3),
    ],
)
def test_redirections(text: str, outputs: list[list[tuple[str, str]]], stdin: list[str | None]) -> None:
    commands = read(text).commands
    assert [[(each.operator, each.target.text) for each in command.redirects] for command in commands] == outputs
    assert [command.stdin for command in commands] == stdin


def test_piped_input_is_marked_behind_the_first() -> None:
    assert [command.piped_input for command in read("a | b | c; d").commands] == [False, True, True, False]


@pytest.mark.parametrize(
    ("text", "number", "marked"),
    [
        ("é; cp ä /x", 1, "cp ä /x"),
        ("sh -c 'a && cp x y'", 1, "cp x y"),
        ('sh -c "cp \\"x\\" y"', 0, 'sh -c "cp \\"x\\" y"'),
        ("a && b", 1, "b"),
        ("bash -s <<EOF\na\n  cp x y\nEOF", 1, "cp x y"),
        ("<<EOF bash\na\n  cp x y\nEOF", 1, "cp x y"),
        ("cat > f <<EOF && y z\nx\nEOF\n", 1, "y z"),
    ],
)
def test_offsets_cut_the_command_from_the_text(text: str, number: int, marked: str) -> None:
    command = read(text).commands[number]
    assert text[command.start : command.end] == marked


@pytest.mark.parametrize(
    "text",
    [
        "if [ -f x ; then a",
        "a | ",
        "echo 'unterminated",
        "f() { f; f; }; f",
        "(" * 200 + "a" + ")" * 200,
        "sh -c $UNKNOWN",
        "x" * (MAX_TEXT + 1),
        "for i in 1 2 3 4 5 6 7 8 9; do " * 8 + ":;" + "done;" * 8,
        "sh -c 'sh -c \"sh -c '\\''sh -c \\\"sh -c x\\\"'\\''\"'",
    ],
)
def test_what_is_broken_or_beyond_bounds_is_not_understood(text: str) -> None:
    assert not read(text).understood


def test_what_stands_before_a_fault_is_kept() -> None:
    script = read("apk add a && if b; then")
    assert (words(script)[0], script.understood) == (["apk", "add", "a"], False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ls | xargs -I % sh -c 'cp % /b/%.x; d c%'", [["cp", None, None], ["d", None]]),
        ("ls | xargs -I{} cp {} /b", [["cp", None, "/b"]]),
        ("ls | xargs -i cp {} a", [["cp", None, "a"]]),
        ("ls | xargs -iX cp X a", [["cp", None, "a"]]),
        ("ls | xargs --replace=X cp X a", [["cp", None, "a"]]),
        ("ls | xargs --replace cp {} a", [["cp", None, "a"]]),
        ("ls | xargs -n 1 cp a", [["cp", "a", None]]),
        ("ls | xargs -I % sh -c 'x=%; if [ \"$x\" = a ]; then b; else c; fi'", [["b"], ["c"]]),
    ],
)
def test_what_xargs_fills_in_is_not_known(text: str, expected: list[list[str | None]]) -> None:
    _, *commands = read(text).commands
    assert [[word.text for word in command.words] for command in commands] == expected


def test_what_runs_for_each_item_may_not_run_at_all() -> None:
    assert [command.conditional for command in read("ls | xargs -I % a").commands] == [False, True]
    assert [command.conditional for command in read("ls | xargs a").commands] == [False, False]


def test_exec_form_follows_wrappers_and_scripts() -> None:
    assert words(parse_words(["/bin/sh", "-c", "cd /a && x $V"], VARIABLES)) == [["cd", "/a"], ["x", "1.2.3"]]
    assert words(parse_words(["x", "$V", "a b"], VARIABLES)) == [["x", "$V", "a b"]]


PLAIN = st.lists(
    st.sampled_from(
        [
            "&&",
            " ",
            "apk",
            "add",
            "a=1",
            "-x",
            "--y=z",
            "/p/q",
            "a_b.c",
            "time",
            "if",
            "+x",
            "\t",
            "@",
            "*",
            "/l/*",
            "b*.so",
        ]
    ),
    max_size=12,
).map(" ".join)


@given(PLAIN)
def test_the_short_way_reads_as_the_grammar_does(text: str) -> None:
    plain = read_plain(text)
    if plain is None:
        return
    assert not parse_tree(text).has_error
    # A comment at the end forces the long way.
    long_way = parse_script(text + " #", VARIABLES, "/w")
    assert parse_script(text, VARIABLES, "/w") == long_way


@given(st.text(alphabet="ab $\"'`\\(){}|&;<>\n=#!*é0~[]", max_size=60))
def test_no_text_raises(text: str) -> None:
    for command in parse_script(text, VARIABLES, "/w").commands:
        assert 0 <= command.start <= command.end <= len(text)


@pytest.mark.parametrize(
    ("text", "seen"),
    [  # each as dash and bash run `env | grep ^A=` in the place of x, where A=0 stands in the environment of RUN
        ("x", "0"),
        ("A=1; x", "1"),
        ("unset A; x", ""),
        ("unset A; A=1; x", ""),
        ("export -n A; x", ""),
        ("declare +x A; x", ""),
        ("env -u A x", ""),
        ("unset A; export A=2; x", "2"),
        ("A=1 sh -c x", "1"),
        ("unset A; sh -c x", ""),
        ("f() { x; }; A=1 f", "1"),
        ("f() { :; }; A=1 f; x", "0"),
        ("A=1 sh -c y; x", "0"),
        ("(A=1); x", "0"),
        ("A=1 | x", "0"),
        ("A=1 y && x", "0"),
        ("bash -c 'unset A; x'", ""),
    ],
)
def test_what_programs_see_of_a_variable(text: str, seen: str) -> None:
    (command,) = (each for each in parse_script(text, {"A": "0"}).commands if each.name == "x")
    assert ({"A": "0"} | dict(command.assignments))["A"] == seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [  # the same where A is in no environment
        ("A=1; x", None),
        ("A=1; sh -c x", None),
        ("A=1; export A; x", "1"),
        ("declare -x A=1; x", "1"),
        ("declare A=1; x", None),
        ("readonly A=1; x", None),
        ("f() { export A=1; }; f; x", "1"),
        ("f() { x; }; A=1; f", None),
        ("f() { :; }; A=1 f; x", None),
        ("export B=1; A=1 eval :; x", None),
        ("set -a; A=1; x", "1"),
        ("(export A=1); x", None),
    ],
)
def test_what_is_not_exported_reaches_no_program(text: str, seen: str | None) -> None:
    (command,) = (each for each in parse_script(text, {}).commands if each.name == "x")
    assert dict(command.assignments).get("A") == seen
