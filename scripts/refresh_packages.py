"""Write depscan/knowledge/packages.json from the distributions' own indexes: for maintainers, never run by users.

In: Debian's Contents and Packages indexes of each suite, package databases of real Alpine systems (both downloaded, or
taken from --cache), package_seeds.txt and package_additions.json beside this script. Out: for each seed and all it
depends on the libraries and interpreters it contains; sorted, one row a line, the same bytes for the same input.

A soname is read from the name of the file: that name is what a dynamic linker looks for. Names that only add a minor
version to another of the same package (libpq.so.5.15 beside libpq.so.5) and the linker's names of -dev packages are
left out.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from debian_archive import Suite, download, read_arguments, suites

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row = dict[str, Any]
Rows = dict[str, Row]

HERE = Path(__file__).parent
OUTPUT = HERE.parent / "depscan" / "knowledge" / "packages.json"
DATABASE = "https://raw.githubusercontent.com/{repository}/{commit}/lib/apk/db/installed"

# Names of programs that the first line of scripts commonly has.
INTERPRETERS = re.compile(
    r"(bash|dash|ash|zsh|fish|ksh(93)?|mksh|tcsh|python[23]?(\.\d+)?|pypy3?|perl|ruby|node|nodejs|php\d*(\.\d)?|lua5\.\d|"
    r"tclsh|wish|gawk|mawk|env|pwsh|java|Rscript|tini|dumb-init|expect|make|openrc-run|busybox)$"
)
LIBRARY = re.compile(r"(?:usr/)?lib/(?:x86_64-linux-gnu/)?([^/\s]+\.so(?:\.[^/\s]+)?)$")
PROGRAM = re.compile(r"((?:usr/)?s?bin/[^/\s]+)$")


def main() -> None:
    """Gather all releases and write the file."""
    arguments = read_arguments(__doc__)
    additions = json.loads((HERE / "package_additions.json").read_text())
    tables = {release: read_debian(suite) for release, suite in suites(arguments).items()}
    tables |= read_alpine(additions, arguments.cache)
    OUTPUT.write_text(format_tables(tables))


def read_debian(suite: Suite) -> Row:
    """One suite's table: the seeds and all that they depend on."""
    files = files_by_package(suite)
    seeds = re.compile("|".join(line for line in seed_lines()))
    wanted = close([name for name in suite.packages if seeds.fullmatch(name)], suite.packages)
    rows = {name: debian_row(name, suite.packages, files.get(name, set())) for name in wanted}
    source = f"Debian {suite.version}, dists/{suite.name}/main: {suite.contents_source}, binary-amd64/Packages.xz"
    return {"manager": "apt", "source": source, "as_of": suite.as_of, "packages": prune(rows, seeds)}


def seed_lines() -> Iterator[str]:
    """The expressions of package_seeds.txt."""
    for line in (HERE / "package_seeds.txt").read_text().splitlines():
        if not line.startswith("#"):
            yield from line.split()


def files_by_package(suite: Suite) -> dict[str, set[str]]:
    """Paths of libraries in default directories and of programs, by package."""
    files: dict[str, set[str]] = defaultdict(set)
    for path, owners in suite.contents():
        if LIBRARY.match(path) or PROGRAM.match(path):
            for owner in owners.split(","):
                files[owner.rpartition("/")[2]].add(path)
    return files


def depends(fields: dict[str, str]) -> Iterator[str]:
    """The first alternative of each dependency."""
    for clause in f"{fields.get('Pre-Depends', '')},{fields.get('Depends', '')}".split(","):
        name = re.match(r"\s*([a-z0-9][a-z0-9+.-]*)", clause)
        if name:
            yield name[1]


def close(names: list[str], packages: dict[str, dict[str, str]]) -> list[str]:
    """The names and all that they depend on."""
    seen = dict.fromkeys(names)
    for name in (pending := list(names)):
        for each in depends(packages[name]):
            if each in packages and each not in seen:
                seen[each] = None
                pending.append(each)
    return list(seen)


def debian_row(name: str, packages: dict[str, dict[str, str]], files: set[str]) -> Row:
    """One package; not complete where a dependency is virtual."""
    needs = sorted(set(depends(packages[name])))
    linker_names = name.endswith("-dev")
    return {
        "libraries": sonames((found[1] for path in files if (found := LIBRARY.match(path))), drop_bare=linker_names),
        "depends": [each for each in needs if each in packages],
        "interpreters": interpreters(files),
        "complete": all(each in packages for each in needs),
    }


def sonames(names: Iterable[str], *, drop_bare: bool) -> list[str]:
    """File names without those that only lengthen another's version."""
    known = set(names)
    kept = {name for name in known if not any(name.startswith(other + ".") and ".so." in other for other in known)}
    if drop_bare:
        kept = {name for name in kept if not name.endswith(".so")}
    return sorted(name for name in kept if not (name.endswith(".so") and any(k.startswith(name + ".") for k in known)))


def interpreters(files: Iterable[str]) -> list[str]:
    """Programs that scripts name, by absolute path."""
    return sorted(
        "/" + path for path in files if PROGRAM.match(path) and INTERPRETERS.fullmatch(path.rpartition("/")[2])
    )


def prune(rows: Rows, seeds: re.Pattern[str]) -> Rows:
    """Leave out packages that bring nothing, unless they are seeds; who depended on them depends on what they do."""
    empty = {name for name, row in rows.items() if not brings(row) and not seeds.fullmatch(name)}
    kept: Rows = {}
    for name in rows.keys() - empty:
        row = rows[name]
        needs = sorted(reach(name, rows, empty) - {name})
        kept[name] = row | {"depends": needs}
    return kept


def brings(row: Row) -> bool:
    """Whether a row itself has something to tell."""
    return bool(row["libraries"] or row["interpreters"])


def reach(name: str, rows: Rows, empty: set[str]) -> set[str]:
    """What a package depends on, through packages that are left out."""
    found: set[str] = set()
    seen, pending = {name}, list(rows[name]["depends"])
    while pending:
        each = pending.pop()
        if each in seen or each not in rows:
            continue
        seen.add(each)
        if each in empty:
            pending += rows[each]["depends"]
        else:
            found.add(each)
    return found


def read_alpine(additions: dict[str, Any], cache: Path) -> dict[str, Row]:
    """A table for each measured release, and one for all: what is equal in at least two, and the additions."""
    tables: dict[str, Row] = {}
    for system in additions["alpine_databases"]:
        text = download(DATABASE.format(**system), cache).decode(errors="replace")
        source = f"lib/apk/db/installed of Alpine {system['version']} in {system['repository']}@{system['commit'][:12]}"
        tables[system["release"]] = {
            "manager": "apk",
            "source": source,
            "as_of": newest_build(text),
            "packages": alpine_rows(text),
        }
    common = common_rows(tables)
    dates = sorted(table["as_of"] for table in tables.values())
    general = {
        "manager": "apk",
        "source": "equal in " + ", ".join(sorted(tables)) + " as far as each has it",
        "as_of": dates[-1],
        "packages": common | additions["alpine"],
    }
    return {"alpine": general, **tables}


def alpine_rows(text: str) -> Rows:
    """The installed packages: so: provides are sonames, D: lines name packages or sonames."""
    stanzas = [stanza for stanza in text.split("\n\n") if re.search(r"^P:", stanza, re.MULTILINE)]
    rows: Rows = {}
    providers: dict[str, str] = {}
    needs: dict[str, list[str]] = {}
    for stanza in stanzas:
        name = field_of(stanza, "P")
        provided = [re.split(r"[=<>~]", each, maxsplit=1)[0] for each in field_of(stanza, "p").split()]
        libraries = sorted(each[3:] for each in provided if each.startswith("so:") and "libc.musl-" not in each)
        providers |= dict.fromkeys([name, *provided], name)
        needs[name] = [re.split(r"[=<>~]", each, maxsplit=1)[0] for each in field_of(stanza, "D").split()]
        rows[name] = {"libraries": libraries, "interpreters": interpreters(alpine_files(stanza))}
    for name, row in rows.items():
        wanted = {providers.get(need) for need in needs[name]} - {None, name, "musl"}
        row["depends"] = sorted(each for each in wanted if each)
        row["complete"] = all(need in providers for need in needs[name] if not need.startswith("!"))
    return {name: row for name, row in rows.items() if brings(row) or row["depends"]}


def newest_build(text: str) -> str:
    """The day on which the newest of the installed packages was built (t:, seconds since 1970)."""
    newest = max(int(found) for found in re.findall(r"^t:(\d+)$", text, re.MULTILINE))
    return f"{datetime.fromtimestamp(newest, UTC):%Y-%m-%d}"


def field_of(stanza: str, letter: str) -> str:
    """The value of a one-letter field."""
    found = re.search(rf"^{letter}:(.*)$", stanza, re.MULTILINE)
    return found[1] if found else ""


def alpine_files(stanza: str) -> Iterator[str]:
    """Paths: F: names a directory, R: a file in it."""
    directory = ""
    for line in stanza.splitlines():
        if line.startswith("F:"):
            directory = line[2:]
        elif line.startswith("R:"):
            yield f"{directory}/{line[2:]}"


def common_rows(tables: dict[str, Row]) -> Rows:
    """Packages with the same libraries in every measured release that has them, two at least."""
    found: dict[str, list[Row]] = defaultdict(list)
    for table in tables.values():
        for name, row in table["packages"].items():
            found[name].append(row)
    kept = {}
    for name, rows in found.items():
        same = all(
            (row["libraries"], row["interpreters"]) == (rows[0]["libraries"], rows[0]["interpreters"]) for row in rows
        )
        if len(rows) > 1 and same and brings(rows[0]):
            kept[name] = {"libraries": rows[0]["libraries"], "interpreters": rows[0]["interpreters"], "complete": False}
    return kept


def format_tables(tables: dict[str, Row]) -> str:
    """JSON with one package a line, names sorted, empty fields left out."""
    parts = []
    for release in sorted(tables):
        table = tables[release]
        head = {key: table[key] for key in ("manager", "source", "as_of")}
        rows = [f"{json.dumps(name)}:{compact(table['packages'][name])}" for name in sorted(table["packages"])]
        parts.append(f'{json.dumps(release)}:{compact(head)[:-1]},"packages":{{\n' + ",\n".join(rows) + "\n}}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def compact(row: Row) -> str:
    """A row on one line, keys sorted."""
    return json.dumps({key: row[key] for key in sorted(row) if row[key]}, separators=(",", ":"))


if __name__ == "__main__":
    main()
