"""The settings of a run, for one build.

In: a `Build` and the `Config`. Out: the `Config` with what the declaration says, where the user has not said otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from depscan.builds.build import Build
    from depscan.config import Config


def configure(config: Config, build: Build) -> Config:
    """Options and configuration come first; build arguments are merged name by name."""
    return replace(
        config,
        context=config.context or build.context,
        target=config.target or build.target,
        platforms=config.platforms or build.platforms,
        build_arguments={**build.arguments, **config.build_arguments},
        contexts={**build.contexts, **config.contexts},
    )
