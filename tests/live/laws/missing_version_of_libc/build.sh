# glibc: a version that libc.so.6 does not define stops the program, used or not (elf/dl-version.c).
mkdir -p "$OUT/app"
cp "$FIXTURES/needs-glibc-2.99" "$OUT/app/"
