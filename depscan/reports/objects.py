"""The objects of the JSON contract that several reports print: an ELF file's facts and an image.

In: `ElfFacts`, `ImageProfile`. Out: plain dictionaries with the keys that the contract names, in its order, so
that `check`, `inspect` and `image` cannot drift apart.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from depscan.reports.escaping import printable_json

if TYPE_CHECKING:
    from depscan.artifacts.facts import ElfFacts
    from depscan.images.profile import ImageProfile


def dump(document: object) -> str:
    """Serialise with two spaces of indent and one line end; readable characters stay as they are."""
    return printable_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def elf_object(facts: ElfFacts) -> dict[str, object]:
    """What an ELF file says of itself."""
    return {
        "type": facts.type,
        "machine": facts.machine,
        "class": facts.bits,
        "interpreter": facts.interpreter,
        "libc": facts.libc,
        "linkage": facts.linkage,
        "needed": list(facts.needed),
        "soname": facts.soname,
        "rpath": list(facts.rpath),
        "runpath": list(facts.runpath),
        "version_needs": {library: [need.name for need in needs] for library, needs in facts.version_needs.items()},
        "isa_level": facts.isa_level,
        "language": facts.language,
    }


def image_object(profile: ImageProfile) -> dict[str, object]:
    """What is known of a base image, and from where."""
    return {
        "reference": profile.reference,
        "release": profile.release,
        "libc": {"family": profile.libc.family, "version": profile.libc.version},
        "libraries_complete": profile.libraries_complete,
        "confidence": profile.confidence,
        "source": profile.source,
        "as_of": profile.as_of,
    }
