"""The facts cache: right or silent, whatever happens to its file."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from depscan.artifacts import cache
from depscan.artifacts.cache import FactsCache
from depscan.artifacts.elf import read_elf
from depscan.artifacts.facts import ElfFacts
from depscan.artifacts.reading import read_facts
from depscan.cachefiles import find_cache_folder
from tests.artifacts.samples import DAMAGED, ELF, NAMES

HELLO = ELF / "hello-glibc-dynamic"
FACTS = ElfFacts("DYN", "x86_64", 64, little_endian=True, linkage=None, needed=("libc.so.6",) * 10)


@pytest.fixture(autouse=True)
def one_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_SHARDS", 1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program"
    path.write_bytes(HELLO.read_bytes())
    time.sleep(0.03)  # a file as young as the clock's tick is not kept
    return path


def find(folder: Path, path: Path) -> ElfFacts | None:
    known, status = FactsCache(folder), path.stat()
    facts = known.find(status)
    return None if facts is None else replace(facts, symbols=known.symbols(status))


def test_a_second_run_imports_no_lief(folder: Path, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_SHARDS", 16)  # as in the second process
    read_facts([program])
    code = (
        "import sys; from pathlib import Path; from depscan.artifacts.reading import read_facts; "
        f"facts = read_facts([Path({str(program)!r})]); "
        "print([f.needed for f in facts.values()], {'lief', 'subprocess', 'tempfile'} & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[('libc.so.6',)] set()\n"


def test_all_facts_survive_the_cache(folder: Path) -> None:
    paths = [ELF / name for name in NAMES]
    first = read_facts(paths)
    kept = FactsCache(folder)
    assert read_facts(paths, symbols=True) == first
    first = {path: facts if isinstance(facts, str) else replace(facts, symbols=None) for path, facts in first.items()}
    assert {path: kept.find(path.stat()) for path in paths if path.name not in DAMAGED} == {
        path: facts for path, facts in first.items() if isinstance(facts, ElfFacts)
    }
    assert read_facts(paths) == first


def test_a_changed_file_is_read_again(folder: Path, program: Path) -> None:
    read_facts([program])
    status = program.stat()
    program.write_bytes((ELF / "hello-static").read_bytes().ljust(status.st_size, b"\0"))
    os.utime(program, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert find(folder, program) is None
    assert read_facts([program]) == {program: read_elf(program)}


def test_a_file_that_may_change_unseen_is_not_kept(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes(HELLO.read_bytes())
    known = FactsCache(folder)
    known.add(path, path.stat(), FACTS)
    known.save()
    assert not folder.exists()


def test_reasons_are_not_kept(folder: Path) -> None:
    read_facts([ELF / "truncated"])
    assert not folder.exists()


def test_no_cache(folder: Path, program: Path) -> None:
    read_facts([program], cache=False)
    assert not folder.exists()


@pytest.mark.parametrize("damage", ["empty", "noise", "half", "flip", "checksum of noise"])
def test_a_damaged_cache_is_rebuilt(folder: Path, program: Path, damage: str) -> None:
    read_facts([program])
    file = folder / "facts-00.msgpack"
    good = file.read_bytes()
    noise = b"\x93\x01\x02\x03"
    file.write_bytes(
        {
            "empty": b"",
            "noise": os.urandom(500),
            "half": good[: len(good) // 2],
            "flip": good[:60] + bytes([good[60] ^ 1]) + good[61:],
            "checksum of noise": zlib.crc32(noise).to_bytes(4, "little") + noise,
        }[damage]
    )
    assert find(folder, program) is None
    assert read_facts([program]) == {program: read_elf(HELLO)}
    assert find(folder, program) == read_elf(HELLO)


def test_a_folder_that_cannot_be_written_is_no_error(
    tmp_path: Path, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert read_facts([program]) == {program: read_elf(HELLO)}


def test_an_interrupt_leaves_the_old_cache(folder: Path, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_facts([program])
    before = (folder / "facts-00.msgpack").read_bytes()
    known = FactsCache(folder)
    known.add(HELLO, HELLO.stat(), FACTS)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        known.save()
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["facts-00.msgpack"]
    assert (folder / "facts-00.msgpack").read_bytes() == before


def test_runs_side_by_side_keep_each_others_entries(folder: Path, program: Path) -> None:
    one, other = FactsCache(folder), FactsCache(folder)
    one.add(program, program.stat(), FACTS)
    other.add(HELLO, HELLO.stat(), FACTS)
    one.save()
    other.save()
    assert find(folder, program) == FACTS
    assert find(folder, HELLO) == FACTS


def test_writers_at_once_leave_a_whole_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_SHARDS", 16)  # as in the other processes
    code = (
        "from depscan.artifacts.cache import FactsCache; from depscan.artifacts.facts import ElfFacts; "
        "from pathlib import Path; import sys\n"
        f"folder, path = Path({str(folder)!r}), Path(sys.argv[1])\n"
        "facts = ElfFacts('DYN', 'x86_64', 64, True, None, needed=tuple(str(i) for i in range(9999)))\n"
        "for _ in range(40):\n"
        "    known = FactsCache(folder); known.add(path, path.stat(), facts); known.save()\n"
    )
    paths = [ELF / name for name in NAMES[:4]]
    runs = [subprocess.Popen([sys.executable, "-c", code, str(path)]) for path in paths]
    assert [run.wait() for run in runs] == [0, 0, 0, 0]
    assert all(re.fullmatch(r"facts-\d\d\.msgpack", path.name) for path in folder.iterdir())
    assert any(find(folder, path) is not None for path in paths)


def test_the_oldest_entries_go_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [ELF / name for name in NAMES]
    monkeypatch.setattr(cache, "_MAX_BYTES", 4000)
    for path in paths:
        known = FactsCache(folder)
        known.find(paths[0].stat())  # used by every run: stays
        known.add(path, path.stat(), FACTS)
        known.save()
        assert (folder / "facts-00.msgpack").stat().st_size <= 4004
    kept = [path for path in paths if find(folder, path) is not None]
    assert kept[0] == paths[0]
    assert kept[1:] == paths[-len(kept) + 1 :]
    assert 4 < len(kept) < len(paths)


def test_another_lief_makes_entries_stale(folder: Path, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_facts([program])
    monkeypatch.setattr(cache, "_stamp", lambda: b"new!")
    assert find(folder, program) is None


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"DEPSCAN_CACHE_DIR": "/c", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/c"),
        ("linux", {"DEPSCAN_CACHE_DIR": "", "XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/depscan"),
        ("linux", {"HOME": "/h"}, "/h/.cache/depscan"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/depscan"),
        ("darwin", {"XDG_CACHE_HOME": "/x", "HOME": "/h"}, "/x/depscan"),
    ],
)
def test_folder(platform: str, environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert find_cache_folder(environment) == Path(expected)


def test_a_run_reads_the_shards_of_its_files_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_SHARDS", 16)
    known = FactsCache(folder)
    paths = [ELF / name for name in NAMES]
    for path in paths:
        known.add(path, path.stat(), FACTS)
    known.save()
    read = []
    monkeypatch.setattr(cache, "_load", lambda path: read.append(path.name) or {})
    FactsCache(folder).find(paths[0].stat())
    assert read == [f"facts-{paths[0].stat().st_ino % 16:02}.msgpack"]
