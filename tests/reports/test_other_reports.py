"""What `inspect`, `image` and `rules` print."""

from __future__ import annotations

import json
from pathlib import Path

from msgspec.structs import replace

from depscan.reports import image, inspect, rules
from depscan.rulebook import load_rules


def test_inspect_text(make) -> None:
    facts = make.placement().artifact.facts
    assert inspect.render_text({Path("hello"): facts, Path("a\x1b"): "not an ELF file"}) == (
        "hello: dynamic program for x86_64 (64 bit), written in c\n"
        "  libc         glibc\n"
        "  interpreter  /lib64/ld-linux-x86-64.so.2\n"
        "  needed       libc.so.6\n"
        "  versions     libc.so.6: GLIBC_2.2.5, GLIBC_2.34\n"
        "\n"
        "a\\x1b: skipped: not an ELF file\n"
    )


def test_inspect_json(make) -> None:
    facts = make.placement().artifact.facts
    document = json.loads(inspect.render_json({Path("hello"): facts, Path("x"): "empty"}))
    assert document["schema_version"] == 1
    assert document["files"][0]["elf"]["class"] == 64
    assert document["files"][1] == {"path": "x", "skipped": "empty"}


def test_image_json_and_text(make) -> None:
    profile = make.placement().filesystem.profile
    profile = replace(profile, loaders=("/lib/ld-musl-x86_64.so.1",), size=3_600_000, why="listed")
    (document,) = json.loads(image.render_json([profile]))["images"]
    assert list(document)[-3:] == ["loaders", "libraries", "ceilings"]
    assert document["loaders"] == ["/lib/ld-musl-x86_64.so.1"]
    text = image.render_text([profile])
    assert text.startswith("docker.io/library/alpine:3.20\n  release      alpine:3.20\n  libc         musl 1.2.5\n")
    assert "  size         3.6 MB compressed\n" in text
    assert "  source       knowledge of 2026-01-02, certain: listed\n" in text


def test_rules_list_every_rule() -> None:
    known = load_rules()
    listed = json.loads(rules.render_json(known))["rules"]
    assert [rule["id"] for rule in listed] == [rule.id for rule in known]
    lines = rules.render_text(known).splitlines()
    assert [line.split()[0] for line in lines] == [rule.id for rule in known]
