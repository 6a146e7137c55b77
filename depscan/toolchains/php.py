"""docker-php-ext-install and pecl: the extensions that they build into the image's directory of extensions.

In: a command on a stage. Out: a `Product` for each extension named, below /usr/local/lib/php/extensions, as in
docker-library/php. Its last directory has the name of PHP's module interface, which is not known here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.artifacts.prediction import Product
from depscan.toolchains.arguments import read_arguments
from depscan.toolchains.elf import shared_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from depscan.toolchains.workplace import Workplace

_DIRECTORY = "/usr/local/lib/php/extensions/no-debug-non-zts-*"
_IMAGE = re.compile(r"(?:.*/library/)?php:(?!.*zts).*")
# Extension -> the library that it links and its soname (php.net/manual, installation of each).
_LINKS = {
    "pgsql": ("pq", "libpq.so.5"),
    "pdo_pgsql": ("pq", "libpq.so.5"),
    "zip": ("zip", None),
    "intl": ("icuuc", None),
}


def predict(place: Workplace) -> Iterator[Product]:
    """The extensions that the command builds."""
    arguments = read_arguments(place.command.words[1:], frozenset({"-j", "-d"}))
    names = list(arguments.operands)
    if place.command.name == "pecl":
        names = [re.sub(r"-[\d.].*", "", name) for name in names[1:]] if names[:1] == ["install"] else []
    facts = shared_object(place.profile.libc.family, place.platform)
    if facts is None or not _IMAGE.fullmatch(place.profile.name):
        return
    for name in names:
        link, fixed = _LINKS.get(name, ("", None))
        soname = (place.soname(link) or fixed) if link else None
        needed = ((soname,) if soname else ()) + facts.needed
        evidence = (f"{name}: built from source here",)
        yield Product(
            f"{_DIRECTORY}/{name}.so", place.command.name or "", replace(facts, needed=needed), evidence=evidence
        )
