# glibc: a file of that name for another machine is no answer; the search goes on (elf/dl-load.c, open_verify).
mkdir -p "$OUT/arm"
cp "$FIXTURES/hello-arm64" "$OUT/arm/liba.so.1"
library /found/liba.so.1 liba.so.1
program /app/program "$OUT/found/liba.so.1"
