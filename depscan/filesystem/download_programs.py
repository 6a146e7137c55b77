"""Programs that fetch and unpack: curl, wget, git, tar, unzip and the like.

In: an `Action`. Out: a file of unknown bytes where the download goes, an unknown change below the directory that is
unpacked into, and the programs that the address tells of. A tarball can bring a dynamic linker only where it is
unpacked.
"""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.artifacts.facts import Origin
from depscan.filesystem.effects import Disturb, Effect
from depscan.filesystem.options import read_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from depscan.filesystem.effects import Action
    from depscan.filesystem.entries import FileEntry
    from depscan.filesystem.options import Options
    from depscan.shell.commands import ShellWord

_CURL_VALUED = "AbcCdDeEFhHKmoPQrtTuUwxXyYz"  # curl(1), options with an argument
_CURL_LONG = (
    "--output", "--header", "--user-agent", "--retry", "--retry-delay", "--retry-max-time", "--connect-timeout",
    "--max-time", "--proto", "--proxy", "--request", "--data", "--user", "--output-dir", "--url", "--cacert", "--tlsv",
    "--write-out", "--cookie", "--referer", "--form", "--range", "--ciphers", "--tls-max", "--cert", "--key",
)  # fmt: skip
_WGET_VALUED = "oaeiBtOTwQPUlARDIX"  # wget(1)
_WGET_LONG = (
    "--output-document", "--directory-prefix", "--header", "--user-agent", "--tries", "--timeout", "--output-file",
    "--user", "--password", "--post-data", "--ca-certificate", "--wait",
)  # fmt: skip

_GH_LONG = ("--pattern", "--repo", "--dir", "--output", "--archive")

# Where the installers of AWS put a program of this name (their own --help; --install-dir moves it).
_HOMES = {"aws": "/usr/local/aws-cli/v2/current", "sam": "/usr/local/aws-sam-cli/current"}
_SEVEN_ZIP = frozenset({"7z", "7za"})
_TAR_CHOOSES = ("--exclude", "--transform", "X", "T", "--exclude-from", "--files-from")
_TAR_LONG = (
    "--exclude-from",
    "--files-from",
    "--directory",
    "--file",
    "--exclude",
    "--transform",
    "--owner",
    "--strip-components",
    "--strip",
)


def run_curl(action: Action) -> Iterator[Effect]:
    """`curl`: to standard output unless -o or -O says where."""
    options = read_options(action.command.words[1:], _CURL_VALUED, _CURL_LONG)
    directory = options.value("--output-dir")
    outputs = [value for name, value in options.values if name in {"o", "--output"}]
    urls = options.operands or tuple(value for name, value in options.values if name == "--url")
    for place, word in enumerate(outputs):
        if word.text == "-" and urls:
            action.tree.stream = _address(urls[min(place, len(urls) - 1)])
        elif word.text is None:
            yield Disturb((action.around(word),))
        else:
            yield from _download(
                action, _below(directory, word.text), urls[min(place, len(urls) - 1)] if urls else None
            )
    if options.has("O", "--remote-name", "--remote-name-all"):
        for url in urls:
            yield from _download(action, _below(directory, _file_name(url)), url)
    elif urls and not outputs:
        action.tree.stream = _address(urls[0])


def run_wget(action: Action) -> Iterator[Effect]:
    """`wget`: into the directory, under the URL's last component, unless -O or -P says where."""
    options = read_options(action.command.words[1:], _WGET_VALUED, _WGET_LONG)
    output = options.value("O", "--output-document")
    if options.has("r", "m", "--recursive", "--mirror", "i", "--input-file"):
        yield _into(action, options.value("P", "--directory-prefix"))
    elif output is not None and output.text is None:
        yield Disturb((action.around(output),))
    elif output is not None:
        action.tree.stream = _address(options.operands[0]) if output.text == "-" and options.operands else None
        yield from _download(action, output.text, next(iter(options.operands), None))
    else:
        directory = options.value("P", "--directory-prefix")
        for url in options.operands:
            yield from _download(action, _below(directory, _file_name(url)), url)


def _below(directory: ShellWord | None, name: str | None) -> str | None:
    if directory is None or name is None:
        return name
    return None if directory.text is None else posixpath.join(directory.text, name)


def _file_name(url: ShellWord) -> str | None:
    """The last component; of a URL with an unknown variable too, where that stands before it."""
    text = url.text if url.text is not None else url.raw.strip("\"'")
    name = posixpath.basename(re.sub(r"^\w+://[^/]*|[?#].*$", "", text))
    return None if not name or "$" in name or "`" in name else name


def _download(action: Action, name: str | None, url: ShellWord | None) -> Iterator[Effect]:
    """A file of unknown bytes; one of unknown name matters only where dynamic linkers and libraries stand."""
    path = action.path(name)
    if path is None:
        here = action.path(".")
        yield from [Disturb((here,))] if here not in {None, "/"} else []
    elif name != "-" and not path.startswith("/dev/"):
        from depscan.filesystem.downloads import fetch_of, fetched  # noqa: PLC0415 - few stages fetch

        source = _address(url) if url else action.reason
        yield fetched(fetch_of(action), path, source) or replace(action.written(path), origin=Origin.URL, source=source)


def _address(url: ShellWord) -> str:
    """A URL, as written where a variable of it is not known."""
    return url.text or url.raw.strip("\"'")


def _address_of(action: Action, path: str | None) -> str | None:
    """The URL that a file was fetched from; for None the one that comes through the pipe."""
    if path is None:
        return action.tree.stream if action.command.piped_input else None
    entry = action.tree.find(path)
    return entry.source if entry is not None and entry.origin is Origin.URL else None


def _into(action: Action, directory: ShellWord | None) -> Disturb:
    """An unknown change below a directory: the working directory without one."""
    here = action.path(".") or "/"
    return Disturb((here if directory is None else action.around(directory),))


def run_tar(action: Action) -> Iterator[Effect]:
    """`tar`: -x changes the directory (-C) below which it unpacks, -c writes the archive."""
    words = action.command.words[1:]
    if words and words[0].text and not words[0].text.startswith("-"):  # the old style: tar xzf ARCHIVE
        words = (replace(words[0], text="-" + words[0].text), *words[1:])
    options = read_options(words, "fCTXHbILNVK", _TAR_LONG)
    if options.has("O", "--to-stdout"):
        return
    if options.has("x", "--extract", "--get"):
        stripped = options.value("--strip-components", "--strip")
        archive, directory = options.value("f", "--file"), options.value("C", "--directory")
        chosen = options.value(*_TAR_CHOOSES) is not None
        local = None if chosen else _unpack_local(action, directory, archive, options.operands, stripped)
        yield from local or _unpack(action, directory, archive, options.operands, stripped=stripped is not None)
    elif options.has("c", "r", "u", "--create"):
        archive = options.value("f", "--file")
        if archive is not None and archive.text not in {None, "-"}:
            yield from (action.written(path) for path in action.paths((archive,)))


def run_unzip(action: Action) -> Iterator[Effect]:
    """`unzip -d DIRECTORY`, `7z x -oDIRECTORY`; listing and testing change nothing."""
    options = read_options(action.command.words[1:], "dxPo")
    if not options.has("l", "t", "v", "Z", "p"):
        operands = options.operands[1:] if action.command.name in _SEVEN_ZIP else options.operands  # behind its verb
        archive, members = next(iter(operands), None), operands[1:]
        directory, flat = options.value("d") or options.value("o"), options.has("j")
        local = None if options.has("x") else _unpack_local(action, directory, archive, members, flat=flat)
        yield from local or _unpack(action, directory, archive, members, stripped=flat)


def extract_package(action: Action) -> Iterator[Effect] | None:
    """`dpkg -x ARCHIVE DIRECTORY` and dpkg-deb's; None for what else they do (dpkg-deb(1))."""
    words = action.command.words[1:]
    if len(words) != 3 or words[0].text not in {"-x", "-X", "--extract", "--vextract"}:
        return None
    local = _unpack_local(action, words[2], words[1], ())
    return iter(local) if local is not None else iter([_into(action, words[2])])


def _unpack_local(
    action: Action,
    directory: ShellWord | None,
    archive: ShellWord | None,
    members: Sequence[ShellWord],
    stripped: ShellWord | None = None,
    *,
    flat: bool = False,
) -> list[FileEntry] | None:
    """The members of an archive that came from the build context; None where they are not known."""
    path = _archive_path(action, archive) if archive is not None else None
    into = action.path("." if directory is None else directory.text)
    strip = (stripped.text or "?") if stripped is not None else "0"
    names = [word.text for word in members if word.text is not None]
    if path is None or into is None or not strip.isdigit() or len(names) < len(members):
        return None
    if action.tree.find(path) is None:
        return None
    from depscan.filesystem.unpacking import unpack  # noqa: PLC0415 - few stages unpack what they were given

    return unpack(action, path, into, strip=int(strip), names=names, flat=flat)


def _unpack(
    action: Action,
    directory: ShellWord | None,
    archive: ShellWord | None,
    members: Sequence[ShellWord],
    *,
    stripped: bool,
) -> Iterator[Effect]:
    """An archive below a directory; without one named, or for `-`, it comes through a pipe."""
    into = _into(action, directory)
    piped = archive is None or archive.text in {"-", "/dev/stdin"}
    path = None if piped or archive is None else _archive_path(action, archive)
    url = _address_of(action, path) if piped or path is not None else None
    if url is None:
        yield into
        return
    from depscan.filesystem.downloads import fetch_of, is_program_archive, unpacked  # noqa: PLC0415 - few stages fetch

    at_root = directory is not None and into.roots == ("/",)  # `-C /` lays it over the system
    yield replace(into, foreign_libc=at_root or not is_program_archive(url))
    names = [word.text for word in members if word.text]
    yield from unpacked(fetch_of(action), into.roots[0], url, names, stripped=stripped)


def _archive_path(action: Action, archive: ShellWord) -> str | None:
    """The path of an archive; for a pattern that of the one file that fits it."""
    path = action.path(archive.text)
    if path is None or not archive.glob:
        return path
    beside = action.tree.below(posixpath.dirname(path))
    found = [entry.path for entry in beside if entry.kind == "file" and fnmatchcase(entry.path, path)]
    return found[0] if len(found) == 1 else None


def run_gh(action: Action) -> Iterator[Effect]:
    """`gh release download` fetches the assets that -p names (gh's manual); other verbs change nothing here."""
    options = read_options(action.command.words[1:], "pRDOA", _GH_LONG)
    if [word.text for word in options.operands[:2]] != ["release", "download"]:
        return
    here, output = options.value("D", "--dir"), options.value("O", "--output")
    repository = options.value("R", "--repo")
    tag = next((word.text for word in options.operands[2:3] if word.text), "latest")
    for name, pattern in options.values:
        if name not in {"p", "--pattern"}:
            continue
        text = pattern.text or pattern.raw.strip("\"'")
        address = (
            f"https://github.com/{(repository and repository.text) or '$REPOSITORY'}/releases/download/{tag}/{text}"
        )
        known = None if re.search(r"[*?\[$]", text) else text
        target = output.text if output is not None else _below(here, known)
        yield from _download(action, target, replace(pattern, text=address))
    if not any(name in {"p", "--pattern"} for name, _ in options.values):
        yield _into(action, here)


def run_installer(action: Action) -> Iterator[Effect]:
    """`./aws/install`: puts its program below /usr/local; another script of that name may do anything."""
    options = read_options(action.command.words[1:], "bi", ("--bin-dir", "--install-dir"))
    path = action.path(action.command.words[0].text)
    found = [
        (entry, home)
        for name, home in _HOMES.items()
        if path is not None and (entry := action.tree.find(f"{posixpath.dirname(path)}/dist/{name}")) is not None
    ]
    if not found:
        yield Disturb(("/",))
    for entry, home in found:
        binaries = options.value("b", "--bin-dir")
        directory = action.path(binaries.text) if binaries is not None else "/usr/local/bin"
        yield Disturb((home, directory or "/usr"), foreign_libc=False)
        name = posixpath.basename(entry.path)
        for place in (f"{home}/dist", directory):
            if place is not None:
                yield replace(entry, path=posixpath.join(place, name), span=action.span)


def unpack_beside(action: Action) -> Iterator[Effect]:
    """gunzip, xz, zstd, bunzip2: the operands' directories change."""
    options = read_options(action.command.words[1:], "S")
    yield from _directories(action, options)
    for path in action.paths(options.operands):
        url = _address_of(action, path)
        if url is not None:
            from depscan.filesystem.downloads import decompressed, fetch_of  # noqa: PLC0415 - few stages fetch

            found = decompressed(fetch_of(action), posixpath.splitext(path)[0], url)
            yield from [found] if found is not None else []


def _directories(action: Action, options: Options) -> Iterator[Effect]:
    for path in action.paths(options.operands):
        yield Disturb((posixpath.dirname(path),))


def run_git(action: Action) -> Iterator[Effect]:
    """`git clone` makes a directory, other verbs change the working tree; `config` and queries change nothing here."""
    options = read_options(action.command.words[1:], "Cbco", ("--branch", "--depth", "--origin", "--jobs", "--config"))
    verb, *rest = options.operands or (None,)
    base = options.value("C")
    if verb is None or verb.text in {"config", "log", "rev-parse", "describe", "status", "--version", "lfs", "show"}:
        return
    if verb.text != "clone" or not rest or rest[0] is None:
        yield _into(action, base)
    elif len(rest) > 1:
        yield _into(action, rest[1])
    else:
        name = (_file_name(rest[0]) or "").removesuffix(".git")
        path = action.path(_below(base, name)) if name else None
        yield Disturb((path,)) if path else _into(action, base)
