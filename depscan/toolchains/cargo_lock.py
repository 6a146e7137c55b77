"""Cargo.lock: which version of each package is built, and what it may depend on.

In: a Cargo.lock's text. Out: a `Lock`. Its lists are an upper bound: all features of the workspace's own packages, all
targets, build- and dev-dependencies of those packages, and dependencies that only a weak feature names (cargo issue
10801) stand in them.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.toolchains.crates import texts

if TYPE_CHECKING:
    from collections.abc import Iterable

_REGISTRY = ("registry+https://github.com/rust-lang/crates.io-index", "sparse+https://index.crates.io/")
_PART = re.compile(
    r"\s*(\^|~|=|>=|<=|>|<|)\s*v?(\d{1,9}|\*|x)(?:\.(\d{1,9}|\*|x))?(?:\.(\d{1,9}|\*|x))?([-+][\w.+-]*)?\s*"
)


class Locked(Struct, frozen=True):
    """A row: `source` is empty for packages of the tree; `needs` are the names of others as the row has them."""

    name: str
    version: str
    source: str
    needs: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether it is the crate that crates.io has under this name and version."""
        return self.source.startswith(_REGISTRY)


class Lock:
    """The rows, found by the texts that other rows name them by, however many there are."""

    def __init__(self, rows: Iterable[Locked]) -> None:
        self._named: dict[str, Locked | None] = {}
        self._needs: dict[Locked, dict[str, list[Locked]]] = {}
        for row in rows:
            plain = f"{row.name} {row.version}"
            for text in (row.name, plain, f"{plain} ({row.source})", f"own {row.name}" if not row.source else plain):
                self._named[text] = row if self._named.get(text, row) == row else None

    def row(self, name: str, version: str, source: str) -> Locked | None:
        """One row by all that tells it from others."""
        return self._named.get(f"{name} {version} ({source})")

    def own(self, name: str) -> Locked | None:
        """The row of a package of the tree."""
        return self._named.get(f"own {name}")

    def needs(self, row: Locked) -> dict[str, list[Locked]]:
        """The rows that one row names, by their names."""
        if row not in self._needs:
            found: dict[str, list[Locked]] = {}
            for text in row.needs:
                need = self._named.get(text)
                if need is not None:
                    found.setdefault(need.name, []).append(need)
            self._needs[row] = found
        return self._needs[row]

    def need(self, row: Locked, name: str, requirement: str) -> Locked | None:
        """The row that fulfils a dependency of a row; None where the file has none, or more than one fit."""
        found = self.needs(row).get(name, [])
        if len(found) > 1:
            found = [each for each in found if fits(each.version, requirement)]
        return found[0] if len(found) == 1 else None


def read_lock(text: str) -> Lock | None:
    """The rows of a Cargo.lock; None where it is broken."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    rows: list[Locked] = []
    packages = data.get("package")
    for row in packages if isinstance(packages, list) else ():
        name, version = (row.get("name"), row.get("version")) if isinstance(row, dict) else (None, None)
        if isinstance(name, str) and isinstance(version, str):
            source = next(iter(texts(row.get("source"))), "")
            rows.append(Locked(name, version, source, texts(row.get("dependencies", []))))
    return Lock(rows)


def fits(version: str, requirement: str) -> bool:
    """Whether a version fulfils a requirement of Cargo: `1.2`, `>=1, <3`, `~0.4.1`, `1.*`; an odd one nothing does."""
    return all(_fits(version, part) for part in requirement.split(",") if part.strip())


def _fits(version: str, part: str) -> bool:
    found = _PART.fullmatch(part) if part.strip() != "*" else None
    if found is None:
        return part.strip() == "*"
    sign, *texts_, _ = found.groups()
    numbers = [int(text) for text in texts_ if text is not None and text.isdigit()]
    given = numbers_of(version)
    starred = any(text in ("*", "x") for text in texts_)
    low = (*numbers, 0, 0, 0)[:3]
    if sign in ("", "^") and not starred:
        return low <= given < _caret(numbers)
    if sign in ("", "~", "=", "^"):
        kept = numbers[:2] if sign == "~" else numbers
        return low <= given and given[: len(kept)] == tuple(kept)
    above, equal = given > low, given[: len(numbers)] == tuple(numbers)
    return {">": above and not equal, ">=": given >= low, "<": given < low, "<=": given < low or equal}[sign]


def _caret(numbers: list[int]) -> tuple[int, ...]:
    """The first version that is no longer compatible: the leftmost number that is not zero grows."""
    index = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
    return (*numbers[:index], numbers[index] + 1, 0, 0)[:3] if numbers else (2**63,)


def numbers_of(version: str) -> tuple[int, ...]:
    """Major, minor and patch of a version."""
    parts = re.split(r"[-+]", version, maxsplit=1)[0].split(".")
    return (*(int(part) for part in parts[:3] if part.isdigit() and len(part) < 10), 0, 0, 0)[:3]
