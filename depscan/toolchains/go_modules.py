"""The modules whose packages stand in the stage: that of a go.mod, those of go.work, those that `replace` names.

In: the stage's files, the directory of the command. Out: `Modules`: the directory of an import path, and the other way
round. The laws are those of the Go modules reference ("go.mod files", "Workspaces", "Vendoring").
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.workplace import Files

# The first elements of Go's own packages (`go list std`, Go 1.19.8, and the release notes up to Go 1.25).
_OWN = frozenset(
    """
    archive bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar flag
    fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime slices
    sort strconv strings structs sync syscall testing text time unicode unique unsafe weak
    """.split()  # noqa: SIM905 - read as prose
)
_MAX_MODULES = 200
_MAX_LINES = 20_000


class Module(Struct, frozen=True):
    """A Go module: the directory of its go.mod, its path and the text of go.mod."""

    root: str
    path: str
    text: str

    def requires(self, name: str) -> str | None:
        """How go.mod requires a module: "direct", "indirect", or not."""
        for line in self.text.splitlines()[:_MAX_LINES]:
            if name in line.split() and "=>" not in line:
                return "indirect" if "// indirect" in line else "direct"
        return None

    def release(self) -> int | None:
        """The minor number of the Go release that go.mod asks for at least."""
        found = [int(number) for number in re.findall(r"(?m)^(?:go|toolchain)\s+(?:go)?1\.(\d{1,4})", self.text)]
        return max(found, default=None)


class Modules(Struct, frozen=True):
    """The modules at hand, that of the command first, and the directories of vendored packages."""

    main: Module
    others: tuple[Module, ...] = ()
    vendors: tuple[str, ...] = ()

    def places(self, path: str) -> Iterator[str]:
        """The directories in which the package of an import path may stand, the likeliest first."""
        fitting = [each for each in (self.main, *self.others) if _inside(path, each.path) is not None]
        for module in sorted(fitting, key=lambda each: -len(each.path)):
            yield posixpath.normpath(posixpath.join(module.root, _inside(path, module.path) or "."))
        yield from (posixpath.join(vendor, path) for vendor in self.vendors)

    def roots(self) -> tuple[str, ...]:
        """The directories below which all packages stand."""
        return tuple(dict.fromkeys(module.root for module in (self.main, *self.others)))

    def path_of(self, directory: str) -> str | None:
        """The import path of a directory."""
        for module in (self.main, *self.others):
            if directory == module.root:
                return module.path
            if directory.startswith(module.root.rstrip("/") + "/"):
                return posixpath.join(module.path, posixpath.relpath(directory, module.root))
        return None


def is_own(path: str) -> bool:
    """Whether an import path, or a pattern such as `std`, can only be of Go's own library and programs."""
    return path in ("std", "cmd") or path.partition("/")[0] in _OWN or path.startswith("cmd/")


def find_module(files: Files, directory: str) -> Module | None:
    """The module that a directory belongs to; None where its go.mod is not known."""
    root = _upwards(files, directory, "go.mod")
    return _module(files, root) if root is not None else None


def find_modules(files: Files, directory: str, workspace: str | None = "") -> Modules | None:
    """The modules that a command in a directory builds with; `workspace` is GOWORK, None where it is not known."""
    main = find_module(files, directory)
    root = None if workspace == "off" else _upwards(files, directory, "go.work")
    if workspace and workspace.startswith("/"):
        root = posixpath.dirname(workspace)
    work = files.read(posixpath.join(root, "go.work")) if root is not None else None
    if main is None or workspace is None or root is None or work is None:
        return _with_replaced(files, main, "", ()) if main is not None else None
    used = [posixpath.join(root, line[0]) for line in _lines(work, "use") if line]
    found = [_module(files, posixpath.normpath(each)) for each in used[:_MAX_MODULES]]
    others = tuple(each for each in found if each is not None and each.root != main.root)
    return _with_replaced(files, main, work, others, root)


def _with_replaced(
    files: Files, main: Module, work: str, others: tuple[Module, ...], workspace: str | None = None
) -> Modules:
    """The modules that `replace A => ./directory` names, under the names that they take the place of."""
    replaced: list[Module] = []
    texts = [(each.root, each.text) for each in (main, *others)]
    for root, text in (*texts, *([(workspace, work)] if workspace is not None else [])):
        for line in _lines(text, "replace"):
            target = line[line.index("=>") + 1 :] if "=>" in line else []
            if len(target) != 1 or not target[0].startswith((".", "/")) or len(replaced) >= _MAX_MODULES:
                continue
            found = _module(files, posixpath.normpath(posixpath.join(root, target[0])))
            if found is not None:
                replaced.append(Module(found.root, line[0], found.text))
    vendors = (workspace, main.root) if workspace is not None else (main.root,)
    return Modules(main, (*others, *replaced), tuple(dict.fromkeys(posixpath.join(each, "vendor") for each in vendors)))


def _lines(text: str, verb: str) -> Iterator[list[str]]:
    """The words of each line of a verb, alone or in a block with parentheses."""
    block = False
    for line in text.splitlines()[:_MAX_LINES]:
        words = [word.strip('"`') for word in line.partition("//")[0].split()]
        if block and words[:1] == [")"]:
            block = False
        elif block:
            yield words
        elif words[:1] == [verb] and words[1:] == ["("]:
            block = True
        elif words[:1] == [verb]:
            yield words[1:]


def _module(files: Files, root: str) -> Module | None:
    text = files.read(posixpath.join(root, "go.mod"))
    if text is None:
        return None
    named = re.search(r"(?m)^module[ \t]+[\"`]?([^\s\"`]+)", text)
    return Module(root, named[1] if named else "", text)


def _upwards(files: Files, directory: str, name: str) -> str | None:
    """The nearest directory at or above one that has a file of a name."""
    while files.read(posixpath.join(directory, name)) is None:
        if directory == "/":
            return None
        directory = posixpath.dirname(directory)
    return directory


def _inside(path: str, module: str) -> str | None:
    """A package's directory in its module; None where the module has no such package."""
    if not module or not (path == module or path.startswith(f"{module}/")):
        return None
    return path[len(module) + 1 :]
