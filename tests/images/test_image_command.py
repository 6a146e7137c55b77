"""`depscan image`: what it shows of an image, as text and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.images.handmade import A_ROOT, LIBRARY, docker_archive, file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunDepscan


def described(run_depscan: RunDepscan, *arguments: str) -> tuple[dict[str, Any], str]:
    """An image as JSON and as text."""
    document = json.loads(run_depscan("image", "--isolated", "--format", "json", *arguments).out)
    return document["images"][0], run_depscan("image", "--isolated", *arguments).out


def test_glibc_beside_musl_in_the_knowledge(run_depscan: RunDepscan) -> None:
    document, text = described(run_depscan, "frolvlad/alpine-glibc:alpine-3.22_glibc-2.42")
    second = document["second_libc"]
    assert (document["libc"], document["loaders"]) == (
        {"family": "musl", "version": "1.2.5"},
        ["/lib/ld-musl-x86_64.so.1"],
    )
    assert (second["family"], second["version"], second["ceilings"]) == ("glibc", "2.42", {"GLIBC": "2.42"})
    assert second["loaders"][0] == "/lib64/ld-linux-x86-64.so.2"
    assert {"libc.so.6", "libm.so.6"} <= set(second["libraries"])
    assert "  libc         musl 1.2.5\n" in text
    assert "  second libc  glibc 2.42; up to GLIBC_2.42\n" in text
    assert "  its loaders  /lib64/ld-linux-x86-64.so.2, /lib/ld-linux-x86-64.so.2, /usr/glibc-compat/lib/" in text


def test_musl_beside_glibc_in_a_real_image(tmp_path: Path, run_depscan: RunDepscan) -> None:
    musl = file("lib/ld-musl-x86_64.so.1", LIBRARY + b"\0musl libc (x86_64)\0\x001.2.3\0/lib:/usr/lib\0")
    place = docker_archive(tmp_path / "both", [*A_ROOT, musl])
    document, text = described(run_depscan, "--base", f"a:1={place}", "a:1")
    assert document["libc"] == {"family": "glibc", "version": "2.36"}
    second = document["second_libc"]
    assert (second["family"], second["version"]) == ("musl", "1.2.3")
    assert "/lib/ld-musl-x86_64.so.1" in second["loaders"]
    assert "\n  second libc  musl 1.2.3" in text


def test_one_libc_is_not_followed_by_another(run_depscan: RunDepscan) -> None:
    document, text = described(run_depscan, "debian:12")
    assert document["second_libc"] is None
    assert "second libc" not in text
