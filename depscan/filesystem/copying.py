"""COPY and ADD, replayed on a stage.

In: a `Copy` with its values, the `Tree`, the context, and what --from names. Out: entries in the tree; a `Problem` for
a source that would stop the build; `Skipped` and an `UnknownChange` for what cannot be known. `--chown` changes no fact
that depscan judges, so it is read and left aside.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from depscan.artifacts.facts import Origin
from depscan.dockerfile.instructions import Problem
from depscan.filesystem.entries import ArchiveMember, HostFile, InlineFile
from depscan.filesystem.globs import has_wildcards
from depscan.filesystem.ignore import read_patterns
from depscan.filesystem.placing import (
    MAX_PATH,
    UNKNOWN_MODE,
    Destination,
    Item,
    Picked,
    find_destination,
    make_directories,
    place,
    place_contents,
)
from depscan.filesystem.taking import Refusal, split_parents
from depscan.findings import Skipped

if TYPE_CHECKING:
    from e2b_dockerfile_utils import PatternMatcher

    from depscan.artifacts.listing import Archive
    from depscan.dockerfile.commands import Copy, Value
    from depscan.dockerfile.instructions import Stage
    from depscan.filesystem.entries import StageFilesystem
    from depscan.filesystem.modes import ModeChange
    from depscan.filesystem.taking import ContextSource
    from depscan.filesystem.tree import Tree
    from depscan.source import Span

MAX_NAME = 200  # of what is printed of a name

_URL = ("http://", "https://")
_ARCHIVE = r"\.(?:tar(?:\.\w+)?|t[gbx]z2?|tzst)$"  # what archives are called: ADD looks at their contents
# BuildKit's ParseGitRef: a git or ssh address, or an http one whose path ends in .git before #fragment and ?query.
_GIT = r"git://|ssh://|[\w.-]+@[\w.-]+:|https?://[^?#]+\.git(?=[?#]|\Z)"
_INLINE_MODE = 0o644  # llb.Mkfile(f, 0644, data) in dispatchCopy
_DOWNLOAD_MODE = 0o600  # Dockerfile reference, ADD: a remote file gets permissions 600


class Scene(Struct, frozen=True):
    """One COPY or ADD under replay: what it says, where, and its flags as functions."""

    copy: Copy
    tree: Tree
    context: ContextSource
    stage: Stage
    destination: Destination
    chmod: ModeChange | None
    excluded: PatternMatcher | None

    @property
    def keyword(self) -> str:
        """COPY or ADD, for messages."""
        return "ADD" if self.copy.add else "COPY"

    def keeps(self, path: str) -> bool:
        """Whether `--exclude` lets a path below the source through."""
        return self.excluded is None or not self.excluded.matches(path)


def apply_copy(
    copy: Copy, tree: Tree, context: ContextSource, *, stage: Stage, origin: StageFilesystem | str | None = None
) -> None:
    """Replay one COPY or ADD of `stage`; `origin` is the stage that --from names, or the reference of an image."""
    destination = _read_destination(copy, tree, context)
    if destination is None:
        return
    scene = Scene(copy, tree, context, stage, destination, _read_chmod(copy, tree), _read_exclude(copy, tree))
    tree.step()
    for source in copy.sources:
        _copy_source(scene, source, origin)
    for heredoc in copy.heredocs:
        content = InlineFile(heredoc.content.encode("utf-8", "surrogateescape"))
        item = Item("", "file", _INLINE_MODE, Origin.CONTEXT, f"<<{heredoc.name}", content)
        place(
            tree,
            Picked(posixpath.basename(heredoc.name), "file", (item,), named=True),
            destination,
            heredoc.span,
            scene.chmod,
        )


def _read_destination(copy: Copy, tree: Tree, context: ContextSource) -> Destination | None:
    """The destination; where it is not known, mark below its fixed part and return None."""
    value = copy.destination
    destination = find_destination(tree, value.text) if value.text is not None else None
    if destination is None:
        fixed = tree.absolute(posixpath.dirname(value.raw[:MAX_PATH].partition("$")[0]) or ".") or "/"
        what = "the working directory is not known" if value.text is not None else "its value is not known"
        reason = "it is longer than a path can be" if len(value.raw) > MAX_PATH else f"{what}; pass --build-arg"
        tree.skipped.append(Skipped(value.raw[:MAX_NAME], reason, value.span))
        foreign = copy.from_stage is not None or any(_may_be_libc(context, source) for source in copy.sources)
        tree.mark((fixed,), foreign_libc=foreign, reason=f"a copy to {value.raw}", span=value.span)
    return destination


def _may_be_libc(context: ContextSource, source: Value) -> bool:
    """Whether a source may bring a dynamic linker or C library: anything but one file with another name."""
    entry = context.context.find(source.text).entry if source.text is not None else None
    return entry is None or entry.kind != "file" or entry.name.startswith(("ld-", "ld.", "libc.", "libgcompat"))


def _read_exclude(copy: Copy, tree: Tree) -> PatternMatcher | None:
    if not copy.exclude:
        return None
    matcher = read_patterns(copy.exclude)
    if matcher is None:
        tree.skipped.append(Skipped("--exclude", "has a pattern that cannot be matched", copy.destination.span))
    return matcher


def _read_chmod(copy: Copy, tree: Tree) -> ModeChange | None:
    if not copy.chmod:
        return None
    from depscan.filesystem.modes import parse_mode  # noqa: PLC0415 - few lines have --chmod

    change = parse_mode(copy.chmod)
    if change is None:
        tree.skipped.append(Skipped(f"--chmod={copy.chmod}", "is no mode that is known here", copy.destination.span))
        return _unknown_mode
    return change


def _unknown_mode(_mode: int, _directory: bool) -> int:
    return UNKNOWN_MODE


def _copy_source(scene: Scene, source: Value, origin: StageFilesystem | str | None) -> None:
    if source.text is None:
        _give_up(scene, source, "its value is not known; pass --build-arg")
    elif len(source.text) > MAX_PATH:
        _give_up(scene, source, "it is longer than a path can be")
    elif scene.copy.from_stage is not None:
        _copy_from(scene, source, source.text, origin)
    elif not scene.copy.add and source.text.startswith(_URL):
        detail = f"COPY cannot take a URL such as {source.text}; ADD can"  # dispatchCopy refuses it
        scene.tree.problems.append(Problem("syntax", detail, source.span, scene.stage.index))
    elif scene.copy.add and re.match(_GIT, source.text):
        make_directories(scene.tree, scene.tree.canonical(scene.destination.path, follow_last=True), source.span)
        _mark(scene, f"ADD {source.text}", source.span)
    elif source.text.startswith(_URL):
        _download(scene, source, source.text)
    else:
        _copy_from_context(scene, source, source.text)


def _mark(scene: Scene, reason: str, span: Span) -> None:
    """Mark the whole destination: it may have got anything."""
    scene.tree.mark((scene.destination.path,), foreign_libc=True, reason=reason, span=span)
    scene.tree.step()


def _give_up(scene: Scene, source: Value, reason: str) -> None:
    name = source.raw[:MAX_NAME]
    scene.tree.skipped.append(Skipped(name, reason, source.span))
    _mark(scene, f"{scene.keyword} {name}", source.span)


def _refuse(scene: Scene, source: Value, refusal: Refusal) -> None:
    if refusal.kind == "unknown":
        _give_up(scene, source, refusal.detail)
    else:
        scene.tree.problems.append(Problem(refusal.kind, refusal.detail, source.span, scene.stage.index))


def _mark_absent(scene: Scene, source: Value, text: str) -> None:
    """Mark what a source that is not there now would bring where the image is built: all that an archive holds."""
    name, destination = posixpath.basename(text.rstrip("/")), scene.destination
    unpacked = scene.copy.add and re.search(_ARCHIVE, name) is not None
    one_file = not unpacked and "." in name.lstrip(".") and not has_wildcards(name)
    path = posixpath.join(destination.path, name) if one_file and destination.directory else destination.path
    reason = f"{scene.keyword} {text[:MAX_NAME]}"
    scene.tree.mark((path,), foreign_libc=unpacked or path == "/", reason=reason, span=source.span)
    scene.tree.step()


def _copy_from(scene: Scene, source: Value, text: str, origin: StageFilesystem | str | None) -> None:
    from depscan.filesystem.carrying import Carriage, carry_from_image, carry_from_stage  # noqa: PLC0415 - for --from

    destination = scene.destination
    if scene.copy.parents:
        base, below = split_parents(text)
        text = posixpath.join("/", base, below)
        destination = Destination(posixpath.join(destination.path, below), directory=False)
    label = f"{scene.keyword} --from={scene.copy.from_stage} {source.text}"
    carriage = Carriage(scene.tree, destination, source.span, scene.chmod, label, scene.keeps, scene.stage)
    if origin is None or isinstance(origin, str):
        carry_from_image(carriage, text, origin or str(scene.copy.from_stage))
        return
    refusal = carry_from_stage(carriage, text, origin)
    if refusal is not None:
        _refuse(scene, source, refusal)


def _download(scene: Scene, source: Value, url: str) -> None:
    """ADD of a URL: a file called as the last part of its path (dispatchCopy), or unpacked into the destination."""
    if scene.copy.unpack:
        _mark(scene, f"ADD {url}", source.span)
        return
    name = posixpath.basename(urlsplit(url).path) or "__unnamed__"
    item = _predicted(scene, source, url) or Item("", "file", _DOWNLOAD_MODE, Origin.URL, url)
    place(scene.tree, Picked(name, "file", (item,), named=True), scene.destination, source.span, scene.chmod)


def _predicted(scene: Scene, source: Value, url: str) -> Item | None:
    """The program that a URL tells of."""
    from depscan.filesystem.downloads import Fetch, fetched  # noqa: PLC0415 - for ADD of a URL

    found = fetched(Fetch(f"ADD {url}", source.span, scene.stage, scene.tree), "/", url)
    return Item("", "file", UNKNOWN_MODE, found.origin, found.source, found.content) if found is not None else None


def _copy_from_context(scene: Scene, source: Value, text: str) -> None:
    context = scene.context
    seen = len(context.skipped), len(context.context.skipped)
    outcome = context.pick_with_parents(text) if scene.copy.parents else context.pick(text)
    fresh = [*context.skipped[seen[0] :], *context.context.skipped[seen[1] :]]
    scene.tree.skipped += [msgspec.structs.replace(row, span=source.span) for row in fresh]
    if isinstance(outcome, Refusal):
        _refuse(scene, source, outcome)
        _mark_absent(scene, source, text)
        return
    for picked in outcome:
        archive = _archive_of(scene, picked)
        if archive is not None:
            _extract(scene, source, picked, archive)
            continue
        if scene.excluded is not None:
            kept = [item for item in picked.items if not item.path or scene.keeps(item.path)]
            picked = msgspec.structs.replace(picked, items=kept)  # noqa: PLW2901 - the same thing, filtered
        place(scene.tree, picked, scene.destination, source.span, scene.chmod)


def _archive_of(scene: Scene, picked: Picked) -> Archive | None:
    """The archive that ADD (or `--unpack`) extracts; None where the file is copied as it is."""
    unpack = scene.copy.add if scene.copy.unpack is None else scene.copy.unpack
    if not unpack or picked.kind != "file":
        return None
    content = next(iter(picked.items)).content
    if not isinstance(content, HostFile):
        return None
    from depscan.filesystem.archives import TARS  # noqa: PLC0415 - COPY unpacks nothing

    return scene.context.context.archives.read(content.path, TARS)


def _extract(scene: Scene, source: Value, picked: Picked, archive: Archive) -> None:
    """Unpack into the destination, which becomes a directory; `--chmod` and `--exclude` do not apply (unpack.go)."""
    tree, whole = scene.tree, next(iter(picked.items))
    where = tree.canonical(scene.destination.path, follow_last=True)
    make_directories(tree, where, source.span)
    if archive.problem is not None:
        _give_up(scene, source, archive.problem)
    path = whole.content.path if isinstance(whole.content, HostFile) else None
    items = [
        Item(
            member.path,
            member.kind,
            member.mode,
            Origin.CONTEXT,
            f"{whole.source}:{member.path}",
            ArchiveMember(path, member.name, member.head) if path is not None and member.kind == "file" else None,
            member.target,
        )
        for member in archive.members
    ]
    place_contents(tree, items, where, source.span, None, replace_links=True)
