"""Predictions for Haskell, Crystal, Nim and Elixir beside what those of this machine really build on the same glibc.

Offline. Debian's packages ghc, cabal-install, crystal, nim and elixir are needed; rows without their tool are skipped.
"""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

import pytest

from tests.live.building import compare

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="compared on x86_64"),
]

SOURCES = {
    "Main.hs": 'main :: IO ()\nmain = putStrLn "x"\n',
    "app.cabal": (
        "cabal-version: 2.4\nname: app\nversion: 1\nbuild-type: Simple\n"
        "executable app\n  main-is: Main.hs\n  build-depends: base\n  default-language: Haskell2010\n"
    ),
    "empty": "",
    "main.cr": 'puts "x"\n',
    "shard.yml": "name: app\nversion: 1.0.0\ntargets:\n  app:\n    main: main.cr\n",
    "main.nim": 'echo "x"\n',
    "app.nimble": 'version = "1.0"\nauthor = "x"\ndescription = "x"\nlicense = "MIT"\nbin = @["main"]\n',
    "mix.exs": (
        "defmodule Shop.MixProject do\n  use Mix.Project\n"
        '  def project, do: [app: :shop, version: "1.0.0", deps: []]\nend\n'
    ),
}
ROWS = (
    ("ghc", "ghc -o app Main.hs", "app"),
    ("ghc", "ghc -optl-static -o app Main.hs", "app"),
    ("cabal", "cabal --config-file=empty install --offline --installdir=bin --install-method=copy", "bin/app"),
    ("crystal", "crystal build main.cr", "main"),
    ("crystal", "crystal build --static -o app main.cr", "app"),
    ("nim", "nim c --hints:off main.nim", "main"),
    ("nim", "nim c --hints:off --passL:-static --out:app main.nim", "app"),
    ("nimble", "nimble build --accept", "main"),
    ("mix", "MIX_ENV=prod mix release", "_build/prod/rel/shop/erts-*/bin/beam.smp"),
)


@pytest.mark.parametrize(("tool", "command", "path"), ROWS)
def test_prediction_is_what_is_built(tool: str, command: str, path: str, tmp_path: Path) -> None:
    compare(tool, command, path, SOURCES, tmp_path)
