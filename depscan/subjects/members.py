"""Native files inside archives, as rules see them.

In: the `Placement` of a member and the subject that any artifact gets. Out: the member's. That the dynamic
linker would refuse it is proved; that somebody asks for it is not: a jar's library is loaded when its class is first
used, and some projects do without theirs.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.findings import Confidence, Severity
from depscan.subjects import ArtifactView, MemberView
from depscan.subjects.wording import fate

if TYPE_CHECKING:
    from depscan.linking.placement import Placement
    from depscan.subjects import Subject

AT_CLASS = "when Java loads it"
_WRAPPINGS = {
    **dict.fromkeys(("jar", "war", "ear"), "jar"),
    "whl": "wheel",
    "egg": "egg",
    "deb": "deb",
    "apk": "apk",
    "zip": "zip",
}
# Libraries that are loaded for one setting only (a compression codec, a transport), or whose project goes on in Java
# where they do not load: netty's Epoll.isAvailable and OpenSsl.isAvailable, LZ4Factory.fastestInstance, jansi's and
# JLine's plain terminals, netlib-java's F2J, Commons Crypto's JCE fallback.
_OPTIONAL = re.compile(
    r"lib(netty_\w+|jansi\w*|jlinenative|lz4-java|snappyjava|zstd-jni[-\d.]*|brotli|netlib\w+|commons-crypto)"
    r"([-_.][\w.-]*)?\.so"
)


def member_view(placement: Placement) -> MemberView:
    """A member as rules see it."""
    archive, _, name = placement.path.partition("!/")
    wrapping = posixpath.splitext(placement.path.rpartition("!/")[0])[1].removeprefix(".").lower()
    return MemberView(archive, name, _WRAPPINGS.get(wrapping, "tar"), is_optional(name))


def is_optional(name: str) -> bool:
    """Whether a program may well run without the library of this name."""
    return _OPTIONAL.fullmatch(posixpath.basename(name)) is not None


def as_member(placement: Placement, subject: Subject) -> Subject:
    """The subject of a member: with its view, and no surer and no graver than its use is.

    A library that only may be loaded is no error. The message is that of the place where its program unpacks it.
    """
    view = member_view(placement)
    confidence = Confidence.weakest(subject.confidence, Confidence.POSSIBLE if view.optional else Confidence.LIKELY)
    doubtful = subject.gravest is Severity.ERROR and confidence is Confidence.POSSIBLE
    artifact = subject.names["artifact"]
    if isinstance(artifact, ArtifactView):
        artifact = replace(artifact, fate=fate(artifact.linkage, confidence))
    return replace(
        subject,
        names={**subject.names, "member": view, "artifact": artifact},
        confidence=confidence,
        gravest=Severity.WARNING if doubtful else subject.gravest,
        runtime_message=_meet(placement.path, view.wrapping, subject.runtime_message),
        moment=AT_CLASS if view.wrapping == "jar" else subject.moment,
        label=view.name,
    )


def _meet(path: str, wrapping: str, text: str | None) -> str | None:
    if text is None:
        return None
    unpacked = f"/tmp/{posixpath.basename(path)}"  # noqa: S108 - where java.io.tmpdir points
    told = text.replace(path, unpacked)
    return f"java.lang.UnsatisfiedLinkError: {unpacked}: {told}" if wrapping == "jar" else told
