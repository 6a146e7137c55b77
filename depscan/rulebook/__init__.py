"""Rule folders to rules.

In: the built-in folder `rules/` and the user's folders. Out: `Rule`s, ordered by id; a file that cannot be used raises
RuleFileError with file, line, column and remedy. Where nothing changed since the last run, what it checked is taken
from the cache: parsing and checking every file would be a tenth of a run.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from depscan.errors import RuleFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from depscan.rulebook.rule import Rule as Rule

MAX_RULES_PER_FOLDER = 500


def load_rules(folders: Iterable[Path] = (), *, examples: bool = False, cache: bool = False) -> tuple[Rule, ...]:
    """The built-in rules and those of `folders`. Raises RuleFileError.

    `examples` reads the examples of the built-in rules too. `cache` allows the cache, which holds no examples.
    """
    files = {folder: _rule_files(folder) for folder in (built_in_folder(), *folders)}
    if examples or not cache:
        return _read_rules(files, examples=examples)
    from depscan.rulebook.stored import StoredRules  # noqa: PLC0415 - not with --no-cache

    stored = StoredRules(files)
    rules = stored.find()
    if rules is None:
        rules = _read_rules(files)
        stored.keep(rules)
    return rules


def built_in_folder() -> Path:
    """`rules/` inside the installed package, or at the root of a checkout."""
    here = Path(__file__).parent.parent
    packaged = here / "rules"
    return packaged if os.path.isdir(packaged) else here.parent / "rules"


def _read_rules(files: Mapping[Path, Sequence[str]], *, examples: bool = False) -> tuple[Rule, ...]:
    from depscan.rulebook.checks import read_rule  # noqa: PLC0415 - where the cache does not know the rules

    rules: dict[str, Rule] = {}
    homes: dict[str, Path] = {}
    for folder, names in files.items():
        for name in names:
            rule = read_rule(folder / name, trusted=folder == built_in_folder() and not examples)
            if rule.id in rules:
                raise RuleFileError(
                    f"{folder / name}:1:1: rule {rule.id!r} is also in {homes[rule.id]}; rename one of them"
                )
            rules[rule.id], homes[rule.id] = rule, folder / name
    return tuple(rules[name] for name in sorted(rules))


def _rule_files(folder: Path) -> list[str]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".toml"))
    except OSError as error:
        raise RuleFileError(f"{folder}:1:1: not a readable rule folder ({error.strerror}); check 'rules'") from None
    if len(names) > MAX_RULES_PER_FOLDER:
        raise RuleFileError(f"{folder}:1:1: more than {MAX_RULES_PER_FOLDER} rule files; split the folder")
    return names
