"""One package as a data file has it: the type that the readers of this room share."""

from msgspec import Struct, field


class PackageRow(Struct, frozen=True):
    """What one package contains and draws in.

    `libraries` are file names that the dynamic linker finds by default in the package itself, `depends` the packages
    of the same table that it draws in, `perhaps` those that another alternative or provider would, `recommends` those
    that apt takes unless told not to. `loaders` are the dynamic linkers it adds by that of the image (`compat` names
    the layer), `interpreters` paths of programs that scripts name. `complete` says that nothing else comes in.
    `source` and `as_of` stand where they differ from the release's.
    """

    libraries: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    perhaps: tuple[str, ...] = ()
    recommends: tuple[str, ...] = ()
    loaders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    compat: str | None = None
    interpreters: tuple[str, ...] = ()
    complete: bool = False
    source: str | None = None
    as_of: str | None = None


class Head(Struct, frozen=True):
    """Of which manager the packages of a release are, and where its rows come from."""

    manager: str
    source: str
    as_of: str
