"""What COPY --from carries from another stage or image.

In: a source path and the `StageFilesystem` it lies in, or only an image's reference. Out: entries in the `Tree`, and an
`UnknownChange` for what the stage's commands or its base image may have put below the source, so that "missing"
becomes "unknown" at the destination too. Only a stage from scratch whose commands cannot have made the source proves
that it is missing.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.artifacts.facts import Origin
from depscan.artifacts.prediction import Prediction
from depscan.filesystem.entries import resolve_links
from depscan.filesystem.globs import compile_component, has_wildcards
from depscan.filesystem.placing import (
    UNKNOWN_MODE,
    Destination,
    Item,
    Picked,
    is_standard_directory,
    make_directories,
    place,
    target_of,
)
from depscan.filesystem.taking import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from depscan.dockerfile.instructions import Stage
    from depscan.filesystem.entries import FileEntry, StageFilesystem, UnknownChange
    from depscan.filesystem.modes import ModeChange
    from depscan.filesystem.tree import Tree
    from depscan.images.profile import ImageProfile
    from depscan.source import Span


_FILE_NAME = r".+\.(so(\.\d+)*|jar|war|js|py|sh|json|ya?ml|conf|toml|txt|wasm|pem|crt|whl|zip|t?gz)\Z"
_PROGRAM_DIRECTORY = r"(.*/)?s?bin\Z"


class Carriage(Struct, frozen=True):
    """How one source of COPY --from travels: to where, with which modes; `label` names it in an `UnknownChange`.

    `keep` tells of a path below the source whether `--exclude` lets it through. `stage` is the one that it goes to.
    """

    tree: Tree
    destination: Destination
    span: Span
    chmod: ModeChange | None
    label: str
    keep: Callable[[str], bool]
    stage: Stage


def carry_from_image(carriage: Carriage, source: str, reference: str) -> None:
    """Copy from an image whose files are not known: a file without content where the path can only be a file."""
    from depscan.images.lookup import profile  # noqa: PLC0415 - for images that --from names

    path = posixpath.normpath("/" + source.lstrip("/"))
    image = profile(reference, carriage.stage.platform, {})
    _carry_unknown(carriage, path, Origin.IMAGE, f"{reference}:{path}", foreign_libc=True, profile=image)
    _carry_programs(carriage, path, image)


def carry_from_stage(carriage: Carriage, source: str, view: StageFilesystem) -> Refusal | None:
    """Copy what is known below `source` in a stage, and mark what is not; a refusal when it is proved missing."""
    path = posixpath.normpath("/" + source.lstrip("/"))
    if has_wildcards(path):
        _carry_glob(carriage, path, view)
        return None
    resolved = resolve_links(path, view.links) or path
    if view.entry(resolved) is None and not any(_known_below(view, resolved)):
        if resolved != "/" and _is_missing(view, resolved):
            return Refusal("source-missing", f"{source} is not in the stage that {carriage.label} names")
        foreign = _is_foreign(carriage.tree, view)
        _carry_unknown(carriage, resolved, Origin.STAGE, resolved, foreign_libc=foreign, profile=view.profile)
        if not _is_changed(view, resolved):
            _carry_programs(carriage, resolved, view.profile)
        return None
    _carry_known(carriage, resolved, posixpath.basename(path), view)
    return None


def _carry_glob(carriage: Carriage, pattern: str, view: StageFilesystem) -> None:
    parts = pattern.split("/")
    expressions = [compile_component(part) for part in parts]
    first = next(number for number, part in enumerate(parts) if has_wildcards(part))
    fixed = "/".join(parts[:first]) or "/"
    if not _is_known_below(view, resolve_links(fixed, view.links) or fixed):
        roots = (carriage.destination.path,)
        foreign = _is_foreign(carriage.tree, view)
        carriage.tree.mark(roots, foreign_libc=foreign, reason=carriage.label, span=carriage.span)
        carriage.tree.step()
    for path in [path for path in view.entries if path.count("/") == len(parts) - 1]:
        names = path.split("/")
        if all(found and found.match(name) for found, name in zip(expressions, names, strict=True)):
            _carry_known(carriage, resolve_links(path, view.links) or path, names[-1], view, named=False)


def _carry_known(carriage: Carriage, path: str, name: str, view: StageFilesystem, *, named: bool = True) -> None:
    """Copy the entries at and below `path`: older ones than a change that touches them, the changes, then the rest."""
    entry = view.entry(path)
    below = list(_entries_below(view, path))
    kind = "file" if entry is not None and entry.kind != "directory" and not below else "directory"
    tree, destination, span, chmod = carriage.tree, carriage.destination, carriage.span, carriage.chmod
    target = tree.canonical(destination.path, follow_last=True)
    if kind == "file":
        target = target_of(tree, destination, name)
    found = [entry] if entry is not None and kind == "file" else below
    prefix = len(path.rstrip("/")) + 1
    doubtful: list[Item] = []
    certain: list[Item] = []
    is_doubtful = _judge_below(view, path)
    for one in found:
        relative = one.path[prefix:]
        if not relative or carriage.keep(relative):
            (doubtful if is_doubtful(one) else certain).append(_item(one, relative))
    if doubtful:
        place(tree, Picked(name, kind, doubtful, named), destination, span, chmod)
    _carry_changes(carriage, path, target, view)
    if certain or not doubtful:
        place(tree, Picked(name, kind, certain, named), destination, span, chmod)
    if kind == "directory":
        _carry_expected(carriage, path, target, view)


def _carry_expected(carriage: Carriage, path: str, target: str, view: StageFilesystem) -> None:
    """Programs whose names are not known come along with their directory."""
    for directory, entry in view.expected.items():
        where = _map_root(directory, path, target) if f"{directory}/".startswith(path.rstrip("/") + "/") else None
        if where is not None:
            carriage.tree.expect(replace(entry, path=f"{where}/*", span=carriage.span))


def _carry_changes(carriage: Carriage, path: str, target: str, view: StageFilesystem) -> None:
    tree, marked = carriage.tree, False
    entry = view.entry(path)
    is_file = entry is not None and entry.kind == "file"
    for change in view.changes:
        if is_file and entry is not None and entry.sequence > change.sequence:
            continue
        roots = _map_roots(change, path, target)
        if roots:
            foreign = change.foreign_libc or _is_foreign(tree, view)
            tree.mark(roots, foreign_libc=foreign, reason=f"{carriage.label} ({change.reason})", span=carriage.span)
            marked = True
    if not is_file and _image_may_hold(view, path):
        foreign, libc = _is_foreign(tree, view), _replaces_libc(tree, view.profile, path, target)
        tree.mark((target,), foreign_libc=foreign, reason=carriage.label, span=carriage.span, libc=libc)
        marked = True
    if marked:
        tree.step()


def _carry_unknown(
    carriage: Carriage,
    path: str,
    origin: Origin,
    source: str,
    *,
    foreign_libc: bool,
    profile: ImageProfile | None = None,
) -> None:
    """Copy something never seen: mark where it lands, and enter a file without content where it can only be one."""
    tree, destination = carriage.tree, carriage.destination
    name = posixpath.basename(path)
    target = tree.canonical(destination.path, follow_last=True)
    if _can_only_be_file(path, target):
        target = target_of(tree, destination, name)
    libc = profile is not None and _replaces_libc(tree, profile, path, target)
    tree.mark((target,), foreign_libc=foreign_libc, reason=carriage.label, span=carriage.span, libc=libc)
    tree.step()
    if _can_only_be_file(path, posixpath.dirname(target)):
        item = Item("", "file", UNKNOWN_MODE, origin, source)
        place(tree, Picked(name, "file", (item,), named=True), destination, carriage.span, carriage.chmod)
    else:
        make_directories(tree, posixpath.dirname(target), carriage.span)


def _carry_programs(carriage: Carriage, path: str, image: ImageProfile) -> None:
    """The programs that are known to stand at or below a path of an image."""
    from depscan.filesystem.products import describe_release  # noqa: PLC0415 - where an image's own files are copied
    from depscan.toolchains.image_programs import programs_below  # noqa: PLC0415 - as above

    tree, destination, stage = carriage.tree, carriage.destination, carriage.stage
    builder = " = ".join(part for part in (image.name, describe_release(image)) if part)
    for product in programs_below(path, image, stage.platform):
        made = Prediction(
            product, carriage.label, carriage.span, stage.index, builder, product.facts.libc, image.release
        )
        below = product.path[len(path.rstrip("/")) + 1 :]
        name, kind = posixpath.basename(product.path), "directory" if below else "file"
        item = Item(below, "file", UNKNOWN_MODE, Origin.PREDICTED, f"{image.name}:{product.path}", made)
        place(tree, Picked(name, kind, (item,), named=not below), destination, carriage.span, carriage.chmod)


def _can_only_be_file(path: str, directory: str) -> bool:
    """Whether a path never seen names a file: by its extension, or since it goes from or to a directory of programs."""
    parent, name = posixpath.split(path)
    if re.match(_PROGRAM_DIRECTORY, name):
        return False
    return bool(
        re.match(_FILE_NAME, name) or re.match(_PROGRAM_DIRECTORY, parent) or re.match(_PROGRAM_DIRECTORY, directory)
    )


def _known_below(view: StageFilesystem, path: str) -> Iterator[FileEntry]:
    """What is known or expected at and below a directory."""
    yield from _entries_below(view, path)
    yield from (entry for entry in view.expected.values() if entry.path.startswith(path.rstrip("/") + "/"))


def _entries_below(view: StageFilesystem, path: str) -> Iterator[FileEntry]:
    prefix = path.rstrip("/") + "/"
    return (entry for place, entry in view.entries.items() if place.startswith(prefix))


def _item(entry: FileEntry, relative: str) -> Item:
    """An entry as an item; bytes from the context now come from the stage, other origins stay what they are."""
    origin, source = entry.origin, entry.source
    if origin in {Origin.CONTEXT, Origin.STAGE}:
        origin, source = Origin.STAGE, entry.path
    return Item(relative, entry.kind, entry.mode, origin, source, entry.content, entry.target)


def _judge_below(view: StageFilesystem, path: str) -> Callable[[FileEntry], bool]:
    """A test for the entries at and below `path`: whether a change may have touched them after they were put there.

    Changes that cover all of `path` are judged once, so that many entries and many commands do not multiply.
    """
    last = max((change.sequence for change in view.changes if change.touches(path)), default=0)
    partial = [change for change in view.changes if change.sequence > last and _map_roots(change, path, path)]

    def is_doubtful(entry: FileEntry) -> bool:
        if entry.sequence < last:
            return True
        return any(change.sequence > entry.sequence and change.touches(entry.path) for change in partial)

    return is_doubtful


def _is_missing(view: StageFilesystem, path: str) -> bool:
    if _is_changed(view, path):
        return False
    return _is_scratch(view) or path in view.removed


def _is_changed(view: StageFilesystem, path: str) -> bool:
    """Whether a command may have changed `path` or something below it."""
    return any(_map_roots(change, path, path) for change in view.changes)


def _is_scratch(view: StageFilesystem) -> bool:
    return view.profile.reference == "scratch"


def _is_known_below(view: StageFilesystem, path: str) -> bool:
    return _is_scratch(view) and not any(
        _map_root(root, path, path) for change in view.changes for root in change.roots
    )


def _image_may_hold(view: StageFilesystem, path: str) -> bool:
    """Whether the base image may have files of its own below a directory."""
    if _is_scratch(view):
        return False
    return view.profile.release is None or path not in view.entries or path == "/" or is_standard_directory(path)


def _is_foreign(tree: Tree, view: StageFilesystem) -> bool:
    ours, theirs = tree.profile.libc.family, view.profile.libc.family
    return ours != theirs or theirs == "unknown"


def _replaces_libc(tree: Tree, profile: ImageProfile, path: str, target: str) -> bool:
    """Whether a directory of another image's own libraries, the C library among them, comes over that of this one."""
    inside = [resolve_links(each, profile.links) or each for each in profile.search_paths]
    return (
        path == target != "/"
        and tree.profile.libc.family == profile.libc.family
        and any(f"{each}/".startswith(f"{path}/") and not each.startswith("/usr/local") for each in inside)
    )


def _map_roots(change: UnknownChange, path: str, target: str) -> tuple[str, ...]:
    mapped = (_map_root(root, path, target) for root in change.roots)
    return tuple(root for root in mapped if root is not None)


def _map_root(root: str, path: str, target: str) -> str | None:
    """Where a root of a change lies after `path` was copied to `target`; None when they have nothing in common."""
    if root in {"/", path} or path.startswith(root + "/"):
        return target
    inside = path.rstrip("/") + "/"
    return posixpath.join(target, root[len(inside) :]) if root.startswith(inside) else None
