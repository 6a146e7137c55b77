"""Files of the stage in whose process a library finds what it would not find alone.

In: a library that needs others which stand in the stage but not where it looks. Out: `Host`, or None. Libraries that a
wheel brings have no search path of their own: the extension module or program that needs them has one (RPATH, which
they inherit), or has loaded their siblings before them. Only a file that itself loads counts as a host.
"""

from __future__ import annotations

import posixpath
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from depscan.linking.closure import Closure
    from depscan.linking.root import Root
    from depscan.linking.search import Loaded

_MAX_TRIED = 8


class Host(Struct, frozen=True):
    """`path` is the file that loads the library, which is `library` then, with the chain of its loaders.

    `present` are the objects that the library needs, directly or not, and that are in the process before it is asked
    for them, by the names they answer to.
    """

    path: str
    library: Loaded
    present: Mapping[str, Loaded]


def find_host(library: Loaded, root: Root, load: Callable[[str], Closure | None]) -> Host | None:
    """The nearest host; `load` gives the closure of the file at a path, None where that file does not load."""
    for path in islice(_find_users(library, root), _MAX_TRIED):
        closure = load(path)
        objects = closure.objects if closure is not None else {}
        found = next((each for each in objects.values() if root.resolve(each.path) == library.path), None)
        if found is not None:
            return Host(path, found, _reach(found, objects))
    return None


def _find_users(library: Loaded, root: Root) -> Iterator[str]:
    """Files that need the library, directly or not, and have a search path or dynamic linker; nearest first."""
    users, seen, queue = _index_users(root), {library.path}, [library.path]
    for path in queue:
        facts = root.artifacts[path].facts
        for user in (*users.get(posixpath.basename(path), ()), *users.get(facts.soname or "", ())):
            if user in seen:
                continue
            seen.add(user)
            queue.append(user)
            known = root.artifacts[user].facts
            if known.rpath or known.runpath or known.interpreter:
                yield user


@lru_cache(1)
def _index_users(root: Root) -> Mapping[str, list[str]]:
    """The files that need a library, by the name they need it by; of the stage that is at work, made once."""
    index: dict[str, list[str]] = {}
    for path, artifact in root.artifacts.items():
        for name in artifact.facts.needed:
            index.setdefault(name, []).append(path)
    return index


def _reach(library: Loaded, objects: Mapping[str, Loaded]) -> dict[str, Loaded]:
    """The objects that a library needs, directly or not."""
    found: dict[str, Loaded] = {}
    queue = [library]
    for loaded in queue:
        for name in loaded.facts.needed if loaded.facts is not None else ():
            if name in objects and name not in found:
                found[name] = objects[name]
                queue.append(objects[name])
    return found
