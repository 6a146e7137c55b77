"""Rule files: what loads, and for what does not the file, line, column and remedy."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import time
import tomllib
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from depscan.errors import RuleFileError
from depscan.findings import Confidence, Severity
from depscan.linking.placement import Cause
from depscan.rulebook import built_in_folder, load_rules
from depscan.rulebook.rule import condition, template
from depscan.subjects import (
    KINDS,
    ArtifactView,
    BuildView,
    ImageView,
    LibcView,
    NeedView,
    PlatformView,
    StageView,
    SymbolView,
    VersionView,
)

if TYPE_CHECKING:
    from pathlib import Path

GOOD = '''\
id = "my-rule"
severity = "warning"
for = "artifact"
when = 'artifact.machine == "arm"'
message = "{artifact.path} is for arm"
why = "Arm is not ours. It fails."
fix = "Build for amd64."

[[examples]]
dockerfile = """
FROM scratch
# expect: my-rule
COPY a /a
"""

[[examples]]
dockerfile = """
FROM scratch
"""
'''


def load(folder: Path, text: str, name: str = "my-rule.toml") -> None:
    (folder / name).write_text(text)
    load_rules((folder,))


def test_a_user_rule_loads_beside_the_built_in_ones(tmp_path: Path) -> None:
    (tmp_path / "my-rule.toml").write_text(GOOD)
    rules = {rule.id: rule for rule in load_rules((tmp_path,))}
    rule = rules["my-rule"]
    assert (rule.severity, rule.kind, rule.max_confidence) == (Severity.WARNING, "artifact", Confidence.CERTAIN)
    assert rule.summary == "Arm is not ours."
    assert [example.expected for example in rule.examples] == [{3: ("my-rule",)}, {}]
    assert "glibc-exec-on-musl" in rules
    assert list(rules) == sorted(rules)


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("machine ==", "machin ==", "4:9", "when: 'artifact' has no 'machin'; did you mean 'machine'?"),
        ('"arm"\'', '"arm" and\'', "4:38", "when: is not a Python expression"),
        ('machine == "arm"', "machine", "4:9", "when: is text, not true or false; compare it with a value"),
        ("'artifact.machine == \"arm\"'", "'''\n  artifact.machin'''", "5:3", "when: 'artifact' has no 'machin'"),
        ("{artifact.path}", "The {artifact.pth}", "5:17", "message: 'artifact' has no 'pth'; did you mean 'path'?"),
        ('"{artifact', '"\\"\\u00e9\\" {artifct', "5:24", "message: unknown name 'artifct'; did you mean 'artifact'?"),
        ('"my-rule"', '"My_Rule"', "1:1", "id 'My_Rule' is not kebab-case; write e.g. missing-interpreter"),
        ('"my-rule"', '"your-rule"', "1:1", "id 'your-rule' is not the file's name; rename the file to your-rule.toml"),
        ('"warning"', '"fatal"', "2:1", "severity: Invalid enum value 'fatal'; correct the value"),
        ('for = "artifact"', 'for = "artefact"', "3:1", "unknown kind 'artefact'; did you mean 'artifact'?"),
        ("fix =", "fixx =", "7:1", "unknown key 'fixx'; did you mean 'fix'?"),
        ('fix = "Build for amd64."\n', "", "1:1", "the key 'fix' is missing; add it"),
        ('"Build for amd64."', "3", "7:1", "fix: Expected `str`, got `int`; correct the value"),
        ("[[examples]]\n", "[[examples]]\nfile = {}\n", "10:1", "unknown key 'file'; did you mean 'files'?"),
        (
            "# expect: my-rule",
            "# expect: other",
            "10:1",
            "'# expect: other' is not this rule; an example shows my-rule",
        ),
        ("# expect: my-rule\n", "", "1:1", "no example fires; add [[examples]] with '# expect: my-rule' in its"),
        ('why = "Arm', "why = Arm", "6:7", "Invalid value; correct the TOML"),
        ("severity", 'id = "x"\nseverity', "2:9", "Cannot overwrite a value; correct the TOML"),
        ("fix =", 'references = ["ftp://x"]\nfix =', "7:1", "'ftp://x' is not an https address; write the whole"),
    ],
)
def test_errors_name_the_place_and_the_remedy(tmp_path: Path, old: str, new: str, place: str, message: str) -> None:
    with pytest.raises(RuleFileError) as error:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert str(error.value).startswith(f"{tmp_path}/my-rule.toml:{place}: {message}"), str(error.value)
    assert "\n" not in str(error.value)


def test_a_silent_example_is_demanded(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match="no example stays silent"):
        load(tmp_path, GOOD[: GOOD.rindex("[[examples]]")])


def test_an_id_exists_once(tmp_path: Path) -> None:
    (built_in,) = [path for path in built_in_folder().iterdir() if path.name == "wrong-architecture.toml"]
    with pytest.raises(RuleFileError, match=re.escape(f"rule 'wrong-architecture' is also in {built_in}; rename one")):
        load(tmp_path, built_in.read_text(), "wrong-architecture.toml")


def test_folders_and_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match="not a readable rule folder"):
        load_rules((tmp_path / "absent",))
    for content, message in [
        (b"\xff\xfe", "my-rule.toml:1:1: not UTF-8; save the file as UTF-8"),
        (b"x" * 200_000, "larger than 100000 bytes"),
        (b"a = " + b"[" * 5_000, "my-rule.toml:1:1: nested too deeply|correct the TOML"),
    ]:
        (tmp_path / "my-rule.toml").write_bytes(content)
        with pytest.raises(RuleFileError, match=message):
            load_rules((tmp_path,))
    (tmp_path / "my-rule.toml").unlink()
    os.mkfifo(tmp_path / "my-rule.toml")
    with pytest.raises(RuleFileError, match="not a regular file"):
        load_rules((tmp_path,))


def test_built_in_rules_are_well_formed() -> None:
    for rule in load_rules(examples=True):
        assert re.search(r"[.:]$", rule.summary), f"{rule.id}: why starts with a sentence"
        assert len(rule.summary) < 200, f"{rule.id}: the first sentence of why is its row in the index"
        assert rule.references or rule.kind == "directive", f"{rule.id}: name a thread or a reference"
        assert rule.fix.strip(), rule.id


def test_a_trusted_load_gives_the_same_rules_without_examples() -> None:
    quick, whole = load_rules(), load_rules(examples=True)
    assert [(rule.id, rule.when, rule.why) for rule in quick] == [(rule.id, rule.when, rule.why) for rule in whole]
    assert all(not rule.examples for rule in quick)
    raw = tomllib.loads((built_in_folder() / "glibc-exec-on-musl.toml").read_text())
    assert len(next(rule for rule in whole if rule.id == "glibc-exec-on-musl").examples) == len(raw["examples"])


def test_loading_is_cheap() -> None:
    """A rule costs 0.2 ms of the start-up budget; three times that fails, the best of some runs on a shared machine."""
    rules = len(load_rules())
    costs = []
    for _ in range(10):
        condition.cache_clear()
        template.cache_clear()
        start = time.process_time()
        load_rules()
        costs.append(time.process_time() - start)
    assert min(costs) / rules < 0.0006


def test_loading_imports_nothing_slow() -> None:
    code = "import sys, depscan.rulebook as r; r.load_rules(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"lief", "tabulate", "tree_sitter", "difflib", "dataclasses"} & set(modules)


IMAGE = ImageView("example:1", None, LibcView("glibc", None), True, None, "knowledge", None)
STAGE = StageView(0, None, "example:1", "known", "", None)
PLATFORM = PlatformView("linux/amd64", "x86_64")


def fired(kind: str, **names: object) -> list[str]:
    """The rules of a kind that hold for these facts."""
    return [rule.id for rule in load_rules() if rule.kind == kind and rule.holds(names)]


def artifact(**facts: object) -> ArtifactView:
    plain: dict[str, object] = dict.fromkeys(ArtifactView.__struct_fields__)
    plain.update(path="/app", source="app", origin="context", machine="x86_64", linkage="dynamic", executable=True)
    plain.update(libc="glibc", verdict="fails", **facts)
    return ArtifactView(**plain)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("interpreter", "libc", "family"),
    list(
        itertools.product(
            [
                "/lib64/ld-linux-x86-64.so.2",
                "/lib/ld-musl-x86_64.so.1",
                "/lib/ld-other.so.0",
                "/nix/store/x/lib/ld-linux.so.2",
            ],
            ["glibc", "musl", "other"],
            ["glibc", "musl", "uclibc", "none", "unknown"],
        )
    ),
)
def test_a_missing_interpreter_is_one_rule(interpreter: str, libc: str, family: str) -> None:
    """One root cause, one rule: whatever the interpreter and the image are."""
    program = artifact(cause="interpreter-missing", interpreter=interpreter, interpreter_libc=libc)
    image = ImageView("example:1", None, LibcView(family, None), True, None, "knowledge", None)
    assert len(fired("artifact", artifact=program, image=image, stage=STAGE, platform=PLATFORM, build=BuildView())) == 1


@pytest.mark.parametrize(
    ("cxx", "other", "elsewhere"), list(itertools.product([True, False], [None, "libx.so.2"], [None, "/opt/libx.so.1"]))
)
def test_a_missing_library_is_one_rule(cxx: bool, other: str | None, elsewhere: str | None) -> None:
    need = NeedView("libx.so.1", "/app", "missing", other, cxx, elsewhere, None, None)
    program = artifact(cause="library-missing", detail="libx.so.1")
    assert (
        len(fired("need", need=need, artifact=program, image=IMAGE, stage=STAGE, platform=PLATFORM, build=BuildView()))
        == 1
    )


@pytest.mark.parametrize(("status", "weak", "fires"), [("unmet", False, 1), ("unmet", True, 0), ("unknown", False, 0)])
def test_only_a_strong_unmet_version_fires(status: str, weak: bool, fires: int) -> None:
    version = VersionView("GLIBC_2.34", "GLIBC", "libc.so.6", "/app", status, "GLIBC_2.31", weak)
    program = artifact(cause="version-missing")
    assert (
        len(
            fired(
                "version",
                version=version,
                artifact=program,
                image=IMAGE,
                stage=STAGE,
                platform=PLATFORM,
                build=BuildView(),
            )
        )
        == fires
    )


def test_every_cause_of_a_program_that_linking_gives_has_a_rule() -> None:
    """A verdict of "fails" without a finding would be a table that contradicts the exit code."""
    without_linking = {Cause.SCRIPT_INTERPRETER_MISSING}
    for cause in set(Cause) - without_linking:
        program = artifact(cause=cause.value, interpreter="/lib64/ld-linux-x86-64.so.2", interpreter_libc="glibc")
        program = replace(program, detail=program.machine)
        names: dict[str, object] = {
            "artifact": program,
            "image": IMAGE,
            "stage": STAGE,
            "platform": PLATFORM,
            "build": BuildView(),
        }
        names["need"] = NeedView("libx.so.1", "/app", "missing", None, False, None, None, None)
        names["symbol"] = SymbolView("__memcpy_chk", "__memcpy_chk", None, "/app", "missing", None)
        names["version"] = VersionView("GLIBC_2.34", "GLIBC", "libc.so.6", "/app", "unmet", "GLIBC_2.31", False)
        rules = [rule for kind in ("artifact", "need", "version", "symbol") for rule in fired(kind, **names)]
        assert len(rules) == 1, cause


def test_all_kinds_have_a_rule() -> None:
    assert {rule.kind for rule in load_rules()} == set(KINDS)
