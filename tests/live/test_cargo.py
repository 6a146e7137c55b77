"""Features, edges and programs of random workspaces, as resolved here, beside what a real cargo would compile.

Offline, with a cargo that has `--unit-graph` (a nightly option, which RUSTC_BOOTSTRAP=1 allows; 1.95 was used). A
workspace whose command cargo refuses proves nothing and is counted apart. CARGO_WORKSPACES says how many are compared.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from depscan.shell.commands import ShellWord
from depscan.toolchains import cargo_graph
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.cargo import _VALUED
from depscan.toolchains.cargo_cfg import platform_of
from depscan.toolchains.cargo_features import Features, Request, Rules
from depscan.toolchains.cargo_graph import Graph, Node
from depscan.toolchains.cargo_manifests import Manifest, read_manifest
from depscan.toolchains.cargo_selection import programs, select
from depscan.toolchains.crates import find_workspace
from tests.live.cargo_workspaces import Workspace

if TYPE_CHECKING:
    from depscan.toolchains.cargo_selection import Selection

CARGO = shutil.which("cargo") or shutil.which("cargo", path=str(Path.home() / ".cargo" / "bin"))
TRIPLE = "x86_64-unknown-linux-gnu"
COUNT = int(os.environ.get("CARGO_WORKSPACES", "60"))

pytestmark = [pytest.mark.live, pytest.mark.skipif(CARGO is None, reason="needs cargo")]

Linked = dict[str, dict[str, frozenset[str]]]  # program -> crate -> features


class Disk:
    """The files of a directory, as toolchains read them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, path: str, limit: int = 2**22) -> str | None:
        place = Path(path)
        return place.read_text() if place.is_file() else None

    def names(self, directory: str) -> tuple[str, ...]:
        place = Path(directory)
        return tuple(sorted(each.name for each in place.iterdir())) if place.is_dir() else ()

    def walk(self, directory: str) -> tuple[str, ...]:
        return tuple(sorted(str(path) for path in Path(directory).rglob("*") if path.is_file()))

    def is_predicted(self, path: str) -> bool:
        return False

    def is_at_hand(self, path: str) -> bool:
        return True

    def is_directory(self, path: str) -> bool:
        return Path(path).is_dir()


def by_cargo(directory: Path, words: list[str]) -> Linked | None:
    """What cargo would link into each program; None where it refuses the command."""
    command = [str(CARGO), "build", "--offline", "--unit-graph", "-Z", "unstable-options", "--target", TRIPLE, *words]
    environment = {**os.environ, "RUSTC_BOOTSTRAP": "1", "CARGO_TERM_COLOR": "never"}
    run = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        return None
    graph = json.loads(run.stdout)
    units = graph["units"]
    linked: Linked = {}
    for index in graph["roots"]:
        if units[index]["target"]["kind"] == ["bin"]:
            linked[units[index]["target"]["name"]] = _linked(units, index)
    return linked


def _linked(units: list[dict[str, object]], start: int) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    pending, seen = [start], {start}
    while pending:
        unit = units[pending.pop()]
        name = _name(str(unit["pkg_id"]))
        found[name] = frozenset(unit["features"])
        for need in unit["dependencies"]:
            target = units[need["index"]]
            runs = target["mode"] == "run-custom-build" or target["target"]["kind"] == ["proc-macro"]
            if need["index"] not in seen and not runs:
                seen.add(need["index"])
                pending.append(need["index"])
    return found


def _name(identity: str) -> str:
    last = identity.rsplit("/", 1)[-1]
    return last.split("#")[1].split("@")[0] if "@" in last else last.split("#")[0]


def here(directory: Path, words: list[str], *, wide: bool = False) -> Linked:
    """What depscan says that is linked into each program."""
    files = Disk(directory)
    workspace = find_workspace(files, str(directory))
    assert workspace is not None
    arguments = read_arguments([ShellWord(word, word, 0, 0) for word in words], _VALUED)
    selection = select(arguments, workspace)
    graph = Graph(files, workspace)
    features = resolved(graph, selection, wide=wide)
    linked: Linked = {}
    for package in selection.packages:
        start = graph.node(package.directory)
        for program in programs(arguments, package):
            if all(name in features.on(start) for name in package.programs[program]):
                linked[program] = _walk(features, start)
    return linked


def resolved(graph: Graph, selection: Selection, *, wide: bool) -> Features:
    requests = [
        Request(graph.node(each.package.directory), each.features, each.default, each.every) for each in selection.asked
    ]
    return Features(graph, Rules(platform_of(TRIPLE, ""), selection.separate, wide), requests)


def _walk(features: Features, start: Node) -> dict[str, frozenset[str]]:
    reached, pending = {start}, [start]
    while pending:
        for target in features.links(pending.pop()):
            if target not in reached:
                reached.add(target)
                pending.append(target)
    return {node.name: features.on(node) for node in reached}


@pytest.fixture
def vendored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[str]:
    """Manifests of vendored crates in place of the rows of knowledge; the names that are put in are not known."""
    unknown: set[str] = set()

    def find(name: str, version: str) -> Manifest | None:
        path = next(tmp_path.glob(f"*/vendor/{name}/Cargo.toml"), None)
        if path is None or name in unknown:
            return None
        return read_manifest(tomllib.loads(path.read_text()), str(path.parent), {}, "/")

    monkeypatch.setattr(cargo_graph, "find_manifest", find)
    return unknown


def test_links_are_those_of_cargo(vendored: set[str], tmp_path: Path) -> None:
    agreed, refused, different = 0, 0, []
    for seed in range(COUNT):
        directory = tmp_path / "work"
        workspace = Workspace(seed)
        workspace.write(directory)
        for words in [workspace.command() for _ in range(4)]:
            theirs = by_cargo(directory, words)
            if theirs is None:
                refused += 1
                continue
            ours = here(directory, words)
            agreed += ours == theirs
            different += [] if ours == theirs else [(seed, words, ours, theirs)]
        shutil.rmtree(directory)
    print(f"{agreed} of {agreed + len(different)} commands agree, {refused} were refused by cargo")
    assert not different, different[:2]
    assert agreed > refused


def test_bounds_hold_where_a_manifest_is_not_known(vendored: set[str], tmp_path: Path) -> None:
    held = 0
    for seed in range(COUNT, COUNT + COUNT // 2):
        directory = tmp_path / "work"
        workspace = Workspace(seed)
        workspace.write(directory)
        vendored.clear()
        vendored.update(crate.name for crate in workspace.crates if workspace.random.random() < 0.3)
        for words in [workspace.command() for _ in range(2)]:
            theirs = by_cargo(directory, words)
            if theirs is None:
                continue
            narrow, wide = here(directory, words), here(directory, words, wide=True)
            for program, crates in theirs.items():
                surely = narrow.get(program, {}).keys() - vendored  # one that is not known may be a macro
                assert surely <= crates.keys(), (seed, words, program, narrow, theirs)
                assert crates.keys() <= wide[program].keys(), (seed, words, program, wide, theirs)
                held += 1
        shutil.rmtree(directory)
    print(f"the bounds hold for {held} programs")
    assert held
