"""Cargo.toml as features and dependencies: what the feature resolver needs of a package, and nothing else.

In: the tables of a Cargo.toml and those of its workspace. Out: a `Manifest`, the same type that a row of knowledge is
read into for a crate of a registry. Laws: the Cargo book, "Features", "Specifying Dependencies", "Workspaces".
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from depscan.toolchains.crates import edition_of, table, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Kind = Literal["normal", "build", "dev"]
_SECTIONS: dict[str, Kind] = {
    "dependencies": "normal",
    "build-dependencies": "build",
    "build_dependencies": "build",
    "dev-dependencies": "dev",
    "dev_dependencies": "dev",
}


class Dependency(Struct, frozen=True, omit_defaults=True):
    """One dependency: its `name` in the file, the `package` where that differs, `on` the target that it is for.

    `path` is absolute in the image, `version` the requirement, `other` says that it comes from git or another registry.
    """

    name: str
    package: str = ""
    kind: Kind = "normal"
    optional: bool = False
    default: bool = True
    features: tuple[str, ...] = ()
    on: str = ""
    version: str = ""
    path: str = ""
    other: bool = False

    @property
    def crate(self) -> str:
        """The name of the package, which Cargo.lock knows it by."""
        return self.package or self.name


class Manifest(Struct, frozen=True):
    """A package's features, those that optional dependencies imply among them, and its dependencies."""

    name: str
    features: Mapping[str, tuple[str, ...]]
    dependencies: tuple[Dependency, ...]
    macros: bool = False  # a procedural macro: it runs in the compiler and is linked into no program


def read_manifest(data: dict[str, Any], directory: str, workspace: dict[str, Any], root: str) -> Manifest | None:
    """The manifest of a package in `directory`; None where it is none. `workspace` is that of the file in `root`."""
    name = table(data, "package").get("name")
    if not isinstance(name, str):
        return None
    dependencies = tuple(_dependencies(data, directory, workspace, root))
    declared = {key: texts(value) for key, value in table(data, "features").items()}
    library = table(data, "lib")
    macros = library.get("proc-macro", library.get("proc_macro")) is True
    return Manifest(name, with_implied(declared, dependencies), dependencies, macros)


def with_implied(
    declared: Mapping[str, tuple[str, ...]], dependencies: tuple[Dependency, ...]
) -> dict[str, tuple[str, ...]]:
    """The features, with one for each optional dependency that no feature names as `dep:`."""
    hidden = {value for values in declared.values() for value in values if value.startswith("dep:")}
    implied = {each.name: (f"dep:{each.name}",) for each in dependencies if each.optional}
    return {**{name: own for name, own in implied.items() if own[0] not in hidden}, **declared}


def _dependencies(data: dict[str, Any], directory: str, workspace: dict[str, Any], root: str) -> Iterator[Dependency]:
    tables = [("", data), *((on, part) for on, part in table(data, "target").items() if isinstance(part, dict))]
    inherited = table(workspace, "dependencies")
    for on, part in tables:
        for section, kind in _SECTIONS.items():
            for name, value in table(part, section).items():
                yield _dependency(name, kind, on, value, directory, inherited.get(name), root)


def _dependency(  # noqa: PLR0917 - the parts of one line
    name: str, kind: Kind, on: str, value: object, directory: str, inherited: object, root: str
) -> Dependency:
    own = value if isinstance(value, dict) else {"version": value}
    base, where = own, directory
    default = _default(own)
    if own.get("workspace") is True:
        base, where = (inherited if isinstance(inherited, dict) else {"version": inherited}), root
        default = True if default is True else _default(base)  # a member cannot take the workspace's away
    path = base.get("path")
    features = (*texts(base.get("features")), *(texts(own.get("features")) if base is not own else ()))
    return Dependency(
        name,
        _text(base.get("package")),
        kind,
        own.get("optional") is True,
        default is not False,
        features,
        on,
        _text(base.get("version")),
        posixpath.normpath(posixpath.join(where, path)) if isinstance(path, str) else "",
        bool({"git", "registry", "registry-index", "base"} & base.keys()),
    )


def _default(own: dict[str, Any]) -> object:
    return own.get("default-features", own.get("default_features"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def resolver_of(top: dict[str, Any]) -> int:
    """The version of the resolver that a workspace's root file chooses: by itself, or by the edition of its package."""
    package, workspace = table(top, "package"), table(top, "workspace")
    chosen = workspace.get("resolver", package.get("resolver"))
    if isinstance(chosen, str):
        return 1 if chosen == "1" else 2
    edition = edition_of(package, workspace)
    return 2 if edition >= "2021" else 1
