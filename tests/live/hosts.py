"""What loads a library: a program that calls dlopen, and a library with what a plugin's host would bring.

In: the C library's family; the libraries that will be loaded. Out: a folder to mount at /opt/host: `dlopen-glibc`,
`dlopen-musl` (see dlopen.c) and `libhost.so`, which defines every symbol that Python's extension modules and node's
addons expect of python and node, as functions that return 0, and needs the libraries of glibc that both of these need.
Compiled here by gcc, kept nowhere.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from depscan.artifacts.elf import explain_elf
from depscan.artifacts.facts import ElfFacts
from depscan.artifacts.symbols import unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_INTERPRETERS = {"glibc": "/lib64/ld-linux-x86-64.so.2", "musl": "/lib/ld-musl-x86_64.so.1"}
# No segment may be empty: musl before 1.2.3 refuses one (ldso/dynlink.c, map_library).
_BARE = ("gcc", "-O1", "-Wl,-z,noseparate-code", "-nostdlib", "-fno-builtin", "-fno-stack-protector")
_STUBS = {
    "libc.so.6": ("printf", "exit"),
    "libdl.so.2": ("dlopen", "dlerror"),
    "libm.so.6": (),
    "libpthread.so.0": (),
}

# Python's C API (PEP 7), Node-API, libuv's API and the C++ names of node and V8.
_HOST_SYMBOL = re.compile(r"_?Py[A-Z_]\w*|napi_\w+|node_\w+|uv_\w+|_ZNK?(?:St\w+)?\d*(?:4node|2v8)\w*|_ZT[VI]N2v8\w*")


def build_host(folder: Path, libraries: Iterable[Path]) -> Path:
    """Compile the programs and the library into `folder`."""
    stubs = [_build_library(folder / soname, set(symbols)) for soname, symbols in _STUBS.items()]
    _build_library(folder / "libhost.so", set(_host_symbols(libraries)), "-Wl,--no-as-needed", *stubs)
    for family, interpreter in _INTERPRETERS.items():
        source = str(Path(__file__).with_name("dlopen.c"))
        target = str(folder / f"dlopen-{family}")
        _compile(source, *stubs, "-fPIE", "-pie", f"-Wl,--dynamic-linker={interpreter}", "-o", target)
    for stub in stubs:  # only for the link editor
        Path(stub).unlink()
    folder.chmod(0o755)
    return folder


def _host_symbols(libraries: Iterable[Path]) -> Iterator[str]:
    for path in libraries:
        facts = explain_elf(path)
        if isinstance(facts, ElfFacts):
            yield from (name for name in _undefined(facts) if _HOST_SYMBOL.fullmatch(name))


def _undefined(facts: ElfFacts) -> tuple[str, ...]:
    symbols = unpack(facts.symbols or b"")
    return symbols.undefined if symbols else ()


def _build_library(target: Path, symbols: set[str], *more: str) -> str:
    labels = [f".globl {name}\n.type {name}, @function\n{name}:" for name in sorted(symbols)]
    source = target.with_suffix(".s")
    source.write_text(
        "\n".join([".text", *labels, "xor %eax, %eax", "ret", '.section .note.GNU-stack,"",@progbits', ""])
    )
    _compile(str(source), "-shared", f"-Wl,-soname,{target.name}", *more, "-o", str(target))
    source.unlink()
    return str(target)


def _compile(*arguments: str) -> None:
    subprocess.run([*_BARE, *arguments], check=True, capture_output=True, timeout=60)
