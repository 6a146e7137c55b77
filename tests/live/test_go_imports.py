"""What depscan follows of a Go program beside `go list -deps`: files chosen, packages reached, where cgo comes in.

Offline: modules are generated from a seed, with constraints, suffixes, vendor folders, replacements and workspaces.
`DEPSCAN_GO_TREES` may name directories with modules that carry their vendor folder, to compare real ones.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from depscan.toolchains.go_constraints import Target
from depscan.toolchains.go_imports import Sources, follow_imports
from depscan.toolchains.go_modules import find_modules

pytestmark = [pytest.mark.live, pytest.mark.skipif(shutil.which("go") is None, reason="needs golang-go")]

CONSTRAINTS = (
    *("", "", "", "//go:build cgo", "//go:build !cgo", "//go:build linux && !arm64", "//go:build ignore"),
    *("//go:build (extra || windows) && !(amd64 && cgo)", "//go:build unix", "//go:build !extra", "//go:build go1.12"),
    *("// +build linux,!cgo windows", "// +build !extra\n// +build amd64 arm64", "//+build extra", "/* x */"),
    *(
        "// Text.\n\n//go:build !windows\n// +build windows",
        "// +build windows\n\n//go:build linux",
        "/*\n//go:build js\n*/",
    ),
)
SUFFIXES = ("", "", "", "_linux", "_windows", "_arm64", "_linux_amd64", "_test", "_extra", "_darwin_amd64", "_amd64_x")
OWN = ("fmt", "net", "os/user", "net/http", "net/url", "plugin", "os", "crypto/x509", "archive/tar", "io")
TARGETS = (
    Target("amd64", True, frozenset(), 19, exact=True),
    Target("amd64", False, frozenset({"extra"}), 19, exact=True),
    Target("arm64", True, frozenset({"netgo", "osusergo"}), 19, exact=True),
)


class Disk:
    """Files as they stand on this machine."""

    def read(self, path: str, limit: int = 1 << 22) -> str | None:
        return self.head(path, limit)

    def head(self, path: str, size: int) -> str | None:
        try:
            with Path(path).open("rb") as stream:
                return stream.read(size).decode(errors="replace")
        except OSError:
            return None

    def walk(self, directory: str) -> tuple[str, ...]:
        return tuple(sorted(str(path) for path in Path(directory).rglob("*") if path.is_file()))


def _listed(directory: Path, target: Target) -> tuple[set[str], bool, bool]:
    """The files built, whether cgo comes in by other packages than Go's own, and whether by these."""
    environment = {
        **os.environ,
        "CGO_ENABLED": str(int(bool(target.cgo))),
        "GOARCH": target.architecture,
        **{"GOFLAGS": "", "GOPROXY": "off", "GOTOOLCHAIN": "local", "CC": "cc"},
    }
    command = [
        "go",
        "list",
        "-e",
        "-deps",
        "-json=Dir,Standard,GoFiles,CgoFiles",
        "-tags",
        ",".join(target.tags or ()),
        ".",
    ]
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=True)
    decoder, place, packages = json.JSONDecoder(), 0, []
    while place < len(done.stdout.rstrip()):
        package, place = decoder.raw_decode(done.stdout, place)
        packages.append(package)
        place += 1
    others = [each for each in packages if not each.get("Standard")]
    files = {
        f"{each['Dir']}/{name}" for each in others for kind in ("GoFiles", "CgoFiles") for name in each.get(kind) or ()
    }
    own = any(each.get("CgoFiles") for each in packages if each.get("Standard"))
    return files, any(each.get("CgoFiles") for each in others), own


def _followed(directory: Path, target: Target) -> tuple[set[str], bool, bool, bool]:
    modules = find_modules(Disk(), str(directory))
    assert modules is not None
    sources = Sources(Disk(), modules.roots(), target)
    reach = follow_imports(sources, modules, str(directory))
    if reach is None:
        return set(), False, False, False
    built = {path for path, source in sources.known.items() if source is not None and source.built}
    return built, reach.c is not None, reach.library is not None or reach.c is not None, reach.complete


@pytest.mark.parametrize("seed", range(int(os.environ.get("DEPSCAN_GO_SEEDS", "12"))))
def test_generated_modules(seed: int, tmp_path: Path) -> None:
    _generate(random.Random(seed), tmp_path)
    for target in TARGETS:
        files, c, own = _listed(tmp_path, target)
        built, found_c, found_any, _ = _followed(tmp_path, target)
        assert (built, found_c, found_any) == (files, c, own or c), (seed, target)


@pytest.mark.parametrize("tree", os.environ.get("DEPSCAN_GO_TREES", "").split())
def test_real_modules(tree: str) -> None:
    programs = [Path(path) for path in _programs(Path(tree))]
    assert programs
    for program in programs:
        for target in TARGETS:
            files, c, own = _listed(program, target)
            built, found_c, found_any, complete = _followed(program, target)
            assert complete, program
            assert (built ^ files, found_c, found_any) == (set(), c, own or c), (program, target)


def _programs(tree: Path) -> list[str]:
    modules = find_modules(Disk(), str(tree))
    assert modules is not None
    return Sources(Disk(), modules.roots(), TARGETS[0]).programs(str(tree))


def _generate(chance: random.Random, root: Path) -> None:
    """A program in `root` with packages of its module, a vendored, a replaced and a workspace's module."""
    names = [f"example.org/app/p{number}" for number in range(6)]
    places = {name: root / name.rpartition("/")[2] for name in names}
    requires = "require (\n\texample.com/vendored v1.0.0\n\texample.com/local v0.0.0\n)\n"
    workspace, vendored = chance.random() < 0.3, chance.random() < 0.5
    if workspace or not vendored:
        places |= {"example.com/local": root / "local", "example.com/local/in": root / "local" / "in"}
        (root / "local").mkdir()
        (root / "local" / "go.mod").write_text("module example.com/local\n\ngo 1.18\n")
        requires = "require example.com/local v0.0.0\n"
    else:
        places |= {"example.com/vendored/a": root / "vendor/example.com/vendored/a"}
        (root / "vendor").mkdir()
        (root / "vendor" / "modules.txt").write_text(
            "# example.com/vendored v1.0.0\n## explicit\nexample.com/vendored/a\n"
        )
        requires = "require example.com/vendored v1.0.0\n"
    if workspace:
        (root / "go.work").write_text("go 1.18\n\nuse (\n\t.\n\t./local // here\n)\n")
        requires = ""
    replaced = "" if workspace or vendored else "\nreplace example.com/local => ./local\n"
    (root / "go.mod").write_text(f"module example.org/app // its name\n\ngo 1.18\n\n{requires}{replaced}")
    for name, place in {"example.org/app": root, **places}.items():
        place.mkdir(parents=True, exist_ok=True)
        (place / "base.go").write_text(_source(chance, name, list(places), [""], c=False))
        for number in range(chance.randrange(4)):
            path = place / f"f{number}{chance.choice(SUFFIXES)}.go"
            path.write_text(_source(chance, name, list(places), CONSTRAINTS, c=chance.random() < 0.3))


def _source(
    chance: random.Random, name: str, others: list[str], constraints: tuple[str, ...] | list[str], *, c: bool
) -> str:
    later = [each for each in others if each > name or name == "example.org/app"]
    wanted = [*chance.sample(OWN, chance.randrange(3)), *chance.sample(later, min(len(later), chance.randrange(3)))]
    lines = [f'\t_ "{each}" // see' if chance.random() < 0.5 else f"\t_ `{each}`" for each in wanted]
    block = (
        "import (\n" + "\n".join(lines) + "\n)\n"
        if chance.random() < 0.7
        else "".join(f"import{line};" for line in lines)
    )
    preamble = '// int x;\n// #cgo LDFLAGS: -lm\nimport "C"\n' if c else ""
    package = "main" if name == "example.org/app" else name.rpartition("/")[2]
    end = 'var _ = `import "net"`\n'
    return f"{chance.choice(constraints)}\n\npackage {package}\n\n{preamble}\n{block}\n{end}"
