"""What is read where a program or library fails, and when: the words of the one that says it there.

In: a `Placement` and its failure. Out: the moment, as a sentence begins, and the text. The kernel's and dynamic
linker's own words come with the failure; a library is loaded by a program that puts its own around them (tried with
CPython 3.12, Node 20 with sharp 0.33, OpenJDK 17, and read in Ruby's dln.c), or hands on what dlopen(3) says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from depscan.artifacts.facts import Linkage
from depscan.findings import AT_BUILD, AT_RUN
from depscan.linking import messages

if TYPE_CHECKING:
    from depscan.linking.placement import Failure, Placement

AT_IMPORT, AT_REQUIRE, AT_LOAD = "at import", "at require", "when it is loaded"

_PYTHON = re.compile(r".*(\.cpython-\d+\w*-[\w-]+\.so|\.abi3\.so)|.*/(site|dist)-packages/.*")
_NODE = re.compile(r".*\.node|.*/node_modules/.*")
_RUBY = re.compile(r".*/(gems|vendor/bundle/ruby|site_ruby|vendor_ruby)/.*")
_SHARP = re.compile(r".*/node_modules/(@img/sharp-[\w-]+|sharp)/.*")
_PREFIX = re.compile(r"(.*?: error while loading shared libraries|.*?: symbol lookup error): ")
_GNU_MODULE = re.compile(r".*/site-packages/(?P<name>[\w/]+)\.cpython-3(?P<minor>\d{1,3})-\w+-linux-gnu\.so")
_MUSL_SUFFIX = 11
_NODE_MACHINES = {"amd64": "x64", "386": "ia32"}


def said(placement: Placement, failure: Failure | None) -> tuple[str, str | None]:
    """The moment and the text; no text where nothing is known to fail."""
    start = placement.filesystem.entrypoint
    if start is not None and start.keyword == "RUN":
        text = failure.runtime_message if failure is not None else None
        manager = placement.filesystem.profile.package_manager
        return AT_BUILD, messages.of_shell(text, manager) if text is not None else None
    if placement.artifact.facts.linkage is not Linkage.SHARED_OBJECT or placement.artifact.script is not None:
        return AT_RUN, failure.runtime_message if failure is not None else None
    moment = moment_of(placement.path)
    if _SHARP.fullmatch(placement.path):
        return moment, _of_sharp(placement)
    if failure is None:
        return moment, _of_other_libc(placement)
    return moment, in_words_of(placement.path, _of_dlopen(failure.runtime_message, placement.path))


def moment_of(path: str) -> str:
    """When a library at this path is loaded."""
    if _NODE.fullmatch(path):
        return AT_REQUIRE
    return AT_IMPORT if _PYTHON.fullmatch(path) else AT_LOAD


def in_words_of(path: str, text: str) -> str:
    """What dlopen(3) says of a library, in the words of the interpreter that a path like this belongs to."""
    if _NODE.fullmatch(path):
        return f"Error: {text} ... code: 'ERR_DLOPEN_FAILED'"
    if _PYTHON.fullmatch(path):
        return f"ImportError: {text}"
    return f"LoadError: {text} - {path}" if _RUBY.fullmatch(path) else text


def _of_dlopen(text: str, path: str) -> str:
    """A dlerror(3) of glibc has no program's name before it; musl's texts are the same either way."""
    if _PREFIX.match(text):
        return _PREFIX.sub("", text, count=1)
    own, rest = f"{path}: ", text.removeprefix(f"{path}: ")
    return rest if text.startswith(own) and ": version `" in rest else text


def _of_other_libc(placement: Placement) -> str | None:
    """What is known to be said of a library for another C library, of which linking cannot tell what it lacks first.

    CPython tells linux-musl from linux-gnu since 3.11 (bpo-43112), and then looks at no file of the other name.
    """
    family, facts = placement.filesystem.profile.libc.family, placement.artifact.facts
    if (family, facts.libc) == ("glibc", "musl"):  # what Alpine's compilers link against
        lacking = f"libc.musl-{facts.machine}.so.1: cannot open shared object file: No such file or directory"
        return in_words_of(placement.path, lacking)
    module = _GNU_MODULE.fullmatch(placement.path)
    if module is None or family != "musl" or int(module["minor"]) < _MUSL_SUFFIX:
        return None
    return f"ModuleNotFoundError: No module named '{module['name'].replace('/', '.')}'"


def _of_sharp(placement: Placement) -> str:
    platform = placement.platform
    libc = "musl" if placement.filesystem.profile.libc.family == "musl" else ""
    machine = _NODE_MACHINES.get(platform.architecture, platform.architecture)
    return f'Error: Could not load the "sharp" module using the linux{libc}-{machine} runtime'
