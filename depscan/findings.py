"""What a run says: findings, suggestions, and what was skipped.

In: nothing (types only). Out: the frozen types that rules produce and reports render. Severity is set by the rule (and
the user's config), confidence is computed from the facts a finding rests on and never set by a rule.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from depscan.source import Span


AT_RUN, AT_BUILD = "docker run would say", "docker build would say"


class Severity(StrEnum):
    """SARIF's levels, the gravest first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 for error, growing as gravity falls."""
        return _SEVERITIES[self]


class Confidence(StrEnum):
    """How well proved a fact is, the best first."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        """0 for certain, growing as proof weakens."""
        return _CONFIDENCES[self]

    @classmethod
    def weakest(cls, *parts: Confidence) -> Confidence:
        """The confidence of something that rests on all `parts`; certain when there are none."""
        return max(parts, key=lambda part: part.rank, default=cls.CERTAIN)


_SEVERITIES = {severity: rank for rank, severity in enumerate(Severity)}
_CONFIDENCES = {confidence: rank for rank, confidence in enumerate(Confidence)}


class Location(Struct, frozen=True):
    """A span in a file; `path` is as the user named it."""

    path: str
    span: Span


class Related(Struct, frozen=True):
    """A second place that a finding needs to be understood."""

    location: Location
    message: str


class Edit(Struct, frozen=True):
    """Replace the text at `location` by `text`; an empty span inserts."""

    location: Location
    text: str


class Suggestion(Struct, frozen=True):
    """A change after which the same rules find nothing.

    `kind` is build-flag, package, base, builder-base or edit. `size` is the compressed size of the suggested base in
    bytes, where the knowledge has it. `safety` is safe or unsafe, `remark` what it costs in words ("no shell").
    """

    kind: str
    title: str
    base: str | None = None
    edits: tuple[Edit, ...] = ()
    size: int | None = None
    remark: str | None = None
    safety: str = "unsafe"


class Finding(Struct, frozen=True):
    """One root cause at one place; `artifacts` are all paths in the image that it makes fail, `artifact` the first.

    `identity` is what tells it from other findings and stays the same when lines move. `label` is what stands below
    its place in a frame. `runtime_message` is what is read where it goes wrong, `moment` when that is, as a sentence
    begins: "docker run would say".
    """

    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    location: Location
    related: tuple[Related, ...] = ()
    stage: int | None = None
    artifact: str | None = None
    artifacts: tuple[str, ...] = ()
    runtime_message: str | None = None
    evidence: tuple[str, ...] = ()
    identity: str = ""
    label: str | None = None
    moment: str = AT_RUN
    ignored: bool = False
    ignore_reason: str | None = None
    suggestions: tuple[Suggestion, ...] = ()

    @property
    def fingerprint(self) -> str:
        """The identity as a digest of 32 hexadecimal digits, for reports."""
        import hashlib  # noqa: PLC0415 - costs 3 ms, which the reports for people need not pay

        return hashlib.sha256(self.identity.encode(errors="surrogateescape")).hexdigest()[:32]


class Skipped(Struct, frozen=True):
    """Something that could not be analysed: it reaches the report, never a guess.

    `denied` says that it may not be read, which a person can mend: every format tells it.
    """

    subject: str
    reason: str
    span: Span | None = None
    denied: bool = False

    @property
    def message(self) -> str:
        """What it is and why, in one line."""
        return f"{self.subject}: {self.reason}"
