"""First bytes to kind: which files are worth a closer look.

In: the head of a file. Out: a word such as elf, script or zip, None when nothing is known of it. Pure and cheap, since
every file of a build context passes here; 512 bytes are enough for every kind (tar has its mark at 257).
"""

from __future__ import annotations

import re

HEAD_SIZE = 512
MAX_SIZE = 512 << 20  # bytes; a larger file is not read
# Kinds whose files hold others; of the closed ones a report says that they were not opened.
ARCHIVES = frozenset({"zip", "tar", "gzip", "bzip2", "xz", "zstd", "archive-ar", "rpm"})
CLOSED = {"7z": "a 7z archive, which is not opened"}

# (offset, bytes, kind). Sources: gABI, execve(2), Mach-O's loader.h and fat.h, the PE/COFF specification, ar(5),
# APPNOTE.TXT 4.3, RFC 1952, RFC 8878, the bzip2, xz and 7-Zip format texts, POSIX ustar, rpm's lead, WebAssembly's
# binary format.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x7fELF", "elf"),
    (0, b"#!", "script"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\x00", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"!<arch>\n", "archive-ar"),
    (0, b"!<thin>\n", "archive-ar"),
    (0, b"\xed\xab\xee\xdb", "rpm"),
    (0, b"\x00asm", "wasm"),
    (0, b"\xfe\xed\xfa\xce", "mach-o"),
    (0, b"\xfe\xed\xfa\xcf", "mach-o"),
    (0, b"\xce\xfa\xed\xfe", "mach-o"),
    (0, b"\xcf\xfa\xed\xfe", "mach-o"),
    (0, b"MZ", "pe"),
)
_TAR_MARK, _TAR_MARK_AT = b"ustar", 257
_TAR_CHECKSUM = slice(148, 156)
_UNIVERSAL = b"\xca\xfe\xba\xbe"
_UNIVERSAL_SLICES = 40


def classify(head: bytes) -> str | None:
    """Tell what a file is from its first HEAD_SIZE bytes; None when it is nothing known here."""
    if head.startswith(_UNIVERSAL):
        return _classify_universal(head)
    for offset, signature, kind in _SIGNATURES:
        if head.startswith(signature, offset):
            return kind
    return "tar" if is_tar(head) else None


def is_tar(head: bytes) -> bool:
    """Whether a tar begins here: a text may have the mark at its place, but not the sum of the header's bytes (ustar).

    The sum counts its own field as blanks; some old programs took bytes for signed numbers.
    """
    if not head.startswith(_TAR_MARK, _TAR_MARK_AT) or len(head) < HEAD_SIZE:
        return False
    header, field = bytearray(head[:HEAD_SIZE]), head[_TAR_CHECKSUM].strip(b" \0")
    header[_TAR_CHECKSUM] = b" " * len(header[_TAR_CHECKSUM])
    sums = (sum(header), sum(header) - 256 * sum(byte > 127 for byte in header))
    return re.fullmatch(rb"[0-7]{1,7}", field) is not None and int(field, 8) in sums


def is_appimage(head: bytes) -> bool:
    """Whether an ELF file is an AppImage: bytes 8 to 10 of its header are AI and 1 or 2 (AppImageSpec, magic bytes)."""
    return head[8:11] in (b"AI\1", b"AI\2")


def _classify_universal(head: bytes) -> str:
    """Tell a universal Mach-O from a Java class: its second word counts slices, Java's is a version, 45 or more."""
    return "mach-o" if int.from_bytes(head[4:8], "big") < _UNIVERSAL_SLICES else "java-class"
