# glibc: a vernaux entry with VER_FLG_WEAK may be absent (elf/dl-version.c, match_symbol).
mkdir -p "$OUT/app"
cp "$FIXTURES/needs-weak-glibc-2.99" "$OUT/app/"
