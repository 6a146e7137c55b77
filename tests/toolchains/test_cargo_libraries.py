"""System libraries that a Rust program is predicted to need: by the features that are on, and by nothing else."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from depscan.config import Config
from depscan.scan import scan
from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

    from depscan.artifacts.facts import Artifact

SSL = {"libssl.so.3", "libcrypto.so.3"}
ALWAYS = {"libgcc_s.so.1", "libc.so.6"}
BUILDER = "rust:1.85-bookworm"
# Lines of Cargo.lock: a crate, its version, what it lists. The lists are those that cargo writes: upper bounds.
REQWEST = """
reqwest 0.12.9 hyper-tls native-tls tokio-native-tls
hyper-tls 0.6.0 native-tls tokio-native-tls
tokio-native-tls 0.3.1 native-tls
native-tls 0.2.12 openssl openssl-sys
openssl 0.10.68 openssl-sys
openssl-sys 0.9.104
"""
SQLX = """
sqlx 0.8.2 sqlx-core sqlx-macros sqlx-mysql sqlx-postgres sqlx-sqlite
sqlx-macros 0.8.2 sqlx-core sqlx-macros-core
sqlx-macros-core 0.8.2 sqlx-core sqlx-mysql sqlx-postgres sqlx-sqlite
sqlx-core 0.8.2 native-tls
sqlx-mysql 0.8.2 sqlx-core
sqlx-postgres 0.8.2 sqlx-core
sqlx-sqlite 0.8.2 sqlx-core libsqlite3-sys
libsqlite3-sys 0.30.1 cc pkg-config vcpkg
cc 1.2.1
native-tls 0.2.12 openssl openssl-sys
openssl 0.10.68 openssl-sys
openssl-sys 0.9.104
"""


def lock(rows: str, manifest: str) -> str:
    """A Cargo.lock of `api` and what it depends on directly, and of the crates of the registry."""
    lines = [line.split() for line in rows.strip().splitlines()]
    direct = [name for name, *_ in lines if name in manifest]
    text = f'version = 4\n[[package]]\nname = "api"\nversion = "0.1.0"\ndependencies = {direct}\n'
    for name, version, *needs in lines:
        text += f'[[package]]\nname = "{name}"\nversion = "{version}"\n'
        text += f'source = "registry+https://github.com/rust-lang/crates.io-index"\ndependencies = {needs}\n'
    return text


def project(manifest: str, rows: str, **more: str) -> dict[str, str]:
    head = '[package]\nname = "api"\nversion = "0.1.0"\nedition = "2021"\n'
    return {"Cargo.toml": head + manifest, "Cargo.lock": lock(rows, manifest), "src/main.rs": "fn main() {}\n", **more}


def built(
    directory: Path, files: dict[str, str], command: str = "cargo build -r", base: str = BUILDER
) -> tuple[set[str], bool, Artifact]:
    """What the one program needs beyond the usual, whether that is all, and the program."""
    (found,) = predict(directory, f"FROM {base}\nWORKDIR /src\nCOPY . .\nRUN {command}\n", files).values()
    assert found.prediction is not None
    return set(found.facts.needed) - ALWAYS, not found.prediction.product.open, found


@pytest.mark.parametrize(
    ("manifest", "rows", "needed", "complete"),
    [
        pytest.param("", "", set(), True, id="nothing"),
        pytest.param('[dependencies]\nreqwest = "0.12"\n', REQWEST, SSL, True, id="default features"),
        pytest.param(
            '[dependencies]\nreqwest = {version = "0.12", default-features = false}\n',
            REQWEST,
            set(),
            True,
            id="default features off: the lock still lists them",
        ),
        pytest.param(
            '[dependencies]\nreqwest = {version = "0.12", default-features = false, features = ["native-tls"]}\n',
            REQWEST,
            SSL,
            True,
            id="a feature that leads there",
        ),
        pytest.param(
            '[dependencies]\nreqwest = {version = "0.12", optional = true}\n', REQWEST, set(), True, id="optional, off"
        ),
        pytest.param(
            '[features]\ndefault = ["web"]\nweb = ["dep:reqwest"]\n[dependencies]\n'
            'reqwest = {version = "0.12", optional = true}\n',
            REQWEST,
            SSL,
            True,
            id="optional, on by default",
        ),
        pytest.param(
            '[features]\ndefault = ["reqwest?/native-tls"]\n[dependencies]\n'
            'reqwest = {version = "0.12", optional = true}\n',
            REQWEST,
            set(),
            True,
            id="a weak feature does not turn it on",
        ),
        pytest.param('[dev-dependencies]\nreqwest = "0.12"\n', REQWEST, set(), True, id="for tests only"),
        pytest.param('[build-dependencies]\nreqwest = "0.12"\n', REQWEST, set(), True, id="for the build only"),
        pytest.param("[target.'cfg(windows)'.dependencies]\nreqwest = \"0.12\"\n", REQWEST, set(), True, id="windows"),
        pytest.param("[target.'cfg(unix)'.dependencies]\nreqwest = \"0.12\"\n", REQWEST, SSL, True, id="unix"),
        pytest.param(
            '[dependencies]\nreqwest = "0.12"\nopenssl = {version = "0.10", features = ["vendored"]}\n',
            REQWEST,
            set(),
            True,
            id="vendored for all by one",
        ),
        pytest.param(
            '[dependencies]\nsqlx = {version = "0.8", features = ["postgres", "runtime-tokio"]}\n',
            SQLX,
            set(),
            True,
            id="sqlx without TLS and SQLite, which the lock lists for its weak features",
        ),
        pytest.param(
            '[dependencies]\nsqlx = {version = "0.8", features = ["postgres", "runtime-tokio-native-tls"]}\n',
            SQLX,
            SSL,
            True,
            id="sqlx with native-tls",
        ),
        pytest.param(
            '[dependencies]\nsqlx = {version = "0.8", features = ["sqlite"]}\n', SQLX, set(), True, id="bundled SQLite"
        ),
        pytest.param(
            '[dependencies]\nlibsqlite3-sys = "0.30"\n',
            "libsqlite3-sys 0.30.1 pkg-config vcpkg",
            {"libsqlite3.so.0"},
            True,
            id="the system's SQLite",
        ),
        pytest.param(
            '[dependencies]\ndiesel = {version = "2.2", features = ["postgres"]}\n',
            "diesel 2.2.4 diesel_derives pq-sys\ndiesel_derives 2.2.3\npq-sys 0.6.3",
            {"libpq.so.5"},
            True,
            id="diesel with postgres",
        ),
        pytest.param(
            '[dependencies]\nrdkafka = {version = "0.36", default-features = false, features = ["ssl-vendored"]}\n',
            "rdkafka 0.36.2 rdkafka-sys\nrdkafka-sys 4.8.0+2.3.0 libz-sys openssl-sys\nlibz-sys 1.1.20\n"
            "openssl-sys 0.9.104 openssl-src\nopenssl-src 300.4.1+3.4.0",
            set(),
            True,
            id="rdkafka builds its own",
        ),
        pytest.param('[dependencies]\nzstd-sys = "2"\n', "zstd-sys 2.0.13 cc", set(), True, id="builds its own"),
        pytest.param(
            '[dependencies]\nzstd-sys = {version = "2", features = ["pkg-config"]}\n',
            "zstd-sys 2.0.13 cc",
            {"libzstd.so.1"},
            True,
            id="asks for the system's",
        ),
        pytest.param(
            '[dependencies]\nsdk = "1"\n', "sdk 1.0.0 reqwest" + REQWEST, set(), False, id="nobody knows this crate"
        ),
        pytest.param(
            '[dependencies]\nsdk = "1"\nreqwest = "0.12"\n',
            "sdk 1.0.0 reqwest openssl" + REQWEST,
            SSL,
            True,
            id="no vendored copy, for the lock has no openssl-src",
        ),
        pytest.param(
            '[dependencies]\nsdk = "1"\nreqwest = "0.12"\n',
            "openssl-src 300.4.1 cc\nsdk 1.0.0 reqwest openssl" + REQWEST.replace("0.9.104", "0.9.104 openssl-src"),
            set(),
            False,
            id="this crate may ask for the vendored copy",
        ),
        pytest.param('[dependencies]\nsdk = "1"\n', "sdk 1.0.0 serde\nserde 1.0.1", set(), True, id="leads nowhere"),
        pytest.param('[dependencies]\nodd-sys = "1"\n', "odd-sys 1.0.0", set(), False, id="what does it bind?"),
    ],
)
def test_libraries_follow_the_features(
    manifest: str, rows: str, needed: set[str], complete: bool, tmp_path: Path
) -> None:
    assert built(tmp_path, project(manifest, rows))[:2] == (needed, complete)


OFF = """
[features]
default = ["web"]
web = ["dep:reqwest"]
[dependencies]
reqwest = {version = "0.12", optional = true}
"""


@pytest.mark.parametrize(
    ("command", "needed", "complete"),
    [
        ("cargo build -r", SSL, True),
        ("cargo build -r --no-default-features", set(), True),
        ("cargo build -r --no-default-features --features web", SSL, True),
        ("cargo build -r --no-default-features -F api/web", SSL, True),
        ("cargo build -r --no-default-features --all-features", SSL, True),
        ("cargo build -r --no-default-features --features $UNKNOWN", set(), False),
        ("OPENSSL_STATIC=1 cargo build -r", set(), False),
        ("OPENSSL_DIR=/opt/ssl cargo build -r", set(), False),
        ("cargo leptos build -r", SSL, True),
        ("cargo install --path . --root /out --no-default-features", set(), True),
    ],
)
def test_libraries_follow_the_command(command: str, needed: set[str], complete: bool, tmp_path: Path) -> None:
    assert built(tmp_path, project(OFF, REQWEST), command)[:2] == (needed, complete)


def test_the_way_to_a_library_is_told(tmp_path: Path) -> None:
    *_, found = built(tmp_path, project('[dependencies]\nreqwest = "0.12"\n', REQWEST))
    assert found.evidence == (
        "cargo links the target x86_64-unknown-linux-gnu dynamically",
        "reqwest -> native-tls -> openssl-sys links libcrypto.so.3, libssl.so.3",
    )


def test_each_program_has_what_its_own_package_depends_on(tmp_path: Path) -> None:
    member = '[package]\nname = "{0}"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n{1}\n'
    files = {
        "Cargo.toml": '[workspace]\nmembers = ["a", "b"]\nresolver = "2"\n[workspace.dependencies]\nreqwest = "0.12"\n',
        "a/Cargo.toml": member.format("a", "reqwest.workspace = true"),
        "a/src/main.rs": "",
        "b/Cargo.toml": member.format("b", ""),
        "b/src/main.rs": "",
        "Cargo.lock": lock(REQWEST, "reqwest").replace('"api"', '"a"') + '[[package]]\nname = "b"\nversion = "0.1.0"\n',
    }
    found = predict(tmp_path, f"FROM {BUILDER}\nWORKDIR /src\nCOPY . .\nRUN cargo build -r\n", files)
    needed = {path.rpartition("/")[2]: set(item.facts.needed) - ALWAYS for path, item in found.items()}
    assert needed == {"a": SSL, "b": set()}


def test_a_program_whose_features_are_off_is_not_built(tmp_path: Path) -> None:
    files = project('[features]\nextra = []\n[[bin]]\nname = "tool"\nrequired-features = ["extra"]\n', "")
    text = f"FROM {BUILDER}\nWORKDIR /src\nCOPY . .\nRUN cargo build -r"
    assert [path.rpartition("/")[2] for path in predict(tmp_path, text, files)] == ["api"]
    assert {path.rpartition("/")[2] for path in predict(tmp_path, f"{text} --features extra", files)} == {"api", "tool"}


@pytest.mark.parametrize(
    ("more", "complete"),
    [
        ({}, True),
        ({"build.rs": 'fn main() { println!("cargo:rustc-link-lib=foo"); }\n'}, False),
        ({"src/ffi.rs": '#[link(name = "foo")]\nextern "C" {}\n'}, False),
    ],
)
def test_libraries_that_the_project_names_itself(more: dict[str, str], complete: bool, tmp_path: Path) -> None:
    assert built(tmp_path, {**project("", ""), **more})[1] is complete


def test_without_a_lock_nothing_is_known_of_crates(tmp_path: Path) -> None:
    files = project('[dependencies]\nreqwest = "0.12"\n', REQWEST)
    del files["Cargo.lock"]
    assert built(tmp_path, files)[:2] == (set(), False)


@pytest.mark.parametrize("name", ["Cargo.lock", "Cargo.toml"])
def test_a_broken_manifest_is_skipped_with_the_reason(name: str, tmp_path: Path) -> None:
    files = project('[dependencies]\nreqwest = "0.12"\n', REQWEST)
    for path, text in {**files, name: files[name][:40] + '"'}.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "Dockerfile").write_text(
        f"FROM {BUILDER} AS b\nWORKDIR /src\nCOPY . .\nRUN cargo build -r\n"
        'FROM debian:12-slim\nCOPY --from=b /src/target/release/api /api\nCMD ["/api"]\n'
    )
    (result,) = scan([tmp_path / "Dockerfile"], Config(cache=False, jobs=1)).scans
    rows = [row for row in result.skipped if row.subject == f"/src/{name}"]
    assert [row.span.start.line for row in rows if row.span] == [4]
    assert result.findings == ()


def hostile(kind: str) -> dict[str, str]:
    names = [f"f{number}" for number in range(10_000)]
    if kind == "features":
        text = "[features]\n" + "".join(f'{name} = ["{other}"]\n' for name, other in pairwise(names))
        return project(f'{text}f9999 = ["f0"]\ndefault = {names}\n', "")
    if kind == "cycle":
        other = '[package]\nname = "b"\nversion = "0.1.0"\n[dependencies]\napi = {path = ".."}\n'
        return {**project('[dependencies]\nb = {path = "b"}\n', ""), "b/Cargo.toml": other}
    if kind == "outside":
        return project('[workspace]\nmembers = ["../../*", "/etc/*"]\n[dependencies]\nx = {path = "../../../x"}\n', "")
    chain = "".join(f"c{number} 1.0.0 c{number + 1}\n" for number in range(5_000))
    return project('[dependencies]\nc0 = "1"\n', f"{chain}c5000 1.0.0 c0")


@pytest.mark.parametrize("kind", ["features", "cycle", "outside", "chain"])
def test_hostile_manifests_end(kind: str, tmp_path: Path) -> None:
    start = time.process_time()
    assert built(tmp_path, hostile(kind))[0] == set()
    assert time.process_time() - start < 10
