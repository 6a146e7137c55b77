"""--base REFERENCE=SPEC: what each spec states, which references it reaches, what is refused."""

from __future__ import annotations

import pytest

from depscan.errors import UsageError
from depscan.images.lookup import profile
from depscan.platforms import DEFAULT_PLATFORM, parse_platform


def test_glibc() -> None:
    image = profile("registry.example/app:1", DEFAULT_PLATFORM, {"registry.example/app:*": "glibc:2.31"})
    assert (image.libc.family, image.libc.version, image.libc.ceilings) == ("glibc", "2.31", {"GLIBC": "2.31"})
    assert image.loaders == ("/lib64/ld-linux-x86-64.so.2",) and image.loaders_complete
    assert {"libc.so.6", "libm.so.6"} <= set(image.libraries) and not image.libraries_complete
    assert image.source == "override" and image.why == "--base registry.example/app:1=glibc:2.31"


@pytest.mark.parametrize(
    ("version", "ceiling"), [("2.19", "2.18"), ("2.21", "2.18"), ("2.37", "2.36"), ("2.38", "2.38")]
)
def test_the_ceiling_is_the_highest_symbol_version(version: str, ceiling: str) -> None:
    image = profile("x", DEFAULT_PLATFORM, {"x": f"glibc:{version}"})
    assert image.libc.ceilings == {"GLIBC": ceiling} and image.libc.version == version


def test_musl_and_none() -> None:
    musl = profile("x", parse_platform("arm64"), {"x": "musl:1.2.4"})
    assert musl.loaders == ("/lib/ld-musl-aarch64.so.1",) and "libc.musl-aarch64.so.1" in musl.libraries
    none = profile("x", DEFAULT_PLATFORM, {"x": "none"})
    assert none.libc.family == "none" and none.loaders == () and none.loaders_complete and none.libraries_complete


@pytest.mark.parametrize(
    ("glob", "text", "hit"),
    [
        ("alpine:3.20", "alpine:3.20", True),
        ("alpine", "alpine", True),
        ("alpine", "alpine:latest", True),
        ("alpine", "alpine:3.20", False),
        ("docker.io/library/alpine:*", "alpine:3.20", True),
        ("*/team/*", "registry.example/team/app:1", True),
        ("team/*", "docker.io/team/app", True),
        ("team/*", "registry.example/team/app", False),
    ],
)
def test_globs(glob: str, text: str, hit: bool) -> None:
    assert (profile(text, DEFAULT_PLATFORM, {glob: "none"}).source == "override") is hit


def test_the_first_override_wins() -> None:
    overrides = {"a:1": "glibc:2.31", "a:*": "none"}
    assert profile("a:1", DEFAULT_PLATFORM, overrides).libc.version == "2.31"
    assert profile("a:2", DEFAULT_PLATFORM, overrides).libc.family == "none"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("glibc", "--base x:latest=glibc: 'glibc' states no C library; use glibc:VERSION"),
        ("glibc:new", "states no C library"),
        ("glibc:2.31; rm", "states no C library"),
        ("uclibc:1.0", "No such file or directory; name an OCI layout"),
        ("", "No such file or directory; name an OCI layout"),
        ("none:1", "states no C library"),
        (
            "./layout",
            "'./layout', the source of x:latest: No such file or directory; name an OCI layout, a docker save archive",
        ),
    ],
)
def test_a_bad_spec_names_the_remedy(spec: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        profile("x", DEFAULT_PLATFORM, {"x": spec})
    assert message in str(error.value)
