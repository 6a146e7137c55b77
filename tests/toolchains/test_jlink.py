"""What jlink and jpackage are predicted to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("base", "command", "expected"),
    [
        pytest.param(
            "eclipse-temurin:21-jdk-jammy",
            "jlink --add-modules java.base --output /jre",
            {"/jre/bin/java": "glibc", "/jre/bin/keytool": "glibc"},
            id="glibc",
        ),
        pytest.param(
            "eclipse-temurin:21-jdk-alpine",
            "/opt/java/openjdk/bin/jlink --add-modules java.base --output=/jre",
            {"/jre/bin/java": "musl", "/jre/bin/keytool": "musl"},
            id="musl, by its path",
        ),
        pytest.param(
            "eclipse-temurin:21-jdk-jammy",
            '"$JAVA_HOME/bin/jlink" --output jre',
            {"/jre/bin/java": "glibc", "/jre/bin/keytool": "glibc"},
            id="through JAVA_HOME",
        ),
        pytest.param(
            "eclipse-temurin:21-jdk-jammy",
            "jpackage --type app-image --name Shop --dest /out",
            {"/out/Shop/bin/Shop": "glibc"},
            id="jpackage",
        ),
        pytest.param("eclipse-temurin:21-jdk-jammy", "jpackage --type deb --name Shop --dest /out", {}, id="a package"),
        pytest.param("eclipse-temurin:21-jdk-jammy", "jlink --output $OUT", {}, id="output not known"),
        pytest.param("example.org/jdk:21", "jlink --output /jre", {}, id="C library not known"),
    ],
)
def test_programs(tmp_path: Path, base: str, command: str, expected: dict[str, str]) -> None:
    found = predict(tmp_path, f"FROM {base}\nRUN {command}\n")

    assert {path: item.facts.libc for path, item in found.items()} == expected


@pytest.mark.parametrize(("base", "needs"), [("debian:12", ["GLIBC_2.34"]), ("eclipse-temurin:21-jdk-jammy", [])])
def test_only_the_distributions_own_jdk_asks_for_its_glibc(tmp_path: Path, base: str, needs: list[str]) -> None:
    install = "RUN apt-get update && apt-get install -y default-jdk\n" if base.startswith("debian") else ""

    facts = predict(tmp_path, f"FROM {base}\n{install}RUN jlink --output /jre\n")["/jre/bin/java"].facts

    assert [need.name for needs in facts.version_needs.values() for need in needs] == needs
