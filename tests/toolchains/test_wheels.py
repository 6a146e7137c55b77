"""What a wheel's file name says, and which markers hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depscan.toolchains.python_markers import holds
from depscan.toolchains.wheels import file_name, read_wheel


@pytest.mark.parametrize(
    ("name", "libcs", "pure"),
    [
        ("psutil-6.0.0-cp36-abi3-manylinux_2_12_x86_64.manylinux2010_x86_64.whl", {"glibc"}, False),
        ("psutil-6.0.0-cp36-abi3-musllinux_1_2_x86_64.whl", {"musl"}, False),
        ("psutil-6.0.0-cp36-abi3-manylinux_2_12_aarch64.whl", set(), False),
        ("own-1.0-cp312-cp312-linux_x86_64.whl", {"glibc", "musl"}, False),
        ("flask-3.0.0-py3-none-any.whl", set(), True),
        ("own-1.0-1build-cp312-cp312-macosx_11_0_arm64.whl", set(), False),
    ],
)
def test_wheel(name: str, libcs: set[str], pure: bool) -> None:
    wheel = read_wheel(name)
    assert wheel is not None
    assert (wheel.libcs("amd64"), wheel.pure) == (libcs, pure)


@pytest.mark.parametrize(
    ("tag", "version", "fits"),
    [
        ("cp312-cp312", "3.12", True),
        ("cp312-cp312", "3.11", False),
        ("cp39-abi3", "3.12", True),
        ("cp313-abi3", "3.12", False),
        ("py3-none", "3.12", True),
        ("pp310-pypy310_pp73", "3.10", False),
        ("cp312-cp312", None, True),
    ],
)
def test_python_of_a_wheel(tag: str, version: str | None, fits: bool) -> None:
    wheel = read_wheel(f"own-1.0-{tag}-manylinux_2_17_x86_64.whl")
    assert wheel is not None
    assert wheel.fits(version) is fits


@pytest.mark.parametrize("name", ["own-1.0.tar.gz", "own.whl", "own-1.0-cp312.whl", ""])
def test_other_names(name: str) -> None:
    assert read_wheel(name) is None


@given(
    st.from_regex(r"[a-z]{1,8}(-[a-z]{1,4})?", fullmatch=True),
    st.from_regex(r"\d{1,3}(\.\d{1,3}){0,2}", fullmatch=True),
)
def test_a_name_that_is_made_is_read_again(name: str, version: str) -> None:
    wheel = read_wheel(file_name(name, version, "3.12", "linux_x86_64"))
    assert wheel is not None
    assert (wheel.name, wheel.version, wheel.fits("3.12"), wheel.fits("3.11")) == (name, version, True, False)


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        (None, True),
        ("sys_platform == 'win32'", False),
        ("sys_platform != 'win32'", True),
        ('python_version >= "3.8" and sys_platform == "linux"', True),
        ('python_version < "3.10"', False),
        ('python_full_version < "3.12.4"', False),
        ('sys_platform == "win32" or platform_system == "Linux"', True),
        ('platform_machine == "x86_64"', None),
        ('platform_machine == "x86_64" and sys_platform == "win32"', False),
        ('extra == "dev"', None),
        ('(python_version >= "3.8")', None),
    ],
)
def test_marker(marker: str | None, expected: bool | None) -> None:
    assert holds(marker, "3.12") is expected
