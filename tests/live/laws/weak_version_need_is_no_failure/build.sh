# glibc: a vernaux entry with VER_FLG_WEAK may be absent (elf/dl-version.c, match_symbol).
mkdir -p "$OUT/app"
cp "$FIXTURES/needs-glibc-2.99-weakly" "$OUT/app/"
