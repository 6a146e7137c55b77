"""The table of programs: what each does to a stage's files.

In: an `Action`. Out: its effects, by the reader of its program. Programs that change no program and no library are in
HARMLESS; of a program that stands nowhere here anything is assumed. This file is data: one row a program.
"""

from __future__ import annotations

import posixpath
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec.structs import replace

from depscan.filesystem import build_programs as build
from depscan.filesystem import download_programs as download
from depscan.filesystem import file_programs as files
from depscan.filesystem.effects import Disturb, RefreshCache
from depscan.filesystem.options import read_options
from depscan.filesystem.package_programs import add_source, run_manager
from depscan.filesystem.text_programs import run_sed, run_tee, strip_returns
from depscan.packages import PROGRAMS as MANAGERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from depscan.filesystem.effects import Action, Effect

    Reader = Callable[[Action], Iterable[Effect]]

# Shell built-ins, queries, text filters, accounts, keys and configuration.
HARMLESS = frozenset(
    """
    : [ alias break cd command continue dirs echo exit export false getopts hash history let local popd printf pushd
    pwd read readonly return set shift shopt sleep test times trap true type ulimit umask unalias unset wait
    arch awk b2sum base64 basename cat cksum cmp column comm cut date df diff dirname dmesg du egrep env envsubst
    expr factor fgrep file fold free gawk getconf getent grep groups head hexdump host hostname id ip join jq ldd
    less locale ls lsb_release lscpu man mawk md5sum mktemp more mount nl nm nproc nslookup numfmt objdump od
    paste ping printenv ps readelf readlink realpath rev seq sha1sum sha224sum sha256sum sha384sum sha512sum shuf
    sort split stat strings stty sum sync tac tail timedatectl tput tr tree tsort tty uname uniq uptime wc whereis
    which who whoami xxd yes yq
    addgroup adduser chage chattr chfn chgrp chown chpasswd chsh delgroup deluser gpasswd groupadd groupdel groupmod
    lchage newgrp passwd setcap setfacl useradd userdel usermod visudo
    apt-cache apt-config apt-key debconf-set-selections
    deb-systemd-helper dpkg-divert dpkg-query dpkg-reconfigure dpkg-statoverride cosign fc-cache gpg gpg2 gpgconf gpgv
    locale-gen localedef openssl slsa-verifier ssh-keygen ssh-keyscan trust update-ca-certificates update-ca-trust
    update-locale update-mime-database update-rc.d yum-config-manager
    a2disconf a2dismod a2dissite a2enconf a2enmod a2ensite chkconfig crontab echo_supervisord_conf initctl invoke-rc.d
    docker-php-ext-enable kill killall mknod mkfifo pkill rc-update service systemctl strip sysctl tzselect umount
    createdb createuser mysql mysqladmin nginx pg_ctl psql redis-cli scanelf xx-info xx-verify
    """.split()  # noqa: SIM905 - read as prose
)
_STANDARD = frozenset(
    f"{prefix}/{directory}"
    for prefix in ("", "/usr", "/usr/local", "/usr/glibc-compat")
    for directory in ("bin", "sbin")
) | {""}
_ENVIRONMENT_FILES = r"(^|/)(activate|os-release|lsb-release|\.?\w*(rc|profile|env|environment)|envvars|nvm\.sh)$"
_TOUCHES_ONLY = frozenset({"chmod", "sed", "touch", "perl"})


def run_dpkg(action: Action) -> Iterable[Effect]:
    """`dpkg -x` unpacks a package where it is told to; other verbs install, remove and ask."""
    return download.extract_package(action) or run_manager(action)


def run_dpkg_deb(action: Action) -> Iterable[Effect]:
    """`dpkg-deb -x` unpacks, `-b` writes a package; other verbs print."""
    extracted = download.extract_package(action)
    if extracted is not None:
        return extracted
    builds = any(word.text in {"-b", "--build", "-R", "--raw-extract", "-e"} for word in action.command.words)
    return [Disturb((action.around(action.command.words[-1]),))] if builds else ()


def nothing(action: Action) -> Iterator[Effect]:  # noqa: ARG001 - a reader like the others
    """Change no program and no library."""
    yield from ()


def run_apt_mark(action: Action) -> Iterable[Effect]:
    """`apt-mark` says which packages are to stay."""
    from depscan.filesystem.package_removal import mark_packages  # noqa: PLC0415 - few files use it

    return mark_packages(action)


def run_ldconfig(action: Action) -> Iterator[Effect]:
    """`ldconfig` rebuilds the cache; with -n, -N, -p, -C or -r it leaves the image's cache alone."""
    if not read_options(action.command.words[1:], "Crf").has("n", "N", "p", "C", "r", "--print-cache"):
        yield RefreshCache()


def run_shell(action: Action) -> Iterable[Effect]:
    """A shell runs what is not known here, or the script of an installer."""
    return _run_installer(action) or build.run_anything(action)


def run_python(action: Action) -> Iterable[Effect]:
    """Python runs a module, or the script of an installer."""
    return _run_installer(action) or build.run_module(action)


def run_script(action: Action) -> Iterable[Effect]:
    """A program of the stage's own, which may be the script of an installer."""
    return _run_installer(action) or build.run_anything(action)


def _run_installer(action: Action) -> list[Effect] | None:
    from depscan.filesystem.installer_programs import run_installer_script  # noqa: PLC0415 - few stages fetch scripts

    return run_installer_script(action)


def run_find(action: Action) -> Iterator[Effect]:
    """`find`: -delete and `-exec rm` are passed over as an unknown `rm` is; other -exec change what they find."""
    words = [word.text for word in action.command.words]
    started = {after for before, after in pairwise(words) if before in {"-exec", "-execdir", "-ok"}}
    names = {posixpath.basename(name or "?") for name in started}
    if names - HARMLESS - _TOUCHES_ONLY - {"rm"}:
        yield from build.run_anything(action)
    elif names & _TOUCHES_ONLY:
        starts = [word.text for word in action.command.words[1:2] if word.text and not word.text.startswith("-")]
        path = action.path(starts[0] if starts else ".")
        yield Disturb((path or "/",))


def run_source(action: Action) -> Iterator[Effect]:
    """`. FILE`: files that only set variables by their name; any other is a script."""
    if len(action.command.words) < 2 or not re.search(_ENVIRONMENT_FILES, action.command.words[1].text or ""):
        yield from build.run_anything(action)


def run_alternatives(action: Action) -> Iterator[Effect]:  # noqa: ARG001 - a reader like the others
    """update-alternatives links programs and, rarely, libraries of the distribution."""
    yield Disturb(("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/share", "/etc"), foreign_libc=False)


def run_copy_tool(action: Action) -> Iterator[Effect]:
    """rsync, scp: the last operand changes. dd: its `of`."""
    words = [word.text for word in action.command.words[1:]]
    outputs = [word[3:] for word in words if word and word.startswith("of=")]
    path = action.path(outputs[0]) if outputs else None
    yield Disturb((path or action.around(action.command.words[-1]),))


READERS: dict[str, Reader] = {
    **dict.fromkeys(HARMLESS, nothing),
    **dict.fromkeys(MANAGERS, run_manager),
    **dict.fromkeys(("add-apt-repository", "apt-add-repository"), add_source),
    **dict.fromkeys(build.TOOLS, build.run_tool),
    **dict.fromkeys(("make", "gmake", "ninja", "cmake", "meson", "bmake"), build.run_make),
    **dict.fromkeys(("python", "pypy"), run_python),
    **dict.fromkeys(("rm", "rmdir", "unlink", "shred"), files.remove),
    **dict.fromkeys(("patchelf", "upx", "chrpath", "sstrip", "execstack"), files.rewrite),
    **dict.fromkeys(("dos2unix", "fromdos"), strip_returns),
    **dict.fromkeys(("sed", "perl"), run_sed),
    **dict.fromkeys(("tar", "bsdtar"), download.run_tar),
    **dict.fromkeys(("unzip", "7z", "7za", "unrar"), download.run_unzip),
    **dict.fromkeys(
        ("gunzip", "gzip", "bunzip2", "bzip2", "unxz", "xz", "unzstd", "zstd", "pigz"), download.unpack_beside
    ),
    **dict.fromkeys((".", "source"), run_source),
    **dict.fromkeys(("sh", "bash", "ash", "dash"), run_shell),
    **dict.fromkeys(("update-alternatives", "alternatives"), run_alternatives),
    **dict.fromkeys(("rsync", "scp", "dd"), run_copy_tool),
    "apt-mark": run_apt_mark,
    "chmod": files.change_mode,
    "dpkg": run_dpkg,
    "dpkg-deb": run_dpkg_deb,
    "cp": files.copy,
    "curl": download.run_curl,
    "find": run_find,
    "gh": download.run_gh,
    "git": download.run_git,
    "install": files.install,
    "ldconfig": run_ldconfig,
    "ln": files.link,
    "mkdir": files.make_directory,
    "mv": files.move,
    "tee": run_tee,
    "touch": files.touch,
    "wget": download.run_wget,
}


def read_effects(action: Action) -> Iterable[Effect]:
    """What the command's program does, redirections apart."""
    words = action.command.words
    if not words:
        return ()
    if words[0].text is None and (name := re.fullmatch(r"\"?\$\{?\w+\}?/(?:bin/)?([a-z][\w-]*)\"?", words[0].raw)):
        known = (replace(words[0], text=name[1]), *words[1:])  # $JAVA_HOME/bin/jlink
        if name[1] in build.TOOLS:
            action = replace(action, command=replace(action.command, words=known))
    return _reader(action.command.words[0].text)(action)


def _reader(program: str | None) -> Reader:
    """The reader of a program; gcc-12 is gcc, and a table's name in a directory of its own is another program."""
    directory, name = posixpath.split(program or "")
    if name == "install" and directory not in _STANDARD:
        return download.run_installer
    plain = name if name in READERS else build.unversioned(name)
    if directory not in _STANDARD and plain not in build.TOOLS and plain != "python":
        return run_script
    return READERS.get(plain, build.run_anything)
