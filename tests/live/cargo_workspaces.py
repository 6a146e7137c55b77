"""Random workspaces of cargo, from a seed: members, vendored crates, features, targets, and commands that build them.

Out: files below a directory that a real cargo builds without a network: `vendor/` replaces crates.io.
"""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = (
    "cfg(unix)",
    "cfg(windows)",
    'cfg(target_os = "linux")',
    'cfg(not(target_os = "windows"))',
    'cfg(all(unix, not(target_env = "musl")))',
    'cfg(any(target_arch = "wasm32", target_env = "gnu"))',
    'cfg(target_family = "wasm")',
    "cfg(special)",
    "x86_64-unknown-linux-gnu",
    "aarch64-apple-darwin",
    'cfg(target_pointer_width = "64")',
    "cfg(all())",
)
Row = dict[str, object]


class Package:
    """One package under construction."""

    def __init__(self, name: str, *, member: bool) -> None:
        self.name, self.member = name, member
        self.features: dict[str, list[str]] = {}
        self.tables: dict[tuple[str, str], dict[str, Row]] = {}
        self.macros = False
        self.bins: dict[str, list[str]] = {}

    def offered(self) -> list[str]:
        """The features that others may ask for, those of optional dependencies included."""
        hidden = {value[4:] for values in self.features.values() for value in values if value.startswith("dep:")}
        optional = {name for rows in self.tables.values() for name, row in rows.items() if row.get("optional")}
        return sorted({*self.features, *(optional - hidden)})


class Workspace:
    """A workspace: `write` it, then build it with `command`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.crates = [Package(f"crate-{number}", member=False) for number in range(self.random.randint(2, 7))]
        self.members = [Package(f"member-{number}", member=True) for number in range(self.random.randint(1, 4))]
        self.shared: dict[str, Row] = {}
        packages = [*self.members, *self.crates]
        for index in range(len(packages) - 1, -1, -1):
            self._fill(packages[index], packages[index + 1 :])
        self.virtual = self.random.random() < 0.4
        self.settings = self._settings()

    def _settings(self) -> str:
        resolver = self.random.choice(['resolver = "1"', 'resolver = "2"', ""])
        members = json.dumps([member.name for member in self.members[0 if self.virtual else 1 :]])
        lines = ["[workspace]", f"members = {members}", resolver]
        if self.virtual and self.random.random() < 0.3:
            lines.append(f"default-members = [{json.dumps(self.random.choice(self.members).name)}]")
        lines += [f"[workspace.dependencies.{name}]\n{_table(row)}" for name, row in self.shared.items()]
        return "\n".join(lines) + "\n"

    def _fill(self, package: Package, later: list[Package]) -> None:
        choose = self.random
        package.macros = not package.member and choose.random() < 0.15
        chosen = [each for each in later if choose.random() < (0.5 if package.member else 0.4)]
        for target in chosen:
            for kind in self._kinds(package):
                self._depend(package, target, kind)
        usable = {n: r for (kind, _), rows in package.tables.items() if "dev" not in kind for n, r in rows.items()}
        for number in range(choose.randint(0, 4)):
            values = [value for value in self._values(usable, later, package) if choose.random() < 0.5]
            package.features[f"feature-{number}"] = values
        if package.features and choose.random() < 0.6:
            package.features["default"] = choose.sample(sorted(package.features), 1)
        if package.member:
            for number in range(choose.randint(0, 2)):
                required = choose.sample(sorted(package.features), choose.randint(0, min(1, len(package.features))))
                package.bins[f"{package.name}-bin-{number}"] = required

    def _kinds(self, package: Package) -> list[str]:
        kinds = ["dependencies", "build-dependencies", *(["dev-dependencies"] if package.member else [])]
        weights = [8, 2, 2][: len(kinds)]
        return sorted(set(self.random.choices(kinds, weights, k=self.random.choice([1, 1, 1, 2]))))

    def _depend(self, package: Package, target: Package, kind: str) -> None:
        choose = self.random
        on = choose.choice(TARGETS) if choose.random() < 0.3 else ""
        row: Row = {} if target.member else {"version": "1.0"}
        if target.member:
            row["path"] = target.name
        name = target.name
        if choose.random() < 0.15:
            name = f"renamed-{target.name}-{package.name}"
            row["package"] = target.name
        if choose.random() < 0.3:
            row["default-features"] = False
        if choose.random() < 0.4 and target.offered():
            row["features"] = choose.sample(target.offered(), 1)
        already = [rows[name].get("optional", False) for rows in package.tables.values() if name in rows]
        optional = already[0] if already else choose.random() < 0.4
        if package.member and "package" not in row and choose.random() < 0.25:
            base = self.shared.setdefault(name, {key: value for key, value in row.items() if key != "features"})
            row = {"workspace": True, **({"features": row["features"]} if "features" in row else {})}
            if not base.get("default-features", True) and choose.random() < 0.3:
                row["default-features"] = True
        if optional and "dev" not in kind and not (already and not already[0]):
            row["optional"] = True
        if "dev" in kind and already and already[0]:
            return
        package.tables.setdefault((kind, on), {})[name] = row

    def _values(self, usable: dict[str, Row], later: list[Package], package: Package) -> list[str]:
        by_name = {each.name: each for each in later}
        values = [name for name in package.features if name != "default"]
        for name, row in usable.items():
            target = by_name[str(row.get("package", name))]
            if row.get("optional"):
                values.append(f"dep:{name}")
            offered = target.offered()
            if offered:
                feature = self.random.choice(offered)
                values.append(f"{name}/{feature}")
                if row.get("optional"):
                    values.append(f"{name}?/{feature}")
        return values

    def write(self, directory: Path) -> None:
        """Lay it out, the vendored crates with the files that a directory source has."""
        (directory / ".cargo").mkdir(parents=True)
        (directory / ".cargo" / "config.toml").write_text(
            '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n'
        )
        for crate in self.crates:
            self._write(crate, directory / "vendor" / crate.name, "")
            (directory / "vendor" / crate.name / ".cargo-checksum.json").write_text('{"files":{},"package":null}')
        for member in self.members[0 if self.virtual else 1 :]:
            self._write(member, directory / member.name, "")
        if self.virtual:
            (directory / "Cargo.toml").write_text(self.settings)
        else:
            self._write(self.members[0], directory, self.settings)

    def _write(self, package: Package, place: Path, more: str) -> None:
        (place / "src").mkdir(parents=True, exist_ok=True)
        edition = self.random.choice(["2015", "2018", "2021", "2024"])
        lines = ["[package]", f'name = "{package.name}"', 'version = "1.0.0"', f'edition = "{edition}"']
        if package.macros:
            lines += ["[lib]", "proc-macro = true"]
        for name, required in package.bins.items():
            lines += [
                "[[bin]]",
                f'name = "{name}"',
                'path = "src/one.rs"',
                f"required-features = {json.dumps(required)}",
            ]
        lines += ["[features]", *(f"{name} = {json.dumps(values)}" for name, values in package.features.items())]
        up = "../" if place.name == package.name and package.member else ""
        for (kind, on), rows in package.tables.items():
            for name, row in rows.items():
                head = f"target.'{on}'.{kind}" if on else kind
                placed = {**row, "path": f"{up}{row['path']}"} if "path" in row else row
                lines += [f"[{head}.{name}]", _table(placed)]
        (place / "Cargo.toml").write_text("\n".join(lines) + "\n" + more)
        (place / "src" / "lib.rs").write_text("")
        if any(kind == "build-dependencies" for kind, _ in package.tables):
            (place / "build.rs").write_text("fn main() {}\n")
        if package.member:
            (place / "src" / "main.rs").write_text("fn main() {}\n")
            (place / "src" / "one.rs").write_text("fn main() {}\n")

    def command(self) -> list[str]:
        """The words behind `cargo build`."""
        choose, words = self.random, []
        if choose.random() < 0.3:
            words.append("--workspace")
        elif choose.random() < 0.4:
            words += ["-p", choose.choice(self.members).name]
        if choose.random() < 0.4:
            package = choose.choice(self.members)
            prefix = choose.choice(["", "", f"{choose.choice([*self.members, *self.crates]).name}/"])
            if package.offered():
                words += ["--features", prefix + choose.choice(package.offered())]
        if choose.random() < 0.1:
            words.append("--all-features")
        if choose.random() < 0.2:
            words.append("--no-default-features")
        return words


def _table(row: Row) -> str:
    return "\n".join(f"{name} = {json.dumps(value)}" for name, value in row.items()) + "\n"
