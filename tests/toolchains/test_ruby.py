"""What `bundle install`, `gem install` and docker-php-ext-install are predicted to build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.toolchains.predicting import predict

if TYPE_CHECKING:
    from pathlib import Path

GEMFILE = """\
source "https://rubygems.org"
gem "pg"
gem "rails"
gem "sqlite3", group: :test
group :development, :test do
  gem "bcrypt"
end
group :production do
  gem "puma"
end
"""
LOCK = """\
GEM
  remote: https://rubygems.org/
  specs:
    bcrypt (3.1.20)
    nokogiri (1.18.1-x86_64-linux-gnu)
      racc (~> 1.4)
    nokogiri (1.18.1-x86_64-linux-musl)
      racc (~> 1.4)
    pg (1.5.9)
    puma (6.4.3)
      nio4r (~> 2.0)
    nio4r (2.7.3)
    racc (1.8.1)
    rails (7.2.1)
      nokogiri (>= 1.8)
    sqlite3 (2.1.0)

PLATFORMS
  x86_64-linux-gnu
  x86_64-linux-musl

DEPENDENCIES
  bcrypt
  pg (~> 1.5)
  puma
  rails!
  sqlite3
"""
FILES = {"Gemfile": GEMFILE, "Gemfile.lock": LOCK}
HOME = "/usr/local/bundle/gems"
DEPLOYED = "/app/vendor/bundle/ruby/3.3.0/gems"


def names(home: str, libc: str) -> set[str]:
    """The files of LOCK's gems that production needs."""
    return {
        f"{home}/nio4r-2.7.3/lib/nio4r_ext.so",
        f"{home}/nokogiri-1.18.1-x86_64-linux-{libc}/lib/nokogiri/nokogiri.so",
        f"{home}/pg-1.5.9/lib/pg_ext.so",
        f"{home}/puma-6.4.3/lib/puma/puma_http11.so",
    }


@pytest.mark.parametrize(
    ("base", "command", "expected"),
    [
        pytest.param("ruby:3.3", "bundle install", names(HOME, "gnu"), id="bundle"),
        pytest.param("ruby:3.3-alpine", "bundle install --jobs 4", names(HOME, "musl"), id="musl"),
        pytest.param("ruby:3.3", "bundle install --deployment", names(DEPLOYED, "gnu"), id="deployment"),
        pytest.param("ruby:3.3", "BUNDLE_DEPLOYMENT=1 bundle install", names(DEPLOYED, "gnu"), id="variable"),
        pytest.param(
            "ruby:3.3", "bundle config set --local path vendor/bundle && bundle", names(DEPLOYED, "gnu"), id="config"
        ),
        pytest.param(
            "ruby:3.3",
            "bundle config set --local deployment true && bundle",
            names(DEPLOYED, "gnu"),
            id="config, deployment",
        ),
        pytest.param("ruby:3.3", "bundle install --path /gems", names("/gems/ruby/3.3.0/gems", "gnu"), id="path"),
        pytest.param("ruby:3.3", "gem install bcrypt -v 3.1.20", {f"{HOME}/bcrypt-3.1.20/lib/bcrypt_ext.so"}, id="gem"),
        pytest.param("ruby:3.3", "bundle exec rake", set(), id="another verb"),
        pytest.param("ruby:3.3", "gem install rake", set(), id="pure"),
        pytest.param("example.org/own:1", "bundle install", set(), id="unknown image"),
    ],
)
def test_gems(tmp_path: Path, base: str, command: str, expected: set[str]) -> None:
    assert set(predict(tmp_path, f"FROM {base}\nWORKDIR /app\nCOPY . .\nRUN {command}\n", FILES)) == expected


def test_gem_for_either_libc_in_one_is_not_told(tmp_path: Path) -> None:
    lock = LOCK.replace("x86_64-linux-gnu", "x86_64-linux").replace("x86_64-linux-musl", "x86_64-linux")
    found = predict(
        tmp_path, "FROM ruby:3.3\nCOPY . .\nRUN bundle install\n", {"Gemfile": GEMFILE, "Gemfile.lock": lock}
    )
    assert [path for path in found if "nokogiri" in path] == []


def test_pg_needs_libpq(tmp_path: Path) -> None:
    found = predict(tmp_path, "FROM ruby:3.3-alpine\nCOPY . .\nRUN bundle install\n", FILES)
    assert found[f"{HOME}/pg-1.5.9/lib/pg_ext.so"].facts.needed == ("libpq.so.5", "libc.musl-x86_64.so.1")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param(
            "docker-php-ext-install -j4 pdo_pgsql bcmath", {"pdo_pgsql": ("libpq.so.5",), "bcmath": ()}, id="own"
        ),
        pytest.param("pecl install redis-6.0.2", {"redis": ()}, id="pecl"),
        pytest.param("pecl list", {}, id="another verb"),
    ],
)
def test_extensions_of_php(tmp_path: Path, command: str, expected: dict[str, tuple[str, ...]]) -> None:
    found = predict(tmp_path, f"FROM php:8.3-fpm-alpine3.20\nRUN {command}\n")
    directory = "/usr/local/lib/php/extensions/no-debug-non-zts-*"
    libc = "libc.musl-x86_64.so.1"
    assert {path: artifact.facts.needed for path, artifact in found.items()} == {
        f"{directory}/{name}.so": (*needed, libc) for name, needed in expected.items()
    }
