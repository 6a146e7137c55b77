"""Dockerfiles written one by one, for what the generator does not compose: interpreters, modules, own libraries.

In: nothing. Out: `Case`s, each crossed with the releases or the ways in which it makes a difference.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from msgspec.structs import replace

from tests.live.performed.cases import Case

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RELEASES = ("11", "12", "13")
_INSTALL = "RUN apt-get update && apt-get install -y --no-install-recommends"
_HELLO = '#include <stdio.h>\nint main(void) { puts("ok"); return 0; }\n'
_CURL = "#include <stdio.h>\n#include <curl/curl.h>\nint main(void) { puts(curl_version()); return 0; }\n"


def special_cases() -> Iterator[Case]:
    """All of them."""
    yield from _own_libraries()
    yield from _copied_libraries()
    yield from _single_stage()
    yield from _pythons()
    yield from _scripts()
    yield from _programs_of_packages()
    yield from _users()
    yield from _starts()
    yield from _modules()
    yield from _built_before()


def _case(name: str, text: str, files: Mapping[str, str] | None = None, plain: tuple[str, ...] = ()) -> Case:
    return Case(f"special-{name}", text.strip() + "\n", dict(files or {}), frozenset(plain))


def _own_libraries() -> Iterator[Case]:
    """A library of one's own, put where the dynamic linker finds it or does not."""
    files = {
        "greet.c": "int greet(void) { return 7; }\n",
        "main.c": "int greet(void);\nint main(void) { return greet() != 7; }\n",
    }
    library = (
        "RUN gcc -shared -fPIC -Wl,-soname,libgreet.so.1 -o /usr/local/lib/libgreet.so.1.0 greet.c"
        " && ln -s libgreet.so.1.0 /usr/local/lib/libgreet.so.1 && ln -s libgreet.so.1 /usr/local/lib/libgreet.so"
    )
    links = {"plain": "", "rpath": "-Wl,-rpath,/usr/local/lib", "origin": "'-Wl,-rpath,$ORIGIN/../lib'"}
    copies = {
        "all": "COPY --from=build /usr/local/lib/ /usr/local/lib/",
        "glob": "COPY --from=build /usr/local/lib/libgreet.so* /usr/local/lib/",
        "only-dev-name": "COPY --from=build /usr/local/lib/libgreet.so /usr/local/lib/",
        "by-soname": "COPY --from=build /usr/local/lib/libgreet.so.1 /usr/lib/",
        "multiarch": "COPY --from=build /usr/local/lib/libgreet.so.1.0 /usr/lib/x86_64-linux-gnu/",
        "none": "",
    }
    ends = {
        "": "",
        "ldconfig": "RUN ldconfig",
        "path": "ENV LD_LIBRARY_PATH=/usr/local/lib",
        "conf": "RUN echo /usr/lib > /etc/ld.so.conf.d/x.conf && ldconfig",
    }
    for (link, flag), (how, copy), (end, line) in product(links.items(), copies.items(), ends.items()):
        if link != "plain" and how not in ("all", "only-dev-name"):
            continue
        text = f"""
FROM debian:12-slim AS build
{_INSTALL} gcc libc6-dev
WORKDIR /src
COPY . .
{library}
RUN gcc -o /usr/local/bin/app main.c -L/usr/local/lib -lgreet {flag}
FROM debian:12-slim
{copy}
COPY --from=build /usr/local/bin/app /usr/local/bin/app
{line}
CMD ["app"]
"""
        yield _case(f"library-{link}-{how}-{end or 'nothing'}", text, files)


def _copied_libraries() -> Iterator[Case]:
    """Libraries of the builder's packages carried by hand."""
    head = f"FROM debian:{{}}-slim AS build\n{_INSTALL} gcc libc6-dev libcurl4-openssl-dev\nCOPY main.c .\nRUN gcc -o /app main.c -lcurl\n"
    ways = {
        "ldd-parents": (
            "RUN mkdir /out && cp --parents -L $(ldd /app | grep -o '/[^ ]*') /out/ && cp /app /out/app\n",
            "COPY --from=build /out/ /\n",
        ),
        "ldd-awk": (
            "RUN mkdir -p /out/lib && ldd /app | awk 'NF == 4 {print $3}' | xargs -I{} cp {} /out/lib/\n",
            "COPY --from=build /out/lib/ /opt/lib/\nCOPY --from=build /app /app\nENV LD_LIBRARY_PATH=/opt/lib\n",
        ),
        "one": (
            "",
            "COPY --from=build /usr/lib/x86_64-linux-gnu/libcurl.so.4 /usr/lib/x86_64-linux-gnu/\nCOPY --from=build /app /\n",
        ),
        "all": (
            "",
            "COPY --from=build /usr/lib/x86_64-linux-gnu/ /usr/lib/x86_64-linux-gnu/\nCOPY --from=build /app /\n",
        ),
        "linked": (
            "",
            "COPY --link --from=build /usr/lib/x86_64-linux-gnu/ /usr/lib/x86_64-linux-gnu/\nCOPY --link --from=build /app /\n",
        ),
        "linked-lib": (
            "",
            "COPY --link --from=build /lib/x86_64-linux-gnu/libz.so.1 /lib/x86_64-linux-gnu/\nCOPY --from=build /app /\n",
        ),
    }
    pairs = [
        ("12", "debian:12-slim"),
        ("12", "scratch"),
        ("12", "gcr.io/distroless/base-debian12"),
        ("13", "debian:12-slim"),
        ("12", "debian:13-slim"),
        ("11", "alpine:3.17"),
    ]
    for (way, (before, after)), (builder, runtime) in product(ways.items(), pairs):
        text = f'{head.format(builder)}{before}FROM {runtime}\n{after}CMD ["/app"]'
        yield _case(f"copied-{way}-{builder}-{runtime.rpartition('/')[2]}", text, {"main.c": _CURL})


def _single_stage() -> Iterator[Case]:
    """Built and cleaned in one stage."""
    build = f"{_INSTALL} gcc libc6-dev libcurl4-openssl-dev && gcc -o /app main.c -lcurl"
    ends = {
        "kept": "",
        "purged": " && apt-get purge -y --auto-remove gcc libc6-dev libcurl4-openssl-dev",
        "marked": " && apt-mark manual libcurl4 && apt-get purge -y --auto-remove gcc libc6-dev libcurl4-openssl-dev",
        "removed": " && apt-get remove -y gcc libcurl4-openssl-dev && rm -rf /var/lib/apt/lists/*",
        "autoremoved": " && apt-get remove -y gcc libcurl4-openssl-dev && apt-get autoremove -y",
        "dance": (
            " && apt-mark auto '.*' > /dev/null && ldd /app | awk '/=>/ {print $3}' | sort -u | xargs -r realpath"
            " | xargs -r dpkg-query --search 2>/dev/null | cut -d: -f1 | sort -u | xargs -r apt-mark manual"
            " && apt-get purge -y --auto-remove -o APT::AutoRemove::RecommendsImportant=false"
        ),
        "file-removed": " && rm -f /usr/lib/x86_64-linux-gnu/libcurl.so*",
    }
    for (end, words), release in product(ends.items(), ("11", "12")):
        text = f'FROM debian:{release}-slim\nCOPY main.c .\n{build}{words}\nCMD ["/app"]'
        yield _case(f"single-{end}-{release}", text, {"main.c": _CURL})
    for way, line in {
        "variable": 'RUN deps="gcc libc6-dev libcurl4-openssl-dev"; apt-get update && apt-get install -y $deps && gcc -o /app main.c -lcurl && apt-get purge -y --auto-remove $deps',
        "runtime-first": f"{_INSTALL} libcurl4\n{build} && apt-get purge -y --auto-remove gcc libc6-dev libcurl4-openssl-dev",
    }.items():
        yield _case(f"single-{way}", f'FROM debian:12-slim\nCOPY main.c .\n{line}\nCMD ["/app"]', {"main.c": _CURL})


def _pythons() -> Iterator[Case]:
    """Environments, modules and their interpreters carried from release to release."""
    script = "#!/usr/bin/env python3\nfrom msgpack._cmsgpack import Packer\nPacker()\nprint('ok')\n"
    files = {"main.py": script, "requirements.txt": "msgpack\n"}
    pairs = [("11", "11"), ("11", "12"), ("12", "12"), ("12", "13"), ("13", "13"), ("13", "12"), ("12", "bare")]
    for builder, runtime in pairs:
        last = "debian:12-slim" if runtime == "bare" else f"debian:{runtime}-slim\n{_INSTALL} python3"
        venv = f"""
FROM debian:{builder}-slim AS build
{_INSTALL} python3 python3-venv
RUN python3 -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install -r requirements.txt
FROM {last}
COPY --from=build /venv /venv
COPY main.py /main.py
"""
        yield _case(f"venv-python-{builder}-{runtime}", f'{venv}CMD ["/venv/bin/python", "/main.py"]', files)
        yield _case(f"venv-path-{builder}-{runtime}", f'{venv}ENV PATH=/venv/bin:$PATH\nCMD ["/main.py"]', files)
        target = f"""
FROM debian:{builder}-slim AS build
{_INSTALL} python3 python3-pip
COPY requirements.txt .
RUN pip3 install --target /deps -r requirements.txt
FROM {last}
COPY --from=build /deps /deps
ENV PYTHONPATH=/deps
COPY main.py /main.py
CMD ["python3", "/main.py"]
"""
        yield _case(f"target-{builder}-{runtime}", target, files)
    source = """
FROM debian:12-slim AS build
{install} python3-venv python3-dev gcc libc6-dev libpq-dev
RUN python3 -m venv /venv && /venv/bin/pip install --no-binary :all: psycopg2
FROM debian:12-slim
{install} python3 {more}
COPY --from=build /venv /venv
CMD ["/venv/bin/python", "-c", "import psycopg2"]
"""
    for more in ("", "libpq5"):
        yield _case(f"psycopg2-{more or 'without'}", source.format(install=_INSTALL, more=more))


def _scripts() -> Iterator[Case]:
    """Interpreters that are there or not, permissions, line ends."""
    scripts = {
        "sh": "#!/bin/sh\necho ok\n",
        "bash": "#!/bin/bash\n[[ a == a ]] && echo ok\n",
        "env-bash": "#!/usr/bin/env bash\necho ok\n",
        "python": "#!/usr/bin/python3\nprint('ok')\n",
        "env-python": "#!/usr/bin/env python\nprint('ok')\n",
        "perl": "#!/usr/bin/perl\nprint 'ok';\n",
        "zsh": "#!/bin/zsh\necho ok\n",
        "node": "#!/usr/bin/env node\nconsole.log('ok')\n",
        "ruby": "#!/usr/bin/env ruby\nputs 'ok'\n",
        "crlf": "#!/bin/sh\r\necho ok\r\n",
        "dash": "#!/bin/dash\necho ok\n",
        "awk": '#!/usr/bin/awk -f\nBEGIN { print "ok" }\n',
        "none": "echo ok\n",
    }
    bases = {
        "debian": "debian:12-slim",
        "python": f"debian:12-slim\n{_INSTALL} python3-minimal",
        "alpine": "alpine:3.17",
        "static": "gcr.io/distroless/static-debian12",
    }
    for (name, text), (base, lines) in product(scripts.items(), bases.items()):
        yield _case(
            f"script-{name}-{base}", f'FROM {lines}\nCOPY --chmod=755 run /run-it\nCMD ["/run-it"]', {"run": text}
        )
    for name, lines in {
        "plain": "COPY run /run-it",
        "chmod-after": "COPY run /run-it\nRUN chmod +x /run-it",
        "chmod-numbers": "COPY run /run-it\nRUN chmod 0700 /run-it\nUSER 1000",
        "chmod-taken": "COPY run /run-it\nRUN chmod 755 /run-it && chmod a-x /run-it",
        "sed": "COPY --chmod=755 run /run-it\nRUN sed -i 's/\\r$//' /run-it",
        "install": "COPY run /tmp/run\nRUN install -m 755 /tmp/run /run-it",
        "install-plain": "COPY run /tmp/run\nRUN install -m 644 /tmp/run /run-it",
        "cp": "COPY --chmod=755 run /tmp/run\nRUN cp /tmp/run /run-it",
        "cat": "COPY --chmod=755 run /tmp/run\nRUN cat /tmp/run > /run-it",
        "heredoc": "COPY <<EOF /run-it\n#!/bin/sh\necho ok\nEOF",
        "heredoc-chmod": "COPY --chmod=755 <<EOF /run-it\n#!/bin/bash\necho ok\nEOF",
        "printf": "RUN printf '#!/bin/sh\\necho ok\\n' > /run-it && chmod +x /run-it",
        "echo-bad": "RUN echo '#!/bin/nosuch' > /run-it && chmod +x /run-it",
        "folder": "COPY --chmod=755 run /run-it/",
        "moved": "COPY --chmod=755 run /tmp/run\nRUN mv /tmp/run /run-it",
        "removed": "COPY --chmod=755 run /run-it\nRUN rm /run-it",
        "umask": "RUN umask 077 && printf '#!/bin/sh\\necho ok\\n' > /run-it && chmod u+x /run-it\nUSER nobody",
    }.items():
        files = {"run": "#!/bin/sh\necho ok\n"}
        yield _case(f"mode-{name}", f'FROM debian:12-slim\n{lines}\nCMD ["/run-it"]', files, ("run",))
    for name, cmd in {
        "sh": '["sh", "/run-it"]',
        "shell": "sh /run-it",
        "dot": ". /run-it",
        "bash": '["bash", "run-it"]',
    }.items():
        files = {"run": "#!/bin/sh\necho ok\n"}
        yield _case(f"by-{name}", f"FROM debian:12-slim\nCOPY run /run-it\nCMD {cmd}", files, ("run",))


def _programs_of_packages() -> Iterator[Case]:
    """Programs that apt installs, started there or carried elsewhere."""
    programs = {
        "curl": ("curl", "/usr/bin/curl", "--version"),
        "jq": ("jq", "/usr/bin/jq", "--version"),
        "sqlite3": ("sqlite3", "/usr/bin/sqlite3", "--version"),
        "git": ("git", "/usr/bin/git", "--version"),
        "psql": ("postgresql-client", "/usr/bin/psql", "--version"),
        "redis": ("redis-tools", "/usr/bin/redis-cli", "--version"),
        "busybox": ("busybox-static", "/bin/busybox", "echo"),
        "nginx": ("nginx-light", "/usr/sbin/nginx", "-v"),
        "tini": ("tini", "/usr/bin/tini-static", "--version"),
        "openssl": ("openssl", "/usr/bin/openssl", "version"),
        "socat": ("socat", "/usr/bin/socat", "-V"),
    }
    for name, (package, path, word) in programs.items():
        yield _case(
            f"apt-{name}", f'FROM debian:12-slim\n{_INSTALL} {package}\nCMD ["{path.rpartition("/")[2]}", "{word}"]'
        )
        yield _case(
            f"apt-{name}-purged",
            f'FROM debian:12-slim\n{_INSTALL} {package} && apt-get purge -y --auto-remove {package}\nCMD ["{path}", "{word}"]',
        )
        for builder, runtime in (
            ("12", "debian:12-slim"),
            ("13", "debian:12-slim"),
            ("12", "gcr.io/distroless/base-debian12"),
        ):
            text = f'FROM debian:{builder}-slim AS tools\n{_INSTALL} {package}\nFROM {runtime}\nCOPY --from=tools {path} /opt/{name}\nCMD ["/opt/{name}", "{word}"]'
            yield _case(f"carried-{name}-{builder}-{runtime.rpartition('/')[2]}", text)
    for package, release in (
        ("libssl1.1", "12"),
        ("libssl3", "13"),
        ("libicu72", "11"),
        ("python", "12"),
        ("libcurl4", "13"),
        ("libtinfo5", "13"),
    ):
        yield _case(
            f"no-package-{package}-{release}", f'FROM debian:{release}-slim\n{_INSTALL} {package}\nCMD ["true"]'
        )


def _users() -> Iterator[Case]:
    """USER, owners and rights."""
    head = f"FROM debian:12-slim AS build\n{_INSTALL} gcc libc6-dev\nCOPY main.c .\nRUN gcc -o /app main.c\nFROM debian:12-slim\n"
    for name, lines in {
        "added": 'RUN useradd -m web\nCOPY --from=build --chown=web:web /app /home/web/app\nUSER web\nWORKDIR /home/web\nCMD ["./app"]',
        "numbers": 'COPY --from=build --chown=1000:1000 --chmod=500 /app /app\nUSER 1000:1000\nCMD ["/app"]',
        "other": 'COPY --from=build --chown=1000:1000 --chmod=500 /app /app\nUSER 1001\nCMD ["/app"]',
        "root-only": 'COPY --from=build --chmod=700 /app /app\nUSER nobody\nCMD ["/app"]',
        "root-folder": 'COPY --from=build /app /root/app\nUSER nobody\nCMD ["/root/app"]',
        "closed-folder": 'RUN mkdir -m 700 /closed\nCOPY --from=build /app /closed/app\nUSER 1000\nCMD ["/closed/app"]',
        "group": 'RUN groupadd -g 2000 g && useradd -g 2000 -u 2000 u\nCOPY --from=build --chown=root:g --chmod=750 /app /app\nUSER u\nCMD ["/app"]',
        "absent": 'COPY --from=build /app /app\nUSER nosuch\nCMD ["/app"]',
        "absent-chown": 'COPY --from=build --chown=nosuch /app /app\nCMD ["/app"]',
    }.items():
        yield _case(f"user-{name}", f"{head}{lines}", {"main.c": _HELLO})


def _starts() -> Iterator[Case]:
    """Ways to start."""
    head = f"FROM debian:12-slim AS build\n{_INSTALL} gcc libc6-dev\nCOPY main.c .\nRUN gcc -o /app main.c\n"
    glibc, musl, none = "FROM debian:12-slim\n", "FROM alpine:3.17\n", "FROM scratch\n"
    copy = "COPY --from=build /app /opt/bin/app\n"
    for name, lines in {
        "path": f'{glibc}{copy}ENV PATH=/opt/bin:$PATH\nCMD ["app"]',
        "path-lost": f'{glibc}{copy}ENV PATH=/opt/bin\nCMD ["sh", "-c", "app"]',
        "login": f'{glibc}{copy}ENV PATH=/opt/bin:$PATH\nCMD ["bash", "-lc", "app"]',
        "sh-c": f'{glibc}{copy}CMD ["sh", "-c", "exec /opt/bin/app"]',
        "sh-c-wrong": f'{glibc}{copy}CMD ["sh", "-c", "/opt/app && echo x"]',
        "sh-c-or": f'{glibc}{copy}CMD ["sh", "-c", "/opt/app || /opt/bin/app"]',
        "quoted-array": f"{glibc}{copy}CMD ['/opt/bin/app']",
        "one-word": f'{glibc}{copy}CMD ["/opt/bin/app --flag"]',
        "entry-and-cmd": f'{glibc}{copy}ENTRYPOINT ["/opt/bin/app"]\nCMD ["/nosuch"]',
        "entry-shell-and-cmd": f'{glibc}{copy}ENTRYPOINT exec /opt/bin/app\nCMD ["/nosuch"]',
        "entry-clears-cmd": f'FROM debian:12-slim AS base\nCMD ["/nosuch"]\nFROM base\n{copy}ENTRYPOINT ["/opt/bin/app"]',
        "cmd-of-parent": f'FROM debian:12-slim AS base\nCMD ["/opt/bin/app"]\nFROM base\n{copy}',
        "entry-of-parent": f'FROM debian:12-slim AS base\nENTRYPOINT ["/opt/app"]\nFROM base\n{copy}CMD ["x"]',
        "shell-on-scratch": f"{none}{copy}CMD /opt/bin/app",
        "bash-shell-on-musl": f'{musl}{copy}SHELL ["/bin/bash", "-c"]\nCMD echo ok',
        "workdir": f'{glibc}{copy}WORKDIR /opt/bin\nENTRYPOINT ["./app"]',
        "workdir-wrong": f'{glibc}{copy}WORKDIR /opt\nENTRYPOINT ["./app"]',
        "workdir-variable": f'{glibc}{copy}ENV HERE=/opt\nWORKDIR $HERE/bin\nCMD ["./app"]',
        "variable-in-array": f'{glibc}{copy}ENV APP=/opt/bin/app\nCMD ["$APP"]',
        "variable-in-shell": f"{glibc}{copy}ENV APP=/opt/bin/app\nCMD $APP --flag",
        "folder": f'{glibc}{copy}CMD ["/opt/bin"]',
        "env": f'{glibc}{copy}CMD ["/usr/bin/env", "-i", "/opt/bin/app"]',
        "env-path": f'{glibc}{copy}CMD ["env", "PATH=/opt/bin", "app"]',
        "nice": f'{glibc}{copy}CMD ["nice", "-n", "5", "/opt/bin/app"]',
        "timeout": f'{glibc}{copy}CMD ["timeout", "5", "/opt/app"]',
        "tini-absent": f'{glibc}{copy}ENTRYPOINT ["/usr/bin/tini", "--", "/opt/bin/app"]',
        "tini-elsewhere": f'{glibc}{copy}{_INSTALL} tini\nENTRYPOINT ["/sbin/tini", "--", "/opt/bin/app"]',
        "gosu": f'{glibc}{copy}{_INSTALL} gosu\nENTRYPOINT ["gosu", "nobody", "/opt/bin/app"]',
        "su": f"{glibc}{copy}CMD su nobody -s /bin/sh -c /opt/bin/app",
        "setpriv": f'{glibc}{copy}CMD ["setpriv", "--reuid=1000", "--clear-groups", "/opt/bin/app"]',
        "argument": 'FROM debian:${RELEASE:-12}-slim\nARG PLACE=/opt/bin\nCOPY --from=build /app $PLACE/app\nCMD ["/opt/bin/app"]',
        "ldso": f'{glibc}{copy}CMD ["/lib64/ld-linux-x86-64.so.2", "/opt/bin/app"]',
        "musl-with-glibc-copied": f'{musl}{copy}COPY --from=build /lib64/ld-linux-x86-64.so.2 /lib64/\nCOPY --from=build /lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/\nCMD ["/opt/bin/app"]',
        "link-to-nothing": f'{glibc}RUN ln -s /opt/bin/nosuch /usr/bin/app\n{copy}CMD ["app"]',
        "preload": f'{glibc}{copy}ENV LD_PRELOAD=/usr/lib/libjemalloc.so.2\nCMD ["/opt/bin/app"]',
        "derived": 'FROM build\nCMD ["/app"]',
        "bind": f'{glibc}RUN --mount=type=bind,source=run,target=/mnt/run cp /mnt/run /run-it\nCMD ["/run-it"]',
        "from-image": 'FROM scratch\nCOPY --from=debian:12-slim /bin/ls /ls\nCMD ["/ls"]',
    }.items():
        yield _case(f"start-{name}", f"{head}{lines}", {"main.c": _HELLO, "run": "#!/bin/sh\necho ok\n"})
    musl_head = f"FROM debian:12-slim AS build\n{_INSTALL} musl-tools\nCOPY main.c .\nRUN musl-gcc -o /app main.c\n"
    for name, lines in {
        "musl-on-musl": f"{musl}{copy}",
        "musl-on-debian": f"{glibc}{copy}",
        "musl-package": f"{glibc}{_INSTALL} musl\n{copy}",
    }.items():
        yield _case(f"start-{name}", f'{musl_head}{lines}CMD ["/opt/bin/app"]', {"main.c": _HELLO})


def _modules() -> Iterator[Case]:
    """Native modules of node, ruby and perl."""
    package = '{"name": "x", "version": "1.0.0", "dependencies": {"%s": "%s"}}\n'
    for name, version, use in (
        ("bcrypt", "6.0.0", "bcrypt"),
        ("esbuild", "0.25.0", "esbuild"),
        ("lodash", "4.17.21", "lodash"),
    ):
        files = {"package.json": package % (name, version), "index.js": f"require('{use}'); console.log('ok')\n"}
        for builder, runtime in (("12", "12"), ("13", "12"), ("12", "bare")):
            last = "debian:12-slim" if runtime == "bare" else f"debian:{runtime}-slim\n{_INSTALL} nodejs"
            text = f"""
FROM debian:{builder}-slim AS build
{_INSTALL} nodejs npm
WORKDIR /src
COPY package.json .
RUN npm install --omit=dev
FROM {last}
WORKDIR /srv
COPY --from=build /src/node_modules ./node_modules
COPY index.js .
CMD ["node", "index.js"]
"""
            yield _case(f"node-{name}-{builder}-{runtime}", text, files)
    gem = {
        "x.gemspec": "Gem::Specification.new { |s| s.name = 'x'; s.version = '1'; s.summary = 'x'; s.authors = ['x'];"
        " s.files = ['ext/x.c', 'ext/extconf.rb']; s.extensions = ['ext/extconf.rb'] }\n",
        "ext/extconf.rb": "require 'mkmf'\ncreate_makefile 'x'\n",
        "ext/x.c": '#include <ruby.h>\nvoid Init_x(void) { rb_define_module("X"); }\n',
    }
    for builder, runtime in (("12", "12"), ("12", "13"), ("13", "12")):
        text = f"""
FROM debian:{builder}-slim AS build
{_INSTALL} ruby ruby-dev gcc libc6-dev make
WORKDIR /src
COPY . .
RUN gem build x.gemspec && gem install --local x-1.gem
FROM debian:{runtime}-slim
{_INSTALL} ruby
COPY --from=build /var/lib/gems /var/lib/gems
CMD ["ruby", "-e", "require 'x'"]
"""
        yield _case(f"gem-{builder}-{runtime}", text, gem)
    for name, more in (("missing", ""), ("there", f"{_INSTALL} libjson-perl\n")):
        yield _case(f"perl-module-{name}", f'FROM debian:12-slim\n{more}CMD ["perl", "-MJSON", "-e", "1"]')


def _built_before() -> Iterator[Case]:
    """Programs that lie in the context, built elsewhere."""
    net = 'package main\n\nimport "net"\n\nfunc main() { net.LookupHost("localhost"); println("ok") }\n'
    plain = '#include <iostream>\nint main() { std::cout << "ok" << std::endl; }\n'
    go = {"main.go": net, "go.mod": "module example.org/app\n\ngo 1.15\n"}
    programs = {
        "c": ("gcc libc6-dev", "gcc -o /out/app main.c", {"main.c": _HELLO}),
        "curl": ("gcc libc6-dev libcurl4-openssl-dev", "gcc -o /out/app main.c -lcurl", {"main.c": _CURL}),
        "cxx": ("g++ libc6-dev", "g++ -o /out/app main.cpp", {"main.cpp": plain}),
        "go": ("golang-go ca-certificates gcc libc6-dev", "go build -o /out/app .", go),
        "musl": ("musl-tools", "musl-gcc -o /out/app main.c", {"main.c": _HELLO}),
        "mode": ("gcc libc6-dev", "gcc -o /out/app main.c && chmod 644 /out/app", {"main.c": _HELLO}),
    }
    bases = ("debian:11-slim", "debian:12-slim", "alpine:3.17", "scratch")
    distroless = ("gcr.io/distroless/static-debian12", "gcr.io/distroless/base-debian12:nonroot")
    for (name, (packages, command, files)), base in product(programs.items(), (*bases, *distroless)):
        built = f"FROM debian:12-slim\n{_INSTALL} {packages}\nWORKDIR /src\nCOPY . .\nRUN mkdir /out && {command}\n"
        text = f'FROM {base}\nCOPY app /usr/local/bin/app\nENTRYPOINT ["/usr/local/bin/app"]'
        case = _case(f"built-{name}-{base.rpartition('/')[2]}", text, files)
        yield replace(case, built=built)
