# glibc as Debian has it goes on after a library of another byte order; upstream's stops there (elf/dl-load.c).
mkdir -p "$OUT/big"
cp "$FIXTURES/hello-s390x" "$OUT/big/liba.so.1"
library /found/liba.so.1 liba.so.1
program /app/program "$OUT/found/liba.so.1"
