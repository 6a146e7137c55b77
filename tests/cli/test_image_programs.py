"""`depscan why` of a program that the base image brings: real images in every form, and what it says of the others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.images.handmade import (
    A_ROOT,
    ELF,
    LIBRARY,
    PROGRAM,
    docker_archive,
    file,
    hard_link,
    image,
    link,
    tar,
    write_layout,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunDepscan

OLD = (ELF / "hello-static").read_bytes()
LINKER = next(member for member in A_ROOT if member.name.endswith("gnu/ld-linux-x86-64.so.2"))
LAYERS = (
    (
        *A_ROOT,
        LINKER._replace(mode=0o755),
        file("usr/bin/api", OLD, 0o755),
        file("usr/bin/data", b"#!/bin/sh\n", 0o755),
    ),
    (
        file("bin/api", PROGRAM, 0o755),  # through the link /bin
        hard_link("usr/bin/other", "bin/api"),
        link("usr/bin/short", "../../../../usr/bin/api"),  # no link leads out of the image
        link("usr/bin/loop", "loop"),
    ),
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM corp/base:1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ask(run_depscan: RunDepscan, path: str, *options: str) -> str:
    ran = run_depscan("why", path, "--isolated", *options)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def make_source(form: str, folder: Path) -> Path:
    if form == "layout":
        return write_layout(folder / "layout", image(*LAYERS))
    if form == "docker save":
        return docker_archive(folder / "saved.tar", *LAYERS, tags=("corp/base:1",))
    members = [*LAYERS[0], *LAYERS[1]]
    if form == "root archive":
        (folder / "root.tar").write_bytes(tar(members))
        return folder / "root.tar"
    root = folder / "root"
    for member in members:
        place = root / member.name.replace("bin/api", "usr/bin/api") if member.name == "bin/api" else root / member.name
        place.parent.mkdir(parents=True, exist_ok=True)
        if member.content is not None:
            place.unlink(missing_ok=True)
            place.write_bytes(member.content)
            place.chmod(member.mode)
        elif member.target and member.name == "usr/bin/other":
            place.hardlink_to(root / "usr/bin/api")
        elif member.target:
            place.symlink_to(member.target)
        else:
            place.mkdir(parents=True, exist_ok=True)
    return root


@pytest.mark.parametrize("form", ["layout", "docker save", "root archive", "root"])
@pytest.mark.parametrize("path", ["/usr/bin/api", "/bin/api", "/usr/bin/short", "/usr/bin/other"])
def test_an_images_own_program(form: str, path: str, project: Path, run_depscan: RunDepscan) -> None:
    source = make_source(form, project)
    document = json.loads(ask(run_depscan, path, "--base", f"corp/base:1={source}", "--format", "json"))
    (binary,) = document["binaries"]
    real = "/usr/bin/other" if path.endswith("other") else "/usr/bin/api"
    assert (binary["path"], binary["origin"], binary["base"]) == (real, "image", "corp/base:1")
    assert binary["interpreter_found"] == "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
    (libc,) = binary["libraries"]
    assert (libc["soname"], libc["provider"], libc["law"]) == (
        "libc.so.6",
        "/lib/x86_64-linux-gnu/libc.so.6",
        "default path",
    )
    assert libc["real_path"] == "/usr/lib/x86_64-linux-gnu/libc.so.6"
    assert libc["looked_for"][0] == {
        "path": "/opt/lib/libc.so.6",
        "law": "ld.so.cache",
        "presence": "missing",
    }


def test_an_images_own_library_needs_no_second_look(project: Path, run_depscan: RunDepscan) -> None:
    source = make_source("layout", project)
    out = ask(run_depscan, "/lib/x86_64-linux-gnu/libfoo.so.1", "--base", f"corp/base:1={source}")
    assert out.startswith("/usr/lib/x86_64-linux-gnu/libfoo.so.1.0 on corp/base:1 (linux/amd64): ")


def test_what_the_dockerfile_copies_shadows_what_the_program_found(project: Path, run_depscan: RunDepscan) -> None:
    source = make_source("layout", project)
    (project / "libc.so.6").write_bytes(LIBRARY)
    (project / "Dockerfile").write_text("FROM corp/base:1\nENV LD_LIBRARY_PATH=/srv\nCOPY libc.so.6 /srv/\n")
    out = ask(run_depscan, "/bin/api", "--base", f"corp/base:1={source}")
    assert "  libc.so.6 => /srv/libc.so.6 (LD_LIBRARY_PATH)\n" in out


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/usr/bin/none", "/usr/bin/none: neither corp/base:1 nor the Dockerfile has it"),
        ("/opt/api", "; api stands at /usr/bin/api"),
        ("/usr/bin", "/usr/bin of corp/base:1 is a directory"),
        ("/usr/bin/data", "/usr/bin/data of corp/base:1: not an ELF file"),
        ("/usr/bin/loop", "/usr/bin/loop: a loop of symbolic links in corp/base:1"),
    ],
)
def test_what_there_is_in_its_place(path: str, words: str, project: Path, run_depscan: RunDepscan) -> None:
    source = make_source("layout", project)
    ran = run_depscan("why", path, "--isolated", "--base", f"corp/base:1={source}")
    assert ran.code == 2
    assert words in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [
        (
            "FROM debian:12\n",
            "one of debian:12 itself is seen in the real image only: pass --base debian:12=docker:debian:12 or ",
        ),
        ("FROM nobody/knows:1\n", "pass --base nobody/knows:1=docker:nobody/knows:1"),
        ("FROM scratch\n", "scratch is empty, and the Dockerfile does not put it there"),
        (
            "FROM debian:12\nRUN apt-get install -y curl\n",
            "RUN apt-get install -y curl may put it there, and that is known after a build only; "
            "ask the built image: echo FROM app | depscan why /usr/bin/curl - --base app=docker:app",
        ),
        ("FROM debian:12\nRUN rm /usr/bin/curl\n", "/usr/bin/curl: a RUN removes it"),
        ("FROM debian:12\nCOPY Dockerfile /usr/bin/curl\n", "comes from Dockerfile and is no ELF file"),
        ("FROM debian:12\nADD https://example.com/curl /usr/bin/\n", "whose bytes are known after a build only"),
        ("FROM debian:12\nWORKDIR /usr/bin/curl\n", "is a directory"),
        ("# nothing\n", "no stage with a final file system"),
    ],
)
def test_how_to_make_it_known(dockerfile: str, words: str, project: Path, run_depscan: RunDepscan) -> None:
    (project / "Dockerfile").write_text(dockerfile)
    ran = run_depscan("why", "/usr/bin/curl", "--isolated")
    assert ran.code == 2
    assert words in ran.err
    assert ran.err.count("\n") == 1


def test_a_kept_base_has_its_libraries_only(
    project: Path, run_depscan: RunDepscan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPSCAN_DATA_DIR", str(project / "data"))
    source = make_source("layout", project)
    assert run_depscan("image", "--add", str(source), "--as", "corp/base:1", "--isolated").code == 0
    ran = run_depscan("why", "/usr/bin/api", "--isolated")
    assert ran.code == 2
    assert "of corp/base:1 the libraries are kept, but not its programs; pass --base corp/base:1=docker:" in ran.err
    assert ask(run_depscan, "/lib/x86_64-linux-gnu/libfoo.so.1").startswith(
        "/usr/lib/x86_64-linux-gnu/libfoo.so.1.0 on "
    )


def test_a_file_that_left_its_root_meanwhile(project: Path) -> None:
    from depscan.cli.image_files import open_image_file
    from depscan.images.contents import BadImageError
    from depscan.images.reference import parse_reference
    from depscan.platforms import DEFAULT_PLATFORM

    (project / "root").mkdir()
    (project / "root" / "api").symlink_to("/bin/sh")
    reference = parse_reference("corp/base:1")
    with (
        pytest.raises(BadImageError, match="/api is not the regular file that it was"),
        open_image_file(reference, str(project / "root"), DEFAULT_PLATFORM, "/api", {}),
    ):
        pass
