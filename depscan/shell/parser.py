"""A shell text to its simple commands, in the order they would run.

In: the text of RUN (or a script), the variables of its environment, the directory it starts in. Out: `Script`. The
walk keeps variables, directory and functions up to date as a shell would; nothing is executed. Where control flow may
leave a command out, or the build goes on though it failed (`a || b`), it is `conditional`; in `a && b`, b is not, since
the build fails when a does, unless a is a test within a longer script. Functions are read where they are called.
"""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.shell.commands import Redirect, Script, ShellWord, SimpleCommand
from depscan.shell.grammar import parse_tree
from depscan.shell.invocation import ASSIGNMENT, base_name, reads_standard_input, script_argument, unwrap
from depscan.shell.plain import read_plain
from depscan.shell.words import expand_text, expand_value, expand_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tree_sitter import Node

    Variables = Mapping[str, str | None]

MAX_TEXT = 200_000  # code points; the longest RUN among 100,000 real Dockerfiles has a tenth of that
MAX_COMMANDS = 5_000  # after unrolling loops and functions
MAX_DEPTH = 60  # nested syntax
MAX_SCRIPTS = 4  # scripts in arguments of scripts
MAX_UNROLLED = 40  # values of a for loop

_QUERIES = frozenset({"test", "[", "grep", "egrep", "command", "which", "type", "diff", "cmp", "id", "getent"})
_GIVES_UP = re.compile(r"\b(exit\s+([1-9]\d*|\$\?|\"?\$\w+\"?)|exit|false|return\s+1)\s*;?\s*[)}]?\s*$")
_ENDED = object()


def parse_script(text: str, variables: Variables, directory: str | None = None) -> Script:
    """The commands of `text`.

    `variables` maps names to values (None: set, but not known); a name it lacks is not known either. `directory` is
    where the script starts. Offsets in the result are code points of `text`. Text beyond MAX_TEXT, or nested or
    unrolled beyond the bounds above, is not understood.
    """
    if len(text) > MAX_TEXT:
        return Script((), understood=False)
    plain = read_plain(text)
    walk = _Walk(text, _State(dict(variables), set(variables), directory))
    if plain is None:
        root = parse_tree(text)
        walk.understood = not root.has_error
        walk.visit(root, conditional=False)
    else:
        for words in plain:
            walk.call(words, _Call(words[0].start, words[-1].end))
    return Script(tuple(walk.commands), walk.understood)


def parse_words(words: Sequence[str], variables: Variables, directory: str | None = None) -> Script:
    """The same for exec form: one program, no shell; wrappers and `sh -c` are followed. All offsets are 0."""
    walk = _Walk("", _State(dict(variables), set(variables), directory))
    walk.call(tuple(ShellWord(word, word, 0, 0) for word in words), _Call(0, 0))
    return Script(tuple(walk.commands), walk.understood)


class _State(Struct):
    """What a running shell knows: variables (those exported named apart), directory, the one before, functions."""

    variables: dict[str, str | None]
    exported: set[str]
    directory: str | None
    previous: str | None = None
    set_here: tuple[str, ...] = ()

    def copy(self) -> _State:
        return replace(self, variables=dict(self.variables), exported=set(self.exported))


class _Call(Struct, frozen=True):
    """How and where a simple command stands."""

    start: int
    end: int
    conditional: bool = False
    piped: bool = False
    assignments: tuple[tuple[str, str | None], ...] = ()
    redirects: tuple[Redirect, ...] = ()
    stdin: str | None = None


class _Walk:
    """One pass over one text."""

    def __init__(self, text: str, state: _State, scripts: int = 0) -> None:
        self.text = text
        self.state = state
        self.scripts = scripts
        self.depth = 0
        self.commands: list[SimpleCommand] = []
        self.understood = True
        self.functions: dict[str, Node] = {}
        self.outputs: dict[int, tuple[tuple[Redirect, ...], str | None]] = {}

    # -- statements ---------------------------------------------------------------------------------------------

    def visit(self, node: Node, *, conditional: bool, piped: bool = False) -> None:
        """Read one statement; what has no reader makes the script not understood."""
        if self.depth >= MAX_DEPTH or len(self.commands) >= MAX_COMMANDS:
            self.understood = False
            return
        self.depth += 1
        if node.type == "command":
            self._command(node, conditional=conditional, piped=piped)
        elif node.type in _STATEMENTS:
            _STATEMENTS[node.type](self, node, conditional)
        elif node.type == "ERROR":
            self._all(node, conditional=True)
        elif node.type not in _SILENT:
            self.understood = False
        self.depth -= 1

    def _all(self, node: Node, conditional: bool) -> None:
        for child in _statements(node):
            self.visit(child, conditional=conditional)

    def _list(self, node: Node, conditional: bool) -> None:
        """`a && b`, `a || b`."""
        left, right = _statements(node)[:1], _statements(node)[1:]
        alternative = any(child.type == "||" for child in node.children)
        gives_up = alternative and right and _GIVES_UP.search(self._raw(right[-1]))
        may_fail = _queries(left[-1], self.text) and not _ends_script(node) if left else False
        for child in left:
            self.visit(child, conditional=conditional or (alternative and not gives_up))
        for child in right:
            self.visit(child, conditional=conditional or alternative or may_fail)

    def _pipeline(self, node: Node, conditional: bool) -> None:
        for place, child in enumerate(_statements(node)):
            saved = self.state.copy()
            self.visit(child, conditional=conditional, piped=place > 0 or node.children[0].type == "|")
            self.state = saved

    def _subshell(self, node: Node, conditional: bool) -> None:
        saved = self.state.copy()
        self._all(node, conditional)
        self.state = saved

    def _if(self, node: Node, conditional: bool) -> None:  # noqa: ARG002 - all parts of it are conditional
        branches = [child for child in _statements(node) if child.type in {"elif_clause", "else_clause"}]
        main = [child for child in _statements(node) if child not in branches]
        self._branches([main, *([branch] for branch in branches)])

    def _loop(self, node: Node, conditional: bool) -> None:  # noqa: ARG002 - a loop may run no time at all
        self._branches([_statements(node)])

    def _for(self, node: Node, conditional: bool) -> None:
        """A loop over words that are all known is unrolled, and as certain as it stands."""
        name = node.child_by_field_name("variable")
        body = node.child_by_field_name("body")
        values = [word for child in node.children_by_field_name("value") for word in self._expand(child)]
        if name is None or body is None:
            self.understood = False
            return
        variable = self._raw(name)
        if values and len(values) <= MAX_UNROLLED and all(word.text is not None and not word.glob for word in values):
            for word in values:
                self.state.variables[variable] = word.text
                self.visit(body, conditional=conditional)
            return
        self.state.variables[variable] = None
        self._branches([[body]])

    def _case(self, node: Node, conditional: bool) -> None:
        """A subject that is known picks its branch; else each may run."""
        items = [child for child in node.children if child.type == "case_item"]
        value = node.child_by_field_name("value")
        subject = expand_value(value, self.text, self.state.variables)
        for item in items:
            patterns = [self._pattern(pattern) for pattern in item.children_by_field_name("value")]
            if subject is None or None in patterns:
                break
            if any(fnmatchcase(subject, pattern or "") for pattern in patterns):
                self._item(item, conditional)
                return
        else:
            return
        self._branches([[item] for item in items])

    def _item(self, node: Node, conditional: bool) -> None:
        patterns = node.children_by_field_name("value")
        for child in _statements(node):
            if child not in patterns:
                self.visit(child, conditional=conditional)

    def _pattern(self, node: Node) -> str | None:
        return expand_value(node, self.text, self.state.variables)

    def _branches(self, branches: Sequence[Sequence[Node]]) -> None:
        """Read each from the same state; what one of them changed is not known afterwards."""
        before = self.state.copy()
        after = before.copy()
        for branch in branches:
            self.state = before.copy()
            for child in branch:
                self.visit(child, conditional=True)
            for name, value in self.state.variables.items():
                if before.variables.get(name, _ENDED) != value:
                    after.variables[name] = None
            after.exported |= self.state.exported
            after.set_here = tuple(dict.fromkeys([*after.set_here, *self.state.set_here]))
            if self.state.directory != before.directory:
                after.directory = None
        self.state = after

    def _function(self, node: Node, conditional: bool) -> None:  # noqa: ARG002 - it runs where it is called
        name = node.child_by_field_name("name")
        body = node.child_by_field_name("body")
        if name is not None and body is not None:
            self.functions[self._raw(name)] = body

    # -- variables ----------------------------------------------------------------------------------------------

    def _assign(self, node: Node, conditional: bool) -> None:  # noqa: ARG002 - `_branches` deals with conditions
        for name, value in self._assignments(node.children if node.type == "variable_assignments" else [node]):
            self.state.variables[name] = value
            if name in self.state.exported:
                self._export(name)

    def _declare(self, node: Node, conditional: bool) -> None:
        """`export A=b`, `export A`, `local`, `readonly`, `declare`."""
        exports = self._raw(node.children[0]) == "export"
        for child in node.children[1:]:
            if child.type == "variable_assignment":
                self._assign(child, conditional)
            name = self._raw(child).split("=", 1)[0]
            if exports and name.isidentifier():
                self._export(name)

    def _export(self, name: str) -> None:
        self.state.exported.add(name)
        if name not in self.state.set_here:
            self.state.set_here = (*self.state.set_here, name)

    def _unset(self, node: Node, conditional: bool) -> None:  # noqa: ARG002 - as above
        for child in node.children:
            if child.type == "variable_name":
                self.state.variables[self._raw(child)] = ""

    def _assignments(self, nodes: Iterable[Node]) -> tuple[tuple[str, str | None], ...]:
        pairs = []
        for node in nodes:
            name = node.child_by_field_name("name")
            if node.type != "variable_assignment" or name is None:
                continue
            value = expand_value(node.child_by_field_name("value"), self.text, self.state.variables)
            if any(child.type == "+=" for child in node.children):
                old = self.state.variables.get(self._raw(name))
                value = None if old is None or value is None else old + value
            pairs.append((self._raw(name), value))
        return tuple(pairs)

    # -- redirections -------------------------------------------------------------------------------------------

    def _redirected(self, node: Node, conditional: bool) -> None:
        """Outputs go to the last command of the body: the grammar hangs `a && b > f` so."""
        redirects = self._redirects(node)
        body = node.child_by_field_name("body")
        here = next((child for child in node.children if child.type == "heredoc_redirect"), None)
        stdin = self._stdin(node, here)
        if body is None:
            self._emit((), _Call(node.start_byte, node.end_byte, conditional, redirects=redirects, stdin=stdin))
        else:
            self.outputs[_last_command(body).id] = (redirects, stdin)
            known = len(self.commands)
            self.visit(body, conditional=conditional)
            if self.outputs.pop(_last_command(body).id, None) and redirects and len(self.commands) > known:
                last = self.commands[-1]
                self.commands[-1] = replace(last, redirects=(*last.redirects, *redirects))
        if here is not None:
            self._after_heredoc(here, conditional)

    def _after_heredoc(self, here: Node, conditional: bool) -> None:
        """What stands behind `<<EOF` on its line: `&& b`, `|| b`, `| b`."""
        alternative = any(child.type == "||" for child in here.children)
        for child in _statements(here):
            if child.type not in {"heredoc_start", "heredoc_body", "heredoc_end", "file_redirect"}:
                self.visit(child, conditional=conditional or alternative)

    def _redirects(self, node: Node) -> tuple[Redirect, ...]:
        found = []
        for child in node.children:
            if child.type == "heredoc_redirect":
                found += self._redirects(child)
            target = child.child_by_field_name("destination") if child.type == "file_redirect" else None
            operator = next((part.type for part in child.children if part.type in {">", ">>", ">|", "&>", "&>>"}), None)
            if target is not None and operator is not None:
                found += [Redirect(operator, word) for word in self._expand(target)[:1]]
        return tuple(found)

    def _stdin(self, node: Node, here: Node | None) -> str | None:
        """The text of a here-document or here-string, where its value is known."""
        string = next((child for child in node.children if child.type == "herestring_redirect"), None)
        if string is not None and string.children:
            value = expand_value(string.children[-1], self.text, self.state.variables)
            return None if value is None else value + "\n"
        body = next((child for child in here.children if child.type == "heredoc_body"), None) if here else None
        start = here.children[1] if here and len(here.children) > 1 else None
        if here is None or body is None or start is None:
            return None
        text = self._raw(body)
        if here.children[0].type == "<<-":
            text = re.sub(r"(?m)^\t+", "", text)
        return text if re.search(r"['\"\\]", self._raw(start)) else expand_text(text, self.state.variables)

    # -- commands -----------------------------------------------------------------------------------------------

    def _command(self, node: Node, *, conditional: bool, piped: bool) -> None:
        redirects, stdin = self.outputs.pop(node.id, ((), None))
        parts = [*node.children_by_field_name("name"), *node.children_by_field_name("argument")]
        call = _Call(
            node.start_byte,
            node.end_byte,
            conditional,
            piped,
            self._assignments(node.children),
            (*self._redirects(node), *redirects),
            stdin if stdin is not None else self._stdin(node, None),
        )
        self.call(tuple(word for part in parts for word in self._expand(part)), call)

    def call(self, words: tuple[ShellWord, ...], call: _Call) -> None:
        """Read a simple command: follow `cd`, functions, wrappers and scripts in arguments, else enter it."""
        invocation = unwrap(words)
        words = invocation.words
        call = replace(call, assignments=(*call.assignments, *invocation.assignments))
        name = base_name(words[0]) if words else None
        script = script_argument(words)
        if name in {"cd", "pushd", "popd"}:
            self._change_directory(words)
        if name in self.functions:
            self._run_function(self.functions[name], words, conditional=call.conditional)
        elif script is not None:
            self._run_script(script.text, script, call, shares=name == "eval")
        elif reads_standard_input(words) and call.stdin is not None:
            self._run_script(call.stdin, None, call, shares=False)
        else:
            self._emit(words, call)

    def _emit(self, words: tuple[ShellWord, ...], call: _Call) -> None:
        exports = tuple((name, self.state.variables.get(name)) for name in self.state.set_here)
        self.commands.append(
            SimpleCommand(
                words=words,
                assignments=(*exports, *call.assignments),
                redirects=call.redirects,
                directory=self.state.directory,
                conditional=call.conditional,
                piped_input=call.piped,
                start=call.start,
                end=call.end,
                stdin=call.stdin,
            )
        )

    def _run_function(self, body: Node, words: Sequence[ShellWord], *, conditional: bool) -> None:
        self.state.variables |= {str(place): word.text for place, word in enumerate(words[1:], 1)}
        self.visit(body, conditional=conditional)

    def _run_script(self, text: str | None, word: ShellWord | None, call: _Call, *, shares: bool) -> None:
        """A second pass over a script in an argument: offsets to the code point where it stands there verbatim."""
        if text is None or self.scripts >= MAX_SCRIPTS or len(text) > MAX_TEXT:
            self.understood = False
            return
        given = self.state.variables if shares else {name: self.state.variables.get(name) for name in self.state.exported}
        state = replace(self.state.copy(), variables=given | dict(call.assignments))
        walk = _Walk(text, state, self.scripts + 1)
        root = parse_tree(text)
        walk.understood = not root.has_error
        walk.visit(root, conditional=call.conditional)
        self.understood &= walk.understood
        verbatim = word is not None and word.raw[1:-1] == text
        for command in walk.commands:
            place = _shifted(command, word.start + 1) if verbatim and word is not None else _placed(command, call)
            self.commands.append(place)
        if shares:
            self.state = walk.state

    def _change_directory(self, words: Sequence[ShellWord]) -> None:
        operands = [word for word in words[1:] if word.text is None or not re.fullmatch(r"-[LPe]+|--", word.text)]
        target = operands[0].text if operands else self.state.variables.get("HOME")
        here = self.state.directory
        if base_name(words[0]) == "popd" or target == "-":
            target = self.state.previous
        if target is not None and (operands and operands[0].glob):
            target = None
        if target is not None and not target.startswith("/"):
            target = None if here is None else posixpath.join(here, target)
        self.state.previous = here
        self.state.directory = None if target is None else posixpath.normpath("/" + target.lstrip("/"))

    def _expand(self, node: Node) -> list[ShellWord]:
        return expand_word(node, self.text, self.state.variables)

    def _raw(self, node: Node) -> str:
        return self.text[node.start_byte : node.end_byte]


def _statements(node: Node) -> list[Node]:
    return [child for child in node.children if child.is_named and child.type != "comment"]


def _last_command(node: Node) -> Node:
    while node.type in {"list", "pipeline"} and _statements(node):
        node = _statements(node)[-1]
    return node


def _queries(node: Node, text: str) -> bool:
    """Whether a statement asks a question, so that its failing is an answer and not an error."""
    last = _last_command(node)
    return last.type in {"test_command", "negated_command"} or re.split(
        r"\s", text[last.start_byte : last.end_byte], maxsplit=1
    )[0] in _QUERIES


def _ends_script(node: Node) -> bool:
    """Whether the build fails when this list does: nothing but `&&` stands around and behind it."""
    while node.parent is not None:
        parent = node.parent
        if parent.type == "list" and any(child.type == "||" for child in parent.children):
            return False
        if parent.type == "program":
            return not any(child.start_byte > node.start_byte for child in _statements(parent))
        if parent.type not in {"list", "redirected_statement"}:
            return False
        node = parent
    return True


def _shifted(command: SimpleCommand, by: int) -> SimpleCommand:
    words = tuple(replace(word, start=word.start + by, end=word.end + by) for word in command.words)
    return replace(command, words=words, start=command.start + by, end=command.end + by)


def _placed(command: SimpleCommand, call: _Call) -> SimpleCommand:
    words = tuple(replace(word, start=call.start, end=call.end) for word in command.words)
    return replace(command, words=words, start=call.start, end=call.end)


_SILENT = frozenset({"comment", "test_command", "word", "heredoc_body", "heredoc_end", "heredoc_start", "variable_name"})
_STATEMENTS: dict[str, Callable[[_Walk, Node, bool], None]] = {
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
    "while_statement": _Walk._loop,
    "c_style_for_statement": _Walk._loop,
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
