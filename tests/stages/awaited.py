"""The cases whose rule or prediction is not there yet. The only place that says so; it must become empty.

A case that passes must leave the set: the test fails otherwise.
"""

from __future__ import annotations

AWAITED: frozenset[str] = frozenset()
