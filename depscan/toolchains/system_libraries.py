"""Libraries that builds of C and C++ ask for by name: modules of pkg-config, packages and targets of CMake.

In: names, and the libraries of the stage. Out: sonames, where the stage has exactly one for a name. The modules are
those whose .pc files in Debian 12's -dev packages have one `-l` of their own name in `Libs:` (read 2026-11-24); the
targets and variables those of CMake's own Find modules (cmake-modules(7)).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from depscan.toolchains.workplace import Workplace

# Module -> the name behind -l.
_MODULES: dict[str, str] = {
    **{
        name: name.removeprefix("lib")
        for name in """
        libarchive libbrotlicommon libbrotlidec libbrotlienc libcap libconfig libcrypto libcurl libevent libevent_core
        libevent_extra libevent_openssl libevent_pthreads libffi libgit2 libjpeg liblz4 liblzma libmagic libmariadb
        libmicrohttpd libmosquitto libnghttp2 libpcap libpcre2-16 libpcre2-32 libpcre2-8 libpcre2-posix libpng16 libpq
        libpulse libpulse-simple libseccomp libsodium libssh libssh2 libssl libudev libusb-1.0 libuv libwebp
        libwebpdemux libwebpmux libzmq libzstd dbus-1 expat fftw3 fftw3f gio-2.0 glib-2.0 gmp gnutls gobject-2.0
        hiredis jansson json-c mariadb rdkafka rdkafka++ snappy sqlite3 uuid cairo
        """.split()  # noqa: SIM905 - read as prose
    },
    "alsa": "asound",
    "freetype2": "freetype",
    "libnl-3.0": "nl-3",
    "libpng": "png16",
    "libtiff-4": "tiff",
    "libxml-2.0": "xml2",
    "yaml-0.1": "yaml",
    "zlib": "z",
}
_SEVERAL = {"openssl": ("ssl", "crypto")}  # whose .pc file requires two others
# Targets and variables of CMake's Find modules -> the names behind -l.
_TARGETS: dict[str, tuple[str, ...]] = {
    "CURL::libcurl": ("curl",),
    "OpenSSL::SSL": ("ssl",),
    "OpenSSL::Crypto": ("crypto",),
    "ZLIB::ZLIB": ("z",),
    "PostgreSQL::PostgreSQL": ("pq",),
    "SQLite::SQLite3": ("sqlite3",),
    "LibXml2::LibXml2": ("xml2",),
    "PNG::PNG": ("png16",),
    "JPEG::JPEG": ("jpeg",),
    "TIFF::TIFF": ("tiff",),
    "EXPAT::EXPAT": ("expat",),
    "BZip2::BZip2": ("bz2",),
    "LibLZMA::LibLZMA": ("lzma",),
    "LibArchive::LibArchive": ("archive",),
    "Freetype::Freetype": ("freetype",),
    "ALSA::ALSA": ("asound",),
    "${CURL_LIBRARIES}": ("curl",),
    "${OPENSSL_LIBRARIES}": ("ssl", "crypto"),
    "${ZLIB_LIBRARIES}": ("z",),
    "${PostgreSQL_LIBRARIES}": ("pq",),
    "${SQLite3_LIBRARIES}": ("sqlite3",),
    "${LIBXML2_LIBRARIES}": ("xml2",),
    "${PNG_LIBRARIES}": ("png16",),
    "${JPEG_LIBRARIES}": ("jpeg",),
    "${EXPAT_LIBRARIES}": ("expat",),
    "${BZIP2_LIBRARIES}": ("bz2",),
}
_OF_LIBC = frozenset({"c", "m", "pthread", "dl", "rt", "util", "resolv", "crypt", "nsl", "anl"})
_ASKING = re.compile(r"(?:pkg-config|pkgconf|\$\{?PKG_CONFIG\}?)\s([^()`$]*)")


def sonames_of(libraries: Iterable[str], place: Workplace) -> tuple[str, ...]:
    """The sonames that `-lNAME` finds in the stage for each name; none of libc's own."""
    found = (place.soname(name) for name in dict.fromkeys(libraries) if name not in _OF_LIBC)
    return tuple(soname for soname in found if soname is not None)


def libraries_of_modules(modules: Iterable[str]) -> tuple[str, ...]:
    """The names behind -l of pkg-config's modules; nothing for those that are not known."""
    names: list[str] = []
    for module in modules:
        names += _SEVERAL.get(module) or ([_MODULES[module]] if module in _MODULES else [])
    return tuple(names)


def libraries_asked_for(text: str) -> tuple[str, ...]:
    """What `$(pkg-config --libs MODULE...)` in a shell's text brings; nothing where it asks for static libraries."""
    names: list[str] = []
    for found in _ASKING.finditer(text[:2000]):
        words = found[1].split()
        if "--libs" in words and "--static" not in words:
            names += libraries_of_modules(word for word in words if not word.startswith("-"))
    return tuple(names)


def libraries_of_target(item: str) -> tuple[str, ...] | None:
    """What an argument of target_link_libraries names in CMake's own words; None for other words."""
    return _TARGETS.get(item)
