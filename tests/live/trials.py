"""Every subject in every root: what happened, and what depscan says.

In: roots and packages. Out: `Cell`s, one for each subject, root and way in which depscan came to know the root:
`root` (it read the very files) or `knowledge` (it knows the official image of the same release). A package's ELF
files stand at /opt/subject, each at its path in the package; libraries of Debian's packages, which stand in the
default path when they are installed, are made known by LD_LIBRARY_PATH.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from depscan.artifacts.elf import explain_elf
from depscan.artifacts.facts import ElfFacts, Linkage
from tests.live.answers import Answer, ask
from tests.live.execution import Outcome, execute, load
from tests.live.roots import MORE, root
from tests.live.subjects import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from tests.live.subjects import Package

PLACE = "/opt/subject"
HOST = "/opt/host"
_APT = f"RUN apt-get update && apt-get install -y --no-install-recommends {' '.join(MORE)}"


class Stand(NamedTuple):
    """A root to try subjects in. `family` of the program that loads libraries there, None to try programs only.

    `knowledge` are the lines that begin a Dockerfile on the official image which the root stands for.
    """

    name: str
    family: str | None
    knowledge: tuple[str, ...] = ()


STANDS = (
    Stand("bullseye", "glibc", ("FROM debian:11-slim",)),
    Stand("bookworm", "glibc", ("FROM debian:12-slim",)),
    Stand("trixie", "glibc", ("FROM debian:13-slim",)),
    Stand("bookworm-more", "glibc", ("FROM debian:12-slim", _APT)),
    Stand("copied-glibc", "glibc"),
    Stand("musl-1.2.2", "musl"),
    Stand("musl", "musl"),
    Stand("musl-1.2.5", "musl"),
    Stand("glibc-beside-musl", None),
    Stand("empty", None, ("FROM scratch",)),
)


class Cell(NamedTuple):
    """One subject in one root."""

    stand: str
    source: str
    package: str
    subject: str
    outcome: Outcome
    answer: Answer

    @property
    def kind(self) -> str:
        """agreed, other-detail, other-cause, false-alarm, miss, miss-of-symbol or unknown."""
        truth, answer = self.outcome.cause, self.answer.cause
        if truth == "crashed" and "Segmentation fault" in self.answer.reason:
            return "agreed"
        if answer == "unknown":
            return "unknown"
        if answer is None and truth is not None:
            return "miss-of-symbol" if truth == "symbol-missing" else "miss"
        if answer is not None and truth is None:
            return "false-alarm"
        if answer != truth:
            return "other-cause"
        return "agreed" if (self.outcome.detail or "") in (self.answer.detail or "") else "other-detail"


def try_package(package: Package, host: Path, stands: Iterable[Stand] = STANDS) -> Iterator[Cell]:
    """All cells of a package."""
    folder = unpacked(package)
    environment = dict(_environment(package, folder))
    for stand in stands:
        subjects = [path for path in package.subjects if stand.family or _is_program(folder / path)]
        here = _prepared(stand)
        setting = _Setting(here, stand, folder, environment, {PLACE: folder, HOST: host})
        outcomes = {path: _try(setting, path) for path in subjects}
        for source, answers in _answers(stand, here, folder, environment):
            for path in subjects:
                answer = answers[f"{PLACE}/{path}"]
                yield Cell(stand.name, source, package.name, path, outcomes[path], answer)


def _environment(package: Package, folder: Path) -> Iterator[tuple[str, str]]:
    triplets = ("x86_64-linux-gnu", "aarch64-linux-gnu", "i386-linux-gnu", "x86_64-linux-musl")
    found = [
        path for triplet in triplets for path in (f"usr/lib/{triplet}", f"lib/{triplet}") if (folder / path).is_dir()
    ]
    if package.request.startswith("debian ") and found:
        yield "LD_LIBRARY_PATH", ":".join(f"{PLACE}/{path}" for path in found)


def _is_program(path: Path) -> bool:
    facts = explain_elf(path)
    assert isinstance(facts, ElfFacts), f"{path}: {facts}"
    return facts.linkage is not Linkage.SHARED_OBJECT


def _prepared(stand: Stand) -> Path:
    here = root(stand.name)
    for place in (PLACE, HOST):
        (here / place.lstrip("/")).mkdir(exist_ok=True)
    return here


class _Setting(NamedTuple):
    """A root with a package's files, unpacked in `folder`, mounted into it."""

    here: Path
    stand: Stand
    folder: Path
    environment: Mapping[str, str]
    binds: Mapping[str, Path]


def _try(setting: _Setting, path: str) -> Outcome:
    if _is_program(setting.folder / path):
        return execute(setting.here, f"{PLACE}/{path}", setting.environment, setting.binds)
    user = _find_user(setting.folder, path)
    if user is not None and _is_program(setting.folder / user):
        started = execute(setting.here, f"{PLACE}/{user}", setting.environment, setting.binds)
        if started.cause is None:
            return started  # with all that it needs, the library too
        user = None
    return load(setting.here, _loading(setting.stand, path, user), setting.environment, setting.binds)


def _find_user(folder: Path, path: str) -> str | None:
    """The file of a wheel that needs one of the wheel's own libraries, directly or by others of them."""
    if ".libs/" not in path:
        return None
    facts = {file.relative_to(folder): explain_elf(file) for file in sorted(folder.rglob("*")) if file.is_file()}
    names, outside = {path.rpartition("/")[2]}, None
    while outside is None:
        users = [file for file, known in facts.items() if isinstance(known, ElfFacts) and names & {*known.needed}]
        outside = next((file for file in users if ".libs/" not in str(file)), None)
        if {file.name for file in users} <= names:
            break
        names |= {file.name for file in users}
    return str(outside) if outside is not None else None


def _loading(stand: Stand, path: str, module: str | None) -> tuple[str, ...]:
    """As its host loads it: python at once (Python/dynload_shlib.c), node lazily (src/node_binding.h).

    A wheel's own libraries come with the `module` that needs them; other libraries are bound at once and without a
    host: what they need they must find themselves.
    """
    helper, target = f"{HOST}/dlopen-{stand.family}", f"{PLACE}/{path}"
    if module is not None:
        return (helper, "now", target, f"{HOST}/libhost.so", f"{PLACE}/{module}")
    if path.endswith(".node"):
        return (helper, "lazy", target, f"{HOST}/libhost.so")
    if ".cpython-" in path or ".abi3." in path:
        return (helper, "now", target, f"{HOST}/libhost.so")
    return (helper, "now", target)


def _answers(
    stand: Stand, here: Path, folder: Path, environment: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, Answer]]]:
    lines = [*(f"ENV {name}={value}" for name, value in environment.items()), f"COPY . {PLACE}/"]
    if stand.name != "empty":
        yield "root", ask(folder, ["FROM base", *lines], {"base": here})
    if stand.knowledge:
        yield "knowledge", ask(folder, [*stand.knowledge, *lines], {})
