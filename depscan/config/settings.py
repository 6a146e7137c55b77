"""Settings as given, read into their types: one reader per kind of value.

In: `Given`, a raw value from an option, a DEPSCAN_* variable or a configuration file, with its place. Out: the typed
value; a wrong one raises an error that names the place, the setting and what was expected. The same readers serve all
three, so that a setting means the same wherever it is given.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from depscan.errors import DepscanError, UsageError, did_you_mean
from depscan.findings import Confidence, Severity
from depscan.platforms import Platform, ask_platform

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT_NAMES = ("text", "concise", "json", "sarif", "github", "gitlab", "checkstyle", "junit")
_PROVIDER = r"none|(?:glibc|musl):\d+(?:\.\d+)*"
_DAEMON = r"(?:docker|podman):.+"  # an image of a running docker or podman, as images.daemon reads it
_YES, _NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


class Given(Struct, frozen=True):
    """A raw value. `where` is its place as messages name it, `error` the class of a complaint about it.

    `folder` is where relative paths start; `commas` says that lists are written in one text, as the environment does.
    """

    raw: object
    where: str
    error: type[DepscanError] = UsageError
    folder: Path | None = None
    commas: bool = False

    def wrong(self, message: str) -> DepscanError:
        """The complaint about the value, with its place."""
        return self.error(f"{self.where}: {message}")


def read_flag(given: Given) -> bool:
    """A truth value; in the environment also 1, yes, on and 0, no, off."""
    if isinstance(given.raw, bool):
        return given.raw
    word = given.raw.strip().lower() if isinstance(given.raw, str) and given.commas else None
    if word in _YES or word in _NO:
        return word in _YES
    raise given.wrong(f"{given.raw!r} is not true or false")


def read_absence(given: Given) -> bool:
    """A flag such as no-cache, for a field that says the opposite."""
    return not read_flag(given)


def read_number(given: Given) -> int:
    """A whole number, 0 or more."""
    raw = given.raw
    if isinstance(raw, str) and raw.strip().isdecimal():
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= 10_000:
        raise given.wrong(f"{given.raw!r} is not a whole number from 0 to 10000")
    return raw


def read_text(given: Given) -> str:
    """A text that is not empty."""
    if not isinstance(given.raw, str) or not given.raw.strip():
        raise given.wrong(f"{given.raw!r} is not a text")
    return given.raw


def read_texts(given: Given) -> tuple[str, ...]:
    """A list of texts; one text stands for itself."""
    raw = given.raw
    if isinstance(raw, str):
        raw = raw.split(",") if given.commas else [raw]
    if not isinstance(raw, (list, tuple)) or not all(isinstance(item, str) and item.strip() for item in raw):
        raise given.wrong(f"{given.raw!r} is not a list of texts")
    return tuple(item.strip() for item in raw)


def read_names(given: Given) -> frozenset[str]:
    """A set of rule ids."""
    return frozenset(read_texts(given))


def read_path(given: Given) -> Path:
    """A path; relative to the configuration file if it stands in one."""
    return _path(read_text(given), given)


def read_paths(given: Given) -> tuple[Path, ...]:
    """Paths, likewise."""
    return tuple(_path(text, given) for text in read_texts(given))


def read_severity(given: Given) -> Severity:
    """error, warning or note."""
    return Severity(_choice(given, list(Severity)))


def read_fail_on(given: Given) -> Severity | None:
    """error, warning, note, or never, which is None."""
    word = _choice(given, [*Severity, "never"])
    return None if word == "never" else Severity(word)


def read_confidence(given: Given) -> Confidence:
    """certain, likely or possible."""
    return Confidence(_choice(given, list(Confidence)))


def read_cpu_floor(given: Given) -> str:
    """A level of the x86-64 psABI."""
    return _choice(given, ("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"))


def read_platforms(given: Given) -> tuple[Platform, ...]:
    """Platforms as os/architecture[/variant], each once; one text may list several, as buildx takes them."""
    names = [name.strip() for text in read_texts(replace(given, commas=False)) for name in text.split(",")]
    if not all(names):
        raise given.wrong(f"{given.raw!r} names an empty platform; write linux/amd64 or linux/amd64,linux/arm64")
    try:
        return tuple(dict.fromkeys(map(ask_platform, names)))
    except UsageError as error:
        raise given.wrong(str(error)) from None


def read_arguments(given: Given) -> dict[str, str | None]:
    """NAME=VALUE, or NAME alone to take the value from the environment; in a file also a table."""
    if isinstance(given.raw, dict):
        pairs = [(name, value) for name, value in given.raw.items()]
        if not all(isinstance(value, str) for _, value in pairs):
            raise given.wrong("the value of a build argument is a text")
        return dict(pairs)
    arguments: dict[str, str | None] = {}
    for text in read_texts(given):
        name, equals, value = text.partition("=")
        if not name:
            raise given.wrong(f"{text!r} is not NAME or NAME=VALUE")
        arguments[name] = value if equals else None
    return arguments


def read_bases(given: Given) -> dict[str, str]:
    """REFERENCE=SOURCE, or in a file the tables [bases."REFERENCE"] with `libc` or `source`."""
    if isinstance(given.raw, dict):
        return {name: _provider(name, table, given) for name, table in given.raw.items()}
    bases = {}
    for text in read_texts(given):
        reference, _, source = text.partition("=")
        if not reference or not source:
            raise given.wrong(f"{text!r} is not REFERENCE=SOURCE, e.g. registry.example/app:1=glibc:2.31")
        bases[reference] = source if re.fullmatch(_PROVIDER, source) else _source(source, given)
    return bases


def read_severities(given: Given) -> dict[str, Severity]:
    """A table of rule ids and severities."""
    if not isinstance(given.raw, dict):
        raise given.wrong('expected rule ids with severities, e.g. severity."second-libc-hack" = "note"')
    return {rule: read_severity(Given(word, f"{given.where}.{rule}", given.error)) for rule, word in given.raw.items()}


def read_formats(given: Given) -> tuple[tuple[str, Path | None], ...]:
    """FORMAT or FORMAT=FILE; one of them at most goes to standard output, and each file is written once."""
    formats = []
    for text in read_texts(given):
        name, equals, file = text.partition("=")
        if name not in FORMAT_NAMES:
            raise given.wrong(f"no format {name!r}; {did_you_mean(name, FORMAT_NAMES)}")
        if equals and not file:
            raise given.wrong(f"{text!r} names no file; write {name}=FILE, or {name} for standard output")
        formats.append((name, _path(file, given) if equals else None))
    for number, (name, target) in enumerate(formats):
        for other, earlier in formats[:number]:
            if earlier == target:
                place = target or "standard output"
                raise given.wrong(
                    f"{other} and {name} both go to {place}; give one a file of its own, e.g. {name}=FILE"
                )
    return tuple(formats)


def _choice(given: Given, words: Sequence[str]) -> str:
    if not isinstance(given.raw, str) or given.raw not in words:
        raise given.wrong(f"{given.raw!r} is not one of {', '.join(words)}")
    return given.raw


def _path(text: str, given: Given) -> Path:
    return given.folder / text if given.folder else Path(text)


def _provider(name: str, table: object, given: Given) -> str:
    """What stands in one [bases."..."] table."""
    keys = table.keys() if isinstance(table, dict) else ()
    if not isinstance(table, dict) or list(keys) not in (["libc"], ["source"]):
        raise given.wrong(f'{name}: expected libc = "glibc:2.31", or source = "DIRECTORY or archive"')
    ((key, value),) = table.items()
    if not isinstance(value, str) or (key == "libc" and not re.fullmatch(_PROVIDER, value)):
        raise given.wrong(f"{name}: {value!r} is not glibc:VERSION, musl:VERSION or none")
    return value if key == "libc" else _source(value, given)


def _source(text: str, given: Given) -> str:
    return text if re.fullmatch(_DAEMON, text) else str(_path(text, given))
