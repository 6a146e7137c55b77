"""Go modules that are C with a Go face, for programs whose modules are not in the build context.

In: an import path. Out: `Binding`: the libraries that its `#cgo` lines name on Linux, and those that a tag chooses.
Read in the sources of the modules, `import "C"` and `#cgo` lines (2026-11-24): Debian 12's golang-*-dev packages, and
the projects' own repositories where Debian changes the linking (go-sqlite3, zstd, confluent-kafka-go).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from depscan.toolchains.go_constraints import Target

# Names libc for the dynamic linker in its sources, without cgo (`//go:cgo_import_dynamic` in dlfcn_nocgo_linux.go).
PUREGO = re.compile(r"github\.com/ebitengine/purego(/.*)?")


class Binding(Struct, frozen=True):
    """A package for cgo: the names behind -l, None where they are not known, and those of tags."""

    path: str
    links: tuple[str, ...] | None = ()
    tagged: dict[str, tuple[str, ...]] = {}

    def links_of(self, target: Target) -> tuple[str, ...] | None:
        """What it links for a target; None where that is not known."""
        for tag, links in self.tagged.items():
            answer = target.has(tag)
            if answer is not False:
                return links if answer else None
        return self.links


_BINDINGS = (
    # Bundled: compiled from C in the module, or a static library that it carries.
    Binding("github.com/mattn/go-sqlite3", tagged={"libsqlite3": ("sqlite3",)}),
    Binding("github.com/DataDog/zstd", tagged={"external_libzstd": ("zstd",)}),
    Binding("github.com/confluentinc/confluent-kafka-go/kafka", tagged={"dynamic": ("rdkafka",)}),
    Binding("github.com/bmatsuo/lmdb-go/lmdb"),
    Binding("github.com/bep/gowebp/libwebp"),
    # What they need they open themselves.
    Binding("github.com/miekg/pkcs11"),
    Binding("github.com/coreos/go-systemd/sdjournal"),
    # The system's libraries.
    Binding("github.com/pebbe/zmq4", ("zmq",)),
    Binding("github.com/google/gopacket/pcap", ("pcap",)),
    Binding("github.com/gopacket/gopacket/pcap", ("pcap",)),
    Binding("github.com/akrennmair/gopcap", ("pcap",)),
    Binding("github.com/google/gousb", ("usb-1.0",)),
    Binding("github.com/seccomp/libseccomp-golang", ("seccomp",)),
    Binding("github.com/proglottis/gpgme", ("gpgme", "assuan", "gpg-error")),
    Binding("github.com/iovisor/gobpf/bcc", ("bcc",)),
    Binding("github.com/msteinert/pam", ("pam",)),
    Binding("github.com/jochenvg/go-udev", ("udev",)),
    Binding("github.com/mendersoftware/openssl", ("ssl", "crypto")),
    Binding("github.com/containerd/btrfs"),
    # C, with libraries that pkg-config names or that their versions link in several ways.
    *(
        Binding(path, None)
        for path in """
        github.com/libgit2/git2go github.com/libvirt/libvirt-go libvirt.org/go/libvirt gopkg.in/lxc/go-lxc
        github.com/gotk3/gotk3 github.com/ostreedev/ostree-go/pkg/otbuiltin github.com/veandco/go-sdl2/sdl
        github.com/h2non/bimg github.com/davidbyttow/govips github.com/linxGnu/grocksdb github.com/tecbot/gorocksdb
        github.com/marcboeker/go-duckdb github.com/duckdb/duckdb-go github.com/go-gl/gl github.com/godror/godror
        github.com/mutecomm/go-sqlcipher github.com/valyala/gozstd
        """.split()  # noqa: SIM905 - read as prose
    ),
)
_WHOLE = frozenset(
    """
    github.com/libgit2/git2go github.com/gotk3/gotk3 github.com/davidbyttow/govips github.com/h2non/bimg
    github.com/go-gl/gl
    """.split()  # noqa: SIM905 - of these all packages are, or use, C
)


@cache
def _rows() -> dict[str, Binding]:
    return {each.path: each for each in _BINDINGS}


def binding_of(path: str) -> Binding | None:
    """The binding of an import path, whatever its major version; None for all others."""
    plain = re.sub(r"/v\d+(?=/|$)|\.v\d+$", "", path)
    rows = _rows()
    return rows.get(plain) or next((rows[each] for each in _WHOLE if plain.startswith(f"{each}/")), None)
