"""Rule files to rules: every name, template and example is checked when a rule loads.

In: the built-in folder `rules/` and the user's folders. Out: `Rule`s, ordered by id; a file that cannot be used raises
RuleFileError with file, line, column and remedy. The examples of built-in rules stay unread unless asked for: they are
half of the text, and only `explain` and the tests need them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.errors import RuleFileError
from depscan.rulebook.conditions import Condition, ConditionError, compile_condition
from depscan.rulebook.files import EXPECT, Example, RuleFile, read_rule_file
from depscan.rulebook.templates import Template, TemplateError, compile_template
from depscan.rulebook.vocabulary import did_you_mean
from depscan.subjects import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depscan.findings import Confidence, Severity

MAX_RULES_PER_FOLDER = 500

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


class Rule(Struct, frozen=True):
    """One rule. `kind` is what it is evaluated on, a key of `KINDS`; `max_confidence` caps its findings' confidence.

    `why` and `fix` are Markdown about the rule, without placeholders. `runtime` is the message that the user would
    meet, for subjects that bring none of their own. `path` is the file.
    """

    id: str
    severity: Severity
    kind: str
    when: Condition
    message: Template
    why: str
    fix: str
    runtime: Template | None
    references: tuple[str, ...]
    max_confidence: Confidence
    path: Path
    examples: tuple[Example, ...] = ()

    @property
    def summary(self) -> str:
        """The first sentence of `why`, for indexes."""
        return " ".join(re.split(r"(?<=[.!?])\s", self.why.strip(), maxsplit=1)[0].split())


def load_rules(folders: Iterable[Path] = (), *, examples: bool = False) -> tuple[Rule, ...]:
    """The built-in rules and those of `folders`; `examples` reads the built-in examples too. Raises RuleFileError."""
    rules: dict[str, Rule] = {}
    for folder, trusted in ((built_in_folder(), not examples), *((folder, False) for folder in folders)):
        for path in _rule_paths(folder):
            rule = _load_rule(path, trusted=trusted)
            if rule.id in rules:
                raise RuleFileError(
                    f"{path}:1:1: rule {rule.id!r} is also in {rules[rule.id].path}; rename one of them"
                )
            rules[rule.id] = rule
    return tuple(rules[name] for name in sorted(rules))


def built_in_folder() -> Path:
    """`rules/` inside the installed package, or at the root of a checkout."""
    here = Path(__file__).parent.parent
    packaged = here / "rules"
    return packaged if packaged.is_dir() else here.parent / "rules"


def _rule_paths(folder: Path) -> list[Path]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".toml"))
    except OSError as error:
        raise RuleFileError(f"{folder}:1:1: not a readable rule folder ({error.strerror}); check 'rules'") from None
    if len(names) > MAX_RULES_PER_FOLDER:
        raise RuleFileError(f"{folder}:1:1: more than {MAX_RULES_PER_FOLDER} rule files; split the folder")
    return [folder / name for name in names]


def _load_rule(path: Path, *, trusted: bool) -> Rule:
    """`trusted` is for built-in rules, whose shape and examples the tests check."""
    file = read_rule_file(path, skip_examples=trusted)
    if not trusted:
        _check_identity(file)
        _check_examples(file)
    keys = file.keys
    names = KINDS[keys.kind]
    return Rule(
        id=keys.id,
        severity=keys.severity,
        kind=keys.kind,
        when=_condition(file, names),
        message=_template(file, "message", keys.message, names),
        why=keys.why,
        fix=keys.fix,
        runtime=_template(file, "runtime", keys.runtime, names) if keys.runtime else None,
        references=keys.references,
        max_confidence=keys.max_confidence,
        path=path,
        examples=keys.examples,
    )


def _check_identity(file: RuleFile) -> None:
    keys = file.keys
    if not _ID.fullmatch(keys.id):
        raise file.complaint("id", f"id {keys.id!r} is not kebab-case; write e.g. missing-interpreter")
    if keys.id != file.path.stem:
        raise file.complaint("id", f"id {keys.id!r} is not the file's name; rename the file to {keys.id}.toml")
    if keys.kind not in KINDS:
        raise file.complaint("for", f"unknown kind {keys.kind!r}{did_you_mean(keys.kind, KINDS)}")
    for reference in keys.references:
        if not reference.startswith("https://"):
            raise file.complaint("references", f"{reference!r} is not an https address; write the whole address")


def _check_examples(file: RuleFile) -> None:
    """At least one example fires and one stays silent, and none speaks of another rule."""
    rule = file.keys.id
    for number, example in enumerate(file.keys.examples):
        for expected in example.expected.values():
            if expected != (rule,):
                message = f"'{EXPECT} {', '.join(expected)}' is not this rule; an example shows {rule} alone"
                raise file.complaint("dockerfile", message, example=number)
    fires = {example.fires for example in file.keys.examples}
    if True not in fires:
        raise file.complaint("id", f"no example fires; add [[examples]] with '{EXPECT} {rule}' in its dockerfile")
    if False not in fires:
        raise file.complaint("id", f"no example stays silent; add [[examples]] whose dockerfile has no '{EXPECT}'")


def _condition(file: RuleFile, names: dict[str, type]) -> Condition:
    try:
        return compile_condition(file.keys.when, names)
    except ConditionError as error:
        raise file.complaint("when", f"when: {error}", offset=error.offset) from None


def _template(file: RuleFile, key: str, text: str, names: dict[str, type]) -> Template:
    try:
        return compile_template(text, names)
    except TemplateError as error:
        raise file.complaint(key, f"{key}: {error}", offset=error.offset) from None
