"""The generated Dockerfiles: recipes x builder x runtime x its packages x ways to carry x ways to start.

In: a seed and a number. Out: `Case`s, the same ones for the same seed. Nothing tells here what is right or wrong: that
is what performing them finds out.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from msgspec import Struct

from tests.live.performed.recipes import RECIPES, Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

_RELEASES = ("11", "12", "13")
_NAMES = {"11": "bullseye", "12": "bookworm", "13": "trixie"}
_INSTALL = "apt-get update && apt-get install -y --no-install-recommends"
_CLEAN = "&& rm -rf /var/lib/apt/lists/*"


class Case(Struct, frozen=True):
    """A Dockerfile and the files of its context; those whose text begins with #! are executable unless `plain`.

    `built` is a Dockerfile of its own, performed before: what it leaves in /out is in the context, too.
    """

    name: str
    dockerfile: str
    files: dict[str, str]
    plain: frozenset[str] = frozenset()
    built: str = ""


class _Carried(Struct, frozen=True):
    """How the program comes into the last stage: lines of the builder, stages between, lines of the last stage."""

    path: str
    copies: tuple[str, ...]
    staging: tuple[str, ...] = ()
    between: tuple[str, ...] = ()


def generate(seed: int, number: int) -> Iterator[Case]:
    """`number` cases, each recipe as often as the others."""
    choice = random.Random(seed)
    for index in range(number):
        recipe = RECIPES[index % len(RECIPES)]
        yield _compose(f"{seed}-{index:03}-{recipe.name}", recipe, choice)


def _compose(name: str, recipe: Recipe, choice: random.Random) -> Case:
    builder = choice.choice(_RELEASES)
    command = choice.choice(recipe.commands)
    runtime, release = _runtime(choice, builder)
    carried = choice.choice(_ways_to_carry(recipe.product, shell=release is not None))
    packages = _packages(recipe, builder, release, choice) if release else ()
    files = dict(recipe.files)
    start = _start(carried.path, release is not None, choice, files)
    lines = [
        f"FROM debian:{choice.choice((builder, _NAMES[builder]))}-slim AS build",
        f"RUN {_INSTALL} {recipe.packages} {_CLEAN}",
        "WORKDIR /src",
        "COPY . .",
        *choice.choice((_one_run, _heredoc))(command),
        *carried.staging,
        *carried.between,
        f"FROM {runtime}",
        *packages,
        *carried.copies,
        *start,
    ]
    return Case(name, "\n".join([*lines, ""]), files)


def _one_run(command: str) -> list[str]:
    return [f"RUN {command}"]


def _heredoc(command: str) -> list[str]:
    return ["RUN <<EOF", "set -e", command, "EOF"]


def _runtime(choice: random.Random, builder: str) -> tuple[str, str | None]:
    """A base, and the release whose packages can be installed there."""
    release = choice.choice((builder, *_RELEASES))
    debian = f"debian:{choice.choice((release, _NAMES[release]))}-slim", release
    kind = choice.choice(("static", "base", "cc"))
    if release == "11":
        others = [("scratch", None), ("alpine:3.17", None)]
    else:
        others = [(f"gcr.io/distroless/{kind}-debian{release}", None), ("scratch", None), ("alpine:3.17", None)]
    return choice.choice([debian] * 6 + others)


def _packages(recipe: Recipe, builder: str, release: str, choice: random.Random) -> tuple[str, ...]:
    here, there = recipe.runtime[_RELEASES.index(release)], recipe.runtime[_RELEASES.index(builder)]
    unrelated = f"RUN {_INSTALL} tzdata {_CLEAN}"
    if not here:
        return choice.choice(((), (unrelated,)))
    right = f"RUN {_INSTALL} {here} {_CLEAN}"
    ways: list[tuple[str, ...]] = [
        (right,),
        (right,),
        (),
        (unrelated,),
        (right, f"RUN apt-get purge -y {here}"),
        (right, f"RUN apt-get remove -y --auto-remove {here} && apt-get clean"),
        (f"RUN {_INSTALL} {here} && apt-get purge -y --auto-remove && rm -rf /var/lib/apt/lists/*",),
        (f"RUN {_INSTALL} {here} && apt-mark auto {here} && apt-get autoremove -y",),
        (f"RUN {_INSTALL} {here} && apt-mark auto {here} && apt-mark manual {here} && apt-get autoremove -y",),
    ]
    if there != here:
        ways.append((f"RUN {_INSTALL} {there} {_CLEAN}",))
    return choice.choice(ways)


def _ways_to_carry(product: str, *, shell: bool) -> list[_Carried]:
    source = f"/src/{product}"
    ways = [
        _Carried("/app", (f"COPY --from=build {source} /app",)),
        _Carried("/usr/local/bin/app", (f"COPY --from=build {source} /usr/local/bin/",)),
        _Carried("/opt/tool/bin/server", (f"COPY --from=build {source} /opt/tool/bin/server",)),
        _Carried("/app", (f"COPY --link --from=build {source} /app",)),
        _Carried("/usr/local/bin/app", (f"COPY --link --from=build {source} /usr/local/bin/app",)),
        _Carried("/out/app", ("COPY --from=build /out /out",), (f"RUN mkdir /out && cp {source} /out/app",)),
        _Carried("/bin/app", ("COPY --from=build /out/ /",), (f"RUN install -D -m 755 {source} /out/bin/app",)),
        _Carried("/srv/app", ("COPY --from=build /out/* /srv/",), (f"RUN mkdir -p /out && mv {source} /out/",)),
        _Carried("/srv/run", ("COPY --from=build /out/run /srv/run",), (f"RUN mkdir /out && ln -s {source} /out/run",)),
        _Carried(
            "/srv/run", ("COPY --from=build /out /srv",), (f"RUN mkdir /out && cp {source} /out/x && ln -s x /out/run",)
        ),
        _Carried("/srv/run", ("COPY --from=build /out /srv",), (f"RUN mkdir /out && ln -s {source} /out/run",)),
        _Carried("/x/src/app", (f"COPY --parents --from=build {source} /x/",)),
        _Carried(
            "/app",
            ("COPY --from=carrier /app /app",),
            (),
            ("FROM scratch AS carrier", f"COPY --from=build {source} /app"),
        ),
        _Carried(
            "/app",
            ("COPY --from=second /b/app /",),
            (),
            ("FROM debian:12-slim AS second", f"COPY --from=build {source} /a/app", "RUN mkdir /b && cp -p /a/app /b/"),
        ),
        _Carried("/app", ("COPY --from=0 /src/app /",)),
        _Carried("/app", (f"COPY --from=build --chmod=755 {source} /app",), (f"RUN chmod 644 {source}",)),
        _Carried("/app", (f"COPY --from=build {source} /app",), (f"RUN chmod -x {source}",)),
    ]
    if shell:
        ways += [
            _Carried(
                "/opt/app",
                ("COPY --from=build /out.tar.gz /tmp/", "RUN mkdir -p /opt && tar -xzf /tmp/out.tar.gz -C /opt"),
                (f"RUN tar -C /src -czf /out.tar.gz {product}",),
            ),
            _Carried(
                "/usr/bin/app",
                (f"COPY --from=build {source} /tmp/app", "RUN mv /tmp/app /usr/bin/app && chmod +x /usr/bin/app"),
            ),
            _Carried("/usr/bin/app", (f"COPY --from=build {source} /opt/", "RUN ln -s /opt/app /usr/bin/app")),
        ]
    return ways


_SCRIPTS = {
    "entry.sh": '#!/bin/sh\nset -e\nexec "$@"\n',
    "entry.bash": '#!/usr/bin/env bash\nset -euo pipefail\nexec "$@"\n',
    "run.sh": "#!/bin/sh\nexec {path}\n",
}


def _start(path: str, shell: bool, choice: random.Random, files: dict[str, str]) -> tuple[str, ...]:
    name = path.rpartition("/")[2]
    ways: list[tuple[str, ...]] = [
        (f'CMD ["{path}"]',),
        (f'ENTRYPOINT ["{path}"]',),
        (f'ENTRYPOINT ["{path}"]', 'CMD ["--flag"]'),
        (f"WORKDIR {path.rpartition('/')[0] or '/'}", f'CMD ["./{name}"]'),
        (f"CMD {path}",),
        (f'CMD ["{name}"]',),
        (f'CMD ["{path}.bin"]',),
        ("USER 1000", f'CMD ["{path}"]'),
        (f"ENV PATH=$PATH:{path.rpartition('/')[0] or '/'}", f'CMD ["{name}"]'),
    ]
    if shell:
        ways += [
            ("USER nobody", f"CMD exec {path} --flag"),
            ("COPY entry.sh /", 'ENTRYPOINT ["/entry.sh"]', f'CMD ["{path}"]'),
            ("COPY --chmod=755 entry.bash /usr/local/bin/entry", 'ENTRYPOINT ["entry"]', f'CMD ["{path}"]'),
            (f'ENTRYPOINT ["env", "MODE=x", "{path}"]',),
            (f"RUN {_INSTALL} tini", 'ENTRYPOINT ["/usr/bin/tini", "--"]', f'CMD ["{path}"]'),
            (f"RUN {_INSTALL} dumb-init", 'ENTRYPOINT ["dumb-init", "--"]', f'CMD ["{path}"]'),
            ("COPY run.sh /usr/local/bin/", 'CMD ["run.sh"]'),
            ('SHELL ["/bin/bash", "-c"]', f"ENTRYPOINT cd / && {path}"),
        ]
    chosen = choice.choice([ways[0]] * 6 + ways)
    for script, text in _SCRIPTS.items():
        if any(script in line for line in chosen):
            files[script] = text.replace("{path}", path)
    return chosen
