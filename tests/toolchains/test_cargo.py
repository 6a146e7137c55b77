"""What cargo and rustc are predicted to make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

MAIN = {"Cargo.toml": '[package]\nname = "api"\n', "src/main.rs": "fn main() {}\n"}
GNU = ("dynamic", "glibc", "likely")
GUESS = ("dynamic", "glibc", "possible")  # where no manifest is at hand, nobody knows what it asks for
STATIC = ("static", "none", "likely")
RELEASE = "/src/target/release/api"
MUSL = "/src/target/x86_64-unknown-linux-musl/release/api"


def config(text: str) -> dict[str, str]:
    return {**MAIN, ".cargo/config.toml": text}


@pytest.mark.parametrize(
    ("base", "command", "files", "path", "expected"),
    [
        pytest.param("rust:1.85-bookworm", "cargo build --release", MAIN, RELEASE, GNU, id="gnu"),
        pytest.param("rust:1.85-bookworm", "cargo b -r", MAIN, RELEASE, GNU, id="short"),
        pytest.param("rust:1.85-bookworm", "cargo +1.80 build -r", MAIN, RELEASE, GNU, id="toolchain"),
        pytest.param("rust:1.85-bookworm", "cargo auditable build -r", MAIN, RELEASE, GNU, id="auditable"),
        pytest.param("rust:1.85-bookworm", "cargo build", MAIN, "/src/target/debug/api", GNU, id="debug"),
        pytest.param("rust:1.85", "cargo build --profile dist", MAIN, "/src/target/dist/api", GNU, id="profile"),
        pytest.param(
            "rust:1.85", "cargo build --bin tool -r", {}, "/src/target/release/tool", GUESS, id="bin, no manifest"
        ),
        pytest.param("rust:1.85", "cargo build -r --target-dir /t", MAIN, "/t/release/api", GNU, id="target-dir"),
        pytest.param("rust:1.85", "CARGO_TARGET_DIR=/t cargo build -r", MAIN, "/t/release/api", GNU, id="variable"),
        pytest.param("rust:1.85", "cargo install --path . --root /o", MAIN, "/o/bin/api", GNU, id="install"),
        pytest.param("rust:1.85", "cargo install --path .", MAIN, "/usr/local/cargo/bin/api", GNU, id="cargo home"),
        pytest.param("rust:1.85", "rustc -O -o /out/x main.rs", {}, "/out/x", GNU, id="rustc"),
        pytest.param("rust:1.85", "rustc main.rs", {}, "/src/main", GNU, id="rustc, its own name"),
        pytest.param(
            "rust:1.85", "cargo build -r --target x86_64-unknown-linux-musl", MAIN, MUSL, STATIC, id="musl target"
        ),
        pytest.param(
            "rust:1.85", "CARGO_BUILD_TARGET=x86_64-unknown-linux-musl cargo build -r", MAIN, MUSL, STATIC, id="env"
        ),
        pytest.param(
            "rust:1.85",
            "cargo build -r",
            config('[build]\ntarget = "x86_64-unknown-linux-musl"\n'),
            MUSL,
            STATIC,
            id="config",
        ),
        pytest.param(
            "rust:1.85", "RUSTFLAGS='-C target-feature=+crt-static' cargo build -r", MAIN, RELEASE, STATIC, id="flags"
        ),
        pytest.param(
            "rust:1.85",
            "cargo build -r",
            config('[target.x86_64-unknown-linux-gnu]\nrustflags = ["-C", "target-feature=+crt-static"]\n'),
            RELEASE,
            STATIC,
            id="flags in config",
        ),
        pytest.param(
            "rust:1.85", "cargo rustc -r -- -C target-feature=+crt-static", MAIN, RELEASE, STATIC, id="flags behind --"
        ),
        pytest.param("rust:1.85-alpine", "cargo build -r", MAIN, RELEASE, STATIC, id="alpine"),
        pytest.param(
            "rust:1.85-alpine",
            "RUSTFLAGS=-Ctarget-feature=-crt-static cargo build -r",
            MAIN,
            RELEASE,
            ("dynamic", "musl", "likely"),
            id="alpine, dynamic",
        ),
        pytest.param(
            "alpine:3.20",
            "apk add rust cargo && cargo build -r",
            MAIN,
            RELEASE,
            ("dynamic", "musl", "likely"),
            id="Alpine's own compiler",
        ),
        pytest.param("rust:1.85", "cargo build -r $FLAGS", MAIN, RELEASE, GUESS, id="unknown words"),
    ],
)
def test_program(  # noqa: PLR0917 - the columns of the table above
    base: str, command: str, files: dict[str, str], path: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    found = predict(tmp_path, f"FROM {base}\nWORKDIR /src\nCOPY . .\nRUN {command}\n", files)
    assert list(found) == [path]
    facts = found[path].facts
    assert (facts.linkage.value if facts.linkage else None, facts.libc, found[path].confidence.value) == expected


@pytest.mark.parametrize(
    "command",
    [
        "cargo build -r --target x86_64-pc-windows-gnu",
        "cargo build -r --target wasm32-unknown-unknown",
        "cargo build -r --target $UNKNOWN",
        "cargo test",
        "cargo fetch",
        "cargo chef cook --release",
        "rustc --crate-type lib main.rs",
        "if test -f x; then cargo build -r; fi",
    ],
)
def test_nothing(command: str, tmp_path: Path) -> None:
    assert predict(tmp_path, f"FROM rust:1.85\nWORKDIR /src\nCOPY . .\nRUN {command}\n", MAIN) == {}


WORKSPACE = {
    "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\nexclude = ["crates/old"]\n',
    "crates/a/Cargo.toml": '[package]\nname = "a"\n',
    "crates/a/src/main.rs": "",
    "crates/b/Cargo.toml": '[package]\nname = "b"\nedition = "2021"\n[[bin]]\nname = "bee"\npath = "src/bin/one.rs"\n',
    "crates/b/src/bin/one.rs": "",
    "crates/b/src/bin/two.rs": "",
    "crates/old/Cargo.toml": '[package]\nname = "old"\n',
    "crates/old/src/main.rs": "",
}


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("cargo build -r", {"a", "bee", "two"}),
        ("cargo build -r -p b", {"bee", "two"}),
        ("cargo build -r --package=a", {"a"}),
        ("cargo build -r --manifest-path crates/a/Cargo.toml", {"a"}),
        ("cargo build -r --manifest-path crates/a/Cargo.toml --workspace", {"a", "bee", "two"}),
        ("cd crates/b && cargo build -r", {"bee", "two"}),
        ("cargo build -r --workspace --exclude a", {"bee", "two"}),
        ("cargo build -r -p b@0.0.0 --bin bee", {"bee"}),
        ("cargo build -r -p '*' --bins", {"a", "bee", "two"}),
        ("cargo build -r --lib", set()),
    ],
)
def test_programs_of_a_workspace_stand_below_its_root(command: str, names: set[str], tmp_path: Path) -> None:
    found = predict(tmp_path, f"FROM rust:1.85\nWORKDIR /src\nCOPY . .\nRUN {command}\n", WORKSPACE)
    assert set(found) == {f"/src/target/release/{name}" for name in names}


@pytest.mark.parametrize(
    ("base", "target", "command", "expected"),
    [
        ("rust:1.85", "", "xx-cargo build -r --target-dir /t", ("x86_64-unknown-linux-gnu", "glibc", "x86_64")),
        (
            "rust:1.85",
            "linux/arm64",
            "xx-cargo build -r --target-dir /t",
            ("aarch64-unknown-linux-gnu", "glibc", "aarch64"),
        ),
        (
            "rust:1.85-alpine",
            "linux/arm64",
            "xx-cargo build -r --target-dir /t",
            ("aarch64-unknown-linux-musl", "none", "aarch64"),
        ),
        (
            "rust:1.85",
            "linux/arm/v7",
            "xx-cargo build -r --target-dir /t",
            ("armv7-unknown-linux-gnueabihf", "glibc", "arm"),
        ),
        (
            "rust:1.85",
            "",
            "cargo zigbuild -r --target-dir /t --target x86_64-unknown-linux-gnu.2.17",
            ("x86_64-unknown-linux-gnu", "glibc", "x86_64"),
        ),
        (
            "rust:1.85",
            "",
            "cargo zigbuild -r --target-dir /t --target aarch64-unknown-linux-musl",
            ("aarch64-unknown-linux-musl", "none", "aarch64"),
        ),
        (
            "rust:1.85",
            "",
            "cross build -r --target-dir /t --target aarch64-unknown-linux-gnu",
            ("aarch64-unknown-linux-gnu", "glibc", "aarch64"),
        ),
    ],
)
def test_wrappers_build_for_the_target(
    base: str, target: str, command: str, expected: tuple[str, str, str], tmp_path: Path
) -> None:
    setting = f"ENV TARGETPLATFORM={target}\n" if target else ""
    text = f"FROM {base}\nWORKDIR /src\nCOPY . .\n{setting}RUN {command}\n"
    ((path, found),) = predict(tmp_path, text, MAIN).items()
    triple, libc, machine = expected
    assert (path, found.facts.libc, found.facts.machine) == (f"/t/{triple}/release/api", libc, machine)


def test_a_name_that_only_the_copy_tells(tmp_path: Path) -> None:
    text = "FROM rust:1.85 AS b\nRUN cargo install --root /out ripgrep\nFROM debian:12\nCOPY --from=b /out/bin/rg /rg\n"
    (found,) = predict(tmp_path, text).items()
    assert (found[0], found[1].facts.needed) == ("/rg", ("libgcc_s.so.1", "libc.so.6"))


@pytest.mark.parametrize(
    ("base", "source", "versions"),
    [
        ("rust:1.85-trixie", 'std::process::Command::new("x");', ["GLIBC_2.34", "GLIBC_2.39"]),
        ("rust:1.85-trixie", "", ["GLIBC_2.34"]),
        ("rust:1.85-bookworm", 'std::process::Command::new("x");', ["GLIBC_2.34"]),
        ("rust:1.85-bullseye", "", []),
    ],
)
def test_versions(base: str, source: str, versions: list[str], tmp_path: Path) -> None:
    files = {**MAIN, "src/main.rs": f"fn main() {{ {source} }}\n"}
    (found,) = predict(tmp_path, f"FROM {base}\nWORKDIR /src\nCOPY . .\nRUN cargo build -r\n", files).values()
    assert [need.name for need in found.facts.version_needs.get("libc.so.6", ())] == versions


def test_a_program_moved_into_a_directory_that_mkdir_made_on_its_way(tmp_path: Path) -> None:
    command = "cargo build -r && mkdir -p /dist/etc && mv target/release/api /dist"
    text = f"FROM rust:1.85\nWORKDIR /src\nCOPY . .\nRUN {command}\n"
    assert list(predict(tmp_path, text, MAIN)) == ["/dist/api"]


def test_a_broken_manifest_leaves_the_name_to_the_copy(tmp_path: Path) -> None:
    text = (
        "FROM rust:1.85 AS b\nWORKDIR /src\nCOPY . .\nRUN cargo build -r\n"
        "FROM debian:12\nCOPY --from=b /src/target/release/api /api\n"
    )
    assert list(predict(tmp_path, text, {"Cargo.toml": "[package\nname"})) == ["/api"]
