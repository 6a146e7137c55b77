"""The cases whose rule or prediction is not there yet. The only place that says so; it must become empty.

A case that passes must leave the set: the test fails otherwise.
"""

from __future__ import annotations

AWAITED: frozenset[str] = frozenset(
    {
        "broken/aws-cli-on-alpine",
        "broken/c-linked-with-curl-on-alpine",
        "broken/cxx-by-cmake-to-alpine",
        "broken/dart-exe-to-alpine",
        "broken/dotnet-glibc-rid-to-alpine",
        "broken/dotnet-musl-rid-to-debian",
        "broken/dotnet-rid-in-project-to-alpine",
        "broken/dotnet-rid-of-another-machine",
        "broken/gem-without-its-library",
        "broken/gems-debian-to-alpine",
        "broken/gnu-asset-on-alpine",
        "broken/gnu-asset-through-a-stage",
        "broken/go-cgo-on-in-makefile-to-static",
        "broken/jlink-glibc-to-alpine",
        "broken/manylinux-wheel-on-alpine",
        "broken/native-image-to-alpine",
        "broken/psycopg2-without-libpq",
        "broken/python-native-packages-debian-to-alpine",
        "broken/rust-glibc-to-scratch",
        "broken/rust-openssl-without-libssl",
        "broken/rust-postgres-without-libpq",
        "broken/tensorflow-wheel-on-alpine",
        "broken/venv-of-a-managed-python",
        "broken/venv-onto-a-base-without-python",
        "broken/venv-onto-distroless-python",
        "broken/wheel-of-a-glibc-builder-on-alpine",
    }
)
