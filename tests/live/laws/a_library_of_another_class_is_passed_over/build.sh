# glibc: so is one of another class.
mkdir -p "$OUT/small"
cp "$FIXTURES/hello-i386" "$OUT/small/liba.so.1"
library /found/liba.so.1 liba.so.1
program /app/program "$OUT/found/liba.so.1"
