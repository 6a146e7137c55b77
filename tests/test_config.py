from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from depscan.config import SETTINGS, Config, PathIgnore, load_config
from depscan.config.settings import FORMAT_NAMES
from depscan.errors import ConfigError, UsageError
from depscan.findings import Confidence, Severity
from depscan.platforms import Platform
from depscan.reports import FORMATS


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str, folder: Path, **options: object) -> Config:
    (folder / "depscan.toml").write_text(text)
    return load_config(options, {}, folder)


def test_defaults_without_anything(project: Path) -> None:
    assert load_config({}, {}, project) == Config()


def test_formats_are_those_of_the_reports() -> None:
    assert tuple(FORMATS) == FORMAT_NAMES


def test_every_key_in_a_file(project: Path) -> None:
    config = load(
        """
context = "src"
target = "final"
platform = ["linux/arm64", "linux/amd64"]
build-arg = ["VERSION=1", "TOKEN"]
base = ["a:1=glibc:2.31"]
online = true
format = ["text", "sarif=out.sarif"]
select = ["wrong-architecture"]
ignore = ["second-libc-hack", {path = "vendor/**", rule = "*", reason = "not ours", until = 2027-01-31}]
fail-on = "warning"
min-confidence = "likely"
rules = ["ci/rules"]
host-provided = ["libcuda.so.*"]
cpu-floor = "x86-64-v2"
no-cache = true
jobs = 2
quiet = true
verbose = true
[severity]
"glibc-exec-on-musl" = "note"
[bases."registry.example/app:*"]
libc = "musl:1.2.4"
[bases."registry.example/tree:1"]
source = "images/tree"
""",
        project,
    )
    assert config == Config(
        context=project / "src",
        target="final",
        platforms=(Platform("linux", "arm64"), Platform("linux", "amd64")),
        build_arguments={"VERSION": "1", "TOKEN": None},
        bases={
            "registry.example/app:*": "musl:1.2.4",
            "registry.example/tree:1": str(project / "images/tree"),
            "a:1": "glibc:2.31",
        },
        online=True,
        formats=(("text", None), ("sarif", project / "out.sarif")),
        select=frozenset({"wrong-architecture"}),
        ignore=frozenset({"second-libc-hack"}),
        path_ignores=(PathIgnore("vendor/**", "*", "not ours", date(2027, 1, 31)),),
        fail_on=Severity.WARNING,
        min_confidence=Confidence.LIKELY,
        rules=(project / "ci/rules",),
        severity={"glibc-exec-on-musl": Severity.NOTE},
        host_provided=("libcuda.so.*",),
        cpu_floor="x86-64-v2",
        cache=False,
        jobs=2,
        quiet=True,
        verbose=True,
    )


def test_tables_of_ignores_and_build_arguments(project: Path) -> None:
    config = load('[[ignore]]\npath = "a"\nrule = "x"\n[build-arg]\nA = "1"\n', project)
    assert config.path_ignores == (PathIgnore("a", "x"),)
    assert config.ignore == frozenset()
    assert config.build_arguments == {"A": "1"}


def test_options_beat_environment_beats_file(project: Path) -> None:
    (project / "depscan.toml").write_text('fail-on = "note"\ntarget = "file"\njobs = 3\n')
    environment = {"DEPSCAN_FAIL_ON": "warning", "DEPSCAN_TARGET": "environment"}
    config = load_config({"fail-on": "never"}, environment, project)
    assert (config.fail_on, config.target, config.jobs) == (None, "environment", 3)


def test_environment_lists_are_split_on_commas_and_flags_have_words(project: Path) -> None:
    environment = {"DEPSCAN_FORMAT": "text,json=a.json", "DEPSCAN_ONLINE": "1", "DEPSCAN_QUIET": "no"}
    config = load_config({}, environment, project)
    assert config.formats == (("text", None), ("json", Path("a.json")))
    assert (config.online, config.quiet) == (True, False)


def test_bases_merge_with_the_option_first(project: Path) -> None:
    (project / "depscan.toml").write_text('[bases."app:*"]\nlibc = "musl:1.2.4"\n[bases."b"]\nlibc = "none"\n')
    config = load_config({"base": ["app:1=glibc:2.31", "b=glibc:2.17"]}, {}, project)
    assert list(config.bases.items()) == [("app:1", "glibc:2.31"), ("b", "glibc:2.17"), ("app:*", "musl:1.2.4")]


def test_isolated_ignores_file_and_environment(project: Path) -> None:
    config = load('jobs = 3\n[[ignore]]\npath = "a"\nrule = "x"\n', project, isolated=True)
    assert config == Config()
    assert load_config({"isolated": True}, {"DEPSCAN_JOBS": "4"}, project) == Config()


def test_closest_file_counts_and_depscan_toml_comes_first(project: Path) -> None:
    inner = project / "a" / "b"
    inner.mkdir(parents=True)
    (project / "depscan.toml").write_text("jobs = 1\n")
    (project / "a" / "pyproject.toml").write_text("[tool.depscan]\njobs = 2\n")
    assert load_config({}, {}, inner).jobs == 2
    (project / "a" / "depscan.toml").write_text("jobs = 3\n")
    assert load_config({}, {}, inner).jobs == 3
    assert load_config({}, {}, project).jobs == 1


def test_pyproject_without_our_table_is_passed_over(project: Path) -> None:
    (project / "a").mkdir()
    (project / "a" / "pyproject.toml").write_text('[project]\ndependencies = ["depscan-lint"]\n')
    (project / "depscan.toml").write_text("jobs = 1\n")
    assert load_config({}, {}, project / "a").jobs == 1


def test_nothing_above_the_repository_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "depscan.toml").write_text("jobs = 9\n")
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "repository")
    assert load_config({}, {}, tmp_path / "repository").jobs == 0


def test_nothing_above_the_working_directory_is_read_without_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "depscan.toml").write_text("jobs = 9\n")
    (tmp_path / "work" / "docker").mkdir(parents=True)
    (tmp_path / "work" / "depscan.toml").write_text("jobs = 2\n")
    monkeypatch.chdir(tmp_path / "work")
    assert load_config({}, {}, tmp_path / "work" / "docker").jobs == 2
    (tmp_path / "work" / "depscan.toml").unlink()
    assert load_config({}, {}, tmp_path / "work" / "docker").jobs == 0


def test_a_named_file_counts_alone(project: Path) -> None:
    (project / "depscan.toml").write_text("jobs = 1\n")
    (project / "other.toml").write_text("target = 'x'\n")
    config = load_config({"config": "other.toml"}, {}, project)
    assert (config.jobs, config.target) == (0, "x")
    assert load_config({}, {"DEPSCAN_CONFIG": "other.toml"}, project).target == "x"


WRONG_FILES = [
    ("\nfail-om = 1\n", "depscan.toml:2: unknown key 'fail-om'; did you mean 'fail-on'?"),
    ("fail-on = 'grave'\n", "depscan.toml:1: fail-on: 'grave' is not one of error, warning, note, never"),
    ("# a\nonline = 'yes'\n", "depscan.toml:2: online: 'yes' is not true or false"),
    ("jobs = -1\n", "depscan.toml:1: jobs: -1 is not a whole number from 0 to 10000"),
    ("jobs = true\n", "depscan.toml:1: jobs: True is not a whole number from 0 to 10000"),
    ("target = ['a']\n", "depscan.toml:1: target: ['a'] is not a text"),
    ("select = [1]\n", "depscan.toml:1: select: [1] is not a list of texts"),
    ("platform = 'a/b/c/d'\n", "depscan.toml:1: platform: platform 'a/b/c/d' is not of the form"),
    ("build-arg = ['=1']\n", "depscan.toml:1: build-arg: '=1' is not NAME or NAME=VALUE"),
    ("base = ['app']\n", "depscan.toml:1: base: 'app' is not REFERENCE=SOURCE"),
    ("format = ['pdf']\n", "depscan.toml:1: format: no format 'pdf'; known: checkstyle"),
    ("cpu-floor = 'i386'\n", "depscan.toml:1: cpu-floor: 'i386' is not one of x86-64, x86-64-v2"),
    ('\n[bases."a:*"]\nlibc = "dietlibc:1"\n', "depscan.toml:2: bases: a:*: 'dietlibc:1' is not glibc:VERSION"),
    ('[bases."a:*"]\nlibs = 1\n', 'depscan.toml:1: bases: a:*: expected libc = "glibc:2.31"'),
    ("[severity]\nx = 'bad'\n", "depscan.toml:1: severity.x: 'bad' is not one of error, warning, note"),
    (
        "[[ignore]]\npath = 'a'\nrule = 'b'\n\n[[ignore]]\npath = 'c'\nrul = 'd'\n",
        "depscan.toml:7: ignore: unknown key",
    ),
    ("[[ignore]]\npath = 'a'\n", 'depscan.toml:1: ignore: needs path = "GLOB" and rule = "RULE"'),
    ("[[ignore]]\npath = 'a'\nrule = 'b'\nuntil = 'soon'\n", "depscan.toml:4: ignore: until is 'soon', not a day"),
    ("[[ignore]]\npath = 1\nrule = 'b'\n", "depscan.toml:2: ignore: path is 1, not a text"),
    ("a = \n", "depscan.toml:1:5: not valid TOML: Invalid value"),
    ("a = '''x\n", "depscan.toml:2: not valid TOML"),
    ("a = " + "[" * 5000, "depscan.toml:1: not valid TOML"),
]


@pytest.mark.parametrize(("text", "message"), WRONG_FILES, ids=[text.strip()[:24] for text, _ in WRONG_FILES])
def test_wrong_files_are_named_by_line_and_key(project: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text, project)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_wrong_key_in_pyproject_has_its_line(project: Path) -> None:
    (project / "pyproject.toml").write_text(
        '[project]\nname = "x"\njobs = 1\n\n[tool.depscan]\ntarget = "a"\njobs = "x"\n'
    )
    with pytest.raises(ConfigError, match=r"^pyproject\.toml:7: jobs: 'x' is not a whole number"):
        load_config({}, {}, project)


def test_named_file_must_exist_and_hold_our_table(project: Path) -> None:
    with pytest.raises(ConfigError, match=r"^no\.toml: cannot be read \(No such file or directory\)"):
        load_config({"config": "no.toml"}, {}, project)
    (project / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(ConfigError, match=r"^pyproject\.toml:1: no \[tool\.depscan\] here"):
        load_config({"config": "pyproject.toml"}, {}, project)


def test_binary_file_is_named_by_line(project: Path) -> None:
    (project / "depscan.toml").write_bytes(b"jobs = 1\n\xff\n")
    with pytest.raises(ConfigError, match=r"^depscan\.toml:2: not UTF-8"):
        load_config({}, {}, project)


WRONG_OPTIONS = [
    ({"fail-on": "grave"}, "--fail-on: 'grave' is not one of error, warning, note, never"),
    ({"jobs": "many"}, "--jobs: 'many' is not a whole number"),
    ({"format": ["jsn"]}, "--format: no format 'jsn'; did you mean 'json'?"),
    ({"format": ["json="]}, "--format: 'json=' names no file"),
    ({"format": ["text", "json"]}, "--format: text and json both go to standard output; give one a file of its own"),
    ({"format": ["sarif=a", "json=a"]}, "--format: sarif and json both go to a; give one"),
    ({"base": ["x"]}, "--base: 'x' is not REFERENCE=SOURCE"),
    ({"platform": ["a/b/c/d"]}, "--platform: platform 'a/b/c/d' is not of the form"),
    (
        {"platform": ["linux/amd46"]},
        "--platform: 'linux/amd46' names no machine 'amd46'; did you mean 'amd64'?",
    ),
    ({"platform": ["linus/amd64"]}, "--platform: 'linus/amd64' names no system 'linus'; did you mean 'linux'?"),
    ({"platform": ["linux/arm/v9"]}, "--platform: 'linux/arm/v9' names no variant 'v9' of arm; known: v5, v6, v7, v8"),
    ({"platform": ["linux/s390x/v1"]}, "--platform: 'linux/s390x/v1' names no variant 'v1' of s390x; s390x has none"),
    ({"platform": [","]}, "--platform: [','] names an empty platform; write linux/amd64 or"),
    ({"platform": ["linux/amd64,,linux/arm64"]}, "--platform: ['linux/amd64,,linux/arm64'] names an empty platform"),
]


ARM_AND_AMD = (Platform("linux", "arm", "v7"), Platform("linux", "amd64"))


@pytest.mark.parametrize(
    ("options", "environment", "text"),
    [
        ({"platform": ["linux/arm/v7,linux/amd64"]}, {}, ""),
        ({"platform": ["linux/arm/v7", "x86_64,armhf"]}, {}, ""),
        ({}, {"DEPSCAN_PLATFORM": "linux/arm, linux/amd64"}, ""),
        ({}, {}, 'platform = "linux/arm/v7,linux/amd64"'),
    ],
)
def test_platforms_may_stand_in_one_text(
    project: Path, options: dict[str, object], environment: dict[str, str], text: str
) -> None:
    (project / "depscan.toml").write_text(text)
    assert load_config(options, environment, project).platforms == ARM_AND_AMD


@pytest.mark.parametrize(("isolated", "expected"), [(False, Platform("linux", "arm64")), (True, None)])
def test_dockers_own_variable_is_a_default(project: Path, isolated: bool, expected: Platform | None) -> None:
    found = load_config({"isolated": isolated}, {"DOCKER_DEFAULT_PLATFORM": "linux/arm64/v8"}, project)
    assert (found.platforms, found.default_platform) == ((), expected)


def test_a_wrong_value_of_dockers_variable_is_named(project: Path) -> None:
    with pytest.raises(UsageError, match=r"^DOCKER_DEFAULT_PLATFORM: 'linux/amd46' names no machine"):
        load_config({}, {"DOCKER_DEFAULT_PLATFORM": "linux/amd46"}, project)


@pytest.mark.parametrize(("options", "message"), WRONG_OPTIONS, ids=[str(options) for options, _ in WRONG_OPTIONS])
def test_wrong_options_are_usage_errors(project: Path, options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_config(options, {}, project)
    assert str(caught.value).startswith(message)


def test_wrong_variable_is_named(project: Path) -> None:
    with pytest.raises(UsageError, match=r"^DEPSCAN_MIN_CONFIDENCE: 'sure' is not one of certain, likely, possible"):
        load_config({}, {"DEPSCAN_MIN_CONFIDENCE": "sure"}, project)


def test_every_option_of_check_has_a_key() -> None:
    from depscan.cli import OPTIONS

    assert set(OPTIONS) - set(SETTINGS) == {"config", "isolated", "version"}
