"""What depscan reads of Makefiles beside what GNU make runs: texts of recipes, and what their shells see.

Offline: Makefiles are generated from a seed, of the words that decide what a variable is and whom it reaches.
"""

from __future__ import annotations

import os
import random
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from depscan.toolchains.makefile import Makefile, Surroundings

pytestmark = [pytest.mark.live, pytest.mark.skipif(shutil.which("make") is None, reason="needs GNU make")]

NAMES = ("AA", "BB", "CC", "CGO_ENABLED")
VALUES = ("0", "1", "x y", "$(AA)", "$(BB)z", "${CC}", "", "$(strip a  b )", "$(if $(AA),yes,no)")
OPERATORS = ("=", ":=", "?=", "+=", "::=")
MODIFIERS = ("", "", "", "export ")  # how override meets a target's variables differs from case to case in 4.3
TARGETS = ("t0", "t1", "t2", "t3")
RECIPE = "\t@echo '$@ " + "|".join(f"$({name})" for name in NAMES) + "' " + " ".join(f'"{n}=$${n}"' for n in NAMES)


@pytest.mark.parametrize("seed", range(int(os.environ.get("DEPSCAN_MAKE_SEEDS", "150"))))
def test_generated_makefiles(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    text = _generate(chance)
    (tmp_path / "Makefile").write_text(text)
    (tmp_path / "more.mk").write_text(f"{_assignment(chance)}\n")
    environment = {name: chance.choice(VALUES[:3]) for name in NAMES if chance.random() < 0.4}
    given = {name: chance.choice(VALUES[:3]) for name in NAMES if chance.random() < 0.2}
    wins = chance.random() < 0.2 and ": " not in text.replace(": t", "")  # with -e a target's := and = differ in 4.3
    goals = chance.sample(TARGETS, chance.randrange(3))
    words = ["make", *(["-e"] if wins else []), *goals, *(f"{name}={value}" for name, value in given.items())]
    done = subprocess.run(
        words,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    read = _read(text, tmp_path, environment, given, goals, wins=wins)
    if "references itself" in done.stderr:
        return
    printed = [line for line in done.stdout.splitlines() if not line.startswith("make: ")]
    assert read == printed, (seed, words, environment, text, done.stderr)


def _read(
    text: str, directory: Path, environment: dict[str, str], given: dict[str, str], goals: list[str], *, wins: bool
) -> list[str]:
    around = Surroundings(str(directory), {}, lambda _: ())
    makefile = Makefile(given, environment, lambda name: (directory / name).read_text(), around, environment_wins=wins)
    makefile.add(text)
    lines = []
    for recipe in makefile.recipes(goals):
        seen = environment | {name: value or "" for name, value in recipe.exports.items()}
        filled = re.sub(r"\$(\w+)", lambda found, seen=seen: seen.get(found[1], ""), recipe.text)
        lines.append(" ".join(shlex.split(filled)[1:]))
    return lines


def _generate(chance: random.Random) -> str:
    lines = [_statement(chance) for _ in range(chance.randrange(2, 9))]
    for place, target in enumerate(TARGETS):
        later = TARGETS[place + 1 :]
        needs = " ".join(chance.sample(later, chance.randrange(min(2, len(later)) + 1)))
        if chance.random() < 0.5:
            lines.append(
                f"{target}: {_assignment(chance)}".replace("?=", "=").replace("+=", "=")
            )  # ?= and += of a target differ by the order
        lines += [f"{target}: {needs}", RECIPE]
        lines += [_statement(chance)] if chance.random() < 0.4 else []
    return "\n".join([".PHONY: " + " ".join(TARGETS), *lines, ""])


def _assignment(chance: random.Random) -> str:
    name, value = chance.choice(NAMES), chance.choice(VALUES)
    value = value if name not in value else "9"  # a variable that names itself ends make
    return f"{chance.choice(MODIFIERS)}{name} {chance.choice(OPERATORS)} {value}"


def _statement(chance: random.Random, depth: int = 0) -> str:
    kind = chance.randrange(12)
    if kind == 0:
        return f"export {' '.join(chance.sample(NAMES, chance.randrange(1, 3)))}"
    if kind == 1:
        return f"unexport {chance.choice(NAMES)}"
    if kind == 2 and chance.random() < 0.3:
        return "export"
    if kind == 3:
        return "include more.mk"
    if kind == 4:
        return "define DD\nelse\nendif\nendef"
    if kind in (5, 6, 7) and depth < 2:
        inner = [_statement(chance, depth + 1) for _ in range(3)]
        first, second = _condition(chance), _condition(chance)
        return f"{first}\n{inner[0]}\nelse {second}\n{inner[1]}\nelse # here\n{inner[2]}\nendif"
    return _assignment(chance)


def _condition(chance: random.Random) -> str:
    name = chance.choice(NAMES)
    return chance.choice(
        (f"ifeq ($({name}),1)", f"ifneq '$({name})' ''", f"ifdef {name}", f"ifndef {name}", f'ifeq "$({name})" "0"')
    )
