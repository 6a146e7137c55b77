"""A shell text to its simple commands, in the order they would run.

In: the text of RUN (or a script), the variables of its environment, the directory it starts in. Out: `Script`. The
walk keeps variables, directory and functions up to date as a shell would; nothing is executed. Where control flow may
leave a command out, or the build goes on though it failed (`a || b`), it is `conditional`; in `a && b`, b is not, since
the build fails when a does, unless a is a test within a longer script. Functions are read where they are called.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.shell.commands import Script, ShellWord, SimpleCommand
from depscan.shell.grammar import last_command, parse_tree, statements
from depscan.shell.invocation import base_name, reads_standard_input, script_argument, unwrap
from depscan.shell.outcomes import ends_script, gives_up, queries
from depscan.shell.plain import read_plain
from depscan.shell.redirects import heredoc_of, put_command_first, read_input, read_redirects
from depscan.shell.state import ShellState, merge
from depscan.shell.words import expand_value, expand_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tree_sitter import Node

    from depscan.shell.commands import Redirect
    from depscan.shell.state import Assignments

MAX_TEXT = 200_000  # code points; the longest RUN among 100,000 real Dockerfiles has a tenth of that
MAX_STEPS = 20_000  # statements read, after unrolling loops and functions
MAX_DEPTH = 60  # nested syntax
MAX_SCRIPTS = 4  # scripts in arguments of scripts
MAX_UNROLLED = 40  # values of a for loop


def parse_script(text: str, variables: Mapping[str, str | None], directory: str | None = None) -> Script:
    """The commands of `text`.

    `variables` maps names to values (None: set, but not known); a name it lacks is not known either. `directory` is
    where the script starts. Offsets in the result are code points of `text`. Text beyond MAX_TEXT, or nested or
    unrolled beyond the bounds above, is not understood.
    """
    if len(text) > MAX_TEXT:
        return Script((), understood=False)
    text = put_command_first(text)
    walk = _Walk(text, ShellState(dict(variables), set(variables), directory))
    plain = read_plain(text)
    if plain is None:
        walk.read()
    else:
        for words in plain:
            walk.call(words, _Call(words[0].start, words[-1].end))
    return Script(tuple(walk.commands), walk.understood)


def parse_words(words: Sequence[str], variables: Mapping[str, str | None], directory: str | None = None) -> Script:
    """The same for exec form: one program, no shell; wrappers and `sh -c` are followed. All offsets are 0."""
    walk = _Walk("", ShellState(dict(variables), set(variables), directory))
    walk.call(tuple(ShellWord(word, word, 0, 0) for word in words), _Call(0, 0))
    return Script(tuple(walk.commands), walk.understood)


class _Call(Struct, frozen=True):
    """How and where a simple command stands."""

    start: int
    end: int
    conditional: bool = False
    piped: bool = False
    assignments: Assignments = ()
    redirects: tuple[Redirect, ...] = ()
    stdin: str | None = None


class _Walk:
    """One pass over one text. `scripts` counts the scripts around it."""

    def __init__(self, text: str, state: ShellState, scripts: int = 0) -> None:
        self.text = text
        self.state = state
        self.scripts = scripts
        self.depth = 0
        self.steps = 0
        self.commands: list[SimpleCommand] = []
        self.understood = True
        self.functions: dict[str, Node] = {}
        self.outputs: dict[int, tuple[tuple[Redirect, ...], str | None]] = {}

    def read(self, *, conditional: bool = False) -> None:
        """Parse the text and read all of it."""
        root = parse_tree(self.text)
        self.understood = not root.has_error
        self.visit(root, conditional)

    def visit(self, node: Node, conditional: bool, piped: bool = False) -> None:
        """Read one statement; one that has no reader makes the script not understood."""
        self.steps += 1
        if self.depth >= MAX_DEPTH or self.steps > MAX_STEPS:
            self.understood = False
            return
        self.depth += 1
        if node.type == "command":
            self._command(node, conditional, piped)
        elif node.type in _STATEMENTS:
            _STATEMENTS[node.type](self, node, conditional)
        elif node.type not in _SILENT:
            self.understood = False
        self.depth -= 1

    def _all(self, node: Node, conditional: bool) -> None:
        for child in statements(node):
            self.visit(child, conditional)

    def _broken(self, node: Node, conditional: bool) -> None:  # noqa: ARG002 - what stands in it may not run at all
        self._all(node, True)

    def _list(self, node: Node, conditional: bool) -> None:
        """`a && b`, `a || b`."""
        left, *right = statements(node)
        alternative = any(child.type == "||" for child in node.children)
        tolerated = alternative and not (right and gives_up(right[-1], self.text))
        may_fail = queries(left, self.text) and not ends_script(node)
        self.visit(left, conditional or tolerated)
        for child in right:
            self.visit(child, conditional or alternative or may_fail)

    def _pipeline(self, node: Node, conditional: bool) -> None:
        """Each part runs in a shell of its own. One behind a here-document starts with the bar."""
        for place, child in enumerate(statements(node)):
            saved = self.state.copy()
            self.visit(child, conditional, place > 0 or node.children[0].type == "|")
            self.state = saved

    def _subshell(self, node: Node, conditional: bool) -> None:
        saved = self.state.copy()
        self._all(node, conditional)
        self.state = saved

    def _if(self, node: Node, conditional: bool) -> None:  # noqa: ARG002 - all parts of it are conditional
        branches = [child for child in statements(node) if child.type in {"elif_clause", "else_clause"}]
        main = [child for child in statements(node) if child not in branches]
        self._branches([main, *([branch] for branch in branches)])

    def _while(self, node: Node, conditional: bool) -> None:  # noqa: ARG002 - a loop may run no time at all
        self._branches([statements(node)])

    def _for(self, node: Node, conditional: bool) -> None:
        """A loop over words that are all known is unrolled, and as certain as it stands."""
        name, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        values = [word for child in node.children_by_field_name("value") for word in self._expand(child)]
        known = bool(values) and all(word.text is not None and not word.glob for word in values)
        if body is None:
            self.understood = False
        elif name is None or not known or len(values) > MAX_UNROLLED:
            self.state.variables |= {self._raw(name): None} if name else {}
            self._branches([[body]])
        else:
            for word in values:
                self.state.variables[self._raw(name)] = word.text
                self.visit(body, conditional)

    def _case(self, node: Node, conditional: bool) -> None:
        """A subject that is known picks its branch; else each may run."""
        items = [child for child in node.children if child.type == "case_item"]
        subject = expand_value(node.child_by_field_name("value"), self.text, self.state.variables)
        for item in items:
            values = item.children_by_field_name("value")
            patterns = [expand_value(value, self.text, self.state.variables) for value in values]
            if subject is None or None in patterns:
                self._branches([[each] for each in items])
                return
            if any(fnmatchcase(subject, pattern or "") for pattern in patterns):
                self.visit(item, conditional)
                return

    def _item(self, node: Node, conditional: bool) -> None:
        patterns = node.children_by_field_name("value")
        for child in statements(node):
            if child not in patterns:
                self.visit(child, conditional)

    def _branches(self, branches: Iterable[Sequence[Node]]) -> None:
        """Read each from the same state."""
        before, ends = self.state, []
        for branch in branches:
            self.state = before.copy()
            for child in branch:
                self.visit(child, True)
            ends.append(self.state)
        self.state = merge(before, ends)

    def _function(self, node: Node, conditional: bool) -> None:  # noqa: ARG002 - it runs where it is called
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            self.functions[self._raw(name)] = body

    def _assign(self, node: Node, conditional: bool) -> None:  # noqa: ARG002 - `merge` deals with conditions
        self.state.assign(self._assignments(node.children if node.type == "variable_assignments" else [node]))

    def _declare(self, node: Node, conditional: bool) -> None:
        """`export A=b`, `export A`, `local`, `readonly`, `declare`."""
        for child in node.children[1:]:
            if child.type == "variable_assignment":
                self._assign(child, conditional)
            name = self._raw(child).split("=", 1)[0]
            if self._raw(node.children[0]) == "export" and name.isidentifier():
                self.state.export(name)

    def _unset(self, node: Node, conditional: bool) -> None:  # noqa: ARG002 - as above
        for child in node.children:
            if child.type == "variable_name":
                self.state.variables[self._raw(child)] = ""

    def _assignments(self, nodes: Iterable[Node]) -> Assignments:
        pairs = []
        for node in nodes:
            name = node.child_by_field_name("name") if node.type == "variable_assignment" else None
            if name is None:
                continue
            value = expand_value(node.child_by_field_name("value"), self.text, self.state.variables)
            if any(child.type == "+=" for child in node.children):
                old = self.state.variables.get(self._raw(name))
                value = None if old is None or value is None else old + value
            pairs.append((self._raw(name), value))
        return tuple(pairs)

    def _redirected(self, node: Node, conditional: bool) -> None:
        """Outputs go to the last command of the body: the grammar hangs `a && b > f` so."""
        redirects = read_redirects(node, self.text, self.state.variables)
        stdin = read_input(node, self.text, self.state.variables)
        body, here = node.child_by_field_name("body"), heredoc_of(node)
        last = None if body is None else last_command(body)
        if body is None or last is None:
            self._enter((), _Call(node.start_byte, node.end_byte, conditional, redirects=redirects, stdin=stdin))
        else:
            self.outputs[last.id] = (redirects, stdin)
            self.visit(body, conditional)
            if self.outputs.pop(last.id, None) and redirects and self.commands:
                self.commands[-1] = replace(self.commands[-1], redirects=(*self.commands[-1].redirects, *redirects))
        if here is not None:
            self._after_heredoc(here, conditional)

    def _after_heredoc(self, here: Node, conditional: bool) -> None:
        """What stands behind `<<EOF` on its line: `&& b`, `|| b`, `| b`."""
        alternative = any(child.type == "||" for child in here.children)
        for child in statements(here):
            if child.type not in {"heredoc_start", "heredoc_body", "heredoc_end", "file_redirect"}:
                self.visit(child, conditional or alternative)

    def _command(self, node: Node, conditional: bool, piped: bool) -> None:
        redirects, stdin = self.outputs.pop(node.id, ((), None))
        if stdin is None:
            stdin = read_input(node, self.text, self.state.variables)
        parts = [*node.children_by_field_name("name"), *node.children_by_field_name("argument")]
        call = _Call(
            node.start_byte,
            node.end_byte,
            conditional,
            piped,
            self._assignments(node.children),
            (*read_redirects(node, self.text, self.state.variables), *redirects),
            stdin,
        )
        self.call(tuple(word for part in parts for word in self._expand(part)), call)

    def call(self, words: tuple[ShellWord, ...], call: _Call) -> None:
        """Read a simple command: follow `cd`, functions, wrappers and scripts in arguments, else enter it."""
        invocation = unwrap(words)
        words = invocation.words
        call = replace(call, assignments=(*call.assignments, *invocation.assignments))
        name = base_name(words[0]) if words else None
        script = script_argument(words)
        if name in self.functions:
            self.state.variables |= {str(place): word.text for place, word in enumerate(words[1:], 1)}
            self.visit(self.functions[name], call.conditional)
        elif script is not None:
            self._run_script(script.text, script, call, shares=name == "eval")
        elif reads_standard_input(words) and call.stdin is not None:
            self._run_script(call.stdin, None, call, shares=False)
        else:
            self._enter(words, call)
            if name in {"cd", "pushd", "popd"}:
                self.state.change_directory(words)

    def _enter(self, words: tuple[ShellWord, ...], call: _Call) -> None:
        self.commands.append(
            SimpleCommand(
                words=words,
                assignments=self.state.environment(call.assignments),
                redirects=call.redirects,
                directory=self.state.directory,
                conditional=call.conditional,
                piped_input=call.piped,
                start=call.start,
                end=call.end,
                stdin=call.stdin,
            )
        )

    def _run_script(self, text: str | None, word: ShellWord | None, call: _Call, *, shares: bool) -> None:
        """A second pass over a script in an argument or here-document; `shares` says that it runs in this shell."""
        if text is None or self.scripts >= MAX_SCRIPTS or self.steps > MAX_STEPS:
            self.understood = False
            return
        state = self.state.copy() if shares else self.state.inherited(call.assignments)
        walk = _Walk(text, state, self.scripts + 1)
        walk.steps = self.steps
        walk.read(conditional=call.conditional)
        self.steps = walk.steps
        self.understood &= walk.understood
        start = self._place_of(text, word, call)
        for command in walk.commands:
            self.commands.append(_place(command, call) if start is None else _shift(command, start))
        if shares:
            self.state = walk.state

    def _place_of(self, text: str, word: ShellWord | None, call: _Call) -> int | None:
        """Where a script stands verbatim in this text; None when quoting or expansion made it another."""
        if word is not None:
            return word.start + 1 if word.raw[1:-1] == text else None
        start = self.text.find("\n" + text, call.end)
        return None if start < 0 else start + 1

    def _expand(self, node: Node) -> list[ShellWord]:
        return expand_word(node, self.text, self.state.variables)

    def _raw(self, node: Node) -> str:
        return self.text[node.start_byte : node.end_byte]


def _shift(command: SimpleCommand, by: int) -> SimpleCommand:
    """Offsets of a script that stands verbatim in the text around it."""
    words = tuple(replace(word, start=word.start + by, end=word.end + by) for word in command.words)
    return replace(command, words=words, start=command.start + by, end=command.end + by)


def _place(command: SimpleCommand, call: _Call) -> SimpleCommand:
    """Offsets of a script whose text differs from what is written: those of the command that runs it."""
    words = tuple(replace(word, start=call.start, end=call.end) for word in command.words)
    return replace(command, words=words, start=call.start, end=call.end)


_SILENT = frozenset({"comment", "test_command", "word", "heredoc_body", "heredoc_end", "variable_name"})
_STATEMENTS: dict[str, Callable[[_Walk, Node, bool], None]] = {
    "ERROR": _Walk._broken,
    "program": _Walk._all,
    "list": _Walk._list,
    "pipeline": _Walk._pipeline,
    "subshell": _Walk._subshell,
    "compound_statement": _Walk._all,
    "do_group": _Walk._all,
    "elif_clause": _Walk._all,
    "else_clause": _Walk._all,
    "negated_command": _Walk._all,
    "if_statement": _Walk._if,
    "while_statement": _Walk._while,
    "c_style_for_statement": _Walk._for,
    "for_statement": _Walk._for,
    "case_statement": _Walk._case,
    "case_item": _Walk._item,
    "function_definition": _Walk._function,
    "variable_assignment": _Walk._assign,
    "variable_assignments": _Walk._assign,
    "declaration_command": _Walk._declare,
    "unset_command": _Walk._unset,
    "redirected_statement": _Walk._redirected,
}
