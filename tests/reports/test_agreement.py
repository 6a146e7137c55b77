"""All formats say the same: the platforms that a finding is on, severities and counts."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from depscan.findings import Severity
from depscan.platforms import Platform
from depscan.reports import FORMATS

ARM64 = Platform("linux", "arm64")


@pytest.mark.parametrize("name", ["concise", "github", "gitlab", "checkstyle", "sarif", "text"])
def test_the_platforms_of_a_finding_are_named_where_several_were_checked(name: str, make) -> None:
    arm = make.scan(platform=ARM64)
    assert "(on linux/amd64, linux/arm64)" in FORMATS[name](make.result(make.scan(), arm)).replace(
        "Dockerfile:2, on linux/amd64, linux/arm64", "(on linux/amd64, linux/arm64)"
    )
    alone = FORMATS[name](make.result(make.scan(findings=()), arm))
    assert "on linux/arm64" in alone
    assert "on linux/amd64" not in alone
    assert "on linux/amd64" not in FORMATS[name](make.result())


def test_platforms_are_told_apart_by_what_differs_only_in_their_proof(make) -> None:
    other = replace(make.finding(), identity="of arm64", evidence=("PT_INTERP is /lib/ld-linux-aarch64.so.1",))
    told = make.result(make.scan(), make.scan(platform=ARM64, findings=(other,))).distinct
    assert [each.where for each in told] == ["on linux/amd64, linux/arm64"]


def test_a_platform_that_the_message_names_is_not_named_again(make) -> None:
    finding = replace(make.finding(), message="/hello is for amd64, and the image is for linux/arm64")
    (told,) = make.result(make.scan(findings=()), make.scan(platform=ARM64, findings=(finding,))).reported
    assert told.message == finding.message


def test_formats_agree_on_severities_and_counts(make) -> None:
    warning = replace(make.finding(), rule="other", severity=Severity.WARNING, message="x may not start")
    note = replace(make.finding(), rule="third", severity=Severity.NOTE, message="the tag moves")
    result = make.result(make.scan(findings=(make.finding(), warning, note)))
    assert FORMATS["text"](result).count("\nwarning: ") == FORMATS["concise"](result).count(": warning other ") == 1
    levels = [found["level"] for found in json.loads(FORMATS["sarif"](result))["runs"][0]["results"]]
    assert levels == ["error", "warning", "note"]
    assert [line[2:].split()[0] for line in FORMATS["github"](result).splitlines()] == ["error", "warning", "notice"]
    found = ElementTree.fromstring(FORMATS["checkstyle"](result)).findall(".//error")
    assert [each.attrib["severity"] for each in found] == ["error", "warning", "info"]
    assert [each["severity"] for each in json.loads(FORMATS["gitlab"](result))] == ["critical", "major", "info"]
    summary = json.loads(FORMATS["json"](result))["summary"]
    assert (summary["errors"], summary["warnings"], summary["notes"]) == (1, 1, 1)
