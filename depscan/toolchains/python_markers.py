"""Environment markers of requirements (PEP 508), as far as a container's Python decides them.

In: a marker and the Python's version. Out: whether it holds on Linux; None where that is not known.
"""

from __future__ import annotations

import re

_CLAUSE = re.compile(r"""\s*(\w+)\s*(==|!=|>=|<=|<|>)\s*["']([^"']*)["']\s*""")
_LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"} | {
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
}


def holds(marker: str | None, version: str | None) -> bool | None:
    """Whether a marker holds for CPython of a version (3.12) on Linux; a marker with parentheses is not read."""
    if not marker:
        return True
    answers = [_all(part, version) for part in re.split(r"\bor\b", marker)]
    if True in answers:
        return True
    return None if None in answers else False


def _all(text: str, version: str | None) -> bool | None:
    answers = [_clause(part, version) for part in re.split(r"\band\b", text)]
    if False in answers:
        return False
    return None if None in answers else True


def _clause(text: str, version: str | None) -> bool | None:
    found = _CLAUSE.fullmatch(text)
    if found is None:
        return None
    name, operator, value = found.groups()
    if name in _LINUX and operator in ("==", "!="):
        return (_LINUX[name] == value) is (operator == "==")
    if name in ("python_version", "python_full_version") and version is not None:
        return _compare(_numbers(version), operator, _numbers(value))
    return None


def _compare(left: tuple[int, ...], operator: str, right: tuple[int, ...]) -> bool:
    right = right[: len(left)]
    answers = {"==": left == right, "!=": left != right, ">=": left >= right, "<=": left <= right}
    return {**answers, "<": left < right, ">": left > right}[operator]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])
