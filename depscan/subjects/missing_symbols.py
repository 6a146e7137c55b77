"""The missing symbols of a program as one thing: they have one root cause.

In: a `LinkResult`. Out: `SymbolView`, or None where no symbol is missing at its start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from depscan.linking.placement import Cause
from depscan.subjects import SymbolView

if TYPE_CHECKING:
    from depscan.linking.placement import LinkResult

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
