"""What native-image is predicted to make, by itself and through Maven and Gradle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

BASE = "ghcr.io/graalvm/native-image-community:21-ol9"
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <artifactId>shop</artifactId><version>1.2-SNAPSHOT</version>{more}
</project>"""
QUARKUS = POM.format(more="<dependencies><dependency><groupId>io.quarkus</groupId></dependency></dependencies>")


@pytest.mark.parametrize(
    ("command", "path", "linkage"),
    [
        ("native-image -jar app.jar", "/b/app", "dynamic"),
        ("native-image -jar app.jar server", "/b/server", "dynamic"),
        ("native-image -cp build/classes Hello", "/b/hello", "dynamic"),
        ("native-image Hello server", "/b/server", "dynamic"),
        ("native-image -o /out/server -jar app.jar", "/out/server", "dynamic"),
        ("native-image -H:Name=server -jar app.jar", "/b/server", "dynamic"),
        ("native-image --static --libc=musl -jar app.jar", "/b/app", "static"),
        ("native-image --static-nolibc -jar app.jar", "/b/app", "dynamic"),
        ("native-image --shared -jar app.jar", None, None),
        ("native-image --version", None, None),
        ("native-image -jar $JAR", None, None),
    ],
)
def test_native_image(tmp_path: Path, command: str, path: str | None, linkage: str | None) -> None:
    found = predict(tmp_path, f"FROM {BASE}\nWORKDIR /b\nRUN {command}\n")

    assert {path: item.facts.linkage for path, item in found.items()} == ({path: linkage} if path else {})


@pytest.mark.parametrize(
    ("command", "files", "path", "linkage"),
    [
        ("./mvnw package -Dnative", {"pom.xml": QUARKUS}, "/b/target/shop-1.2-SNAPSHOT-runner", "dynamic"),
        (
            "mvn package -Pnative -Dquarkus.native.additional-build-args=--static,--libc=musl",
            {"pom.xml": QUARKUS},
            "/b/target/shop-1.2-SNAPSHOT-runner",
            "static",
        ),
        (
            "mvn package -Dnative",
            {
                "pom.xml": QUARKUS,
                "src/main/resources/application.properties": "quarkus.native.additional-build-args=--static\n",
            },
            "/b/target/shop-1.2-SNAPSHOT-runner",
            "static",
        ),
        ("mvn -Pnative native:compile", {"pom.xml": POM.format(more="")}, "/b/target/shop", "dynamic"),
        ("mvn package", {"pom.xml": QUARKUS}, None, None),
        ("mvn package -Dnative -Dquarkus.native.container-build=true", {"pom.xml": QUARKUS}, None, None),
        ("mvn package -Dnative", {}, None, None),
        ("mvn package -Dnative", {"pom.xml": "<project"}, None, None),
    ],
)
def test_maven(tmp_path: Path, command: str, files: dict[str, str], path: str | None, linkage: str | None) -> None:
    found = predict(tmp_path, f"FROM {BASE}\nWORKDIR /b\nCOPY . .\nRUN {command}\n", files)

    assert {path: item.facts.linkage for path, item in found.items()} == ({path: linkage} if path else {})


@pytest.mark.parametrize(
    ("files", "confidence"),
    [({"build.gradle.kts": 'plugins { id("org.graalvm.buildtools.native") }\n'}, "likely"), ({}, "possible")],
)
def test_program_of_gradle_is_named_by_its_copy(tmp_path: Path, files: dict[str, str], confidence: str) -> None:
    """A build.gradle that is not at hand may ask for a static program."""
    dockerfile = f"""FROM {BASE} AS build
WORKDIR /b
COPY . .
RUN gradle nativeCompile
FROM alpine:3.20
COPY --from=build /b/build/native/nativeCompile/shop /shop
"""

    (item,) = predict(tmp_path, dockerfile, files).values()

    assert (item.facts.libc, item.confidence) == ("glibc", confidence)


def test_builders_glibc_is_the_highest_it_can_ask_for(tmp_path: Path) -> None:
    (item,) = predict(tmp_path, f"FROM {BASE}\nWORKDIR /b\nRUN native-image -jar app.jar\n").values()

    assert item.prediction is not None
    assert item.prediction.product.ceiling == "GLIBC_2.34"
