"""The command line with a scan of its own, so that each test says what the engine would have found."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import depscan.cli.trials  # binds the real engine before one stands in for it
from depscan.cli import COMMANDS, OPTIONS, check_help, run
from depscan.cli.output import wants_color, write_file
from depscan.config import Config
from depscan.errors import UsageError
from depscan.findings import Confidence, Finding, Location, Severity
from depscan.platforms import Platform
from depscan.results import Scan, ScanResult
from depscan.source import SourceText, Span

FINDING = Finding(
    "wrong-architecture", Severity.ERROR, Confidence.CERTAIN, "wrong", Location("Dockerfile", Span.at(1, 1, 1, 5))
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Engine:
    """Stands in for `depscan.scan`: remembers what it was asked and answers with `findings`, or raises."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.config = Config()
        self.findings: tuple[Finding, ...] = ()
        self.error: BaseException | None = None

    def scan(self, paths: list[str], config: Config, *, tell: Callable[[str], None]) -> ScanResult:
        tell("checking")
        self.paths, self.config = paths, config
        if self.error:
            raise self.error
        source = SourceText.of("Dockerfile", "FROM alpine\n")
        amd64 = Platform("linux", "amd64")
        scan = Scan(source, ".", "given", "0", amd64, (), frozenset(), (), self.findings, ())
        return ScanResult((scan,), (), "2026-01-02", config.fail_on, config.verbose, config.quiet)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text("FROM alpine\n")
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("DEPSCAN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")
    engine = Engine()
    monkeypatch.setitem(sys.modules, "depscan.scan", types.SimpleNamespace(scan=engine.scan))
    return engine


# Paths


@pytest.mark.parametrize(
    ("arguments", "paths"),
    [
        ([], ["Dockerfile"]),
        (["check"], ["Dockerfile"]),
        (["Dockerfile"], ["Dockerfile"]),
        (["check", "Dockerfile"], ["Dockerfile"]),
        (["--quiet", "Dockerfile"], ["Dockerfile"]),
        (["Dockerfile", "--quiet"], ["Dockerfile"]),
        (["."], ["."]),
        (["Dockerfile", "Dockerfile", "./sub"], ["Dockerfile", "./sub"]),
        (["-"], ["-"]),
        (["--", "Dockerfile"], ["Dockerfile"]),
        (["./rules"], ["./rules"]),
    ],
)
def test_paths(engine: Engine, arguments: list[str], paths: list[str]) -> None:
    Path("sub").mkdir()
    Path("sub/Containerfile").write_text("FROM alpine\n")
    Path("rules").write_text("FROM alpine\n")
    assert run(arguments) == 0
    assert engine.paths == paths


def test_a_containerfile_is_found_without_argument(engine: Engine) -> None:
    Path("Dockerfile").rename("Containerfile")
    assert run([]) == 0
    assert engine.paths == ["Containerfile"]


# Options


def test_every_option_reaches_the_config(engine: Engine) -> None:
    line = (
        "--context ctx --target final --platform linux/arm64 --platform linux/amd64 --build-arg A=1 --build-arg B "
        "--base a=glibc:2.31 --online --format json=a.json --select x --ignore y --fail-on note "
        "--min-confidence likely --no-cache --jobs 3 --quiet --verbose"
    )
    assert run(line.split()) == 0
    assert engine.config == Config(
        context=Path("ctx"),
        target="final",
        platforms=(Platform("linux", "arm64"), Platform("linux", "amd64")),
        build_arguments={"A": "1", "B": None},
        bases={"a": "glibc:2.31"},
        online=True,
        formats=(("json", Path("a.json")),),
        select=frozenset({"x"}),
        ignore=frozenset({"y"}),
        fail_on=Severity.NOTE,
        min_confidence=Confidence.LIKELY,
        cache=False,
        jobs=3,
        quiet=True,
        verbose=True,
    )


def test_file_environment_and_isolated(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("depscan.toml").write_text('target = "file"\njobs = 2\n')
    monkeypatch.setenv("DEPSCAN_TARGET", "environment")
    run([])
    assert (engine.config.target, engine.config.jobs) == ("environment", 2)
    run(["--target", "option"])
    assert engine.config.target == "option"
    run(["--isolated"])
    assert (engine.config.target, engine.config.jobs) == (None, 0)


def test_the_file_closest_to_the_dockerfile_counts(engine: Engine) -> None:
    Path("docker").mkdir()
    Path("docker/Dockerfile").write_text("FROM alpine\n")
    Path("docker/depscan.toml").write_text("jobs = 5\n")
    run(["docker/Dockerfile"])
    assert engine.config.jobs == 5
    run(["docker/Dockerfile", "Dockerfile"])
    assert engine.config.jobs == 0


# Exit codes and messages


def test_findings_are_exit_code_1_in_every_format(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.findings = (FINDING,)
    for name in ("text", "concise", "json", "sarif", "github", "gitlab", "checkstyle", "junit"):
        assert run(["--format", name]) == 1
        assert "wrong-architecture" in capsys.readouterr().out
    assert run(["--fail-on", "never"]) == 0


WRONG_USE = [
    (["--formt", "x"], r"No such option: --formt.*; see depscan check --help"),
    (["--format"], r"Option '--format' requires an argument; see depscan check --help"),
    (["nope"], r"nope: no such file; pass its path, e\.g\. depscan docker/Dockerfile"),
    (["chekc"], r"no such file or command 'chekc'; did you mean 'check'\?"),
    (["explian", "crlf-shebang"], r"no such file or command 'explian'; did you mean 'explain'\?"),
    (["check/"], r"check/: no such file; pass its path"),
    (["why"], r"Missing argument 'IN_IMAGE_PATH'; see depscan why --help"),
    (["why", "/app", "nope"], r"nope: no such file; pass its path"),
    (["bases"], r"Missing argument 'FILE\.\.\.'; see depscan bases --help"),
    (["bases", "nope"], r"nope: no such file; pass its path, e\.g\. depscan bases build/server"),
    (["bases", "Dockerfile", "--format", "xml"], r"--format: no format 'xml' here; known: json, text"),
    (["Dockerfile/x"], r"Dockerfile/x: no such file"),
    (["a\x1b[31mb"], r"a\\x1b\[31mb: no such file"),
    (["/dev/null"], r"/dev/null: not a regular file; pass one, e\.g\. depscan docker/Dockerfile"),
    (["pipe"], r"pipe: not a regular file"),
    (["n" * 300], r"n+: cannot be read \(File name too long\)"),
    (["--format", "text", "--format", "json"], r"--format: text and json both go to standard output"),
    (["--format", "pdf"], r"--format: no format 'pdf'; known: checkstyle, "),
    (["--format", "json=no/where.json"], r"no/where\.json: cannot be written \(No such file or directory\)"),
    (["--config", "no.toml"], r"no\.toml: cannot be read \(No such file or directory\)"),
    (["--jobs", "x"], r"--jobs: 'x' is not a whole number"),
    (["inspect"], r"Missing argument 'FILE\.\.\.'; see depscan inspect --help"),
    (["inspect", "nope"], r"nope: no such file; pass its path, e\.g\. depscan inspect build/server"),
    (["inspect", "Dockerfile", "--format", "xml"], r"--format: no format 'xml' here; known: json, text"),
    (["rules", "--format", "jsn"], r"--format: no format 'jsn' here; did you mean 'json'\?"),
    (["explain", "glibc-exec-on-mus"], r"no such rule; did you mean 'glibc-exec-on-musl'\?"),
    (["explain", "zzz"], r"zzz: no such rule; depscan rules lists them"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG_USE, ids=[" ".join(words)[:30] for words, _ in WRONG_USE])
def test_wrong_use_is_one_line_and_exit_code_2(
    engine: Engine, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    Path("empty").mkdir()
    os.mkfifo("pipe")
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert re.search(rf"^depscan: error: .*{message}", err)
    assert err.count("\n") == 1
    assert not out or "json=" in arguments[-1]


def test_errors_of_the_engine_are_exit_code_2(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.error = UsageError("--target: no stage 'x'")
    assert run([]) == 2
    assert capsys.readouterr().err == "depscan: error: --target: no stage 'x'\n"


def test_a_bug_is_exit_code_3_with_a_text_for_an_issue(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.error = ValueError("surprise\nin two lines")
    assert run(["--quiet"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    found = re.search(r"this is a bug in depscan, not in your files \(ValueError: surprise in two lines\)", err)
    assert found
    named = re.search(r"issue with the text in (\S+);", err)
    assert named
    report = Path(named[1])
    text = report.read_text()
    report.unlink()
    assert "- command line: `depscan --quiet`" in text
    assert re.search(r"- depscan \d\S+, Python 3\.\S+, ", text)
    assert "ValueError: surprise" in text


def test_a_bug_without_a_place_for_the_report_prints_it(
    engine: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.error = ValueError("surprise")
    monkeypatch.setattr("depscan.cli.crash._save", lambda text: (_ for _ in ()).throw(OSError()))
    assert run([]) == 3
    assert "ValueError: surprise" in capsys.readouterr().err


def test_interrupted_is_130_and_leaves_no_file(engine: Engine) -> None:
    engine.error = KeyboardInterrupt()
    assert run(["--format", "json=a.json"]) == 130
    assert not Path("a.json").exists()


# Output


def test_formats_go_to_their_files_and_one_to_standard_output(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.findings = (FINDING,)
    assert run(["--format", "concise", "--format", "json=a.json", "--format", "sarif=b.sarif"]) == 1
    assert capsys.readouterr().out == "Dockerfile:1:1: error wrong-architecture wrong [certain]\n"
    assert json.loads(Path("a.json").read_text())["summary"]["exit_code"] == 1
    assert json.loads(Path("b.sarif").read_text())["version"] == "2.1.0"
    assert sorted(os.listdir()) == [".git", "Dockerfile", "a.json", "b.sarif"]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report"
    target.write_text("old")
    monkeypatch.setattr(Path, "replace", lambda self, other: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        write_file(target, "new")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["report"]


def test_a_link_is_written_through_and_a_device_directly(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    write_file(Path("/dev/null"), "gone")


@pytest.mark.parametrize(
    ("environment", "terminal", "colored"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], terminal: bool, colored: bool) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    assert wants_color(environment) is colored


def depscan(*arguments: str, **more: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "depscan", *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, **more)  # type: ignore[call-overload]


def test_a_reader_that_has_gone_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "depscan", "rules"], stdout=write, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_is_named() -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "depscan", "rules"], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert done.returncode == 2
    assert b"standard output: cannot be written (No space left on device)" in done.stderr


def test_version() -> None:
    done = depscan("--version")
    assert re.fullmatch(rb"depscan \d+\.\d+\.\d+ \(knowledge \d{4}-\d\d-\d\d\)\n", done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")


# Help


def test_help_names_every_option_and_command() -> None:
    text = check_help()
    for option in OPTIONS:
        assert f"  --{option} " in text
    for command in ("inspect", "image", "rules", "explain"):
        assert f"  depscan {command}" in text
    assert max(map(len, text.split("\n"))) <= 100


def test_help_is_what_the_program_prints() -> None:
    environment = {**os.environ, "COLUMNS": "100"}
    done = depscan("--help", env=environment)
    assert done.stdout.decode().rstrip() == check_help().rstrip()


@pytest.mark.parametrize("name", COMMANDS)
def test_short_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "-h"]) == 0
    short = capsys.readouterr().out
    assert short.startswith(f"Usage: depscan {name} ")
    assert run([name, "--help"]) == 0
    assert capsys.readouterr().out == short


# Start-up

SLOW = (
    "lief",
    "tabulate",
    "oras",
    "rich",
    "tree_sitter",
    "importlib.metadata",
    "multiprocessing",
    "concurrent.futures",
)


def loaded(*arguments: str, cwd: Path) -> set[str]:
    """The modules that a run imports."""
    code = (
        "import sys; from depscan.cli import run\n"
        f"run({list(arguments)!r})\n"
        "sys.stderr.write('\\n' + '\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, check=True, timeout=60)
    return set(done.stderr.decode().split())


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("rules",)])
def test_light_commands_import_nothing_slow(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert not loaded(*arguments, cwd=tmp_path) & {*SLOW, "depscan.scan"}


def test_a_format_imports_only_its_own_module(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\n")
    reports = {name for name in loaded("--format", "concise", cwd=tmp_path) if name.startswith("depscan.reports.")}
    assert reports == {"depscan.reports.concise", "depscan.reports.escaping"}


def test_a_cold_run_leaves_standard_error_clean(tmp_path: Path) -> None:
    program = Path(__file__).parent.parent / "fixtures" / "elf" / "hello-static"
    (tmp_path / "hello").write_bytes(program.read_bytes())
    (tmp_path / "hello").chmod(0o755)
    (tmp_path / "Dockerfile").write_text("FROM alpine:3.20\nCOPY hello /hello\n")
    command = [sys.executable, "-m", "depscan", "--isolated", "--no-cache", "Dockerfile"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
