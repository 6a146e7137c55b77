"""What the targets of CMakeLists.txt are linked with: target_link_libraries, find_package, pkg_check_modules.

In: the texts of a tree. Out: the names behind -l for each executable, those of the project's own static libraries
included; nothing for what stands under a condition, and where a text or setting asks for static libraries. Commands:
cmake-commands(7).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.toolchains.system_libraries import libraries_of_modules, libraries_of_target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_OTHERWISE = re.compile(
    r"USE_STATIC|STATIC_LIBS|FIND_LIBRARY_SUFFIXES|PREFER_STATIC|_STATIC_LIBRARIES|FetchContent|ExternalProject|CPMAdd"
)
_WORDS = frozenset({"PUBLIC", "PRIVATE", "INTERFACE", "LINK_PUBLIC", "LINK_PRIVATE", "general", "optimized"})
_CHECK = (
    r"(?i)\bpkg_(?:check_modules|search_module)\s*\("
    r"\s*(\w+)((?:\s+(?:REQUIRED|QUIET|IMPORTED_TARGET|GLOBAL))*)([^()]*)\)"
)


class Links(Struct, frozen=True):
    """The targets' links by name, the modules behind each prefix of pkg_check_modules, and the shared libraries.

    `own` are names of the project's libraries and directories: none of the system's.
    """

    items: Mapping[str, tuple[str, ...]]
    modules: Mapping[str, tuple[str, ...]]
    shared: frozenset[str]
    own: tuple[str, ...]


def read_links(texts: Sequence[str], *, shared: bool) -> Links:
    """Read all texts of a tree; `shared` says that add_library makes shared libraries where it does not say."""
    plain = [_certain(text) for text in texts]
    whole = "\n".join(plain)
    if _OTHERWISE.search(whole):
        return Links({}, {}, frozenset(), ())
    items: dict[str, tuple[str, ...]] = {}
    for body in re.findall(r"(?i)\btarget_link_libraries\s*\(([^()]*)\)", whole):
        name, *rest = body.replace('"', " ").split() or [""]
        items[name] = (*items.get(name, ()), *(word for word in rest if word not in _WORDS))
    modules = {
        prefix: tuple(re.split(r"[<>=]", word)[0] for word in rest.replace('"', " ").split())
        for prefix, _, rest in re.findall(_CHECK, whole)
    }
    made = re.findall(r"(?i)\badd_library\s*\(\s*(\S+)\s*(\w*)", whole)
    loaded = {
        name for name, kind in made if kind in ("SHARED", "MODULE") or (shared and kind not in ("STATIC", "OBJECT"))
    }
    directories = re.findall(r"(?i)\badd_subdirectory\s*\(\s*([^\s)]+)", "\n".join(texts))
    return Links(items, modules, frozenset(loaded), (*(name for name, _ in made), *directories))


def libraries_of(target: str, links: Links) -> tuple[str, ...]:
    """The names behind -l of a target, with those of the project's libraries that are linked into it."""
    names: dict[str, None] = {}
    targets = {target: None}
    pending = [target]
    for each in pending:  # grows while it is read
        for item in links.items.get(each, ()):
            if item not in links.items:
                names.update(dict.fromkeys(_named(item, links)))
            elif item not in targets and item not in links.shared:
                targets[item] = None
                pending.append(item)
    return tuple(names)


def _named(item: str, links: Links) -> tuple[str, ...]:
    """The names behind -l that an item stands for."""
    checked = re.fullmatch(r"\$\{(\w+?)_(?:LINK_)?LIBRARIES\}|PkgConfig::(\w+)", item)
    prefix = str(checked[1] or checked[2]) if checked else ""
    if prefix in links.modules:
        return libraries_of_modules(links.modules[prefix])
    return libraries_of_target(item) or _plain(item, links)


def _plain(item: str, links: Links) -> tuple[str, ...]:
    """`pq` or `-lpq`; the caller asks the stage whether there is such a library."""
    found = re.fullmatch(r"(?:-l)?([a-z][\w.+-]*)", item)
    return (found[1],) if found and not any(found[1] in name for name in links.own) else ()


def _certain(text: str) -> str:
    """A text without what stands in if(), foreach(), function() and macro()."""
    lines, depth = [], 0
    for line in text.split("\n"):
        depth += bool(re.match(r"(?i)\s*(if|foreach|while|function|macro)\s*\(", line))
        lines.append(line if depth <= 0 else "")
        depth -= bool(re.match(r"(?i)\s*end(if|foreach|while|function|macro)\s*\(", line))
    return "\n".join(lines)
