"""What npm, yarn, pnpm and bun are predicted to install, and what their lockfiles lack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from depscan.config import Config
from depscan.platforms import parse_platform
from depscan.scan import scan
from tests.toolchains.predicting import predict
from tests.toolchains.test_node_lockfiles import BUN, PNPM_9, YARN_1, YARN_8

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.results import Scan


def lock(**packages: dict[str, Any]) -> dict[str, str]:
    """A package-lock.json; the keywords are paths below node_modules, with `__` for a slash and `_` for a dash."""
    rows = {f"node_modules/{name.replace('__', '/').replace('_', '-')}": row for name, row in packages.items()}
    return {"package-lock.json": json.dumps({"lockfileVersion": 3, "packages": {"": {}, **rows}})}


def addon(libc: str | None = None, cpu: str = "x64", **more: Any) -> dict[str, Any]:
    libcs = {"libc": [libc]} if libc else {}
    return {"version": "1.0.0", "optional": True, "os": ["linux"], "cpu": [cpu], **libcs, **more}


def sharp(**more: Any) -> dict[str, Any]:
    names = ("@img/sharp-linux-x64", "@img/sharp-linux-arm64", "@img/sharp-linuxmusl-x64", "@img/sharp-darwin-arm64")
    return {"version": "0.33.5", "optionalDependencies": dict.fromkeys(names, "0.33.5"), **more}


BCRYPT = lock(bcrypt={"version": "5.1.1", "hasInstallScript": True})
SHARP = lock(
    sharp=sharp(),
    **{
        "@img__sharp_linux_x64": addon("glibc"),
        "@img__sharp_linux_arm64": addon("glibc", "arm64"),
        "@img__sharp_linuxmusl_x64": addon("musl"),
        "@img__sharp_darwin_arm64": {"version": "1.0.0", "optional": True, "os": ["darwin"], "cpu": ["arm64"]},
    },
)
WITHOUT_LIBC = lock(sharp=sharp(), **{"@img__sharp_linux_x64": addon(), "@img__sharp_linuxmusl_x64": addon()})
OF_SHARP_GLIBC = {"@img/sharp-linux-x64/lib/sharp-*.node": ("glibc", "likely")}
OF_SHARP_MUSL = {"@img/sharp-linuxmusl-x64/lib/sharp-*.node": ("musl", "likely")}
OF_BCRYPT = "bcrypt/lib/binding/napi-v3/bcrypt_lib.node"
MANIFEST = {"package.json": '{"dependencies": {"sharp": "^0.33.5"}}'}


def installed(directory: Path, base: str, command: str, files: dict[str, str], platform: str = "linux/amd64") -> Any:
    """The packages' native files, with the C library each is for and how sure that is."""
    dockerfile = f"FROM {base}\nWORKDIR /app\nCOPY . ./\nRUN {command}\nCMD ['node']\n"
    found = predict(directory, dockerfile, files, platforms=(parse_platform(platform),))
    return {
        path.partition("/node_modules/")[2]: (artifact.facts.libc, artifact.confidence.value)
        for path, artifact in found.items()
    }


@pytest.mark.parametrize(
    ("base", "command", "files", "expected"),
    [
        pytest.param("node:22-alpine", "npm ci", BCRYPT, {OF_BCRYPT: ("musl", "likely")}, id="built on musl"),
        pytest.param("node:22", "npm ci", BCRYPT, {OF_BCRYPT: ("glibc", "likely")}, id="built on glibc"),
        pytest.param("node:22", "npm ci --ignore-scripts", BCRYPT, {}, id="scripts are not run"),
        pytest.param(
            "node:22", "npm ci", BCRYPT | {".npmrc": "ignore-scripts=true\n"}, {}, id="scripts are not run by .npmrc"
        ),
        pytest.param("node:22", "npm_config_ignore_scripts=true npm ci", BCRYPT, {}, id="nor by the environment"),
        pytest.param("node:22", "npm ci", SHARP, OF_SHARP_GLIBC, id="the variant for glibc"),
        pytest.param("node:22-alpine", "npm install", SHARP, OF_SHARP_MUSL, id="the variant for musl"),
        pytest.param("node:22", "npm ci --libc=musl", SHARP, OF_SHARP_MUSL, id="--libc"),
        pytest.param("node:22", "npm ci --libc musl", SHARP, OF_SHARP_MUSL, id="--libc and a word"),
        pytest.param("node:22", "npm ci --os=win32", SHARP, {}, id="--os"),
        pytest.param("node:22", "npm ci --omit=optional", SHARP, {}, id="--omit=optional"),
        pytest.param("node:22", "npm ci", WITHOUT_LIBC, {}, id="without libc fields both variants come"),
        pytest.param(
            "node:22", "npm ci", SHARP | {"package.json": '{"pnpm": {"supportedArchitectures": {}}}'}, {}, id="widened"
        ),
        pytest.param("node:22", "npm run build", SHARP, {}, id="another verb"),
        pytest.param("node:22", 'npm "$VERB"', SHARP, {}, id="an unknown verb"),
        pytest.param("node:22", "if test -f x; then npm ci; fi", SHARP, {}, id="conditional"),
        pytest.param("debian:12", "npm ci", lock(bcrypt={"version": "6.0.0", "hasInstallScript": True}), {}, id="both"),
        pytest.param("node:22", "npm ci", lock(esbuild={"version": "0.28.2", "hasInstallScript": True}), {}, id="any"),
        pytest.param(
            "node:22", "npm ci", lock(bcrypt={"version": "5.1.1", "hasInstallScript": True, "dev": True}), {}, id="dev"
        ),
        pytest.param(
            "node:22",
            "npm ci",
            lock(bcrypt={"version": "5.1.1", "hasInstallScript": True, "optional": True}),
            {OF_BCRYPT: ("glibc", "possible")},
            id="optional",
        ),
        pytest.param(
            "node:22",
            "npm ci",
            lock(thing={"version": "1.0.0", "hasInstallScript": True, "dependencies": {"nan": "^2"}}),
            {"thing/build/Release/thing.node": ("glibc", "possible")},
            id="an unknown one that builds",
        ),
        pytest.param(
            "node:22",
            "npm ci",
            lock(thing={"version": "1.0.0", "hasInstallScript": True, "dependencies": {"node-gyp-build": "^4"}}),
            {},
            id="an unknown one that picks",
        ),
        pytest.param(
            "node:22", "npm ci", lock(thing={"version": "1.0.0", "hasInstallScript": True}), {}, id="a mere script"
        ),
        pytest.param(
            "node:22-alpine",
            "npm ci",
            lock(onnxruntime_node={"version": "1.30.0", "hasInstallScript": True}),
            {"onnxruntime-node/bin/*/linux/*/libonnxruntime.so.1": ("glibc", "likely")},
            id="glibc alone",
        ),
        pytest.param(
            "node:22", "npm install bcrypt@5.1.1", {}, {OF_BCRYPT: ("glibc", "likely")}, id="by name and version"
        ),
        pytest.param("node:22", "npm install bcrypt", {}, {}, id="by name: the newest has both"),
        pytest.param(
            "node:22-alpine",
            "npm install",
            {"package.json": '{"dependencies": {"sharp": "^0.34.1"}}'},
            {"@img/sharp-linuxmusl-x64/lib/sharp-*.node": ("musl", "possible")},
            id="by manifest: a platform package",
        ),
        pytest.param(
            "node:22",
            "npm install",
            {"package.json": '{"dependencies": {"bcrypt": "^5.0.1"}, "devDependencies": {"canvas": "^2"}}'},
            {OF_BCRYPT: ("glibc", "likely")},
            id="by manifest",
        ),
        pytest.param(
            "node:22-alpine",
            "yarn install",
            {"package.json": '{"dependencies": {"@xenova/transformers": "^2.7.0"}}'},
            {"onnxruntime-node/bin/*/linux/*/libonnxruntime.so.1": ("glibc", "possible")},
            id="by manifest: what a package brings",
        ),
        pytest.param("node:22", "npm install", {"package.json": "{"}, {}, id="broken manifest"),
        pytest.param(
            "node:22", "yarn install", {"yarn.lock": YARN_1, **MANIFEST}, {}, id="yarn 1 does not record systems"
        ),
        pytest.param("node:22", "yarn", {"yarn.lock": YARN_8, **MANIFEST}, {}, id="yarn 8 makes no node_modules"),
        pytest.param(
            "node:22",
            "yarn",
            {"yarn.lock": YARN_8, ".yarnrc.yml": "nodeLinker: node-modules\n", **MANIFEST},
            OF_SHARP_GLIBC,
            id="yarn 8 with node_modules",
        ),
        pytest.param(
            "node:22",
            "pnpm install --frozen-lockfile",
            {"pnpm-lock.yaml": PNPM_9, **MANIFEST},
            {f".pnpm/@img+sharp-linux-x64@0.33.5/node_modules/{path}": said for path, said in OF_SHARP_GLIBC.items()},
            id="pnpm",
        ),
        pytest.param("node:22-alpine", "pnpm install", {"pnpm-lock.yaml": PNPM_9, **MANIFEST}, {}, id="pnpm on musl"),
        pytest.param("node:22", "bun install", {"bun.lock": BUN, **MANIFEST}, {}, id="bun: no sibling tells the libc"),
    ],
)
def test_installed(tmp_path: Path, base: str, command: str, files: dict[str, str], expected: dict[str, Any]) -> None:
    assert installed(tmp_path, base, command, {"package.json": "{}", **files}) == expected


def test_the_platform_of_the_stage_chooses(tmp_path: Path) -> None:
    expected = {"@img/sharp-linux-arm64/lib/sharp-*.node": ("glibc", "likely")}
    assert installed(tmp_path, "node:22", "npm ci", SHARP, "linux/arm64") == expected


@pytest.mark.parametrize(
    ("command", "path"),
    [
        ("npm ci --prefix api", "/app/api"),
        ("cd api && npm ci", "/app/api"),
        ("npm --prefix=/app/api ci", "/app/api"),
    ],
)
def test_directory(tmp_path: Path, command: str, path: str) -> None:
    files = {f"api/{name}": text for name, text in BCRYPT.items()}
    found = predict(tmp_path, f"FROM node:22\nWORKDIR /app\nCOPY . ./\nRUN {command}\n", files)
    assert list(found) == [f"{path}/node_modules/{OF_BCRYPT}"]


def test_needs_the_c_library(tmp_path: Path) -> None:
    (artifact,) = predict(tmp_path, "FROM node:22-alpine\nCOPY . /a\nRUN cd /a && npm ci\n", BCRYPT).values()
    facts = artifact.facts
    assert (facts.linkage, facts.needed, facts.machine) == ("shared-object", ("libc.musl-x86_64.so.1",), "x86_64")
    assert artifact.evidence[0].startswith("bcrypt 5.1.1: ")


@pytest.mark.parametrize(
    ("command", "base", "places"),
    [
        ("npx playwright install", "node:22-alpine", ["/root/.cache/ms-playwright/chromium-*/chrome-linux/chrome"]),
        ("npx -y playwright@1.48 install --with-deps chromium", "node:22", None),
        ("PLAYWRIGHT_BROWSERS_PATH=/b npx playwright install", "node:22", ["/b/chromium-*/chrome-linux/chrome"]),
        ("npx playwright install-deps", "node:22", []),
        ("npx playwright test", "node:22", []),
    ],
)
def test_browsers_of_playwright(tmp_path: Path, command: str, base: str, places: list[str] | None) -> None:
    found = list(predict(tmp_path, f"FROM {base}\nRUN {command}\n"))
    assert found == places if places is not None else len(found) == 1


PRISMA = {
    "package.json": '{"dependencies": {"@prisma/client": "^6.1.0"}}',
    "prisma/schema.prisma": 'generator client {\n  provider = "prisma-client-js"\n}\n',
}
ENGINE = {".prisma/client/libquery_engine-*.so.node": ("musl", "likely")}


@pytest.mark.parametrize(
    ("command", "files", "expected"),
    [
        pytest.param("npx prisma generate", {}, ENGINE, id="native"),
        pytest.param("pnpm exec prisma generate", {}, ENGINE, id="by pnpm"),
        pytest.param("npx prisma migrate deploy", {}, {}, id="another verb"),
        pytest.param("PRISMA_CLI_BINARY_TARGETS=x npx prisma generate", {}, {}, id="told otherwise"),
        pytest.param("npx prisma generate --schema other.prisma", {}, {}, id="another schema, not there"),
        pytest.param(
            "npx prisma generate", {"package.json": '{"dependencies": {"@prisma/client": "7"}}'}, {}, id="version 7"
        ),
        *(
            pytest.param(
                "npx prisma generate",
                {"prisma/schema.prisma": f'generator client {{\n  provider = "prisma-client-js"\n  {line}\n}}\n'},
                ENGINE if line.endswith('["native"]') else {},
                id=line,
            )
            for line in (
                'binaryTargets = ["native"]',
                'binaryTargets = ["native", "debian-openssl-3.0.x"]',
                'engineType = "client"',
                'output = "../generated"',
            )
        ),
    ],
)
def test_engine_of_prisma(tmp_path: Path, command: str, files: dict[str, str], expected: dict[str, Any]) -> None:
    assert installed(tmp_path, "node:22-alpine", command, PRISMA | files) == expected


def faults(directory: Path, base: str, command: str, files: dict[str, str]) -> list[str]:
    return [problem.detail for problem in scanned(directory, base, command, files).stages[0].problems]


def scanned(directory: Path, base: str, command: str, files: dict[str, str]) -> Scan:
    for path, text in files.items():
        (directory / path).write_text(text)
    (directory / "Dockerfile").write_text(f"FROM {base}\nWORKDIR /app\nCOPY . ./\nRUN {command}\n")
    return scan([directory / "Dockerfile"], Config(cache=False, jobs=1)).scans[0]


ROLLUP = {"version": "4.24.0", "optionalDependencies": {"@rollup/rollup-linux-x64-gnu": "4.24.0"}}
DARWIN = {"version": "0.33.5", "optional": True, "os": ["darwin"], "cpu": ["arm64"]}
GNU = {"@rollup__rollup_linux_x64_gnu": addon("glibc")}


@pytest.mark.parametrize(
    ("base", "command", "files", "missing"),
    [
        pytest.param(
            "node:22", "npm ci", lock(sharp=sharp(), **{"@img__sharp_darwin_arm64": DARWIN}), "x64", id="mac's"
        ),
        pytest.param(
            "node:22-alpine", "npm ci", lock(rollup=ROLLUP, **GNU), "@rollup/rollup-linux-x64-musl", id="no musl"
        ),
        pytest.param(
            "node:22", "npm ci", lock(sharp=sharp(), **{"@img__sharp_linuxmusl_x64": addon("musl")}), "x64", id="no gnu"
        ),
        pytest.param("node:22", "npm ci", lock(rollup=ROLLUP, **GNU), None, id="it is there"),
        pytest.param("node:22", "npm ci", SHARP, None, id="all are there"),
        pytest.param("node:22", "npm ci", lock(sharp=sharp()), None, id="none is there: something else is the matter"),
        pytest.param(
            "node:22-alpine", "npm ci --omit=dev", lock(rollup={**ROLLUP, "dev": True}, **GNU), None, id="left out"
        ),
        pytest.param("node:22-alpine", "npm ci --omit optional", lock(rollup=ROLLUP, **GNU), None, id="no optional"),
        pytest.param(
            "node:22-alpine",
            "npm ci && npm i --no-save @rollup/rollup-linux-x64-musl@4",
            lock(rollup=ROLLUP, **GNU),
            None,
            id="named behind it",
        ),
        pytest.param("node:22-alpine", "true || npm ci", lock(rollup=ROLLUP, **GNU), None, id="conditional"),
    ],
)
def test_missing_variant(tmp_path: Path, base: str, command: str, files: dict[str, str], missing: str | None) -> None:
    found = faults(tmp_path, base, command, files)
    assert len(found) == (missing is not None)
    assert missing is None or f"{missing}, which linux/amd64" in found[0]


@pytest.mark.parametrize(
    ("command", "files", "row"),
    [
        ("npm ci", {"package-lock.json": "{"}, ("/app/package-lock.json", "is cut off, or no JSON")),
        (
            "npm ci",
            {"npm-shrinkwrap.json": "[]", **BCRYPT},
            ("/app/npm-shrinkwrap.json", "is not as its tool writes it"),
        ),
        ("bun install", {"bun.lockb": "x"}, ("/app/bun.lockb", "is binary")),
    ],
)
def test_unread_lockfile_is_told(tmp_path: Path, command: str, files: dict[str, str], row: tuple[str, str]) -> None:
    rows = scanned(tmp_path, "node:22", command, {"package.json": "{}", **files}).skipped
    assert [each for each in rows if each.subject == row[0] and each.reason.startswith(row[1])]


@pytest.mark.parametrize(
    ("command", "libc"),
    [
        ("true", "glibc"),
        ("npm rebuild", None),
        ("npm rebuild bcrypt", None),
        ("npm install", "musl"),
        ("npm ci", "musl"),
        ("rm -rf node_modules", None),
        ("npm install -g pm2", "glibc"),
        ("npm install pm2", "glibc"),
    ],
)
def test_installed_anew_in_the_next_stage(tmp_path: Path, command: str, libc: str | None) -> None:
    dockerfile = (
        "FROM node:22 AS build\nWORKDIR /app\nCOPY . ./\nRUN npm ci\n"
        f"FROM node:22-alpine\nWORKDIR /app\nCOPY --from=build /app ./\nRUN {command}\n"
    )
    found = predict(tmp_path, dockerfile, {"package.json": "{}", **BCRYPT})
    said = found.get(f"/app/node_modules/{OF_BCRYPT}")
    assert (said.facts.libc if said is not None else None) == libc
