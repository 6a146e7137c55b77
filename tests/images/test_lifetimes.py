"""When releases end and tags moved, against Debian's LTS page, Ubuntu's and Alpine's release pages, Docker Hub."""

from __future__ import annotations

import json

import pytest

from depscan.images.candidates import pinned_spelling
from depscan.images.lifetimes import Move, days_since_end, find_end, find_move
from depscan.images.lookup import profile
from depscan.images.rows import KNOWLEDGE, find_release, find_tags
from depscan.platforms import DEFAULT_PLATFORM


@pytest.mark.parametrize(
    ("release", "end"),
    [
        ("debian:10", "2024-06-30"),
        ("debian:11", "2026-08-31"),
        ("debian:12", "2028-06-30"),
        ("distroless:cc-debian11", "2026-08-31"),
        ("ubuntu:18.04", "2023-05-31"),
        ("alpine:3.18", "2025-05-09"),
        ("centos:7", "2024-06-30"),
        ("archlinux", None),
        (None, None),
    ],
)
def test_end(release: str | None, end: str | None) -> None:
    assert find_end(release) == end


def test_ended_is_judged_by_the_knowledges_date() -> None:
    assert days_since_end("debian:11") == 85  # of 2026-11-24
    assert days_since_end("debian:13") is None and days_since_end("archlinux") is None


def test_moves() -> None:
    assert find_move("python", "3.12") == Move("2025-08-11", "debian:12")
    assert find_move("ubuntu", "latest") == Move("2026-05-04", "ubuntu:24.04")
    assert find_move("python", "3.12-bookworm") is None
    assert find_move("nobody", "latest") is None


def test_a_digest_and_a_dead_tag_do_not_move() -> None:
    assert profile("python:3.12", DEFAULT_PLATFORM, {}).moved == ("2025-08-11", "debian:12")
    assert profile("python:3.6", DEFAULT_PLATFORM, {}).moved is None


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        ("python:3.12-slim", "python:3.12-slim-trixie"),
        ("php:8.3-fpm", "php:8.3-fpm-trixie"),
        ("debian", "debian:trixie"),
        ("debian:stable-slim", "debian:trixie-slim"),
        ("ubuntu:latest", "ubuntu:resolute"),
        ("maven:3-eclipse-temurin-21", "maven:3-eclipse-temurin-21-noble"),
        ("nginx", None),
    ],
)
def test_pinned_spelling(text: str, pinned: str | None) -> None:
    found = pinned_spelling(profile(text, DEFAULT_PLATFORM, {}))
    assert found == pinned
    if found is not None:
        assert profile(found, DEFAULT_PLATFORM, {}).release == profile(text, DEFAULT_PLATFORM, {}).release


def test_every_row_speaks_of_what_is_known() -> None:
    rows = [json.loads(line) for line in (KNOWLEDGE / "moves.jsonl").read_text("utf-8").splitlines()]
    for image, _, before, after, tags in rows:
        assert before != after
        assert all(find_tags(image)[tag].release == after for tag in tags.split())
    ends = json.loads((KNOWLEDGE / "lifetimes.json").read_text("utf-8"))["ends"]
    assert all(find_release(release) is not None for release in ends)
