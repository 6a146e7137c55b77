"""Tags of docker-library's official images, past and present, from the history of docker-library/official-images.

In: a git checkout with full history. Out: for each image, each tag's last known release, as far as the tag itself, a
sibling tag of the same entry or the entry's directory names it. Entries of the first years name none: left out.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path  # noqa: TC003 - a script, not at start-up

Named = Callable[[str], set[str]]


class Library:
    """The library/ files up to `commit`. `named` tells which releases a tag or directory names."""

    def __init__(self, checkout: Path, commit: str, named: Named) -> None:
        self.git, self.commit, self.named = ["git", "-C", str(checkout)], commit, named

    def tags(self, image: str) -> dict[str, str]:
        """The release of each tag, the newest revision winning."""
        found: dict[str, str] = {}
        for _, text in self._revisions(f"library/{image}"):
            for entry in _entries(text):
                found |= _entry_tags(entry, self.named)
        return found

    def moves(self, image: str) -> dict[str, tuple[str, str, str]]:
        """The last change of each tag's release: ISO date of the commit, release before, release after."""
        found: dict[str, str] = {}
        moved: dict[str, tuple[str, str, str]] = {}
        for date, text in self._revisions(f"library/{image}"):
            now = {tag: release for entry in _entries(text) for tag, release in _entry_tags(entry, self.named).items()}
            changed = (tag for tag, release in now.items() if found.get(tag, release) != release)
            moved |= {tag: (date, found[tag], now[tag]) for tag in changed}
            found |= now
        return moved

    def date(self) -> str:
        """The ISO date of the commit."""
        show = [*self.git, "show", "--no-patch", "--format=%cs", self.commit]
        return subprocess.run(show, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603

    def current(self, image: str) -> set[str]:
        """The tags that the newest revision still publishes."""
        show = [*self.git, "show", f"{self.commit}:library/{image}"]
        text = subprocess.run(show, check=False, capture_output=True, text=True).stdout  # noqa: S603
        return {tag for entry in _entries(text) for tag in _all_tags(entry)}

    def _revisions(self, path: str) -> Iterator[tuple[str, str]]:
        """ISO date and contents of a file at each commit that touched it, the oldest first."""
        log = [*self.git, "log", "--reverse", "--format=%H %cs", self.commit, "--", path]
        lines = subprocess.run(log, check=True, capture_output=True, text=True).stdout.splitlines()  # noqa: S603
        commits, dates = [line.split()[0] for line in lines], iter([line.split()[1] for line in lines])
        names = "".join(f"{commit}:{path}\n" for commit in commits).encode()
        batch = subprocess.run([*self.git, "cat-file", "--batch"], input=names, check=True, capture_output=True).stdout  # noqa: S603
        at = 0
        while at < len(batch):
            end = batch.index(b"\n", at)
            head, at, date = batch[at:end], end + 1, next(dates)
            if not head.endswith(b" missing"):
                size = int(head.split()[-1])
                yield date, batch[at : at + size].decode("utf-8", "replace")
                at += size + 1


def _entries(text: str) -> Iterator[dict[str, str]]:
    """The entries of a library file (RFC 2822 paragraphs; the one-line format of before 2016 names no release)."""
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.splitlines() if not line.startswith("#")]
        folded = re.sub(r"\n[ \t]+", " ", "\n".join(lines))
        fields = dict(re.findall(r"^([A-Za-z0-9-]+):[ \t]*(.*)$", folded, re.MULTILINE))
        if "Tags" in fields or "SharedTags" in fields:
            yield fields


def _all_tags(entry: dict[str, str]) -> list[str]:
    return re.findall(r"[^,\s]+", f"{entry.get('Tags', '')},{entry.get('SharedTags', '')}")


def _entry_tags(entry: dict[str, str], named: Named) -> dict[str, str]:
    if "windows" in entry.get("Architectures", "") or "windows" in entry.get("Constraints", ""):
        return {}
    tags = _all_tags(entry)
    evidence = [*tags, *entry.get("Directory", "").split("/"), entry.get("File", "").replace("Dockerfile.", "")]
    releases: set[str] = set().union(*(named(text) for text in evidence))
    return dict.fromkeys(tags, releases.pop()) if len(releases) == 1 else {}
