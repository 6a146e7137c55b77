"""The laws of linking, each a folder of laws/ named by what it says.

In: `build.sh`, which compiles the files of an image (see laws/toolbox.sh), and a Dockerfile on one of the roots, whose
first line is the truth: `# loads` or `# CAUSE DETAIL`. Out: what happens when the Dockerfile is really performed, and
what depscan says of the same Dockerfile, of the root's very files or by its knowledge of the release.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.live.answers import Answer, ask
from tests.live.execution import Outcome, execute
from tests.live.roots import cache_folder, copy_root, root

LAWS = Path(__file__).with_name("laws")
FIXTURES = Path(__file__).parents[2] / "fixtures" / "elf"

# The official image that each root stands for. Debian's package of musl 1.2.3 is that of Alpine 3.17.
KNOWLEDGE = {"bullseye": "debian:11-slim", "bookworm": "debian:12-slim", "musl": "alpine:3.17", "scratch": "scratch"}


class Law(NamedTuple):
    """A folder of laws/. `files` are what its build made."""

    name: str
    truth: Outcome
    lines: tuple[str, ...]
    files: Path

    @property
    def base(self) -> str:
        """The root that its Dockerfile begins with."""
        return self._words("FROM")[0]

    @property
    def command(self) -> tuple[str, ...]:
        """What the container starts."""
        return tuple(json.loads(self._words("CMD")[0]))

    @property
    def program(self) -> str:
        """The file that the law speaks of: the program that is started, perhaps by its dynamic linker's name."""
        return self.command[-1]

    def _words(self, keyword: str) -> list[str]:
        return [line.partition(" ")[2] for line in self.lines if line.startswith(f"{keyword} ")]

    def perform(self) -> Outcome:
        """Do what the Dockerfile says, on a copy of the root, and start its program."""
        environment: dict[str, str] = {}
        workdir = "/"
        with copy_root("empty" if self.base == "scratch" else self.base) as here:
            for line in self.lines:
                keyword, _, words = line.partition(" ")
                if keyword == "COPY":
                    self._copy(here)
                elif keyword == "RUN":
                    subprocess.run(["chroot", here, "/bin/sh", "-c", words], check=True, capture_output=True)
                elif keyword == "ENV":
                    name, _, value = words.partition("=")
                    environment[name] = value
                elif keyword == "WORKDIR":
                    workdir = words
            return execute(here, self.program, environment, workdir=workdir, command=self.command)

    def _copy(self, here: Path) -> None:
        """Put the files there, through links between directories, which BuildKit follows too."""
        packed = subprocess.run(["tar", "-C", self.files, "-c", "."], check=True, capture_output=True).stdout
        into = ["tar", "-C", here, "-x", "--keep-directory-symlink"]
        subprocess.run(into, input=packed, check=True)

    def ask(self, *, by_knowledge: bool) -> Answer:
        """What depscan says of the program."""
        known = f"FROM {KNOWLEDGE[self.base]}" if by_knowledge else ""
        lines = [known if line.startswith("FROM ") and by_knowledge else line for line in self.lines]
        bases = {} if by_knowledge or self.base == "scratch" else {self.base: root(self.base)}
        answers = ask(self.files, lines, bases)
        real = self.program if self.program in answers else next(iter(answers))
        return answers[real]


def law_names() -> list[str]:
    """All laws."""
    return sorted(path.parent.name for path in LAWS.glob("*/Dockerfile"))


def build_law(name: str, folder: Path) -> Law:
    """Compile a law's files into `folder`, which is empty."""
    files = folder / "files"
    files.mkdir(mode=0o755)
    folder.chmod(0o755)
    environment = {"OUT": str(files), "FIXTURES": str(FIXTURES), "ROOTS": str(cache_folder()), "PATH": "/usr/bin:/bin"}
    script = '. "$1/toolbox.sh"; . "$1/$2/build.sh"'
    command = ["sh", "-euc", script, "sh", str(LAWS), name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{name}/build.sh: {done.stderr}")
    first, *lines = (LAWS / name / "Dockerfile").read_text().splitlines()
    cause, _, detail = first.removeprefix("# ").partition(" ")
    return Law(name, Outcome(None if cause == "loads" else cause, detail or None), tuple(lines), files)
