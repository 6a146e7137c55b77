"""Native files inside archives, as rules see them.

In: the `Placement` of a member. Out: its `MemberView`, and how sure it is that the program loads it. That the dynamic
linker would refuse it is proved; that somebody asks for it is not: a jar's library is loaded when its class is first
used, and some projects do without theirs.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from depscan.findings import Confidence
from depscan.subjects import MemberView

if TYPE_CHECKING:
    from depscan.linking.placement import Placement

MEMBER = "archive-member"
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


def meet(placement: Placement, text: str | None) -> str | None:
    """What the user meets at run time: of a member the message for the place where its program unpacks it."""
    if text is None or placement.artifact.kind != MEMBER:
        return text
    unpacked = f"/tmp/{posixpath.basename(placement.path)}"  # noqa: S108 - where java.io.tmpdir points
    told = text.replace(placement.path, unpacked)
    jar = member_view(placement).wrapping == "jar"
    return f"java.lang.UnsatisfiedLinkError: {unpacked}: {told}" if jar else told


def use(placement: Placement) -> Confidence:
    """How sure it is that a program in the image loads what is placed; certain for all but members."""
    if placement.artifact.kind != MEMBER:
        return Confidence.CERTAIN
    return Confidence.POSSIBLE if is_optional(placement.path) else Confidence.LIKELY
