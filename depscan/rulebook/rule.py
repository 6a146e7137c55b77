"""A rule: the texts of its file, once they are checked.

In: nothing (types only). Out: `Rule` and `Example`. A rule is plain data, so that it can be kept on disk; its condition
and templates are compiled when a subject of its kind first asks.

Annotations are evaluated at once, without the __future__ import: msgspec reads them, and from text that takes longer.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct, field

from depscan.findings import Confidence, Severity
from depscan.subjects import KINDS

if TYPE_CHECKING:
    from depscan.rulebook.conditions import Condition
    from depscan.rulebook.templates import Template

EXPECT = "# expect:"  # in an example's Dockerfile, above the guilty instruction


class Example(Struct, frozen=True, forbid_unknown_fields=True):
    """A case that the tests run: it fires where `# expect: <id>` stands above an instruction, else it is silent.

    `files` maps paths in the context to fixtures of fixtures/elf, `texts` paths to contents, `heads` to first bytes in
    hex, `archives` to the fixture of each member of a zip, with `!/` where the zip lies in another. `platform`,
    `bases`, `build_arguments`, `target` and `cpu_floor` are as in the configuration; of several platforms, with commas
    between, the first is judged.
    """

    dockerfile: str
    files: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    archives: dict[str, dict[str, str]] = field(default_factory=dict)
    platform: str | None = None
    bases: dict[str, str] = field(default_factory=dict)
    build_arguments: dict[str, str] = field(default_factory=dict)
    target: str | None = None
    cpu_floor: str | None = None

    @property
    def fires(self) -> bool:
        """Whether it shows the rule firing."""
        return any(line.startswith(EXPECT) for line in self.dockerfile.split("\n"))

    @property
    def expected(self) -> dict[int, tuple[str, ...]]:
        """The rules expected, by the 1-based line of the instruction or comment that follows the mark."""
        expected: dict[int, tuple[str, ...]] = {}
        pending: tuple[str, ...] = ()
        for number, line in enumerate(self.dockerfile.split("\n"), 1):
            if line.startswith(EXPECT):
                pending += tuple(part.strip() for part in line.removeprefix(EXPECT).split(","))
            elif pending:
                expected[number], pending = pending, ()
        return expected


class Rule(Struct, frozen=True):
    """One rule. `kind` is what it is evaluated on, a key of `KINDS`; `max_confidence` caps its findings' confidence.

    `when` is the condition, `message` and `runtime` are templates; `runtime` is the message that the user would meet,
    for subjects that bring none of their own. `why` and `fix` are Markdown about the rule, without placeholders.
    `repair` names what may mend it (`repair_names`), in the order in which an expert would try. `foresight`
    says that it tells of another day: no advice for today is held back for it.
    """

    id: str
    severity: Severity
    kind: str
    when: str
    message: str
    why: str
    fix: str
    runtime: str | None
    references: tuple[str, ...]
    max_confidence: Confidence
    repair: tuple[str, ...] = ()
    foresight: bool = False
    examples: tuple[Example, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of `why`, for indexes."""
        return " ".join(re.split(r"(?<=[.!?])\s", self.why.strip(), maxsplit=1)[0].split())

    def holds(self, names: Mapping[str, object]) -> bool:
        """Whether the condition is true of a subject of this kind whose views are `names`."""
        return condition(self.when, self.kind).holds(names)

    def tell(self, names: Mapping[str, object]) -> str:
        """The message about a subject."""
        return template(self.message, self.kind).render(names)

    def tell_runtime(self, names: Mapping[str, object]) -> str | None:
        """The message that the user would meet, if the rule has one."""
        return template(self.runtime, self.kind).render(names) if self.runtime else None


@cache
def condition(text: str, kind: str) -> "Condition":
    """The condition of a rule of this kind; raises ConditionError."""
    from depscan.rulebook.conditions import compile_condition  # noqa: PLC0415 - where there is a subject to judge

    return compile_condition(text, KINDS[kind])


@cache
def template(text: str, kind: str) -> "Template":
    """A text of a rule of this kind; raises TemplateError."""
    from depscan.rulebook.templates import compile_template  # noqa: PLC0415 - where there is something to tell

    return compile_template(text, KINDS[kind])
