"""The cache of checked rules: right or silent, whatever happens to its files."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from depscan.cachefiles import write_content
from depscan.errors import RuleFileError
from depscan.rulebook import load_rules
from depscan.rulebook.checks import read_rule
from depscan.rulebook.stored import StoredRules

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.rulebook.rule import Rule

RULE = '''\
id = "mine"
severity = "warning"
for = "artifact"
when = 'artifact.machine == "arm"'
message = "{artifact.path} is for arm"
why = "Arm is not ours."
fix = "Build for amd64."
runtime = "exec {artifact.path}: exec format error"

[[examples]]
dockerfile = """
FROM scratch
# expect: mine
COPY a /a
"""

[[examples]]
dockerfile = "FROM scratch"
'''


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    _write(folder / "mine.toml", RULE)
    return folder


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The rule files of the user that are read, from here on."""
    read: list[Path] = []

    def record(path: Path, *, trusted: bool) -> Rule:
        if not trusted:
            read.append(path)
        return read_rule(path, trusted=trusted)

    monkeypatch.setattr("depscan.rulebook.checks.read_rule", record)
    return read


def test_a_second_run_reads_no_rule_file(cache: Path, folder: Path, reads: list[Path]) -> None:
    first = load_rules((folder,), cache=True)
    second = load_rules((folder,), cache=True)

    assert reads == [folder / "mine.toml"]
    assert second == tuple(replace(rule, examples=()) for rule in first)
    assert _mine(second).tell({"artifact": _View("/a")}) == "/a is for arm"


def test_without_cache_nothing_is_kept(cache: Path, folder: Path) -> None:
    load_rules((folder,))
    load_rules((folder,), examples=True, cache=True)
    assert not cache.exists()


def test_examples_come_from_the_files(cache: Path, folder: Path) -> None:
    load_rules((folder,), cache=True)
    assert len(_mine(load_rules((folder,), examples=True, cache=True)).examples) == 2


def test_a_changed_rule_is_read_again(cache: Path, folder: Path, reads: list[Path]) -> None:
    load_rules((folder,), cache=True)
    _write(folder / "mine.toml", RULE.replace("Arm is not ours.", "Arm is not mine."))
    assert _mine(load_rules((folder,), cache=True)).why == "Arm is not mine."
    _write(folder / "other.toml", RULE.replace('"mine"', '"other"').replace("expect: mine", "expect: other"))
    assert "other" in {rule.id for rule in load_rules((folder,), cache=True)}
    (folder / "mine.toml").unlink()
    assert "mine" not in {rule.id for rule in load_rules((folder,), cache=True)}
    assert [path.name for path in reads] == ["mine.toml"] * 2 + ["mine.toml", "other.toml"] + ["other.toml"]


def test_a_rule_that_became_wrong_is_told(cache: Path, folder: Path) -> None:
    load_rules((folder,), cache=True)
    _write(folder / "mine.toml", RULE.replace("artifact.machine", "artifact.machin"))
    for _ in range(2):
        with pytest.raises(RuleFileError, match=r"mine\.toml:4:9: when: 'artifact' has no 'machin'"):
            load_rules((folder,), cache=True)


def test_a_rule_that_cannot_be_asked_for_its_state_is_told(cache: Path, folder: Path) -> None:
    (folder / "gone.toml").symlink_to(folder / "nowhere")
    with pytest.raises(RuleFileError, match=r"gone\.toml:1:1: cannot be read \(No such file or directory\)"):
        load_rules((folder,), cache=True)


def test_a_rule_that_may_change_unseen_is_not_kept(cache: Path, folder: Path, reads: list[Path]) -> None:
    for _ in range(3):
        (folder / "mine.toml").write_text(RULE)
        load_rules((folder,), cache=True)
    assert len(reads) == 3


def test_two_folders_in_one_slot_do_not_answer_for_each_other(
    cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("depscan.rulebook.stored._SLOTS", 1)
    for _ in range(2):
        assert "mine" not in {rule.id for rule in load_rules(cache=True)}
        assert "mine" in {rule.id for rule in load_rules((folder,), cache=True)}
    assert [path.name for path in cache.iterdir()] == ["rules-00.msgpack"]


@pytest.mark.parametrize("damage", ["empty", "noise", "half", "flip"])
def test_a_damaged_cache_is_rebuilt(cache: Path, folder: Path, reads: list[Path], damage: str) -> None:
    expected = load_rules((folder,), cache=True)
    (file,) = cache.iterdir()
    good = file.read_bytes()
    file.write_bytes(
        {
            "empty": b"",
            "noise": os.urandom(500),
            "half": good[: len(good) // 2],
            "flip": good[:-1] + bytes([good[-1] ^ 1]),
        }[damage]
    )
    assert [rule.id for rule in load_rules((folder,), cache=True)] == [rule.id for rule in expected]
    assert len(reads) == 2
    load_rules((folder,), cache=True)
    assert len(reads) == 2


def test_a_whole_file_with_another_content_counts_as_none(cache: Path, folder: Path) -> None:
    stored = StoredRules({folder: ["mine.toml"]})
    write_content(stored._path, b"\x93\x01\x02\x03", stamp=stored._stamp)
    assert stored.find() is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DEPSCAN_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert load_rules(cache=True) == load_rules()


class _View:
    def __init__(self, path: str) -> None:
        self.path = path


def _write(path: Path, text: str) -> None:
    path.write_text(text)
    time.sleep(0.03)  # a file as young as the clock's tick is not kept


def _mine(rules: tuple[Rule, ...]) -> Rule:
    return next(rule for rule in rules if rule.id == "mine")
