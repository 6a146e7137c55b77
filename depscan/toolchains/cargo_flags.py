"""The compiler's flags of a Rust build, from wherever they come, and what they say of static linking.

In: the command's arguments, the environment, the configuration files that hold, the target. Out: the flags as text and
whether all are known; why a program is static. The first source that is set counts (Cargo book, "build.rustflags").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from depscan.toolchains.crates import table, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depscan.toolchains.arguments import Arguments
    from depscan.toolchains.triples import Target
    from depscan.toolchains.workplace import Workplace


def read_flags(
    arguments: Arguments, configuration: Iterable[dict[str, Any]], place: Workplace, target: Target, *, alone: bool
) -> tuple[str, bool]:
    """The compiler's flags as text, and whether all are known; `alone` is a call of rustc itself."""
    own = " ".join([*arguments.rest, *(value or "" for value in arguments.values("-C", "--codegen"))])
    own += " ".join(name for name, _ in arguments.flags if name.startswith("-Ctarget-feature"))
    own += " ".join(f"{name}={value}" for name, value in arguments.flags if name.startswith("-C"))
    own += " ".join(value or "" for value in arguments.values("--config"))
    environment = place.environment
    if alone:
        return own, True
    for name in ("CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"):
        if environment.get(name, "") != "":
            return f"{own} {environment[name] or ''}", environment[name] is not None
    name = f"CARGO_TARGET_{target.triple.upper().replace('-', '_')}_RUSTFLAGS"
    found = [environment.get(name) or "", *_configured(configuration, target)]
    if not any(found):
        found = [environment.get("CARGO_BUILD_RUSTFLAGS") or ""]
        found += [" ".join(_texts(table(data, "build").get("rustflags"))) for data in configuration]
    return f"{own} {' '.join(found)}", environment.get(name, "") is not None


def _configured(configuration: Iterable[dict[str, Any]], target: Target) -> Iterator[str]:
    """The flags of [target.TRIPLE] and of each [target.'cfg(...)'], as Linux with this C library may meet it."""
    for data in configuration:
        for name, section in table(data, "target").items():
            fits = name == target.triple or (name.startswith("cfg(") and not re.search("windows|macos|wasm", name))
            if fits and isinstance(section, dict):
                yield " ".join(_texts(section.get("rustflags")))


def _texts(value: object) -> tuple[str, ...]:
    return texts(value) if value is not None else ()


def why_static(flags: str, target: Target, place: Workplace) -> str | None:
    """Why the program is static, in a sentence; None where it is dynamic.

    bullseye's own rustc 1.48 takes no notice of +crt-static for glibc, bookworm's 1.63 does (measured).
    """
    switches = re.findall(r"([+-])crt-static", flags)
    if re.search(r"link-args?=[^,]*-static\b", flags):
        return "the linker is told -static"
    packaged = not {"cargo", "rustc"}.isdisjoint(place.packages)
    if switches and target.family == "glibc" and packaged and place.profile.release == "debian:11":
        return None
    if switches:
        return f"the target feature +crt-static links {target.triple} statically" if switches[-1] == "+" else None
    if target.family == "musl" and target.vendor != "alpine":
        return f"the target {target.triple} is linked statically"
    return None
