"""JSON, SARIF, GitLab, GitHub, Checkstyle, JUnit and concise: valid, complete and safe for what reads them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import depscan.reports
from depscan.findings import Confidence, Severity
from depscan.linking.placement import LinkResult, Verdict
from depscan.reports import FORMATS

HOSTILE = "a\x1b[31m\u202eb\x9b\r\n::error::x,y:z%0A<&\"'>]]>\x00\udc80\u2028"
SCHEMA = json.loads((Path(depscan.reports.__file__).parent / "schema.json").read_text())


def hostile(make):
    """Every text from outside holds every kind of character that must not get through."""
    base = make.finding(HOSTILE)
    finding = replace(
        base,
        message=HOSTILE,
        artifact=HOSTILE,
        artifacts=(HOSTILE,),
        evidence=(HOSTILE,),
        runtime_message=HOSTILE,
        related=(replace(base.related[0], message=HOSTILE),),
        suggestions=(replace(base.suggestions[0], title=HOSTILE),),
    )
    scan = make.scan(findings=(finding,), placements=(make.placement(HOSTILE, HOSTILE),), context=HOSTILE)
    skipped = tuple(replace(row, subject=HOSTILE, reason=HOSTILE) for row in scan.skipped)
    return make.result(replace(scan, skipped=skipped, notes=(HOSTILE,)))


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_lets_a_control_character_through(name: str, make) -> None:
    text = FORMATS[name](hostile(make))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e\ud800-\udfff]", text)
    assert not re.search(r"^::error::x", text, re.MULTILINE)
    text.encode()


@given(st.text())
def test_every_name_survives_json(name: str) -> None:
    from depscan.reports.objects import dump

    assert json.loads(dump({"name": name})) == {"name": name}


@given(st.text(st.characters()))
def test_printable_is_one_line_and_stable(name: str) -> None:
    from depscan.reports.escaping import printable

    shown = printable(name)
    assert len(shown.splitlines()) <= 1
    assert printable(shown) == shown


# JSON


def test_json_is_valid_against_the_schema(result, make) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for report in (result, hostile(make), make.result(make.scan(findings=(), placements=(), skipped=(), target=None))):
        jsonschema.validate(json.loads(FORMATS["json"](report)), SCHEMA)


def test_schema_refuses_what_the_contract_does_not_name(result) -> None:
    document = json.loads(FORMATS["json"](result))
    document["scans"][0]["findings"][0]["extra"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


ADDED = {"build"}  # after schema version 1 was settled: absent where there is nothing to say


def test_schema_describes_every_object_without_gaps() -> None:
    def objects(node):
        if isinstance(node, dict):
            if "properties" in node:
                yield node
            for child in node.values():
                yield from objects(child)

    for node in objects(SCHEMA):
        assert node["additionalProperties"] is False
        assert set(node["properties"]) - set(node["required"]) <= ADDED
        assert set(node["required"]) <= set(node["properties"])


def test_json_holds_the_story(result) -> None:
    document = json.loads(FORMATS["json"](result))
    assert list(document) == ["schema_version", "tool", "scans", "summary"]
    assert document["summary"] == {
        "errors": 1,
        "warnings": 0,
        "notes": 0,
        "ignored": 0,
        "skipped": 1,
        "exit_code": 1,
    }
    (scan,) = document["scans"]
    assert list(scan) == [
        "dockerfile",
        "context",
        "target",
        "platform",
        "platform_assumed",
        "stages",
        "placements",
        "findings",
        "skipped",
    ]
    assert scan["stages"] == [
        {
            "index": 0,
            "name": None,
            "line": 1,
            "base": "alpine:3.20",
            "in_target": True,
            "image": {
                "reference": "docker.io/library/alpine:3.20",
                "release": "alpine:3.20",
                "libc": {"family": "musl", "version": "1.2.5"},
                "libraries_complete": True,
                "confidence": "certain",
                "source": "knowledge",
                "as_of": "2026-01-02",
            },
        }
    ]
    (placement,) = scan["placements"]
    assert list(placement) == [
        "path",
        "stage",
        "line",
        "kind",
        "origin",
        "source",
        "verdict",
        "cause",
        "detail",
        "confidence",
        "elf",
    ]
    assert placement["elf"]["version_needs"] == {"libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.34"]}
    (finding,) = scan["findings"]
    assert finding["location"] == {"path": "Dockerfile", "line": 2, "column": 6, "end_line": 2, "end_column": 11}
    assert finding["related"] == [
        {"path": "Dockerfile", "line": 1, "column": 6, "end_line": 1, "end_column": 17, "message": "musl 1.2.5"}
    ]
    assert finding["suggestions"][0]["edits"] == [
        {
            "path": "Dockerfile",
            "line": 1,
            "column": 6,
            "end_line": 1,
            "end_column": 17,
            "text": "debian:bookworm-slim",
        }
    ]
    assert scan["skipped"] == [{"subject": "assets/broken", "reason": "truncated ELF file", "line": 2}]


def test_json_keeps_ignored_findings_and_counts_them_apart(make) -> None:
    finding = replace(make.finding(), ignored=True)
    document = json.loads(FORMATS["json"](make.result(make.scan(findings=(finding,)))))
    assert document["scans"][0]["findings"][0]["ignored"] is True
    assert document["summary"]["errors"] == 0
    assert document["summary"]["ignored"] == 1
    assert document["summary"]["exit_code"] == 0


def test_json_has_two_spaces_and_readable_characters(make) -> None:
    text = FORMATS["json"](make.result(make.scan(context="größe")))
    assert '\n  "schema_version": 1,\n' in text or text.startswith('{\n  "schema_version": 1,\n')
    assert '"context": "größe"' in text


# Exit code


@pytest.mark.parametrize(
    ("severity", "confidence", "fail_on", "code"),
    [
        (Severity.ERROR, Confidence.LIKELY, Severity.ERROR, 1),
        (Severity.ERROR, Confidence.POSSIBLE, Severity.ERROR, 0),
        (Severity.WARNING, Confidence.CERTAIN, Severity.ERROR, 0),
        (Severity.WARNING, Confidence.CERTAIN, Severity.WARNING, 1),
        (Severity.NOTE, Confidence.CERTAIN, Severity.WARNING, 0),
        (Severity.NOTE, Confidence.CERTAIN, Severity.NOTE, 1),
        (Severity.ERROR, Confidence.CERTAIN, None, 0),
    ],
)
def test_exit_code(make, severity: Severity, confidence: Confidence, fail_on: Severity | None, code: int) -> None:
    finding = replace(make.finding(), severity=severity, confidence=confidence)
    result = make.result(make.scan(findings=(finding,)), fail_on=fail_on)
    assert result.exit_code == code
    junit = ElementTree.fromstring(FORMATS["junit"](result))
    assert len(junit.findall(".//failure")) == code


# SARIF


def sarif(result):
    return json.loads(FORMATS["sarif"](result))["runs"][0]


def test_sarif_is_valid_against_the_oasis_schema(result, make, data: Path) -> None:
    schema = json.loads((data / "sarif-schema-2.1.0.json").read_text())
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    for report in (result, hostile(make), make.result(make.scan(findings=()))):
        validator.validate(json.loads(FORMATS["sarif"](report)))


def test_sarif_describes_every_rule_in_force(make, data: Path) -> None:
    from depscan.rulebook import load_rules

    rules = load_rules()
    run = sarif(replace(make.result(), rules=rules))
    described = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in described] == [rule.id for rule in rules]
    assert all(rule["help"]["text"] and rule["help"]["markdown"].startswith("## ") for rule in described)
    assert described[run["results"][0]["ruleIndex"]]["id"] == "glibc-exec-on-musl"
    schema = json.loads((data / "sarif-schema-2.1.0.json").read_text())
    jsonschema.Draft4Validator(schema).validate(json.loads(FORMATS["sarif"](replace(make.result(), rules=rules))))


def test_sarif_result_has_places_fix_and_fingerprint(result, make) -> None:
    run = sarif(result)
    (found,) = run["results"]
    region = {"startLine": 2, "startColumn": 6, "endLine": 2, "endColumn": 11}
    base = {"startLine": 1, "startColumn": 6, "endLine": 1, "endColumn": 17}
    assert run["columnKind"] == "unicodeCodePoints"
    assert found["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "Dockerfile", "uriBaseId": "%SRCROOT%"}, "region": region}}
    ]
    assert found["relatedLocations"][0]["physicalLocation"]["region"] == base
    assert found["fixes"][0]["artifactChanges"][0]["replacements"] == [
        {"deletedRegion": base, "insertedContent": {"text": "debian:bookworm-slim"}}
    ]
    assert found["partialFingerprints"] == {"depscan/v1": make.finding().fingerprint}
    assert found["suppressions"] == []
    (invocation,) = run["invocations"]
    assert invocation["exitCode"] == 1
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == (
        "skipped assets/broken: truncated ELF file"
    )


def test_sarif_marks_ignored_findings_as_suppressed(make) -> None:
    finding = replace(make.finding(), ignored=True, ignore_reason="runs under gcompat")
    (found,) = sarif(make.result(make.scan(findings=(finding,))))["results"]
    assert found["suppressions"] == [{"kind": "inSource", "justification": "runs under gcompat"}]


def test_sarif_offers_no_fix_without_edits(make) -> None:
    finding = make.finding()
    finding = replace(finding, suggestions=(replace(finding.suggestions[0], edits=()),))
    assert sarif(make.result(make.scan(findings=(finding,))))["results"][0]["fixes"] == []


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("docker/my file%.x", {"uri": "docker/my%20file%25.x", "uriBaseId": "%SRCROOT%"}),
        ("/a b/Dockerfile", {"uri": "file:///a%20b/Dockerfile"}),
        ("a:b", {"uri": "a%3Ab", "uriBaseId": "%SRCROOT%"}),
    ],
)
def test_sarif_paths_are_uris(make, path: str, place: dict[str, str]) -> None:
    run = sarif(make.result(make.scan(findings=(make.finding(path),))))
    (found,) = run["results"]
    assert found["locations"][0]["physicalLocation"]["artifactLocation"] == place
    assert list(run["originalUriBaseIds"]) == ["%SRCROOT%"]


def test_sarif_has_a_page_of_the_project_for_every_rule(make) -> None:
    from depscan.rulebook import load_rules

    driver = sarif(replace(make.result(), rules=load_rules()))["tool"]["driver"]
    assert driver["informationUri"].startswith("https://")
    assert {rule["helpUri"] for rule in driver["rules"]} == {
        f"{driver['informationUri']}rules/{rule['id']}" for rule in driver["rules"]
    }


# The others


def test_concise_is_what_a_problem_matcher_reads(result) -> None:
    line = FORMATS["concise"](result)
    matcher = r"^(.+?):(\d+):(\d+): (error|warning|note) (\S+) (.+) \[(certain|likely|possible)\]$"
    found = re.match(matcher, line.rstrip("\n"))
    assert found is not None
    assert found.groups() == (
        "Dockerfile",
        "2",
        "6",
        "error",
        "glibc-exec-on-musl",
        "/hello will not start: it needs glibc, and alpine:3.20 has musl",
        "certain",
    )


@pytest.mark.parametrize("name", ["concise", "github", "gitlab", "checkstyle", "junit"])
def test_ignored_findings_are_left_out(name: str, make) -> None:
    ignored = make.result(make.scan(findings=(replace(make.finding(), ignored=True),)))
    assert "glibc-exec-on-musl" not in FORMATS[name](ignored)


@pytest.mark.parametrize("name", ["concise", "github", "gitlab", "checkstyle", "sarif"])
def test_a_finding_shared_by_platforms_stands_once(name: str, make) -> None:
    once = FORMATS[name](make.result())
    twice = FORMATS[name](make.result(make.scan(), make.scan()))
    pattern = r"\d+:\d+: error|::error |check_name|<error |\"ruleId\""
    assert len(re.findall(pattern, once)) == len(re.findall(pattern, twice)) == 1


def test_github_escapes_properties_and_data(make) -> None:
    finding = replace(make.finding("a,b:c"), message="100% sure\nreally", runtime_message=None, suggestions=())
    assert FORMATS["github"](make.result(make.scan(findings=(finding,)))) == (
        "::error file=a%2Cb%3Ac,line=2,col=6,endColumn=11,endLine=2,title=depscan%3A glibc-exec-on-musl"
        "::100%25 sure%0Areally\n"
    )


def test_gitlab_severities_and_unique_fingerprints(make) -> None:
    findings = (make.finding("./Dockerfile"), replace(make.finding(), severity=Severity.NOTE, message="again"))
    issues = json.loads(FORMATS["gitlab"](make.result(make.scan(findings=findings))))
    assert [issue["severity"] for issue in issues] == ["critical", "info"]
    assert [issue["fingerprint"] for issue in issues] == [findings[0].fingerprint, findings[0].fingerprint + "-2"]
    assert issues[0]["location"] == {"path": "Dockerfile", "lines": {"begin": 2, "end": 2}}


def test_checkstyle_names_every_dockerfile(make) -> None:
    root = ElementTree.fromstring(FORMATS["checkstyle"](make.result(make.scan(), make.scan())))
    (file,) = root
    assert file.attrib == {"name": "Dockerfile"}
    assert [error.attrib["source"] for error in file] == ["depscan.glibc-exec-on-musl"]


def test_junit_has_a_case_per_binary_and_per_other_finding(make) -> None:
    unknown = replace(make.placement("/x"), verdict=Verdict.UNKNOWN, link=LinkResult(unknowns=("no such image",)))
    other = replace(make.finding(), rule="copy-source-missing", artifact=None, artifacts=(), severity=Severity.WARNING)
    scan = make.scan(placements=(make.placement(), unknown), findings=(make.finding(), other))
    suite = ElementTree.fromstring(FORMATS["junit"](make.result(scan)))[0]
    assert suite.attrib == {
        "name": "Dockerfile on linux/amd64",
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    outcomes = {case.attrib["name"]: [child.tag for child in case] for case in suite}
    assert outcomes == {"/hello": ["failure"], "/x": ["skipped"], "copy-source-missing at line 2": ["system-out"]}
