"""The rows about crates: whole, dated, and without contradiction among themselves."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from depscan.toolchains.cargo_lock import fits, numbers_of
from depscan.toolchains.crate_knowledge import LINKS, _rows, find_linking, find_manifest, read_links

ROWS = _rows()


def test_every_row_has_a_dated_source() -> None:
    sources = [row.source for rows in ROWS.values() for row in rows] + [
        row.source for row in read_links(LINKS.read_bytes())
    ]
    commits = re.compile(r"\d{4}-\d\d-\d\d")
    assert [text for text in sources if not commits.search(text)] == []


def test_ranges_of_a_crate_do_not_overlap() -> None:
    for name, rows in ROWS.items():
        ranges = sorted(tuple(numbers_of(part.strip(" <>=")) for part in row.versions.split(",")) for row in rows)
        assert all(low < high for low, high in ranges), name
        assert all(one[1] <= other[0] for one, other in pairwise(ranges)), name


def test_features_name_dependencies_of_their_row() -> None:
    for rows in ROWS.values():
        for row in rows:
            known = {each.name for each in row.dependencies}
            words = {word for values in row.features.values() for word in values}
            asked = {re.split("[?/]", word.removeprefix("dep:"))[0] for word in words if "/" in word or ":" in word}
            assert asked <= known, (row.name, row.versions)


def test_a_crate_whose_features_decide_has_its_manifest() -> None:
    deciding = {link.name for link in read_links(LINKS.read_bytes()) if link.own or any(map(str.islower, link.asked))}
    assert deciding - ROWS.keys() == set()


@pytest.mark.parametrize(
    ("name", "version", "feature", "word"),
    [
        ("reqwest", "0.12.9", "default-tls", "dep:native-tls-crate"),
        ("reqwest", "0.11.27", "default", "default-tls"),
        ("native-tls", "0.2.14", "vendored", "openssl/vendored"),
        ("sqlx-core", "0.8.6", "_tls-native-tls", "native-tls"),
        ("git2", "0.20.0", "default", "https"),
        ("rdkafka-sys", "4.8.0", "ssl-vendored", "openssl-sys/vendored"),
    ],
)
def test_rows_say_what_the_manifests_say(name: str, version: str, feature: str, word: str) -> None:
    manifest = find_manifest(name, version)
    assert manifest is not None
    assert word in manifest.features[feature]


def test_what_has_no_row_is_not_known() -> None:
    assert find_manifest("reqwest", "99.0.0") is None
    assert find_manifest("nobody", "1.0.0") is None
    unknown = find_linking("nobody-sys")
    assert unknown is not None and unknown.elsewhere == ("",)
    assert find_linking("nobody") is None


@pytest.mark.parametrize(
    ("version", "requirement", "expected"),
    [
        ("1.2.3", "1", True),
        ("2.0.0", "1", False),
        ("0.3.9", "0.3.2", True),
        ("0.4.0", "0.3.2", False),
        ("0.0.4", "0.0.3", False),
        ("1.9.0", "~1.2", False),
        ("1.2.9", "~1.2", True),
        ("1.2.9", "=1.2", True),
        ("1.9.9", "1.*", True),
        ("3.0.0", "*", True),
        ("2.5.0", ">=1.0, <3", True),
        ("3.0.0", ">=1.0, <3", False),
        ("4.8.0+2.3.0", "4.7.0", True),
        ("1.0.0", "nonsense", False),
        ("1.0.0", "9" * 5000, False),
    ],
)
def test_requirements(version: str, requirement: str, expected: bool) -> None:
    assert fits(version, requirement) is expected
