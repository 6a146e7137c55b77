#!/bin/sh
# Writes rpmdb.sqlite.gz and Packages.gz beside this script: databases with three empty packages, by rpm itself (Debian's
# package rpm 4.18) and by Berkeley DB's db_load (Debian's db-util). Checked with `rpm --dbpath DIR -qa`, for Packages with
# `--define '_db_backend bdb_ro'`. Host and time of the build stand in them: another run gives other bytes.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > tiny.spec <<'SPEC'
Name: %{name_}
Version: %{version_}
Release: %{release_}
Epoch: %{epoch_}
Summary: An empty package
License: MIT
BuildArch: noarch
%description
Empty.
%files
SPEC
build() {
    rpmbuild -bb --quiet --define "_topdir $work" --define "name_ $1" --define "version_ $2" --define "release_ $3" \
        --define "epoch_ $4" --define "_buildhost example" tiny.spec
}
build glibc 2.34 100.el9 0
build bash 5.1.8 9.el9 0
build openssl-libs 3.0.7 28.el9 1
mkdir db
rpm --dbpath "$work/db" --initdb
rpm --dbpath "$work/db" -i --nodeps --justdb RPMS/noarch/*.rpm
gzip -9 -n -c db/rpmdb.sqlite > "$here/rpmdb.sqlite.gz"
python3 - <<'PYTHON' | db_load Packages
import sqlite3

print("VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n 00000000\n 03000000")
for number, blob in sqlite3.connect("db/rpmdb.sqlite").execute("SELECT hnum, blob FROM Packages"):
    print(f" {number.to_bytes(4, 'little').hex()}\n {blob.hex()}")
print("DATA=END")
PYTHON
gzip -9 -n -c Packages > "$here/Packages.gz"
