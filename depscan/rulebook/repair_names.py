"""The repairs that a rule may name, with what each does.

In: nothing. Out: `REPAIRS`, which `repairs.table` implements name by name (a test holds it): rules are checked by the
names alone, without the engine that tries them.
"""

from __future__ import annotations

REPAIRS = {
    "argument-default": "drop the default of an ARG that hides the builder's own value",
    "base": "other bases for the image that fails, the nearest first",
    "base-of-stage": "the base of another stage, which has what this one lacks",
    "base-variant": "other variants and releases of the stage's own image",
    "build-command": "the flag or setting that the build command lacks",
    "builder-base": "another image for the stage that builds, of the runtime's C library and release",
    "builder-on-base": "the image that runs, for the stage that builds for it",
    "cxx-runtime-static": "link the C++ runtime in",
    "download-machine": "the machine's name in the address of a download",
    "exec-form": "ENTRYPOINT or CMD as the JSON array that was meant",
    "execute-permission": "the execute bit, by COPY --chmod or chmod",
    "ignore-file": "a line of .dockerignore",
    "install-interpreter": "the package with the interpreter of a script",
    "install-package": "the packages that bring the missing libraries",
    "line-ends": "take the carriage returns of a script away",
    "platform-flag": "drop --platform from FROM",
    "search-path": "link with the directory in which the library stands",
    "start-command": "the start command as it would run",
    "static-build": "a static program, where its language can make one",
}
