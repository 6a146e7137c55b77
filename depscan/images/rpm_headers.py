"""An RPM header, as rpm's databases store it, to the package that it describes.

In: the bytes of one header: two counts, an index of 16 bytes an entry, then the data, all big endian (rpm's
documentation, "RPM V4 format", section "Header"; a database leaves out the magic number that packages have). Out:
`Package`, None for bytes that are no header and for rows that are no package (the keys that `rpm --import` stores).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from depscan.images.profile import Package

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME, _VERSION, _RELEASE, _EPOCH, _ARCHITECTURE = 1000, 1001, 1002, 1003, 1022
_WANTED = frozenset((_NAME, _VERSION, _RELEASE, _EPOCH, _ARCHITECTURE))
_INT32, _STRING = 4, 6
_MAX_ENTRIES = 65_536
_MAX_TEXT = 1024


def read_header(blob: bytes) -> Package | None:
    """The package of a header; an epoch other than 0 stands before the version, as rpm prints it (1:2.0-3.el9)."""
    values = _values(blob)
    name, version, release = (values.get(tag) for tag in (_NAME, _VERSION, _RELEASE))
    if not name or not version or name == "gpg-pubkey":
        return None
    epoch = values.get(_EPOCH, "0")
    whole = f"{version}-{release}" if release else version
    return Package(name, f"{epoch}:{whole}" if epoch != "0" else whole, values.get(_ARCHITECTURE, ""))


def _values(blob: bytes) -> Mapping[int, str]:
    """The wanted tags as text; {} where the counts lie."""
    if len(blob) < 8:
        return {}
    count, size = struct.unpack_from(">II", blob)
    start = 8 + 16 * count
    if count > _MAX_ENTRIES or start + size > len(blob):
        return {}
    found: dict[int, str] = {}
    for tag, kind, offset, _ in struct.iter_unpack(">IIII", blob[8:start]):
        if tag in _WANTED and offset < size:
            found[tag] = _value(blob, kind, start + offset)
    return found


def _value(blob: bytes, kind: int, at: int) -> str:
    if kind == _INT32:
        return str(int.from_bytes(blob[at : at + 4], "big"))
    if kind != _STRING:
        return ""
    return blob[at : at + _MAX_TEXT].split(b"\0", 1)[0].decode("utf-8", "replace")
