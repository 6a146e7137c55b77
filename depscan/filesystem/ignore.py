"""`.dockerignore`: which paths of the context the builder never sees.

In: the context's directory and the Dockerfile's path. Out: `IgnoreRules`, asked one directory level at a time: the
verdict on a directory is passed on to its children, as moby's `MatchesUsingParentResults` does, so that no path is
matched from the start again. `<Dockerfile>.dockerignore` beats `.dockerignore` (BuildKit, frontend/dockerui).
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.dockerfile.lexing import compile_patterns
from depscan.findings import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from e2b_dockerfile_utils import PatternMatcher

MAX_FILE_SIZE = 1 << 20
MAX_PATTERNS = 10_000
MAX_STARS = 16  # in one pattern: each may multiply the work of a match


class Verdict(Struct, frozen=True):
    """Whether a path is ignored, and which patterns matched it or a parent (None: none of them)."""

    ignored: bool
    matched: tuple[bool, ...] | None = None


KEPT = Verdict(ignored=False)


def read_patterns(patterns: Iterable[str]) -> PatternMatcher | None:
    """A matcher for the patterns of `--exclude` or `--parents`; None when one is malformed or too costly."""
    patterns = list(patterns)
    if any(pattern.count("*") > MAX_STARS for pattern in patterns):
        return None
    try:
        return compile_patterns(patterns)
    except ValueError:
        return None


class IgnoreRules:
    """The patterns of one ignore file; without a file nothing is ignored.

    `name` is the file's name for messages. `skipped` tells of what could not be used.
    """

    def __init__(self, lines: Iterable[str] = (), name: str = ".dockerignore", skipped: Iterable[Skipped] = ()) -> None:
        self.name = name
        self.skipped: list[Skipped] = list(skipped)
        self._all = list(lines)
        usable = [line for line in self._all if self._is_usable(line)]
        self._matcher = compile_patterns(usable) if usable else None
        # The library's `matches` starts at the first component for every path; its compiled patterns are private, and
        # tests hold that both give the same answers.
        compiled = self._matcher._patterns if self._matcher else ()
        self._patterns = [(pattern.exclusion, pattern.match) for pattern in compiled]
        self._ignoring = [match for exclusion, match in self._patterns if not exclusion]
        self._reinclude = len(self._ignoring) < len(self._patterns)

    @property
    def end(self) -> tuple[int, int]:
        """Line and column, from 1, behind the last character of the file; of the first where there is no file."""
        return max(len(self._all), 1), len(self._all[-1]) + 1 if self._all else 1

    def with_lines(self, lines: Iterable[str]) -> IgnoreRules:
        """The rules with further lines at the end."""
        return IgnoreRules([*self._all, *lines], self.name)

    def _is_usable(self, line: str) -> bool:
        if line.count("*") > MAX_STARS:
            self.skipped.append(Skipped(self.name, f"pattern {line.strip()!r} has more than {MAX_STARS} stars"))
            return False
        try:
            compile_patterns([line])
        except ValueError as error:
            self.skipped.append(Skipped(self.name, f"pattern {line.strip()!r} is not valid: {error}"))
            return False
        return True

    def judge(self, path: str, parent: Verdict) -> Verdict:
        """The verdict on `path` (slash-separated, relative to the context) given that on its parent directory."""
        inherited = parent.matched
        if inherited is None:
            for match in self._ignoring:  # `!` patterns are asked only about what an earlier pattern ignored
                if match(path):
                    break
            else:
                return KEPT
        ignored, any_match = False, False
        matched: list[bool] = []
        for number, (exclusion, match) in enumerate(self._patterns):
            hit = inherited is not None and inherited[number]
            # As in moby: a pattern that could not change the verdict so far is not asked, and counts as no match.
            if not hit and exclusion == ignored:
                hit = match(path)
            if hit:
                ignored, any_match = not exclusion, True
            matched.append(hit)
        return Verdict(ignored, tuple(matched)) if any_match else KEPT

    def may_keep_below(self, directory: str) -> bool:
        """Whether a `!` pattern may bring back something below an ignored directory."""
        return self._reinclude and self._matcher is not None and bool(self._matcher.may_match_under(directory))

    def reason(self, path: str) -> str | None:
        """The pattern that ignores `path` or one of its parents, as cleaned by moby; None when it is kept."""
        verdict, parts = KEPT, path.split("/")
        for depth in range(1, len(parts) + 1):
            verdict = self.judge("/".join(parts[:depth]), verdict)
        if self._matcher is None or not verdict.ignored or verdict.matched is None:
            return None
        last = max(number for number, hit in enumerate(verdict.matched) if hit)
        return str(self._matcher.patterns[last])


def own_ignore_file(dockerfile: Path) -> Path:
    """The ignore file of one Dockerfile, which beats that of the context."""
    return dockerfile.with_name(dockerfile.name + ".dockerignore")


def read_ignore_rules(context: Path, dockerfile: Path | None = None) -> IgnoreRules:
    """The rules for a context: from `<dockerfile>.dockerignore` beside the Dockerfile, else `.dockerignore`."""
    places = [context / ".dockerignore"]
    if dockerfile is not None:
        places.insert(0, own_ignore_file(dockerfile))
    for place in places:
        try:
            text = _read_text(place)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            return IgnoreRules(name=place.name, skipped=[Skipped(place.name, reason)])
        return _parse(text, place.name)
    return IgnoreRules()


def _read_text(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("is not a regular file")
        data = file.read(MAX_FILE_SIZE + 1)
    if len(data) > MAX_FILE_SIZE:
        raise ValueError(f"is larger than {MAX_FILE_SIZE} bytes")
    return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")


def _parse(text: str, name: str) -> IgnoreRules:
    lines = text.split("\n")
    if len(lines) > MAX_PATTERNS:
        skipped = [Skipped(name, f"has more than {MAX_PATTERNS} lines; the rest is not used")]
        return IgnoreRules(lines[:MAX_PATTERNS], name, skipped)
    return IgnoreRules(lines, name)
