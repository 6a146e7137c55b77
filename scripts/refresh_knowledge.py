"""Write depscan/knowledge/*.jsonl from measured facts: for maintainers, never run by users.

In: FACTS_JSON (releases measured in containers and archives, tags of official images), a git checkout of
docker-library/official-images that has the commit which the facts name, and knowledge_additions.json beside this script
(rows read by hand, each with its source). Out: releases.jsonl, images.jsonl, moves.jsonl, variants.jsonl, sources.json:
sorted, one row a line, the same bytes for the same input. Prints what changed. Takes a minute.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from official_tags import Library

from depscan.images.naming import CHANNELS, named_releases
from depscan.images.override import glibc_ceiling

Row = dict[str, Any]
Named = Callable[[str], set[str]]

KNOWLEDGE = Path(__file__).parent.parent / "depscan" / "knowledge"
ADDITIONS = Path(__file__).with_name("knowledge_additions.json")

# When each source was read or last measured; a row of another source carries the date of the facts file.
SOURCE_DATES = {"pep600": "2026-08-08", "busybox": "2026-07-27", "distroless": "2026-08-21", "wolfi": "2026-08-22"}

# The layout (depscan/knowledge/layouts.json) of a release, by the longest prefix of its id.
LAYOUTS = {
    "voidlinux": "unread",
    "alpine": "alpine",
    "almalinux": "rpm-merged",
    "amazonlinux:2023": "rpm",
    "amazonlinux": "yum",
    "archlinux": "arch",
    "busybox:glibc": "busybox",
    "busybox": "busybox-static",
    "centos:6": "yum",
    "centos:7": "yum-merged",
    "centos": "rpm-merged",
    "debian:7": "debian",
    "debian:8": "debian",
    "debian:9": "debian",
    "debian:10": "debian",
    "debian:11": "debian",
    "debian": "debian-merged",
    "distroless:java": "distroless-language",
    "distroless:nodejs": "distroless-language",
    "distroless:python3": "distroless-language",
    "distroless": "distroless",
    "fedora": "rpm-merged",
    "frolvlad": "alpine",
    "manylinux:2014": "yum-merged",
    "manylinux": "rpm-merged",
    "nixos": "nix",
    "opensuse": "suse",
    "oraclelinux:6": "yum",
    "oraclelinux:7": "yum-merged",
    "oraclelinux": "rpm-merged",
    "photon": "tdnf",
    "rockylinux": "rpm-merged",
    "scratch": "none",
    "ubi:7": "yum-merged",
    "ubi": "rpm-merged",
    "ubuntu": "ubuntu",
    "wolfi": "wolfi",
}
# Package names of "the image has" lists and the sonames that they carry (Debian's Contents; the el9 soname of openssl
# from the facts' rockylinux:9 row).
HAS = {
    "libstdc++6": ["libstdc++.so.6"],
    "libstdc++": ["libstdc++.so.6"],
    "libgcc-s1": ["libgcc_s.so.1"],
    "libgcc": ["libgcc_s.so.1"],
    "libssl3t64": ["libcrypto.so.3", "libssl.so.3"],
    "openssl-libs": ["libcrypto.so.3", "libssl.so.3"],
    "zlib": ["libz.so.1"],
    "libffi8": ["libffi.so.8"],
    "libcrypt1": ["libcrypt.so.1"],
    "libzstd1": ["libzstd.so.1"],
    "libcurl-minimal": ["libcurl.so.4"],
    "sqlite-libs": ["libsqlite3.so.0"],
}
# Roots in the facts' tag tables that are named otherwise than their release.
RENAMED = {
    "alpine:20260805": "alpine:edge@20260805",
    "alpine:latest": "alpine",  # "FROM alpine:latest" in an old Dockerfile: the release of that day is not known
    "almalinux:latest": "almalinux:10",
    "almalinux:minimal": "almalinux:10",
    "fedora:45": "fedora:rawhide",
    "ubuntu-debootstrap:utopic": "ubuntu:14.10",
}
# The dist tag of the RPM packages of a distribution, before its number.
DIST_TAGS = {"fedora": "fc", "amazonlinux": "amzn", "photon": "ph"}
DIST_TAGS |= dict.fromkeys(["almalinux", "centos", "oraclelinux", "rockylinux", "ubi"], "el")
# Images whose patch-level tags are many and seldom named in FROM: the facts' X and X.Y tags must do.
CROWDED = {"azul-zulu", "clojure", "drupal", "ibm-semeru-runtimes", "sapmachine", "tomcat"}
PRERELEASE = re.compile(r"(?i)\d(?:rc|alpha|beta|-?m)-?\d|-ea|\bdev|\d{8}|tip|nightly|preview|-rc\b|onbuild")
# Images of which suggestions keep the version and change the distribution, and the variants worth it.
LANGUAGES = [
    "amazoncorretto",
    "dart",
    "eclipse-temurin",
    "erlang",
    "gcc",
    "golang",
    "gradle",
    "haskell",
    "julia",
    "maven",
]
LANGUAGES += ["node", "openjdk", "perl", "php", "pypy", "python", "ruby", "rust", "swift"]
PLAIN = re.compile(r"(?:-(?:slim|jdk|jre|cli|fpm|apache|zts|eclipse|temurin|\d+))*-[a-z]+[\d.]*(?:-slim|-jdk|-jre)?")
CORE = ["libanl.so.1", "libc.so.6", "libdl.so.2", "libm.so.6", "libpthread.so.0", "libresolv.so.2", "librt.so.1"]
CORE += ["libutil.so.1"]  # glibc's own shared objects, which no distribution splits off (PEP 599 lists these too)
NAMESPACES = {"GLIBC": "GLIBC_max", "GLIBCXX": "GLIBCXX_max_of_release", "CXXABI": "CXXABI_max_of_release"}
NAMESPACES |= {"GCC": "GCC_max"}


def main() -> None:
    """Read the facts, write the knowledge files, say which of them changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("facts", type=Path, metavar="FACTS_JSON")
    parser.add_argument("official_images", type=Path, metavar="OFFICIAL_IMAGES_CHECKOUT")
    arguments = parser.parse_args()
    facts = json.loads(arguments.facts.read_text("utf-8"))
    additions = json.loads(ADDITIONS.read_text("utf-8"))
    releases = release_rows(facts, additions)
    write("releases.jsonl", [releases[name] for name in sorted(releases)])
    commit, named = facts["sources"]["official-images"]["commit"], parts_of(facts)
    library = Library(arguments.official_images, commit, named)
    history = {image: library.tags(image) for image in facts["images"]}
    write("images.jsonl", ImageTable(releases, named).rows(facts, additions, history, library))
    write("moves.jsonl", move_rows({image: library.moves(image) for image in (*history, "debian", "ubuntu")}))
    write("variants.jsonl", variant_rows({image: history[image] for image in LANGUAGES}, named))
    sources = {name: describe(source) for name, source in facts["sources"].items()} | additions["sources"]
    dates = {"as_of": facts["generated"], "tags_as_of": library.date()}
    write("sources.json", [dates | {"sources": sources}])


def write(name: str, rows: list[Any]) -> None:
    """Write rows as compact JSON, one a line."""
    text = "".join(json.dumps(row, separators=(",", ":"), sort_keys=True, ensure_ascii=False) + "\n" for row in rows)
    path = KNOWLEDGE / name
    old = path.read_text("utf-8") if path.exists() else ""
    path.write_text(text, "utf-8")
    removed, added = set(old.splitlines()) - set(text.splitlines()), set(text.splitlines()) - set(old.splitlines())
    sys.stdout.write(f"{name}: {len(rows)} rows, {len(text)} bytes, {len(added)} new, {len(removed)} gone\n")


def describe(source: Row) -> str:
    """One line for a source: repository, commit, path."""
    return ", ".join(str(source[key]) for key in ("repo", "commit", "path", "what") if key in source)


def release_rows(facts: Row, additions: Row) -> dict[str, Row]:
    """All releases by id: the facts' rows, the rows read by hand, and glibc beside musl on Alpine."""
    measured = {spelled(row["id"]): row | {"id": spelled(row["id"])} for row in facts["releases"]}
    known = {name: row for name, row in measured.items() if "*" not in name}  # not what stands for several images
    rows = {name: from_facts(row, measured, facts["generated"]) for name, row in known.items()}
    for row in additions["releases"]:
        rows[row["id"]] = from_addition(row, rows, additions["packages"])
    for pair in additions["frolvlad"]:
        rows |= beside_musl(pair, facts["generated"])
    return rows


def spelled(name: str) -> str:
    """distroless:java17/21/25-debian13, one root for several images, is distroless:java-debian13."""
    return re.sub(r"\d+(/\d+)+-", "-", name)


def refuse_foreign(row: Row) -> None:
    """Stop at an RPM list whose dist tag is of another distribution: the scanner listed its own system."""
    distribution, _, number = row["id"].partition(":")
    wanted = DIST_TAGS.get(distribution)
    for tag, found in re.findall(r"\.(el|fc|amzn|ph)(\d+)", json.dumps(row.get("in_base_image"))):
        if wanted is not None and (tag, found) != (wanted, number.removeprefix("stream").partition(".")[0]):
            raise SystemExit(f"{row['id']}: its package list is of another system: .{tag}{found}")


def from_facts(row: Row, measured: dict[str, Row], generated: str) -> Row:
    """A release of the facts file in the packaged form."""
    refuse_foreign(row)
    name, like = row["id"], measured.get(row.get("distro") or slimless(row.get("built_from", "")), {})
    libraries, complete = libraries_of(row)
    libc = "none" if row["libc"] == "none" else row["libc"].split()[0]
    out = {"id": name, "libc": libc, "version": version_of(row), "layout": layout_of(row)}
    if libc == "glibc":
        out["ceilings"] = ceilings_of({**like, **row}, libraries if complete else None)
        extra = [entry.get(key, []) for entry in (like, row) for key in ("GLIBC_extra", "GLIBC_extra_now")]
        out["abi_tags"] = sorted(set().union(*extra))
    out |= {"libraries": libraries, "complete": complete, "rolling": row.get("rolling") or None}
    out |= {"openssl": openssl_of(row), "note": row.get("note"), "measured": row.get("arches_measured")}
    source = "+".join(filter(None, (row["source"], row.get("source2")))) or "none"
    out |= {"source": source, "as_of": date_of(row, generated), "commit": row.get("source_commit")}
    out["package"] = row.get("libc_package")
    return {key: value for key, value in out.items() if value not in (None, [], {}, "", False)}


def version_of(row: Row) -> str | None:
    """The libc's version; None where the facts say unknown or refer to another row."""
    version = row.get("libc_version")
    return version.partition("_git")[0] if version and version[0].isdigit() else None


def slimless(name: str) -> str:
    """debian:trixie-slim, which the facts name as busybox's origin, is debian:13."""
    return {"debian:trixie-slim": "debian:13"}.get(name, name)


def layout_of(row: Row) -> str:
    """The layout by the longest prefix of the id; distroless on debian13 is merged."""
    prefix = max((key for key in LAYOUTS if row["id"].startswith(key)), key=len, default="none")
    merged = row["id"].startswith("distroless") and row["id"].endswith("debian13")
    return "distroless-merged" if merged and LAYOUTS[prefix] == "distroless" else LAYOUTS.get(prefix, "rpm")


def openssl_of(row: Row) -> str | None:
    """The soname of libssl where it was seen."""
    soname = str(row.get("openssl_soname") or "unknown").split()[0]
    return soname if soname.startswith("lib") else None


def date_of(row: Row, generated: str) -> str:
    """The day for which the row holds."""
    dated = re.search(r"@(\d{4})(\d\d)(\d\d)$", row["id"])
    if dated:
        return "-".join(dated.groups())
    return generated if row.get("source2") else SOURCE_DATES.get(row["source"] or "", generated)


def libraries_of(row: Row) -> tuple[list[str], bool]:
    """Sonames of the base image without the dynamic linker (each architecture has its own), and whether that is all."""
    base = row.get("in_base_image")
    if isinstance(base, dict) and "sonames" in base:
        names = {name for name in base["sonames"] if not name.startswith(("ld-linux", "libc.musl-"))}
        if "libbz2.so.1" in names and row["libc"] == "glibc":
            names.add("libbz2.so.1.0")  # libbz2's real soname on Debian; seen in debootstrap roots of three suites
        return sorted(names), True
    names = set(CORE) if row["libc"] == "glibc" and row["id"] != "nixos/nix" else set()
    for package in base.get("has", ()) if isinstance(base, dict) else ():
        names.update(HAS.get(package.split()[0], ()))
    return sorted(names), False


def ceilings_of(row: Row, complete: list[str] | None) -> dict[str, str]:
    """The highest version of each namespace; not of a library that a complete list lacks."""
    out = {space: row[key] for space, key in NAMESPACES.items() if row.get(key, "unknown") != "unknown"}
    if "GLIBC" not in out and version_of(row):
        out["GLIBC"] = glibc_ceiling(str(version_of(row)))
    return without_absent(out, complete)


def without_absent(ceilings: dict[str, str], complete: list[str] | None) -> dict[str, str]:
    """Drop the ceilings of libstdc++ and libgcc_s where a complete list says that they are not there."""
    absent = set()
    if complete is not None:
        absent |= {"GLIBCXX", "CXXABI"} if "libstdc++.so.6" not in complete else set()
        absent |= {"GCC"} if "libgcc_s.so.1" not in complete else set()
    return {space: version for space, version in ceilings.items() if space not in absent}


def from_addition(row: Row, rows: dict[str, Row], packages: dict[str, list[str]]) -> Row:
    """A row read by hand: `like` names the release it stands on, `keep` the packages it has, `add` further sonames."""
    like = rows.get(row.get("like", ""), {})
    out = {key: value for key, value in row.items() if key not in ("like", "keep", "add")}
    if not like:
        return out
    kept = [soname for package in row.get("keep", "").split() for soname in packages[package]]
    names = set(kept) & ({*like["libraries"], "libgomp.so.1"}) if kept else set(like["libraries"])
    libraries = sorted(names | set(row.get("add", ())))
    inherited = {key: like[key] for key in ("libc", "version", "abi_tags", "openssl") if key in like}
    ceilings = without_absent(like["ceilings"], libraries if row.get("complete") else None)
    return inherited | {"ceilings": ceilings, "libraries": libraries} | out


def beside_musl(pair: str, generated: str) -> dict[str, Row]:
    """alpine-3.7_glibc-2.26: the image's row on its Alpine release, and the row of its glibc."""
    alpine, version = re.fullmatch(r"alpine-([\d.]+)_glibc-([\d.]+)", pair).groups()  # type: ignore[union-attr]
    second = f"glibc-compat:{version}"
    libraries = [*CORE, "libBrokenLocale.so.1", "libnss_dns.so.2", "libnss_files.so.2", "libthread_db.so.1"]
    libraries += [] if version == "2.42" else ["libgcc_s.so.1"]  # sgerrand's glibc-bin depends on Alpine's libgcc
    glibc = {"id": second, "libc": "glibc", "version": version, "ceilings": {"GLIBC": glibc_ceiling(version)}}
    glibc |= {"libraries": sorted(libraries), "complete": True, "layout": "glibc-compat", "as_of": generated}
    name = f"frolvlad/alpine-glibc:{pair}"
    image = {"id": name, "libc": "musl", "root": f"alpine:{alpine}", "second": second, "layout": "alpine"}
    return {second: glibc | {"source": "frolvlad+sgerrand"}, name: image | {"source": "frolvlad", "as_of": generated}}


class ImageTable:
    """The tags of images, gathered source by source: settled ones, and those which their publisher still moves."""

    def __init__(self, releases: dict[str, Row], named: Named) -> None:
        self.releases, self.named = releases, named
        self.tags: dict[tuple[str, str], tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))

    def rows(self, facts: Row, additions: Row, history: dict[str, dict[str, str]], library: Library) -> list[Any]:
        """[image, release, settled tags, moving tags]: sorted, so that an image's rows are neighbours."""
        self._roots(facts)
        for image, table in facts["images"].items():
            current = library.current(image)
            for root, names in table["tags_by_root"].items():
                self._official(image, release_of(root, self.releases), names, current)
            for tag, release in history[image].items():
                if image not in CROWDED:
                    self._official(image, release_of(release, self.releases), [tag], current)
        for key in [key for key in self.tags if key[0] in {row[0] for row in additions["images"]} - {"busybox"}]:
            del self.tags[key]  # what was read by hand holds more than a name in the facts
        for image, release, settled, *moving in additions["images"]:
            self._add(image, release, settled.split(), False)
            self._add(image, release, " ".join(moving).split(), True)
        for pair in additions["frolvlad"]:
            self._add("frolvlad/alpine-glibc", f"frolvlad/alpine-glibc:{pair}", [pair], False)
        keys = sorted(key for key, found in self.tags.items() if any(found))
        return [[*key, *(" ".join(sorted(names)) for names in self.tags[key])] for key in keys]

    def _roots(self, facts: Row) -> None:
        for row in facts["releases"]:
            for name in row["image_names"]:
                for image, tag in expanded(name):
                    self._add(
                        image, spelled(row["id"]), [tag], tag in CHANNELS and "/" not in image and image != "scratch"
                    )
        for image, moving in facts["moving_root_tags"].items():
            for tag, root in moving.items():
                release = release_of(root, self.releases)
                number = release.rpartition(":")[2]
                settled = tag.startswith(number) or bool(re.fullmatch(r"\d{8}", tag))
                self._add(image, release, [tag], not settled)

    def _official(self, image: str, release: str, tags: Iterable[str], current: set[str]) -> None:
        """Tags of an official image that do not name their release; a patch level does not move."""
        told = [tag for tag in tags if not self.named(tag) and not PRERELEASE.search(tag)]
        moving = {tag for tag in told if tag in current and not re.match(r"v?\d+\.\d+\.\d", tag)}
        self._add(image, release, moving, True)
        self._add(image, release, set(told) - moving, False)

    def _add(self, image: str, release: str, tags: Iterable[str], moving: bool) -> None:
        if image == "frolvlad/alpine-glibc" and release == image:  # the facts' row; the additions hold each pair
            return
        settled, movers = self.tags[image, release]
        (movers if moving else settled).update(tags)
        settled -= movers


def parts_of(facts: Row) -> Named:
    """The function that tells which releases a tag names, with the codenames of the facts."""
    names = [(name, row["id"]) for row in facts["releases"] for name in row["image_names"]]
    words = {name.partition(":")[2]: release for name, release in names if name.startswith(("debian:", "ubuntu:"))}
    codenames = {word: release for word, release in words.items() if word.isalpha() and word not in CHANNELS}
    return cache(lambda tag: named_releases(tag, codenames))


def variant_rows(history: dict[str, dict[str, str]], named: Named) -> list[Any]:
    """[image, version, tags]: the tags of whole and minor versions that name their release, for suggestions."""
    rows: dict[tuple[str, str], set[str]] = defaultdict(set)
    for image, tags in history.items():
        for tag in tags:
            version = re.match(r"\d+(?:\.\d+)?(?=-)", tag)
            if version and named(tag) and PLAIN.fullmatch(tag[version.end() :]):
                rows[image, version.group()].add(tag)
    return [[*key, " ".join(sorted(rows[key]))] for key in sorted(rows)]


def move_rows(moves: dict[str, dict[str, tuple[str, str, str]]]) -> list[Any]:
    """[image, date, release before, release after, tags]: the last move of each tag that images.jsonl calls moving."""
    rows = map(json.loads, (KNOWLEDGE / "images.jsonl").read_text("utf-8").splitlines())
    moving = {(image, tag, release) for image, release, _, tags in rows for tag in tags.split()}
    found: dict[tuple[str, str, str, str], list[str]] = defaultdict(list)
    for image, table in moves.items():
        for tag, (date, before, after) in table.items():
            if (image, tag, after) in moving:
                found[image, date, before, after].append(tag)
    return [[*key, " ".join(sorted(found[key]))] for key in sorted(found)]


def expanded(name: str) -> list[tuple[str, str]]:
    """The image and tag that a name of the facts stands for; braces and slashes are alternatives."""
    name = name.partition(" ")[0]
    if "{" in name:  # distroless debian11: these rows are among the additions
        return []
    image, _, tag = name.partition(":")
    many = re.fullmatch(r"(\D+)([\d/]+)(-debian\d+)", image)
    numbers = many.group(2).split("/") if many else []
    images = [f"{many.group(1)}{number}{many.group(3)}" for number in numbers] if many else [image]
    return [(one, tag or "latest") for one in images]


def release_of(root: str, releases: dict[str, Row]) -> str:
    """The release that a root of the tag tables means: rockylinux:9.3.20231119 is rockylinux:9."""
    root = RENAMED.get(root, root)
    if root in releases:
        return root
    image, _, tag = root.partition(":")
    short = re.match(r"\d+", tag)
    major = f"{image}:{short.group()}" if short else root
    return major if major in releases and image not in ("ubuntu", "alpine") else root


if __name__ == "__main__":
    main()
