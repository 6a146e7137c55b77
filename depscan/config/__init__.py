"""What the user wants of a run: defaults, configuration file, environment and options, in rising order.

In: `depscan.toml` or `[tool.depscan]`, DEPSCAN_* variables, the options of the command line. Out: `Config`.
`SETTINGS` is the whole list: a row makes a key, a variable and an option of the same name. Unknown keys are errors that
name file and line; unknown variables are left alone, since others may use the same prefix.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from depscan.config import settings
from depscan.config.file import find_config, read_config
from depscan.config.settings import Given
from depscan.errors import ConfigError, did_you_mean
from depscan.findings import Confidence, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from depscan.config.file import ConfigFile
    from depscan.platforms import Platform


_DOCKERS_PLATFORM = "DOCKER_DEFAULT_PLATFORM"


class PathIgnore(Struct, frozen=True):
    """`[[ignore]]`: findings of `rule` ("*" for all) on artifacts whose source or image path matches `path`."""

    path: str
    rule: str
    reason: str = ""
    until: date | None = None


class Config(Struct, frozen=True):
    """The settings of a run. `bases` maps reference globs to what provides them (glibc:2.31, none, a directory, ...).

    `formats` are (format, output file or None for standard output). `build_arguments` values are None for a bare
    `--build-arg NAME`, which takes the value from the environment as docker does. `contexts` are the named ones that a
    declared build gives. `jobs` 0 means one per CPU. `default_platform` is what Docker builds for where neither the
    user nor a declaration names a platform.
    """

    context: Path | None = None
    target: str | None = None
    platforms: tuple[Platform, ...] = ()
    default_platform: Platform | None = None
    build_arguments: Mapping[str, str | None] = field(default_factory=dict)
    contexts: Mapping[str, str] = field(default_factory=dict)
    bases: Mapping[str, str] = field(default_factory=dict)
    online: bool = False
    formats: tuple[tuple[str, Path | None], ...] = (("text", None),)
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    path_ignores: tuple[PathIgnore, ...] = ()
    fail_on: Severity | None = Severity.ERROR
    min_confidence: Confidence = Confidence.POSSIBLE
    rules: tuple[Path, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    host_provided: tuple[str, ...] = ()
    cpu_floor: str | None = None
    cache: bool = True
    jobs: int = 0
    quiet: bool = False
    verbose: bool = False


class Setting(Struct, frozen=True):
    """A setting: the field of `Config` it fills, how its value is read, and whether only a file can hold it."""

    field: str
    read: Callable[[Given], object]
    file_only: bool = False


# Every setting by its key. An option is spelled --KEY and a variable DEPSCAN_KEY; tables stand in files only.
SETTINGS: dict[str, Setting] = {
    "context": Setting("context", settings.read_path),
    "target": Setting("target", settings.read_text),
    "platform": Setting("platforms", settings.read_platforms),
    "build-arg": Setting("build_arguments", settings.read_arguments),
    "base": Setting("bases", settings.read_bases),
    "bases": Setting("bases", settings.read_bases, file_only=True),
    "online": Setting("online", settings.read_flag),
    "format": Setting("formats", settings.read_formats),
    "select": Setting("select", settings.read_names),
    "ignore": Setting("ignore", settings.read_names),
    "fail-on": Setting("fail_on", settings.read_fail_on),
    "min-confidence": Setting("min_confidence", settings.read_confidence),
    "rules": Setting("rules", settings.read_paths),
    "severity": Setting("severity", settings.read_severities, file_only=True),
    "host-provided": Setting("host_provided", settings.read_texts),
    "cpu-floor": Setting("cpu_floor", settings.read_cpu_floor),
    "no-cache": Setting("cache", settings.read_absence),
    "jobs": Setting("jobs", settings.read_number),
    "quiet": Setting("quiet", settings.read_flag),
    "verbose": Setting("verbose", settings.read_flag),
}


def load_config(options: Mapping[str, object], environment: Mapping[str, str], start: Path) -> Config:
    """The settings of a run that looks at files below `start`. Raises ConfigError and UsageError.

    `options` are those of the command line by key; None, False and an empty list mean "not given". `config` and
    `isolated` among them say which file counts. A higher layer replaces a lower one's value; only build arguments,
    bases and severities are merged name by name.
    """
    file = None
    given: list[tuple[str, Given]] = []
    if not options.get("isolated"):
        named = options.get("config") or environment.get("DEPSCAN_CONFIG")
        file = read_config(Path(str(named))) if named else find_config(start)
        given += [*(_from_file(file) if file else ()), *_from_environment(environment)]
    given += _from_options(options)
    fields: dict[str, Any] = {}
    for key, value in given:
        setting = SETTINGS[key]
        read: Any = setting.read(value)
        lower = fields.get(setting.field)
        if isinstance(lower, dict) and isinstance(read, dict):
            read = {**read, **lower, **read}  # the higher layer's names first: of base globs the first match counts
        fields[setting.field] = read
    return Config(
        **fields,
        default_platform=None if options.get("isolated") else _default_platform(environment),
        path_ignores=tuple(_path_ignores(file)) if file else (),
    )


def _default_platform(environment: Mapping[str, str]) -> Platform | None:
    """Docker's own variable, which counts for depscan as it does for the build."""
    said = environment.get(_DOCKERS_PLATFORM)
    return settings.read_platforms(Given([said], _DOCKERS_PLATFORM))[0] if said else None


def _from_file(file: ConfigFile) -> Iterator[tuple[str, Given]]:
    for key, raw in file.table.items():
        line = file.line(key)
        if key not in SETTINGS:
            raise ConfigError(f"{file.shown}:{line}: unknown key {key!r}; {did_you_mean(key, SETTINGS)}")
        value = (
            [item for item in raw if not isinstance(item, dict)] if key == "ignore" and isinstance(raw, list) else raw
        )
        if value != [] or raw == []:
            yield key, Given(value, f"{file.shown}:{line}: {key}", ConfigError, file.path.parent)


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, Given]]:
    for key, setting in SETTINGS.items():
        name = "DEPSCAN_" + key.upper().replace("-", "_")
        if environment.get(name) and not setting.file_only:
            yield key, Given(environment[name], name, commas=True)


def _from_options(options: Mapping[str, object]) -> Iterator[tuple[str, Given]]:
    for key, raw in options.items():
        if key in SETTINGS and raw not in (None, False, []):
            yield key, Given(raw, f"--{key}")


def _path_ignores(file: ConfigFile) -> Iterator[PathIgnore]:
    """The tables of [[ignore]]; its texts are rule ids, as --ignore gives them."""
    raw = file.table.get("ignore")
    tables = [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []
    for number, table in enumerate(tables):
        yield _path_ignore(file, number, table)


def _path_ignore(file: ConfigFile, number: int, table: dict[str, object]) -> PathIgnore:
    for key, value in table.items():
        place = f"{file.shown}:{file.line('ignore', number, key)}: ignore"
        if key not in ("path", "rule", "reason", "until"):
            known = did_you_mean(key, ("path", "rule", "reason", "until"))
            raise ConfigError(f"{place}: unknown key {key!r}; {known}")
        if key != "until" and not isinstance(value, str):
            raise ConfigError(f"{place}: {key} is {value!r}, not a text")
    place = f"{file.shown}:{file.line('ignore', number)}: ignore"
    if not table.get("path") or not table.get("rule"):
        raise ConfigError(f'{place}: needs path = "GLOB" and rule = "RULE" ("*" for every rule)')
    return PathIgnore(
        str(table["path"]),
        str(table["rule"]),
        str(table.get("reason", "")),
        _day(table.get("until"), f"{file.shown}:{file.line('ignore', number, 'until')}: ignore"),
    )


def _day(value: object, place: str) -> date | None:
    from datetime import date  # noqa: PLC0415 - only a file with ignores pays for it

    if value is None:
        return None
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if type(day) is not date:
        raise ConfigError(f"{place}: until is {value!r}, not a day such as 2026-12-31")
    return day
