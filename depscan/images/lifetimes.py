"""When a release's security updates end, and when a tag moved to another release.

In: knowledge/lifetimes.json (scripts/refresh_lifetimes.py) and moves.jsonl (scripts/refresh_knowledge.py). Out:
dates in ISO form. What ended is judged by the knowledge's own date, not by today's, so that the same input has the
same findings. And a release in words.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache

import msgspec
from msgspec import Struct

from depscan.images.rows import find_sources, read_rows

_DISTROLESS = re.compile(r"distroless:\S+-debian(\d+)")


class Move(Struct, frozen=True):
    """A tag's last change of release: the day, and the release before."""

    date: str
    before: str


class _Lifetimes(Struct, frozen=True):
    ends: dict[str, str]
    sources: tuple[str, ...]


class _Row(Struct, frozen=True, array_like=True):
    """Tags of an image that moved together."""

    image: str
    date: str
    before: str
    after: str
    tags: str


def distribution_release(release: str | None) -> str | None:
    """The release whose packages an image is made of: debian:12 for distroless:cc-debian12."""
    return _DISTROLESS.sub(r"debian:\1", release) if release else None


def find_end(release: str | None) -> str | None:
    """The day on which a release's free security updates end or ended; None where not known."""
    return _lifetimes().ends.get(distribution_release(release) or "")


def days_since_end(release: str | None) -> int | None:
    """How many days before the knowledge's date that was; None while updates go on, or where not known."""
    end = find_end(release)
    days = (date.fromisoformat(find_sources().as_of) - date.fromisoformat(end)).days if end else 0
    return days if days > 0 else None


def find_move(image: str, tag: str | None) -> Move | None:
    """The last move of a tag that its publisher still moves; None where none was recorded."""
    for row in _moves():
        if row.image == image and tag in row.tags.split():
            return Move(row.date, row.before)
    return None


def name_release(release: str | None) -> str:
    """`Debian 13` of debian:13; empty where nothing is known."""
    named = re.sub(r"^(\w)(.*?):", lambda found: f"{found[1].upper()}{found[2]} ", release or "")
    return named.rpartition("/")[2]


@cache
def _lifetimes() -> _Lifetimes:
    return msgspec.json.decode(read_rows("lifetimes.json"), type=_Lifetimes)


@cache
def _moves() -> tuple[_Row, ...]:
    return tuple(msgspec.json.Decoder(_Row).decode_lines(read_rows("moves.jsonl")))
