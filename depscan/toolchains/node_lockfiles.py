"""Lockfiles of npm, yarn, pnpm and bun to the packages that they pin.

In: the name and text of package-lock.json and npm-shrinkwrap.json (versions 1 to 3), yarn.lock (1 and later), pnpm's
(5 to 9) or bun.lock. Out: `Lockfile`, or the reason why it cannot be read. Only what tells native packages is kept.
yarn's and pnpm's are read by their regular form, indented lines of `key: value`: a YAML library costs more than the
whole run, and their writers never leave that form.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMES: dict[str, tuple[str, ...]] = {
    "npm": ("npm-shrinkwrap.json", "package-lock.json"),
    "yarn": ("yarn.lock",),
    "pnpm": ("pnpm-lock.yaml",),
    "bun": ("bun.lock",),
}
_MAX_DEPTH = 24
_LINE = re.compile(r"""( *)(?:\? )?("[^"]*"(?:, *"[^"]*")*|'[^']*'|[^\s:'"#-][^:"']*?):?(?:(?<=:) *| +(?="))(.*)""")
_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])')

_Tree = dict[str, Any]  # keys to texts and further trees


class Locked(Struct, frozen=True):
    """A pinned package. `path` is its directory below that of the manifest, as npm lays it out.

    `os`, `cpu` and `libc` are the manifest's fields, empty where they are not recorded. `scripts` says that it has an
    install script, None where the format does not tell. `needs` and `options` are the names of its dependencies and
    optional dependencies. `dev` and `optional` are as recorded.
    """

    name: str
    version: str
    path: str
    os: tuple[str, ...] = ()
    cpu: tuple[str, ...] = ()
    libc: tuple[str, ...] = ()
    scripts: bool | None = None
    needs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    dev: bool = False
    optional: bool = False


class Lockfile(Struct, frozen=True):
    """What a lockfile pins. `version` is its format's, `flagged` says that it tells dev and optional packages."""

    tool: str
    version: int
    packages: tuple[Locked, ...]
    flagged: bool

    def named(self, name: str) -> Locked | None:
        """The first package of a name."""
        return next((each for each in self.packages if each.name == name), None)


def read_lockfile(tool: str, text: str) -> Lockfile | str:
    """Read a lockfile of npm, yarn, pnpm or bun; a text is the reason why that cannot be done."""
    try:
        return {"npm": _read_npm, "yarn": _read_yarn, "pnpm": _read_pnpm, "bun": _read_bun}[tool](text)
    except (msgspec.DecodeError, RecursionError):
        return "is cut off, or no JSON"
    except (ValueError, TypeError, AttributeError, KeyError):
        return "is not as its tool writes it"


def _read_npm(text: str) -> Lockfile | str:
    data = msgspec.json.decode(text)
    before_npm_5 = 1 if isinstance(data.get("dependencies"), dict) else None
    version = data.get("lockfileVersion", before_npm_5)
    if version not in (1, 2, 3):
        return f"has version {version}, which depscan does not know"
    if version == 1:
        return Lockfile("npm", 1, tuple(_npm_nested(data.get("dependencies") or {}, "")), flagged=True)
    packages = [_npm_package(path, each) for path, each in data["packages"].items() if "node_modules/" in path]
    return Lockfile("npm", version, tuple(packages), flagged=True)


def _npm_package(path: str, data: Mapping[str, Any]) -> Locked:
    return Locked(
        name=path.rpartition("node_modules/")[2],
        version=str(data.get("version", "")),
        path=path,
        os=_texts(data.get("os")),
        cpu=_texts(data.get("cpu")),
        libc=_texts(data.get("libc")),
        scripts=bool(data.get("hasInstallScript")),
        needs=tuple(data.get("dependencies") or ()),
        options=tuple(data.get("optionalDependencies") or ()),
        dev=bool(data.get("dev")),
        optional=bool(data.get("optional") or data.get("devOptional")),
    )


def _npm_nested(packages: Mapping[str, Any], above: str, depth: int = 0) -> Iterator[Locked]:
    for name, data in packages.items() if depth < _MAX_DEPTH else ():
        path = f"{above}node_modules/{name}"
        dev, optional = bool(data.get("dev")), bool(data.get("optional"))
        needs = tuple(data.get("requires") or ())
        yield Locked(name, str(data.get("version", "")), path, needs=needs, dev=dev, optional=optional)
        yield from _npm_nested(data.get("dependencies") or {}, f"{path}/", depth + 1)


def _read_yarn(text: str) -> Lockfile | str:
    if not text.endswith("\n"):
        return "is cut off"
    tree = _read_indented(text)
    metadata = tree.pop("__metadata", None)
    if metadata is None and "# yarn lockfile v1" not in text:
        return "has a version that depscan does not know"
    packages = [
        _yarn_package(key, each) for key, each in tree.items() if isinstance(each, dict) and each.get("version")
    ]
    version = int(metadata["version"]) if metadata is not None else 1
    return Lockfile("yarn", version, tuple(packages), flagged=False)


def _yarn_package(key: str, data: _Tree) -> Locked:
    """A descriptor such as `@img/sharp@npm:^0.33.5` begins with the name."""
    name = key.split(", ", maxsplit=1)[0].strip('"').rpartition("@")[0].partition("@npm:")[0] or key
    conditions = dict(re.findall(r"(os|cpu|libc)=(\w+)", str(data.get("conditions", ""))))
    marked = {one for one, meta in _tree(data, "dependenciesMeta").items() if isinstance(meta, dict)}
    optional = tuple(one for one in _tree(data, "dependencies") if one in marked)
    return Locked(
        name=name,
        version=data["version"],
        path=f"node_modules/{name}",
        os=_texts(conditions.get("os")),
        cpu=_texts(conditions.get("cpu")),
        libc=_texts(conditions.get("libc")),
        needs=tuple(one for one in _tree(data, "dependencies") if one not in marked),
        options=(*optional, *_tree(data, "optionalDependencies")),
    )


def _read_pnpm(text: str) -> Lockfile | str:
    tree = _read_indented(text) if text.endswith("\n") else {}
    found = re.match(r"\d+", str(tree.get("lockfileVersion", "")))
    if found is None or not 5 <= int(found[0]) <= 9:
        return "is cut off, or has a version that depscan does not know"
    version, snapshots = int(found[0]), _tree(tree, "snapshots")
    packages = [
        _pnpm_package(key, {**data, **_tree(snapshots, key)})
        for key, data in _tree(tree, "packages").items()
        if isinstance(data, dict)
    ]
    return Lockfile("pnpm", version, tuple(each for each in packages if each is not None), flagged=version < 9)


def _pnpm_package(key: str, data: _Tree) -> Locked | None:
    """Keys are `/name/1.0.0` in version 5, `/name@1.0.0` in 6 and `name@1.0.0` in 9; peers follow in brackets."""
    found = re.match(r"/?(@[^/]+/[^/@]+|[^/@]+)[/@](\d[^(_]*)", key)
    if found is None:
        return None
    name, version = found[1], found[2]
    return Locked(
        name=name,
        version=version,
        path=f"node_modules/.pnpm/{name.replace('/', '+')}@{version}/node_modules/{name}",
        os=_listed(data.get("os")),
        cpu=_listed(data.get("cpu")),
        libc=_listed(data.get("libc")),
        scripts=True if data.get("requiresBuild") == "true" else None,
        needs=tuple(_tree(data, "dependencies")),
        options=tuple(_tree(data, "optionalDependencies")),
        dev=data.get("dev") == "true",
        optional=data.get("optional") == "true",
    )


def _read_bun(text: str) -> Lockfile | str:
    data = msgspec.json.decode(_TRAILING_COMMA.sub(lambda found: found[1] or "", text))
    if data.get("lockfileVersion") not in (0, 1):
        return f"has version {data.get('lockfileVersion')}, which depscan does not know"
    packages = [_bun_package(each) for each in data["packages"].values()]
    return Lockfile("bun", 1, tuple(packages), flagged=False)


def _bun_package(row: list[Any]) -> Locked:
    """A row is `[name@version, registry, facts, checksum]`; other sources have fewer cells."""
    name, _, version = row[0].rpartition("@")
    facts = next((cell for cell in row if isinstance(cell, dict)), {})
    return Locked(
        name=name,
        version=version,
        path=f"node_modules/{name}",
        os=_texts(facts.get("os")),
        cpu=_texts(facts.get("cpu")),
        libc=_texts(facts.get("libc")),
        needs=tuple(facts.get("dependencies") or ()),
        options=tuple(facts.get("optionalDependencies") or ()),
    )


def _texts(value: object) -> tuple[str, ...]:
    """A field that holds one text or several; bun writes `none` for a system that no package names."""
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(each for each in values if isinstance(each, str) and each not in ("any", "none"))


def _listed(value: object) -> tuple[str, ...]:
    """A list on one line: `[linux, darwin]`; longer ones stand below, and were read as texts between spaces."""
    return _texts(re.findall(r"[^\s,'\"\[\]]+", value)) if isinstance(value, str) else ()


def _tree(tree: _Tree, key: str) -> _Tree:
    value = tree.get(key)
    return value if isinstance(value, dict) else {}


def _read_indented(text: str) -> _Tree:
    """Lines of `key: value` or `key "value"`; what is indented further belongs to the key above it."""
    root: _Tree = {}
    open_trees: list[tuple[int, _Tree]] = [(-1, root)]
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        indent, key, value = len(found[1]), found[2].strip("'\""), found[3].strip().strip("'\"")
        while indent <= open_trees[-1][0]:
            open_trees.pop()
        if value or len(open_trees) > _MAX_DEPTH:
            open_trees[-1][1][key] = value
        else:
            below: _Tree = {}
            open_trees[-1][1][key] = below
            open_trees.append((indent, below))
    return root
