"""What a rule may speak of: flat, frozen views of the facts, one set of names per `for` kind.

In: nothing (types only). Out: the views and `KINDS`, which `rulebook` and `conditions` check every name of a rule
against, and `Subject`, what the engine evaluates a rule on. `engine` builds subjects from placements and stages.
A view repeats facts in a rule author's words; it computes nothing that linking has not found.

Annotations are evaluated at once, without the __future__ import: `rulebook` reads them, which takes longer from text.
"""

from collections.abc import Mapping

from msgspec import Struct

from depscan.findings import AT_RUN, Confidence, Severity
from depscan.source import Span

CXX_RUNTIME = frozenset({"libstdc++.so.6", "libgcc_s.so.1"})  # GCC's, which the same packages bring everywhere


class LibcView(Struct, frozen=True):
    """A C library: family glibc, musl, uclibc, none or unknown, and version."""

    family: str
    version: str | None


class ImageView(Struct, frozen=True):
    """The image at the bottom of a stage. `package_manager` is apk, apt, dnf, ... or None."""

    reference: str
    release: str | None
    libc: LibcView
    libraries_complete: bool
    package_manager: str | None
    source: str
    as_of: str | None


class BaseView(Struct, frozen=True):
    """What may become of a stage's base image.

    `moving` says that the tag may come to another glibc; `moved_on` is the day on which it last moved, `moved_from`
    the release before, None where none is recorded. `pinned` is the same image under a tag that names its release,
    or words for it where none is known. `pinned_runtime` is the base of a stage that copies programs from this
    moving one, and pins a release of the same distribution. `ended_on` is the day on which the release's security
    updates ended, and `days_since_end` how long that was before the knowledge's date; None while they go on, or
    where not known. `repeated` says that an earlier stage stands on the same image.
    """

    moving: bool
    moved_on: str | None
    moved_from: str | None
    pinned: str
    pinned_runtime: str | None
    ended_on: str | None
    days_since_end: int | None
    repeated: bool


class StageView(Struct, frozen=True):
    """A stage. `base` is as FROM names it, expanded; `base_status` known, unknown, unresolved or windows.

    `unresolved` are the names of the variables without value. `second_libc` tells how the stage brings a second C
    library (a link to a dynamic linker, LD_PRELOAD of a compat layer, a third-party glibc package), None where it does
    not.
    """

    index: int
    name: str | None
    base: str | None
    base_status: str
    unresolved: str
    second_libc: str | None


class ArtifactView(Struct, frozen=True):
    """A program or library at its place in the image.

    `interpreter_libc` is the family whose dynamic linker PT_INTERP names: glibc, musl or other; None without PT_INTERP.
    `executable` is true for programs, false for shared objects; `started` for what ENTRYPOINT or CMD names. `cpu_level`
    is the x86-64 level that its note demands, `cpu_floor` the configured oldest CPU where that is below it, None
    elsewhere. `compat` is the layer that answers for glibc on musl (gcompat, libc6-compat), None without one.
    `loads_nss`: it is static, of a glibc before 2.34, and loads modules of that glibc to resolve names. `architecture`
    is the machine as docker calls it: arm64 for aarch64.

    For sentences: `who` is the path, or `59 libraries below /opt/app` where one finding tells of many; `fate` what
    becomes of it (will not start, cannot be loaded; may where that is only possible); `it_needs`, `it_is` refer to it.
    """

    path: str
    source: str
    origin: str
    machine: str
    linkage: str | None
    executable: bool
    started: bool
    libc: str
    language: str | None
    interpreter: str | None
    interpreter_libc: str | None
    verdict: str
    cause: str | None
    detail: str | None
    cpu_level: str | None
    cpu_floor: str | None
    compat: str | None = None
    loads_nss: bool = False
    architecture: str = ""
    who: str = ""
    fate: str = ""
    it_needs: str = "it needs"
    it_is: str = "it is"


class MemberView(Struct, frozen=True):
    """A native file inside an archive. `archive` is the archive's path in the image, `name` the path inside.

    `name` has `!/` between archives that lie in archives. `wrapping` is what holds it directly: jar (war and ear too),
    wheel, egg, zip, deb, apk or tar. `optional` says that programs are known to do without it.
    """

    archive: str
    name: str
    wrapping: str
    optional: bool


class NeedView(Struct, frozen=True):
    """A needed library. `status` provided, missing or unknown; `other_major` the same library under another number.

    `cxx_runtime` is true for libstdc++.so.6 and libgcc_s.so.1. `not_searched` is a path of the stage where the library
    stands but where the dynamic linker does not look. `unfit` is a file of that name which is no library for the
    program, `flaw` what the dynamic linker says of it. `names` are all that one finding tells of, in words, and `verb`
    goes with them: libGL.so.1 and 5 more, are.
    """

    soname: str
    requested_by: str
    status: str
    other_major: str | None
    cxx_runtime: bool
    not_searched: str | None
    unfit: str | None
    flaw: str | None
    names: str = ""
    verb: str = "is"


class VersionView(Struct, frozen=True):
    """A version need: `status` met, unmet or unknown against the library found; `ceiling` its highest version.

    In words, `wanted` is glibc 2.38, or GLIBCXX_3.4.32 of libstdc++.so.6, and `given` is what there is instead.
    """

    name: str
    namespace: str
    library: str
    requested_by: str
    status: str
    ceiling: str | None
    weak: bool
    wanted: str = ""
    given: str = ""


class SymbolView(Struct, frozen=True):
    """The first symbol that is missing when a program starts; `names` are all of them in words.

    `compat` is the layer that answers for glibc on musl (gcompat, libc6-compat, a link to musl), None without one.
    """

    name: str
    names: str
    version: str | None
    requested_by: str
    status: str
    compat: str | None


class InstructionView(Struct, frozen=True):
    """An instruction, and what is wrong with its text: `problem` as `Problem.kind` names it, None where nothing is."""

    keyword: str
    problem: str | None
    detail: str


class PlatformView(Struct, frozen=True):
    """The platform of a stage: linux/amd64 and the ELF machine that runs there.

    `likelier` is the platform that the stage's programs are for, where nobody named one and all are of one other
    machine.
    """

    name: str
    machine: str
    likelier: str | None = None


class DirectiveView(Struct, frozen=True):
    """A rule named in a `# depscan: ignore[...]` comment. `status` is unused, expired, unknown-rule or malformed.

    `rule` is the name as written, empty where it is malformed; `detail` says what is wrong and what to do.
    """

    rule: str
    status: str
    detail: str


class ScriptView(Struct, frozen=True):
    """The `#!` line of a script. `line` is as written, `interpreter` the program that its author meant (bash).

    `returns` says that the line ends with a carriage return. `flaw` says why the kernel takes the file for no script,
    None where it does.
    """

    line: str
    interpreter: str
    returns: bool
    flaw: str | None


class StartView(Struct, frozen=True):
    """A program that ENTRYPOINT, CMD or HEALTHCHECK (`keyword`) starts, or the shell that a RUN needs.

    `form` is shell or exec. `program` is as named; `shell` says that it is the shell of a shell form, or sh by name.
    `status` is provided, missing or unknown. `content` says what stands there, in words, where the kernel cannot start
    it; None elsewhere. `hint` is what helps to find the mistake, with its own punctuation, or empty.
    """

    keyword: str
    form: str
    program: str
    shell: bool
    status: str
    content: str | None
    hint: str


class BuildView(Struct, frozen=True):
    """How a program that is not built yet is made; `tool` is None for one that was read.

    `tool` is the toolchain: go, cargo, c, dotnet, npm, pip, download, ... `command` is the command as written,
    `builder` its stage in words, `libc` the C library's family there. `chain` tells the way from the builder to the
    image, `refuted_by` the one fact that would make the prediction untrue. `newer` is a version of the C library that
    the program asks for, or may ask for, and that the image does not have; None where there is none. `journey` is
    the way in short: built on Debian, run on Alpine.
    """

    tool: str | None = None
    command: str | None = None
    builder: str | None = None
    libc: str | None = None
    chain: str | None = None
    refuted_by: str | None = None
    newer: str | None = None
    journey: str | None = None


_PLACED: dict[str, type] = {
    "artifact": ArtifactView,
    "build": BuildView,
    "image": ImageView,
    "stage": StageView,
    "platform": PlatformView,
}

# For each `for` kind, the names that `when`, `message` may use.
KINDS: dict[str, dict[str, type]] = {
    "artifact": _PLACED,
    "archive-member": {**_PLACED, "member": MemberView},
    "need": {**_PLACED, "need": NeedView},
    "version": {**_PLACED, "version": VersionView},
    "symbol": {**_PLACED, "symbol": SymbolView},
    "script": {**_PLACED, "script": ScriptView},
    "start": {"start": StartView, "stage": StageView, "image": ImageView, "platform": PlatformView},
    "stage": {"stage": StageView, "image": ImageView, "base": BaseView, "platform": PlatformView},
    "instruction": {"instruction": InstructionView},
    "directive": {"directive": DirectiveView},
}


class Subject(Struct, frozen=True):
    """One thing of a kind that a rule is evaluated on, and what a finding on it prints.

    `names` are the views by name, as `KINDS[kind]` lists them. `span` is the primary place, `instruction_span` the
    whole instruction there (findings with the same rule, instruction and `root` are one root cause). `related` are
    further places with their message, `label` is that of the primary one, `moment` as in `Finding`. `gravest` is the
    highest severity that a finding on it may have: a note in a stage that only carries files (scratch without a start
    command), a warning for what is possible and not built yet.
    """

    kind: str
    names: Mapping[str, object]
    span: Span
    instruction_span: Span
    root: str
    related: tuple[tuple[Span, str], ...] = ()
    confidence: Confidence = Confidence.CERTAIN
    stage: int | None = None
    artifact: str | None = None
    source: str | None = None
    evidence: tuple[str, ...] = ()
    runtime_message: str | None = None
    gravest: Severity = Severity.ERROR
    label: str | None = None
    moment: str = AT_RUN
