"""The walk over a syntax tree: control flow, variables, redirections.

In: a text and the shell's state. Out: the commands in the order they would run, the state after them. Where control
flow may leave a command out, or the build goes on though it failed (`a || b`), it is `conditional`; in `a && b`, b is
not, since the build fails when a does, unless a is a test within a longer script. Functions are read where they are
called.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from depscan.shell.calls import MAX_STEPS, Call, CallReader
from depscan.shell.commands import Redirect, ShellWord
from depscan.shell.decisions import decide
from depscan.shell.grammar import last_command, parse_tree, statements
from depscan.shell.outcomes import ends_script, gives_up, queries
from depscan.shell.printing import printed_together
from depscan.shell.redirects import heredoc_of, read_input, read_redirects
from depscan.shell.state import merge
from depscan.shell.words import expand_value, expand_word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tree_sitter import Node

    from depscan.shell.state import Assignments, ShellState

MAX_DEPTH = 60  # nested syntax
MAX_UNROLLED = 40  # values of a for loop


class Walk(CallReader):
    """One pass over one text."""

    def __init__(self, text: str, state: ShellState, scripts: int = 0, sink: Redirect | None = None) -> None:
        super().__init__(text, state, scripts, sink)
        self.depth = 0
        self.functions: dict[str, Node] = {}
        self.outputs: dict[int, tuple[tuple[Redirect, ...], str | None]] = {}
        self.piped: str | None = None  # what the part of a pipe before is known to print

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
        elif node.id in self.outputs:
            call = Call(node.start_byte, node.end_byte, conditional, redirects=self.outputs.pop(node.id)[0])
            self.grouped(call, lambda: self.visit(node, conditional))
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
        answer = decide(left, self.text, self.state.variables)
        if answer is not None and answer is not alternative and right:
            self.visit(right[0], conditional)
            return
        before = self.state.copy()
        for child in right if answer is None else ():
            self.visit(child, conditional or alternative or may_fail)
        if alternative or may_fail:
            self.state = merge(before, [self.state])

    def _pipeline(self, node: Node, conditional: bool) -> None:
        """Each part runs in a shell of its own, and but for the last prints into a pipe.

        One behind a here-document starts with the bar.
        """
        parts = statements(node)
        for place, child in enumerate(parts):
            saved, piped = self.state.copy(), place > 0 or node.children[0].type == "|"
            if place < len(parts) - 1:
                self._into_pipe(child, conditional, piped)
            else:
                self.visit(child, conditional, piped)
            self.state = saved
        self.piped = None

    def _into_pipe(self, node: Node, conditional: bool, piped: bool = False) -> None:
        """Read a part of a pipe that prints into it, and keep what it is known to print for the next one."""
        outer, start = self.sink, len(self.commands)
        self.sink = Redirect("|", ShellWord(None, "", node.start_byte, node.end_byte), opened=True)
        self.visit(node, conditional, piped)
        self.piped = printed_together(each for each in self.commands[start:] if self.sink in each.redirects[-1:])
        self.sink = outer

    def _subshell(self, node: Node, conditional: bool) -> None:
        saved = self.state.copy()
        self._all(node, conditional)
        self.state = saved

    def _if(self, node: Node, conditional: bool) -> None:
        """A condition that is known picks its branch; else each may run."""
        alternatives: list[Sequence[Node]] = []
        for conditions, body in _arms(node):
            answer = self._answer(conditions)
            if answer and not alternatives:
                for child in (*conditions, *body):
                    self.visit(child, conditional)
                return
            alternatives += [] if answer is False else [[*conditions, *body]]
            if answer:
                break
        self._branches(alternatives)

    def _answer(self, conditions: Sequence[Node]) -> bool | None:
        """What the conditions of a branch answer; `else` has none, and runs."""
        known = decide(conditions[0], self.text, self.state.variables) if len(conditions) == 1 else None
        return known if conditions else True

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
        """`export A=b`, `export A`, `export -n A`, `local`, `readonly`, `declare -x A`."""
        options = {self._raw(child) for child in node.children[1:] if self._raw(child).startswith(("-", "+"))}
        exports = self._raw(node.children[0]) == "export" or any("x" in option[1:] for option in options)
        hides = any(option[1:] == "n" or (option[:1] == "+" and "x" in option) for option in options)
        for child in node.children[1:]:
            if child.type == "variable_assignment":
                self._assign(child, conditional)
            name = self._raw(child).split("=", 1)[0]
            if exports and name.isidentifier():
                (self.state.hide if hides else self.state.export)(name)

    def _unset(self, node: Node, conditional: bool) -> None:  # noqa: ARG002 - as above
        for child in node.children:
            if child.type == "variable_name":
                self.state.unset(self._raw(child))

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
            self._enter((), Call(node.start_byte, node.end_byte, conditional, redirects=redirects, stdin=stdin))
        else:
            self.outputs[last.id] = (redirects, stdin)
            if here is not None and any(child.type == "pipeline" for child in here.children):
                self._into_pipe(body, conditional)
            else:
                self.visit(body, conditional)
            self.outputs.pop(last.id, None)
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
        stdin = self.piped if stdin is None and piped else stdin
        parts = [*node.children_by_field_name("name"), *node.children_by_field_name("argument")]
        call = Call(
            node.start_byte,
            node.end_byte,
            conditional,
            piped,
            self._assignments(node.children),
            (*read_redirects(node, self.text, self.state.variables), *redirects),
            stdin,
        )
        self.call(tuple(word for part in parts for word in self._expand(part)), call)

    def run_function(self, name: str, words: tuple[ShellWord, ...], call: Call) -> bool:
        """Read a function's body where it is called, with its arguments."""
        if name not in self.functions:
            return False
        before, self.state = self.state, self.state.given(call.assignments)
        self.state.variables |= {str(place): word.text for place, word in enumerate(words[1:], 1)}
        self.grouped(call, lambda: self.visit(self.functions[name], call.conditional))
        self.state.take_back(before, call.assignments)
        return True

    def _expand(self, node: Node) -> list[ShellWord]:
        return expand_word(node, self.text, self.state.variables)

    def _raw(self, node: Node) -> str:
        return self.text[node.start_byte : node.end_byte]


def _arms(node: Node) -> Iterator[tuple[list[Node], list[Node]]]:
    """The conditions and the commands of `if` and of each `elif`; without conditions those of `else`."""
    clauses = [child for child in statements(node) if child.type in {"elif_clause", "else_clause"}]
    for arm in (node, *clauses):
        own = [child for child in arm.children if child not in clauses]
        then = next((child.start_byte for child in own if child.type == "then"), arm.start_byte)
        named = [child for child in own if child.is_named and child.type != "comment"]
        yield [child for child in named if child.start_byte < then], [each for each in named if each.start_byte > then]


_SILENT = frozenset({"comment", "test_command", "word", "heredoc_body", "heredoc_end", "variable_name"})
_STATEMENTS: dict[str, Callable[[Walk, Node, bool], None]] = {
    "ERROR": Walk._broken,
    "program": Walk._all,
    "list": Walk._list,
    "pipeline": Walk._pipeline,
    "subshell": Walk._subshell,
    "compound_statement": Walk._all,
    "do_group": Walk._all,
    "elif_clause": Walk._all,
    "else_clause": Walk._all,
    "negated_command": Walk._all,
    "if_statement": Walk._if,
    "while_statement": Walk._while,
    "c_style_for_statement": Walk._for,
    "for_statement": Walk._for,
    "case_statement": Walk._case,
    "case_item": Walk._item,
    "function_definition": Walk._function,
    "variable_assignment": Walk._assign,
    "variable_assignments": Walk._assign,
    "declaration_command": Walk._declare,
    "unset_command": Walk._unset,
    "redirected_statement": Walk._redirected,
}
