"""The missing symbols of a program as one thing, and of its missing versions the highest: they have one root cause.

In: a `LinkResult`, its version checks. Out: `SymbolView`, or None where no symbol is missing at its start; the checks
to tell of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.filesystem.entries import Presence
from depscan.linking.placement import Cause
from depscan.subjects import SymbolView

if TYPE_CHECKING:
    from depscan.linking.placement import LinkResult, VersionCheck

_SHOWN = 3


def symbol_view(link: LinkResult) -> SymbolView | None:
    """The first missing symbol and the names of all: `__memcpy_chk, __sprintf_chk and 3 more`."""
    names = list(dict.fromkeys(each.detail for each in link.failures if each.cause is Cause.SYMBOL_MISSING))
    check = next((check for check in link.symbols if names and check.name == names[0]), None)
    if check is None:
        return None
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return SymbolView(
        name=check.name,
        names=", ".join(str(name) for name in names[:_SHOWN]) + more,
        version=check.version,
        requested_by=check.requested_by,
        status=check.presence.value,
        compat=link.compat,
    )


def highest_unmet(checks: tuple[VersionCheck, ...]) -> list[VersionCheck]:
    """The highest unmet version of each namespace and requester: the lower ones are the same root cause."""
    highest: dict[tuple[str, str, str], VersionCheck] = {}
    for check in checks:
        if check.presence is Presence.MISSING and not check.weak and not check.undeclared:
            key = (check.requested_by, check.library, check.namespace)
            if key not in highest or _numbers(check) > _numbers(highest[key]):
                highest[key] = check
    return list(highest.values())


def _numbers(check: VersionCheck) -> tuple[int, ...]:
    return tuple(int(part) for part in check.name.rpartition("_")[2].split(".") if part.isdigit())
