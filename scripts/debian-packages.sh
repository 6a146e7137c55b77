#!/bin/sh
# Install Debian packages that the Makefile needs: with apt-get when root, else say what to do.
# With --optional a package that cannot be had is a message and not an error: the tests that want it are skipped.
set -eu
optional=no
if [ "$1" = --optional ]; then optional=yes; shift; fi

missing=
for package in "$@"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

refuse() {
  echo "$1$missing"
  [ "$optional" = yes ]
  exit
}
command -v apt-get >/dev/null || refuse 'This machine has no apt-get; please install:'
[ "$(id -u)" -eq 0 ] || refuse 'Please install (needs root): apt-get install'
# shellcheck disable=SC2086 # several words on purpose
{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >/dev/null ||
  refuse 'apt-get could not install:'
