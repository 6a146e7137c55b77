"""Libraries that builds of C and C++ ask for by name: modules of pkg-config, packages and targets of CMake.

In: names, and the libraries of the stage. Out: sonames, where the stage has exactly one for a name. The modules are
those whose .pc files in Debian 12's -dev packages have one `-l` of their own name in `Libs:` (read 2026-11-24); the
targets and variables those of CMake's own Find modules (cmake-modules(7)).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

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
# Debian's gcc links with --as-needed (`gcc -dumpspecs` and what it built, gcc 10, 12 and 14): a library of which
# nothing is used is left out. That is common with these: -lncurses is libncurses and libtinfo, either of which may do
# (Debian's linker script); libcrypto is named for the sake of libssl; libboost_system is empty since Boost 1.69. Calls
# in a source at hand tell that a library is used: of functions that it has and its companion has not (`nm -D`).
_SELDOM_USED: dict[str, tuple[str | None, str]] = {
    **dict.fromkeys(
        ("ncurses", "ncursesw", "curses"), (None, r"\b(initscr|newterm|newwin|endwin|printw|wrefresh)\s*\(")
    ),
    "crypto": ("ssl", r"\b(EVP|RAND|ERR|BIO|X509|RSA|HMAC|SHA\d*|MD5|OPENSSL|CRYPTO)_\w+\s*\("),
    "boost_system": (None, r"(?!)"),
}
_ASKING = re.compile(r"(?:pkg-config|pkgconf|\$\{?PKG_CONFIG\}?)\s([^()`$]*)")


def sonames_of(libraries: Iterable[str], place: Workplace, sources: Iterable[str] = ()) -> tuple[str, ...]:
    """The sonames that `-lNAME` finds in the stage for each name; none of libc's own, and none that may be left out.

    `sources` are the texts that are linked, as far as they are at hand.
    """
    names, texts = dict.fromkeys(name for name in libraries if name not in _OF_LIBC), tuple(sources)
    found = (place.soname(name) for name in names if _is_used(name, names, texts))
    return tuple(soname for soname in found if soname is not None)


def are_found(libraries: Iterable[str], place: Workplace) -> bool:
    """Whether the stage has exactly one library for each name, libc's own apart."""
    return all(place.soname(name) is not None for name in libraries if name not in _OF_LIBC)


def _is_used(name: str, others: Container[str], sources: tuple[str, ...]) -> bool:
    companion, calls = _SELDOM_USED.get(name, ("", ""))
    if companion == "" or (companion is not None and companion not in others):
        return True
    return any(re.search(calls, text) for text in sources)


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
