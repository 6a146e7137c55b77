"""A program or library that a command will make, before it is there: the types of a prediction.

In: nothing (types only). Out: `Product` (what a toolchain says of its output) and `Prediction` (a product with the
command and the stage that make it). The facts of a product are those of an `Artifact` read from disk, so that the same
linking and the same rules serve both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.findings import Confidence

if TYPE_CHECKING:
    from depscan.artifacts.facts import ElfFacts
    from depscan.source import Span


class Mend(Struct, frozen=True):
    """A change of the command after which its program fits another image, or needs nothing of one.

    `before` and `after` are texts to put around the command; `replaced` is a word of it that `by` takes the place of.
    `declares` is an argument of the build that the new text uses, which ARG must bring into the stage before.
    """

    title: str
    before: str = ""
    after: str = ""
    replaced: str = ""
    by: str = ""
    declares: str = ""


class Product(Struct, frozen=True):
    """One file that a command makes.

    `path` is absolute in the image; one that ends in `/*` stands for every program in that directory whose name is not
    known. `tool` is the toolchain: go, cargo, c, dotnet, npm, pip, download, ... `facts` hold what the file will surely
    or likely say of itself; no need and no version that it may lack stands there. `ceiling` is the highest version it
    can ask of its C library beyond that, GLIBC_2.41 of a builder with glibc 2.41; None where it cannot ask for more.
    `evidence` are the sentences that a finding prints. `refuted_by` is the one fact that would make it untrue. `mend`
    is the smallest change of the command that helps, where there is one. `open` says that it may need more than the
    facts hold, so that it loads for sure nowhere.
    """

    path: str
    tool: str
    facts: ElfFacts
    confidence: Confidence = Confidence.LIKELY
    ceiling: str | None = None
    evidence: tuple[str, ...] = ()
    refuted_by: str | None = None
    mend: Mend | None = None
    open: bool = False


class Prediction(Struct, frozen=True):
    """A product, and where it comes from.

    `command` is as written, shortened. `span` is its place and `stage` the index of its stage. `builder` tells what the
    stage stands on: "stage build = rust:1.95-slim = Debian 13, glibc 2.41"; `libc` is the family of its C library,
    `release` its release as the knowledge names it, debian:13.
    """

    product: Product
    command: str
    span: Span
    stage: int
    builder: str
    libc: str
    release: str | None = None


class Made(Struct, frozen=True):
    """A file, link or directory that a command makes, of which linking needs no facts.

    `target` is a link's text, `text` a file's content where that matters (a tool's settings); with neither it is a file
    whose name alone tells (a wheel), or a directory where `directory`. `executable` is a file that can be started.
    `path` is absolute in the image.
    """

    path: str
    target: str | None = None
    text: str | None = None
    directory: bool = False
    executable: bool = False
