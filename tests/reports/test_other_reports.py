"""What `inspect`, `image` and `rules` print."""

from __future__ import annotations

import json

from msgspec.structs import replace

from depscan.images.lookup import profile
from depscan.platforms import DEFAULT_PLATFORM
from depscan.reports import image, inspect, rules
from depscan.rulebook import load_rules


def test_inspect_text(make) -> None:
    facts = make.placement().artifact.facts
    assert inspect.render_text({"hello": facts, "a\x1b": "not an ELF file"}) == (
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
    document = json.loads(inspect.render_json({"hello": facts, "x": "empty"}))
    assert document["schema_version"] == 1
    assert document["files"][0]["elf"]["class"] == 64
    assert document["files"][1] == {"path": "x", "skipped": "empty"}


def test_image_json_and_text(make) -> None:
    known = make.placement().filesystem.profile
    known = replace(known, loaders=("/lib/ld-musl-x86_64.so.1",), size=3_600_000, why="listed")
    (document,) = json.loads(image.render_json([known]))["images"]
    assert {"loaders", "libraries", "ceilings", "why", "layers", "updates_end"} <= set(document)
    assert document["loaders"] == ["/lib/ld-musl-x86_64.so.1"]
    text = image.render_text([known])
    assert text.startswith("docker.io/library/alpine:3.20\n  libc         musl 1.2.5\n  release      alpine:3.20, ")
    assert "  size         3.6 MB compressed\n" in text
    assert "  source       knowledge of 2026-01-02\n  confidence   certain\n  why          listed\n" in text


def test_image_tells_which_rows_matched_and_how_long_they_hold() -> None:
    text = image.render_text([profile("python:3.12", DEFAULT_PLATFORM, {})])
    for line in (
        "  release      debian:13, security updates go on until 2030-06-30\n",
        "  why          python:3.12 stands on debian:13 as of 2026-08-21; the tag moves\n",
        "  adds         python: docker-library/python 4f07059 (2026-06-23): 3.12/bookworm/Dockerfile\n",
        "  moved        from debian:12 on 2025-08-11; python:3.12-trixie stays\n",
    ):
        assert line in text
    assert "updates ended on 2026-08-31" in image.render_text([profile("debian:11", DEFAULT_PLATFORM, {})])
    (document,) = json.loads(image.render_json([profile("python:3.12", DEFAULT_PLATFORM, {})]))["images"]
    assert document["moved"] == {"on": "2025-08-11", "from": "debian:12"}
    assert document["ceilings"]["OPENSSL"] == "3.5.0" and document["ceilings"]["ZLIB"] == "1.2.12"


def test_rules_list_every_rule() -> None:
    known = load_rules()
    listed = json.loads(rules.render_json(known))["rules"]
    assert [rule["id"] for rule in listed] == [rule.id for rule in known]
    lines = rules.render_text(known).splitlines()
    assert [line.split()[0] for line in lines] == [rule.id for rule in known]
