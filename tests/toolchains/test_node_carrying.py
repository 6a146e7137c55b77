"""Modules that a command takes along: Next's standalone output, pnpm deploy, workspaces of yarn."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

LOCK = {
    "lockfileVersion": 3,
    "packages": {"": {}, "node_modules/bcrypt": {"version": "5.1.1", "hasInstallScript": True}},
}
FILES = {
    "package.json": json.dumps(
        {"dependencies": {"bcrypt": "5.1.1"}, "scripts": {"build": "tsc && next build", "x": "y"}}
    ),
    "package-lock.json": json.dumps(LOCK),
    "next.config.mjs": "const config = {\n  output: 'standalone',\n}\nexport default config\n",
}
ADDON = "node_modules/bcrypt/lib/binding/napi-v3/bcrypt_lib.node"


def copied(directory: Path, build: str, source: str, files: dict[str, str]) -> list[tuple[str, str]]:
    """What COPY of a directory brings into the next stage, and how sure that is."""
    text = f"FROM node:22 AS b\nWORKDIR /app\nCOPY . .\nRUN {build}\nFROM node:22-alpine\nCOPY --from=b {source} /srv\n"
    return [(path, artifact.confidence.value) for path, artifact in predict(directory, text, files).items()]


@pytest.mark.parametrize(
    ("build", "config", "expected"),
    [
        ("npm ci && npm run build", None, [(f"/srv/{ADDON}", "possible")]),
        ("npm ci && yarn build", None, [(f"/srv/{ADDON}", "possible")]),
        ("npm ci && npx next build", None, [(f"/srv/{ADDON}", "possible")]),
        ("npm ci && npm run x", None, []),
        ("npm ci && npm test", None, []),
        ("npm ci && npm run build", "module.exports = { output: 'export' }", []),
        ("npm ci && npm run build", "// output: 'standalone'", []),
        ("npm ci && npm run build", "module.exports = { output: 'standalone', outputFileTracingRoot: '..' }", []),
        ("npm run build", None, []),
    ],
)
def test_next_standalone(build: str, config: str | None, expected: list[tuple[str, str]], tmp_path: Path) -> None:
    files = FILES if config is None else {**FILES, "next.config.mjs": config}
    assert copied(tmp_path, build, "/app/.next/standalone", files) == expected


def test_modules_of_a_build_on_debian_are_told_on_alpine(tmp_path: Path) -> None:
    from depscan.config import Config
    from depscan.scan import scan

    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "Dockerfile").write_text(
        "FROM node:22 AS b\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n"
        'FROM node:22-alpine\nCOPY --from=b /app/.next/standalone /app\nCMD ["node", "/app/server.js"]\n'
    )
    (result,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans
    (finding,) = [each for each in result.findings if each.rule == "modules-across-libc-stages"]
    assert (finding.severity.value, finding.confidence.value) == ("warning", "possible")
    assert "next build takes the modules along that the server needs" in finding.evidence


PNPM = """lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      bcrypt:
        specifier: 5.1.1
        version: 5.1.1

packages:

  bcrypt@5.1.1:
    resolution: {integrity: sha512-x}

snapshots:

  bcrypt@5.1.1: {}
"""


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        ("pnpm install --frozen-lockfile && pnpm deploy --filter=api --prod /out", True),
        ("pnpm install --frozen-lockfile && pnpm --filter api deploy /out", True),
        ("pnpm install --frozen-lockfile && pnpm deploy", False),
        ("pnpm install --frozen-lockfile && pnpm deploy $X", False),
    ],
)
def test_pnpm_deploy(build: str, expected: bool, tmp_path: Path) -> None:
    files = {"package.json": FILES["package.json"], "pnpm-lock.yaml": PNPM}
    found = copied(tmp_path, build, "/out", files)
    assert ([confidence for _, confidence in found] == ["possible"]) == expected, found
    assert all(path.startswith("/srv/node_modules/") and path.endswith("bcrypt_lib.node") for path, _ in found)


def test_a_focused_workspace_of_yarn(tmp_path: Path) -> None:
    files = {
        "package.json": '{"workspaces": ["a"], "dependencies": {"bcrypt": "5.1.1"}}',
        "yarn.lock": '# yarn lockfile v1\n\nbcrypt@5.1.1:\n  version "5.1.1"\n  resolved "https://x/bcrypt-5.1.1.tgz"\n',
    }
    assert copied(tmp_path, "yarn workspaces focus --production a", "/app", files) == [(f"/srv/{ADDON}", "possible")]
