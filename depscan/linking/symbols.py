"""Undefined symbols against what the libraries found define.

In: the `Closure`, the `Loader`, the `Root`. Out: a `SymbolCheck` for each strong undefined symbol that is missing or
not known. musl looks names up without versions and binds all of a program's at start (ldso/dynlink.c, do_relocs: only
dlopen sets `lazy`). glibc looks for name and version (elf/dl-lookup.c, do_lookup_x) and binds functions at their first
call unless the file asks for more (elf/dl-reloc.c). What a version need was found for in the image's own library, the
library has. What a plugin needs without a version, its host may have.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from depscan.artifacts.symbols import bare_names
from depscan.filesystem.entries import Presence
from depscan.findings import Confidence
from depscan.images.exports import (
    Exports,
    gcompat_exports,
    has_one_version,
    library_exports,
    musl_exports,
    names_of_musl,
)
from depscan.linking.closure import is_musls_own
from depscan.linking.placement import SymbolCheck
from depscan.linking.versions import numeric, providers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from depscan.linking.closure import Closure
    from depscan.linking.loaders import Loader
    from depscan.linking.root import Root
    from depscan.linking.search import Loaded

MAX_CHECKS = 200  # of one program: more than anybody reads
_UNLISTED = Exports(frozenset(), frozenset(), closed=False)
_PRIVATE = "GLIBC_PRIVATE"
_ALIASES_SINCE = (1, 2, 4)
_BROUGHT = ("libc.so.6", "libm.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2")

# Names that only a C library defines: glibc's fortified functions, C23's, finite mathematics, and its own namespace.
_LIBCS_OWN = r"__\w+_chk|__isoc\d\d_\w+|__\w+_finite|__libc_\w+|gnu_get_libc_\w+|__cxa_thread_atexit_impl"
_LIBCS_START = ("__", "gnu_get")
_BESIDE_GCOMPAT = r"_?obstack_\w+|(?:get|set|make|swap)context"  # of libobstack and libucontext


class _Library(Struct, frozen=True):
    """A provider: what it surely and possibly defines by name, and `full` names with versions where it was read."""

    names: Exports
    full: frozenset[str] | None = None


def check_symbols(
    program: Loaded, closure: Closure, loader: Loader, root: Root, *, plugin: bool
) -> tuple[SymbolCheck, ...]:
    """The symbols that are missing or not known, in load order; at most MAX_CHECKS.

    `plugin`: the program is a shared object, which some host process loads.
    """
    objects = list({loaded.path: loaded for loaded in (program, *closure.objects.values())}.values())
    scope = (_Musl if loader.family == "musl" else _Glibc)(objects, closure, loader, root, plugin=plugin)
    return tuple(islice(scope.check(), MAX_CHECKS))


class _Scope:
    """The objects of one process, the program first, and what each defines."""

    def __init__(self, objects: list[Loaded], closure: Closure, loader: Loader, root: Root, *, plugin: bool) -> None:
        self.program = objects[0]
        self.objects = objects
        self.closure = closure
        self.loader = loader
        self.root = root
        self.plugin = plugin
        self.machine = self.program.facts.machine if self.program.facts else ""
        self._libraries: dict[str, _Library] = {}

    def undefined(self, loaded: Loaded) -> Iterator[tuple[str, bool]]:
        """Each strong undefined symbol of an object in the order of lookup, and whether it may wait for its first call.

        musl begins with the relocations of calls (reloc_all), glibc ends with them (ELF_DYNAMIC_RELOCATE).
        """
        symbols = self.root.symbols(loaded.path, loaded.facts) if loaded.facts is not None else None
        if symbols is not None and loaded.facts is not None:
            late = not loaded.facts.bind_now and not self.root.filesystem.environment.get("LD_BIND_NOW")
            functions, data = [(name, late) for name in symbols.functions], [(name, False) for name in symbols.data]
            yield from (*functions, *data) if self.loader.family == "musl" else (*data, *functions)

    def library(self, loaded: Loaded) -> _Library:
        """What an object defines: read from its file, else by the knowledge of its release."""
        if loaded.path not in self._libraries:
            self._libraries[loaded.path] = self._find_library(loaded)
        return self._libraries[loaded.path]

    def _find_library(self, loaded: Loaded) -> _Library:
        symbols = self.root.symbols(loaded.path, loaded.facts) if loaded.facts is not None else None
        if symbols is not None:
            names = bare_names(symbols.exports)
            return _Library(Exports(names, names), symbols.exports)
        release = self.loader.profile.release if self.root.copied(loaded.path) is None else None
        return _Library(library_exports(loaded.name, release, self.machine) or _UNLISTED)


class _Musl(_Scope):
    """musl: a symbol is provided by any object, whatever its version."""

    def check(self) -> Iterator[SymbolCheck]:
        known = _Known.of(self._all())
        for loaded in self.objects:
            if loaded is not self.program and self.root.copied(loaded.path) is None:
                continue  # the image's own libraries fit each other
            asked = _asked_of_musl(loaded)
            for name, version, late in self._left_open(loaded):
                if any([name in names for names in known.certain]) or self._is_hosts(name, version, known):  # noqa: C419
                    continue  # a list, since most names are in the first of few, and a generator costs more
                foreign = loaded.facts is not None and loaded.facts.libc == "glibc"
                presence = self._judge(name, known, asked=version in asked, foreign=foreign)
                if presence is not Presence.PROVIDED:
                    confidence = self._confidence(known)
                    yield SymbolCheck(name, version or None, loaded.path, presence, late and self.plugin, confidence)

    def _left_open(self, loaded: Loaded) -> tuple[tuple[str, str, bool], ...]:
        """What neither musl nor a library that the object itself needs defines, found once for all its processes."""
        needed = [self.closure.objects.get(name) for name in (loaded.facts.needed if loaded.facts else ())]
        providers = {each.path: each for each in needed if each is not None and each.path != self.loader.path}
        key = ("symbols", loaded.path, self.loader, *providers)
        return self.root.once(key, lambda: tuple(self._unmet(loaded, providers.values())))

    def _unmet(self, loaded: Loaded, providers: Iterable[Loaded]) -> Iterator[tuple[str, str, bool]]:
        known = [self._libc.names.certain, *(self.library(each).names.certain for each in providers)]
        for symbol, late in self.undefined(loaded):
            name, _, version = symbol.partition("@")
            if not any([name in names for names in known]):  # noqa: C419 - a generator costs more
                yield name, version, late

    def _all(self) -> list[_Library]:
        """The C library first, then what else is in the process."""
        objects = self.closure.objects.values()
        others = [each for each in objects if not is_musls_own(each.name) and each.path != self.loader.path]
        found = [self._libc, self.library(self.program), *map(self.library, others)]
        if self.loader.compat == "gcompat" or any("libgcompat.so" in loaded.name for loaded in others):
            found.append(_Library(gcompat_exports()))
        elif self.loader.compat == "libc6-compat":  # once a link to musl, since gcompat 1.1.0 the same as gcompat
            found.append(_Library(Exports(frozenset(), gcompat_exports().possible)))
        return found

    @cached_property
    def _libc(self) -> _Library:
        """What the C library defines: read from its dynamic linker, which it is, else known by its version."""
        version = self.loader.version
        for path in (self.loader.path, *self.loader.profile.loaders):
            facts = self.root.file(path).facts
            symbols = self.root.symbols(path, facts) if facts is not None else None
            if symbols is not None:
                names = bare_names(symbols.exports)
                answered = names | _aliases(names)
                certain = answered if version and numeric(version) >= _ALIASES_SINCE else names
                return _Library(Exports(certain, answered), symbols.exports)
        return _Library(musl_exports(version, self.machine) or _UNLISTED)

    def _judge(self, name: str, known: _Known, *, asked: bool, foreign: bool) -> Presence:
        """What no library surely defines: of libc's alone it is missing, other names may come from elsewhere.

        `asked`: its version was bound to a library that musl answers itself, so that no other file was meant to have
        it. `foreign`: an object of glibc, of which more is missing than of musl's own.
        """
        libc = known.libc.names
        if not libc.certain or (self.loader.compat is not None and re.fullmatch(_BESIDE_GCOMPAT, name)):
            return Presence.UNKNOWN if foreign else Presence.PROVIDED
        if name in known.doubtful:
            return Presence.UNKNOWN
        if re.fullmatch(_LIBCS_OWN, name):
            return Presence.MISSING
        if name in names_of_musl() or asked:
            return Presence.MISSING if libc.closed else Presence.UNKNOWN
        if self.plugin:
            return Presence.PROVIDED  # by its host
        if libc.closed and not known.open_end:
            return Presence.MISSING
        return Presence.UNKNOWN if foreign else Presence.PROVIDED

    def _is_hosts(self, name: str, version: str, known: _Known) -> bool:
        """Most of what a plugin leaves open: a name without version that no C library is known to have."""
        return (
            self.plugin
            and not version
            and not name.startswith(_LIBCS_START)
            and name not in names_of_musl()
            and name not in known.doubtful
        )

    def _confidence(self, known: _Known) -> Confidence:
        """Certain where every definition was read; distributions patch musl, and a host may bring what it likes."""
        read = known.libc.full is not None and not known.open_end
        return Confidence.CERTAIN if read and not self.plugin and not self.loader.compat else Confidence.LIKELY


class _Known(Struct, frozen=True):
    """What the libraries of a process define: surely (`certain`), possibly, and whether one of them is not known."""

    libc: _Library
    certain: tuple[frozenset[str], ...]
    doubtful: frozenset[str]
    open_end: bool

    @classmethod
    def of(cls, libraries: list[_Library]) -> _Known:
        names = [library.names for library in libraries]
        return cls(
            libc=libraries[0],
            certain=tuple(each.certain for each in names if each.certain),
            doubtful=frozenset().union(*(each.possible for each in names if each.possible is not each.certain)),
            open_end=any(not each.closed for each in names),
        )


def _asked_of_musl(loaded: Loaded) -> frozenset[str]:
    """The versions that an object bound to libraries that musl answers itself."""
    needs = loaded.facts.version_needs.items() if loaded.facts else ()
    return frozenset(need.name for library, found in needs if is_musls_own(library) for need in found)


@lru_cache(8)
def _aliases(names: frozenset[str]) -> frozenset[str]:
    """What musl's dynamic linker answers since 1.2.4 beside its symbols: open64 for open, ... (get_lfs64)."""
    return frozenset(name for name in names_of_musl() if "64" in name and name.replace("64", "") in names)


class _Glibc(_Scope):
    """glibc: a versioned symbol is missing where the library that its version need names lacks it, and all others too.

    The dynamic linker compares name and version, not the file: libpthread.so.0 of 2.34 and later is empty, and what was
    bound to it is found in libc.so.6 (elf/dl-lookup.c, check_match).
    """

    def check(self) -> Iterator[SymbolCheck]:
        others = [loaded for loaded in self.objects if loaded is not self.program]
        if not any(loaded.facts is not None or has_one_version(loaded.name) for loaded in others):
            return  # nothing is known of the image's libraries but their versions
        confidence = Confidence.LIKELY if self.plugin else Confidence.CERTAIN
        for loaded in self.objects:
            for symbol, late in self._left_open(loaded):
                if not self._anywhere(symbol):
                    name, _, version = symbol.partition("@")
                    yield SymbolCheck(name, version or None, loaded.path, Presence.MISSING, late, confidence)

    def _left_open(self, loaded: Loaded) -> tuple[tuple[str, bool], ...]:
        """What an object's providers lack; of one that meets the same ones in many processes it is found once."""
        alone = self.plugin or self.root.copied(loaded.path) is None
        everywhere = None if alone else self._whole_process
        process = None if everywhere is None else tuple(each.path for each in self.objects)
        key = ("symbols", loaded.path, self.loader, providers_of(loaded, self.closure), process)
        return self.root.once(key, lambda: tuple(self._unmet(loaded, everywhere)))

    def _unmet(self, loaded: Loaded, everywhere: frozenset[str] | None) -> Iterator[tuple[str, bool]]:
        """`everywhere` is where a symbol without version can come from, None where not all of that is known."""
        providers = self._providers(loaded)
        undefined = tuple(self.undefined(loaded)) if providers or everywhere is not None else ()
        read = {id(each): each.full for found in providers.values() for each in found if each.full is not None}
        doubtful = {symbol for symbol, _ in undefined}.difference(*read.values())  # few: the rest is met to the letter
        for symbol, late in undefined if doubtful else ():
            if symbol not in doubtful:
                continue
            name, _, version = symbol.partition("@")
            if version:
                unmet = version in providers and not any(_defines(each, name, symbol) for each in providers[version])
            else:
                unmet = everywhere is not None and name not in everywhere
            if unmet:
                yield symbol, late

    def _anywhere(self, symbol: str) -> bool:
        """Whether a library that was read defines a symbol with its version."""
        return "@" in symbol and any(symbol in (self.library(each).full or ()) for each in self.objects)

    def _providers(self, loaded: Loaded) -> dict[str, tuple[_Library, ...]]:
        """The libraries of each version that an object needs, where all are known and may not fit the object.

        Libraries of one origin, the stage or the image, mostly do. Those of the image of which only the names are known
        have what their versions say, but where a version has the same name in every release, as GLIBC_PRIVATE.
        """
        found: dict[str, list[_Library]] = {}
        own = self.root.copied(loaded.path) is None
        for soname, needs in loaded.facts.version_needs.items() if loaded.facts else ():
            provider = self.closure.objects.get(soname)
            if own and (provider is None or self.root.copied(provider.path) is None):
                continue
            for need in needs:
                found.setdefault(need.name, []).append(self._provider(provider, need.name))
        return {name: tuple(all_) for name, all_ in found.items() if all(library.names.closed for library in all_)}

    def _provider(self, provider: Loaded | None, version: str) -> _Library:
        if provider is None:
            return _Library(_UNLISTED)
        if provider.facts is None and version != _PRIVATE and not has_one_version(provider.name):
            return _Library(_UNLISTED)
        return self.library(provider)

    @cached_property
    def _whole_process(self) -> frozenset[str] | None:
        """All names that the libraries of the process define; None where one of them is not known."""
        libraries = [self.library(each) for each in self.objects]
        if not all(library.names.closed for library in libraries):
            return None
        release = self.loader.profile.release
        brought = (library_exports(soname, release, self.machine) for soname in _BROUGHT)  # by libraries of the image
        known = (library.names for library in libraries)
        return frozenset().union(*(names.certain for names in (*known, *brought) if names is not None))


def _defines(library: _Library, name: str, symbol: str) -> bool:
    """By name and version; a name of the base version, or of a library without versions, answers for any."""
    return name in library.names.certain if library.full is None else symbol in library.full or name in library.full
