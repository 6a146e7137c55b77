"""The reference grammar: docker's defaults, every part, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depscan.images.reference import BadReferenceError, familiar, parse_reference

DIGEST = "sha256:" + "0123456789abcdef" * 4

# text, domain, path, tag, digest, short spelling
GOOD = [
    ("alpine", "docker.io", "library/alpine", "latest", None, "alpine:latest"),
    ("alpine:3.20", "docker.io", "library/alpine", "3.20", None, "alpine:3.20"),
    ("docker.io/alpine", "docker.io", "library/alpine", "latest", None, "alpine:latest"),
    ("docker.io/library/alpine:3", "docker.io", "library/alpine", "3", None, "alpine:3"),
    ("index.docker.io/library/alpine", "docker.io", "library/alpine", "latest", None, "alpine:latest"),
    ("frolvlad/alpine-glibc", "docker.io", "frolvlad/alpine-glibc", "latest", None, "frolvlad/alpine-glibc:latest"),
    ("docker.io/library/a/b", "docker.io", "library/a/b", "latest", None, "library/a/b:latest"),
    ("gcr.io/distroless/base-debian12", "gcr.io", "distroless/base-debian12", "latest", None, None),
    ("localhost/app", "localhost", "app", "latest", None, None),
    ("localhost:5000/app:1", "localhost:5000", "app", "1", None, None),
    ("registry.example:443/a/b/c:v1", "registry.example:443", "a/b/c", "v1", None, None),
    ("[2001:db8::1]:5000/app", "[2001:db8::1]:5000", "app", "latest", None, None),
    ("UPPER/app", "UPPER", "app", "latest", None, None),
    (f"debian@{DIGEST}", "docker.io", "library/debian", None, DIGEST, f"debian@{DIGEST}"),
    (f"debian:12@{DIGEST}", "docker.io", "library/debian", "12", DIGEST, f"debian:12@{DIGEST}"),
    ("a__b-c--d/f_g.h:T_a.G-1", "docker.io", "a__b-c--d/f_g.h", "T_a.G-1", None, None),
    ("a.b/f_g:1", "a.b", "f_g", "1", None, None),
]

BAD = [
    ("", "without a name"),
    (":3", "without a name"),
    ("Alpine", "lower case"),
    ("alpine:", "not a tag"),
    ("alpine:-x", "not a tag"),
    ("alpine:" + "a" * 129, "not a tag"),
    ("alpine@sha256:beef", "not a digest"),
    ("alpine@", "not a digest"),
    ("a//b", "cannot stand"),
    ("-a/b", "cannot stand"),
    ("a/b-", "cannot stand"),
    ("${BASE}", "cannot stand"),
    ("alpine 3", "cannot stand"),
    ("http://alpine", "not a registry host"),
    ("0" * 64, "image id"),
    ("a/" + "b" * 255, "more than 255"),
    ("x" * 5000, "more than 1020"),
]


@pytest.mark.parametrize(("text", "domain", "path", "tag", "digest", "short"), GOOD)
def test_parts(  # noqa: PLR0917 - a table row
    text: str, domain: str, path: str, tag: str | None, digest: str | None, short: str | None
) -> None:
    reference = parse_reference(text)
    assert (reference.domain, reference.path, reference.tag, reference.digest) == (domain, path, tag, digest)
    assert parse_reference(str(reference)) == reference
    assert parse_reference(familiar(reference)) == reference or short == "library/a/b:latest"
    assert short is None or familiar(reference) == short


@pytest.mark.parametrize(("text", "message"), BAD)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(BadReferenceError, match=message):
        parse_reference(text)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        reference = parse_reference(text)
    except BadReferenceError as error:
        assert "\n" not in str(error)
    else:
        assert parse_reference(str(reference)) == reference
