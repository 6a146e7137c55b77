"""The first line of scripts, as the kernel reads it; each law was seen on a real kernel (tests/live/test_starts.py)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from depscan.artifacts.script import HEAD_SIZE, Script, read_script


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"#!/bin/sh\necho", Script("/bin/sh")),
        (b"#!/bin/sh", Script("/bin/sh")),
        (b"#! \t/bin/bash -e  x \n", Script("/bin/bash", "-e  x")),
        (b"#!/bin/sh\r\n", Script("/bin/sh\r", returns=True)),
        (b"#!/bin/sh -e\r\n", Script("/bin/sh", "-e\r", returns=True)),
        (b"#!/bin/sh\0x\n", Script("/bin/sh")),
        (b"#!/usr/bin/env bash\n", Script("/usr/bin/env", "bash", "bash")),
        (b"#!/usr/bin/env bash\r\n", Script("/usr/bin/env", "bash\r", "bash\r", returns=True)),
        (b"#!/usr/bin/env bash -e\n", Script("/usr/bin/env", "bash -e", "bash -e")),
        (b"#!/usr/bin/env -S bash -e\n", Script("/usr/bin/env", "-S bash -e", "bash")),
        (b"#!/usr/bin/env -S bash\r\n", Script("/usr/bin/env", "-S bash\r", "bash", returns=True)),
        (b"#!/usr/bin/env -iS A=1 -u B 'node' --x\n", Script("/usr/bin/env", "-iS A=1 -u B 'node' --x", "node")),
        (b"#!/usr/bin/env --split-string=perl -w\n", Script("/usr/bin/env", "--split-string=perl -w", "perl")),
        (b"#!/usr/bin/env A=1\n", Script("/usr/bin/env", "A=1")),
        (b"#!/usr/bin/env -i\n", Script("/usr/bin/env", "-i")),
        (b"#!/usr/bin/env\n", Script("/usr/bin/env")),
        (b"#!\n/bin/sh", Script(None, flaw="a #! that names no interpreter")),
        (b"\xef\xbb\xbf#!/bin/sh\n", Script(None, flaw="a UTF-8 byte order mark")),
        (b"\xff\xfe#\0!\0/\0", Script(None, flaw="UTF-16 text")),
        (b"#!/" + b"a" * 300 + b"\n", Script(None, flaw="a first line of more than 256 bytes")),
        (b"#!/bin/sh -e " + b" " * 300 + b"\n", Script("/bin/sh", "-e")),
        (b"echo\n", None),
        (b"", None),
        (b"\x7fELF", None),
    ],
)
def test_a_first_line(head: bytes, expected: Script | None) -> None:
    assert read_script(head[:HEAD_SIZE]) == expected


def test_what_runs_a_script_is_named_as_its_author_meant_it() -> None:
    script = read_script(b"#!/usr/bin/env python3\r\n")
    assert script is not None
    assert script.wanted == "python3"


@given(st.binary(max_size=400))
def test_any_bytes_are_read(data: bytes) -> None:
    script = read_script(b"#!" + data)
    assert script is not None
    assert (script.interpreter is None) == (script.flaw is not None)
    assert script.interpreter is None or not script.interpreter.startswith((" ", "\t"))
