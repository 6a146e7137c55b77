"""What COPY and ADD take from the build context.

In: a source as its value is. Out: `Picked`, one for each thing that the source names, or a `Refusal` with the reason
why the build would stop. The rules are BuildKit's: a source that is a link is followed, links inside a copied directory
stay links; a wildcard that matches nothing is no error as long as the directory before it is there.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from depscan.artifacts.facts import Origin
from depscan.filesystem.context import special_reason
from depscan.filesystem.globs import has_wildcards
from depscan.filesystem.ignore import read_patterns
from depscan.filesystem.placing import Item, Picked
from depscan.findings import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.filesystem.context import BuildContext, ContextEntry

MAX_NAMES = 2000  # among which the nearest name to a missing one is sought


class Refusal(Struct, frozen=True):
    """Why a source gives nothing: `kind` as in `Problem`, or unknown where the context could not be read whole."""

    kind: str
    detail: str


class ContextSource:
    """The context as a source of copies; what lies below a directory is turned into items once."""

    def __init__(self, context: BuildContext) -> None:
        self.context = context
        self.skipped: list[Skipped] = []
        self._below: dict[str, tuple[Item, ...]] = {}

    def without(self, ignored: tuple[str, ...]) -> ContextSource:
        """The same directory with further lines at the end of its ignore file."""
        return ContextSource(self.context.without(ignored))

    def pick(self, source: str) -> list[Picked] | Refusal:
        """What a source without `--parents` names; its items are relative to each thing that it names."""
        if not has_wildcards(source):
            return self._pick_path(source, named=True)
        matches = self.context.glob(source)
        if not matches:
            fixed = _fixed_part(source)
            refusal = self._refuse(fixed, named=source) if self._is_refused(fixed) else None
            return refusal or []
        picked: list[Picked] = []
        for entry in matches:
            one = self._pick_path(entry.path)
            if isinstance(one, Refusal):
                return one
            picked += one
        return picked

    def pick_with_parents(self, source: str) -> list[Picked] | Refusal:
        """What a source with `--parents` names; its items are relative to the `/./` in it, else to the context."""
        base_path, pattern = split_parents(source)
        base = self.context.find(base_path).entry
        if base is None or not self.context.is_included(base):
            return self._refuse(base_path, named=source)
        matcher = read_patterns([pattern])
        if matcher is None:
            return Refusal("unknown", f"{source} is not a pattern that can be matched")
        fixed = _fixed_part(pattern)
        items = [
            msgspec.structs.replace(item, path=path)
            for item in self._items_at(posixpath.join(base.path, fixed))
            if matcher.matches(path := posixpath.join(fixed, item.path)) or not pattern
        ]
        if not items and not has_wildcards(source):
            return self._refuse(posixpath.join(base_path, pattern), named=source)
        return [Picked(base.name, "directory", items)]

    def _items_at(self, path: str) -> tuple[Item, ...]:
        entry = self.context.find(path).entry
        return self._items_below(entry) if entry is not None and entry.kind == "directory" else ()

    def _pick_path(self, path: str, *, named: bool = False) -> list[Picked] | Refusal:
        entry = self.context.find(path).entry
        if entry is None or not self.context.is_included(entry):
            return self._refuse(path, named=path)
        if entry.kind == "special":
            self.skipped.append(Skipped(entry.path, special_reason(self.context, entry)))
            return []
        name = posixpath.basename(posixpath.normpath("/" + path))
        if entry.kind == "file":
            return [Picked(name, "file", (self._item(entry, ""),), named)]
        return [Picked(name, "directory", self._items_below(entry))]

    def _items_below(self, directory: ContextEntry) -> tuple[Item, ...]:
        if directory.path not in self._below:
            self._below[directory.path] = tuple(self._walk(directory))
        return self._below[directory.path]

    def _walk(self, directory: ContextEntry) -> Iterator[Item]:
        prefix = len(directory.path) + 1 if directory.path else 0
        for entry in self.context.walk(directory):
            if entry.kind == "special":
                self.skipped.append(Skipped(entry.path, special_reason(self.context, entry)))
                continue
            yield self._item(entry, entry.path[prefix:])

    def _item(self, entry: ContextEntry, path: str) -> Item:
        content = self.context.content(entry) if entry.kind == "file" else None
        return Item(path, entry.kind, entry.mode, Origin.CONTEXT, entry.path, content, entry.target)

    def _is_refused(self, path: str) -> bool:
        entry = self.context.find(path).entry
        return entry is None or not self.context.is_included(entry)  # below a file a wildcard matches nothing

    def _refuse(self, path: str, *, named: str) -> Refusal:
        """Say why `path` gives nothing; `named` is the source as written."""
        context, root = self.context, self.context.shown
        lookup = context.find(path)
        if lookup.entry is not None:
            pattern = context.rules.reason(lookup.entry.path)
            return Refusal("source-ignored", f"{named} is ignored by the pattern {pattern} in {context.rules.name}")
        if not context.complete:
            return Refusal("unknown", f"{named} was not found, and the build context could not be read whole")
        if lookup.escaped:
            return Refusal("source-outside-context", f"{named} lies outside the build context {root}")
        from depscan.filesystem.awaited import why_awaited  # noqa: PLC0415 - only a missing source pays for it

        awaited = why_awaited(context.root, path)
        if awaited is not None:
            return Refusal("source-awaited", f"{named} is not in the build context {root}; it {awaited}")
        near = self._nearest(path)
        hint = f"; did you mean {near}?" if near and near != path else ""
        return Refusal("source-missing", f"{named} is not in the build context {root}{hint}")

    def _nearest(self, path: str) -> str | None:
        """The path in the context that looks most like the first component of `path` that is not there."""
        directory, name = posixpath.normpath("/" + path).lstrip("/"), ""
        parent = None
        while parent is None or parent.kind != "directory":
            directory, _, name = directory.rpartition("/")
            parent = self.context.find(directory).entry
        import difflib  # noqa: PLC0415 - only a missing source pays for it

        names = [entry.name for entry in self.context.children(parent.path)[:MAX_NAMES]]
        close = difflib.get_close_matches(name, names, n=1)
        return posixpath.join(directory, close[0]) if close else None


def _fixed_part(source: str) -> str:
    """The directories before the first component with a wildcard, or before the last component."""
    parts = source.split("/")
    first = next((number for number, part in enumerate(parts) if has_wildcards(part)), len(parts) - 1)
    return "/".join(parts[:first])


def split_parents(source: str) -> tuple[str, str]:
    """A source of `--parents` as (directory, pattern below it): what stands after `/./` is kept at the destination."""
    base, found, pattern = source.partition("/./")
    if not found:
        base, pattern = "", source
    return base, posixpath.normpath("/" + pattern).lstrip("/")
