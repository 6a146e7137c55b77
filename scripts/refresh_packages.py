"""Write depscan/knowledge/packages.json from the distributions' own indexes: for maintainers, never run by users.

In: package databases of real Alpine systems (downloaded, or taken from --cache) and package_additions.json beside this
script, which has the tables read by hand. Out: for each package the libraries and interpreters it contains, and what it
depends on; sorted, one row a line, the same bytes for the same input. Debian's packages are in debian.txt.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from debian_archive import download, read_arguments

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
PROGRAM = re.compile(r"((?:usr/)?s?bin/[^/\s]+)$")


def main() -> None:
    """Gather all releases and write the file."""
    arguments = read_arguments(__doc__)
    additions = json.loads((HERE / "package_additions.json").read_text())
    arguments.cache.mkdir(parents=True, exist_ok=True)
    tables = read_alpine(additions, arguments.cache)
    tables |= {name: {"manager": "dnf", **table} for name, table in additions["rpm"].items()}
    OUTPUT.write_text(format_tables(tables))


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


def brings(row: Row) -> bool:
    """Whether a row itself has something to tell."""
    return bool(row["libraries"] or row["interpreters"])


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
