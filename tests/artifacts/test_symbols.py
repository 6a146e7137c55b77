"""Dynamic symbols: bound to versions, told apart by when they are bound, packed into one blob."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depscan.artifacts.elf import read_elf
from depscan.artifacts.symbols import Symbols, base_name, pack, unpack
from tests.artifacts.samples import ELF

NAMES = st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1), unique=True)


def symbols(name: str) -> Symbols:
    found = unpack(read_elf(ELF / name).symbols or b"")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "functions", "data", "exports"),
    [
        ("hello-glibc-dynamic", ("puts@GLIBC_2.2.5",), ("__libc_start_main@GLIBC_2.34",), set()),
        ("hello-musl-dynamic", ("puts", "__libc_start_main"), (), set()),
        ("needs-glibc-2.99-weakly", ("exit@GLIBC_2.2.5", "puts@GLIBC_2.2.5"), (), set()),  # the weak one is none
        ("plugin.so", ("puts@GLIBC_2.2.5", "host_register"), (), {"plugin_init"}),
        ("libfoo.so.1", (), (), {"foo@FOO_1.0"}),
        ("hello-static-pie", (), (), set()),
    ],
)
def test_symbols_of_a_fixture(name: str, functions: tuple[str, ...], data: tuple[str, ...], exports: set[str]) -> None:
    assert symbols(name) == Symbols(functions, data, frozenset(exports))


@given(NAMES, NAMES, NAMES)
def test_a_blob_gives_back_what_was_packed(functions: list[str], data: list[str], exports: list[str]) -> None:
    given_symbols = Symbols(tuple(functions), tuple(data), frozenset(exports))
    assert unpack(pack(given_symbols)) == given_symbols


@given(st.binary(max_size=200))
def test_damaged_blobs_are_unknown(blob: bytes) -> None:
    assert unpack(blob) is None


def test_the_base_name_has_no_version() -> None:
    assert [base_name(name) for name in ("puts", "puts@GLIBC_2.2.5")] == ["puts", "puts"]


def test_a_table_of_more_symbols_than_are_kept_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("depscan.artifacts.elf._MAX_SYMBOLS", 1)
    facts = read_elf(ELF / "plugin.so")
    assert facts.symbols == b""
    assert unpack(facts.symbols) is None
