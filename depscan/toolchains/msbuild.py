"""Project files of .NET: what a build is asked for.

In: the operand of a `dotnet` command. Out: a `Project` with the properties that decide about its program. Read are the
project file and the nearest Directory.Build.props above it; what stands under a condition, or is computed, is set but
not known (None). A file with a document type declaration is not read.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from depscan.toolchains.workplace import Workplace

_PROJECTS = (".csproj", ".fsproj", ".vbproj")
_SOLUTIONS = (".sln", ".slnx", ".slnf")
_PROGRAM_SDKS = ("microsoft.net.sdk.web", "microsoft.net.sdk.worker")
_MAX_DEPTH = 8
_MAX_PROJECT = 512 * 1024


class Project(Struct, frozen=True):
    """A project: its path (None for a solution, or not known) and properties by lower-case name (None: not known).

    `is_known` says that its file was read; `sdk` is the one it names.
    """

    path: str | None
    properties: Mapping[str, str | None]
    is_known: bool = False
    sdk: str = ""

    @property
    def name(self) -> str | None:
        """The name of its program; None where that is not known."""
        if self.path is None:
            return None
        stem = posixpath.splitext(posixpath.basename(self.path))[0]
        return self.properties.get("assemblyname", stem)

    @property
    def is_program(self) -> bool:
        """Whether its file says that it is a program."""
        kind = self.properties.get("outputtype", "")
        return self.is_known and (self.sdk in _PROGRAM_SDKS or (kind or "").lower() in ("exe", "winexe"))

    @property
    def is_library(self) -> bool:
        """Whether its file says that it is none."""
        kind = self.properties.get("outputtype", "")
        return self.is_known and not self.is_program and kind is not None and self.sdk == "microsoft.net.sdk"


def find_project(operand: str | None, given: Mapping[str, str | None], place: Workplace) -> Project:
    """The project that a command builds; `given` are the properties that it sets itself, which win."""
    path = _project_path(operand, place)
    if path is None:
        return Project(None, given)
    root = _parse(place.files.read(path, _MAX_PROJECT))
    above = _build_properties(path, place)
    if root is None:
        return Project(path, {**above, **given})
    properties = {**above, **dict(_properties(root)), **given}
    return Project(path, properties, is_known=True, sdk=root.get("Sdk", "").partition("/")[0].lower())


def is_true(properties: Mapping[str, str | None], name: str) -> bool | None:
    """Whether a property is true; None where it is not set, or not known."""
    value = properties.get(name)
    return value.lower() == "true" if value else None


def _project_path(operand: str | None, place: Workplace) -> str | None:
    path = place.path(operand or ".")
    if path is None or path.endswith(_SOLUTIONS):
        return None
    if path.endswith(_PROJECTS):
        return path
    names = place.files.names(path)
    found = [name for name in names if name.endswith(_PROJECTS)]
    if len(found) != 1 or any(name.endswith(_SOLUTIONS) for name in names):
        return None
    return posixpath.join(path, found[0])


def _build_properties(project: str, place: Workplace) -> dict[str, str | None]:
    """The properties of the nearest Directory.Build.props at or above a project's directory."""
    directory = posixpath.dirname(project)
    for _ in range(_MAX_DEPTH):
        root = _parse(place.files.read(posixpath.join(directory, "Directory.Build.props"), _MAX_PROJECT))
        if root is not None:
            return dict(_properties(root))
        if directory == "/":
            break
        directory = posixpath.dirname(directory)
    return {}


def _parse(text: str | None) -> Element | None:
    if text is None or "<!DOCTYPE" in text:
        return None
    from xml.etree.ElementTree import ParseError, fromstring  # noqa: PLC0415 - 5 ms that only .NET pays

    try:
        return fromstring(text.removeprefix("\ufeff"))  # noqa: S314 - without a document type it has no entities
    except (ParseError, ValueError):
        return None


def _properties(root: Element) -> Iterator[tuple[str, str | None]]:
    for group in root:
        if _tag(group) != "propertygroup":
            continue
        for element in group:
            value = (element.text or "").strip()
            conditional = "Condition" in group.attrib or "Condition" in element.attrib
            yield _tag(element), None if conditional or "$(" in value else value


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
