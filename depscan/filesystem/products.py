"""Files that build commands will make, entered before they are there.

In: an `Action` whose program is in the table of `toolchains`. Out: an entry for each predicted product, with a
`Prediction` for its content, so that `mv`, `cp` and COPY --from carry it like any other file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.facts import Origin
from depscan.artifacts.prediction import Made, Prediction, Product
from depscan.dockerfile.instructions import Problem
from depscan.filesystem.content import read_head
from depscan.filesystem.entries import FileEntry, HostFile, InlineFile
from depscan.filesystem.placing import is_directory
from depscan.findings import Skipped
from depscan.images.lifetimes import name_release
from depscan.toolchains import predict
from depscan.toolchains.workplace import MAX_MANIFEST, Unpacking, Unread, Workplace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depscan.dockerfile.instructions import Stage
    from depscan.filesystem.effects import Action
    from depscan.filesystem.tree import Tree
    from depscan.images.profile import ImageProfile
    from depscan.toolchains.workplace import Fault


class StageFiles(Struct, frozen=True):
    """The files of a stage under replay, as toolchains read them."""

    tree: Tree

    def read(self, path: str, limit: int = MAX_MANIFEST) -> str | None:
        """A text file's content; None where it is not there, not known, larger than `limit` bytes or not UTF-8."""
        entry = self.tree.find(path)
        data = read_head(entry, limit + 1) if entry is not None else None
        if data is None or len(data) > limit:
            return None
        try:
            return data.decode()
        except UnicodeDecodeError:
            return None

    def head(self, path: str, size: int) -> str | None:
        """The first `size` bytes of a file as text; None where it is not there or not known."""
        entry = self.tree.find(path)
        data = read_head(entry, size) if entry is not None else None
        return None if data is None else data.decode(errors="replace")

    def names(self, directory: str) -> tuple[str, ...]:
        """The names of what is known to stand in a directory, sorted."""
        where = self.tree.canonical(directory, follow_last=True)
        below = len(where.rstrip("/")) + 1
        return tuple(sorted({entry.path[below:].partition("/")[0] for entry in self.tree.below(where)}))

    def is_predicted(self, path: str) -> bool:
        """Whether what stands at a path is not made yet."""
        entry = self.tree.find(path)
        return entry is not None and entry.origin is Origin.PREDICTED

    def is_at_hand(self, path: str) -> bool:
        """Whether the bytes of what stands at a path are those of a file of the build context."""
        entry = self.tree.find(path)
        return entry is not None and isinstance(entry.content, HostFile)

    def is_directory(self, path: str) -> bool:
        """Whether a directory is known to stand at a path: made by an instruction, or one that images have."""
        return is_directory(self.tree, self.tree.canonical(path, follow_last=True))

    def walk(self, directory: str) -> tuple[str, ...]:
        """The paths of all files known to stand below a directory, sorted."""
        where = self.tree.canonical(directory, follow_last=True)
        return tuple(sorted(entry.path for entry in self.tree.below(where) if entry.kind == "file"))


def products(action: Action, program: str) -> Iterator[FileEntry]:
    """The entries of what a command makes; `program` is its name without version and directory."""
    words = {(word.text or "").rpartition("@")[0] or word.text for word in action.command.words}
    action.tree.problems[:] = [each for each in action.tree.problems if words.isdisjoint(each.remedies)]
    for product in predict(program, _workplace(action)):
        if isinstance(product, Made):
            yield _made(product, action)
            continue
        if isinstance(product, Unpacking):
            yield from _unpacked(product, action)
            continue
        if not isinstance(product, Product):
            _record(product, action)
            continue
        yield FileEntry(
            product.path,
            "file",
            0o755,
            Origin.PREDICTED,
            action.reason,
            action.span,
            action.tree.sequence,
            _prediction(product, action),
        )


def _unpacked(package: Unpacking, action: Action) -> Iterable[FileEntry]:
    from depscan.filesystem.unpacking import install_module, install_wheel  # noqa: PLC0415 - few are given files

    read = {"wheel": install_wheel, "module": install_module}[package.kind]
    return read(action, package.path, package.directory) or ()


def _made(made: Made, action: Action) -> FileEntry:
    """A link, a directory, or a file whose bytes are not known or stand in the prediction."""
    kind, mode = ("directory", 0o755) if made.directory else ("file", 0o755 if made.executable else 0o644)
    if made.target is not None:
        kind, mode = "link", 0o777
    content = InlineFile(made.text.encode()) if made.text is not None else None
    return FileEntry(
        made.path, kind, mode, Origin.PREDICTED, action.reason, action.span, 0, content, target=made.target
    )


def _record(said: Fault | Unread, action: Action) -> None:
    if isinstance(said, Unread):
        action.tree.skipped.append(Skipped(said.path, said.reason, action.span))
    elif not action.command.conditional:
        action.tree.problems.append(
            Problem(
                said.kind,
                said.detail,
                action.span,
                action.stage.index,
                said.confidence,
                word=action.reason,
                remedies=said.remedies,
            )
        )


def remembered(action: Action) -> Iterator[FileEntry]:
    """The file in which cmake keeps what it was told."""
    from depscan.toolchains.cmake import remembers  # noqa: PLC0415 - few stages run cmake

    found = remembers(_workplace(action))
    if found is not None:
        yield action.written(found[0], InlineFile(found[1].encode()))


def _workplace(action: Action) -> Workplace:
    tree = action.tree
    return Workplace(
        command=action.command,
        environment={**action.variables, **dict(action.command.assignments)},
        profile=tree.profile,
        platform=action.stage.platform,
        packages=tuple(tree.packages),
        files=StageFiles(tree),
        libraries=frozenset(tree.libraries) | frozenset(tree.profile.libraries),
    )


def _prediction(product: Product, action: Action) -> Prediction:
    stage, profile = action.stage, action.tree.profile
    builder = describe_builder(stage, profile)
    return Prediction(product, action.reason, action.span, stage.index, builder, profile.libc.family, profile.release)


def describe_builder(stage: Stage, profile: ImageProfile) -> str:
    """A stage's image in words: `stage build = rust:1.95-slim = Debian 13, glibc 2.41`."""
    parts = [f"stage {stage.name}"] if stage.name else []
    parts += [profile.name, describe_release(profile)]
    return " = ".join(dict.fromkeys(part for part in parts if part))


def describe_release(profile: ImageProfile) -> str:
    """A release and its C library in words: `Debian 13, glibc 2.41`."""
    libc = profile.libc
    known = "no libc" if libc.family == "none" else f"{libc.family} {libc.version or ''}".rstrip()
    return ", ".join(part for part in (name_release(profile.release), known) if part)
