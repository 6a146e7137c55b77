"""A rule file to a `Rule`: every name, template and example is checked.

In: a path in a rule folder. Out: `Rule`, or RuleFileError with file, line, column and remedy. The examples of built-in
rules stay unread unless asked for: they are half of the text, and only `explain` and the tests need them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.rulebook.conditions import ConditionError
from depscan.rulebook.files import RuleFile, read_rule_file
from depscan.rulebook.repair_names import REPAIRS
from depscan.rulebook.rule import EXPECT, Rule, condition, template
from depscan.rulebook.templates import TemplateError
from depscan.rulebook.vocabulary import did_you_mean
from depscan.subjects import KINDS

if TYPE_CHECKING:
    from pathlib import Path

_ID = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"


def read_rule(path: Path, *, trusted: bool) -> Rule:
    """Read and check one rule; `trusted` is for built-in rules, whose shape and examples the tests check."""
    file = read_rule_file(path, skip_examples=trusted)
    if not trusted:
        _check_identity(file)
        _check_examples(file)
    keys = file.keys
    _check_repairs(file)
    _check_condition(file)
    _check_template(file, "message", keys.message)
    _check_template(file, "runtime", keys.runtime or "")
    return Rule(
        id=keys.id,
        severity=keys.severity,
        kind=keys.kind,
        when=keys.when,
        message=keys.message,
        why=keys.why,
        fix=keys.fix,
        runtime=keys.runtime,
        references=keys.references,
        max_confidence=keys.max_confidence,
        repair=keys.repair,
        foresight=keys.foresight,
        examples=keys.examples,
    )


def _check_identity(file: RuleFile) -> None:
    keys = file.keys
    if not re.fullmatch(_ID, keys.id):
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


def _check_repairs(file: RuleFile) -> None:
    for name in file.keys.repair:
        if name not in REPAIRS:
            raise file.complaint("repair", f"unknown repair {name!r}{did_you_mean(name, REPAIRS)}")


def _check_condition(file: RuleFile) -> None:
    try:
        condition(file.keys.when, file.keys.kind)
    except ConditionError as error:
        raise file.complaint("when", f"when: {error}", offset=error.offset) from None


def _check_template(file: RuleFile, key: str, text: str) -> None:
    try:
        template(text, file.keys.kind)
    except TemplateError as error:
        raise file.complaint(key, f"{key}: {error}", offset=error.offset) from None
