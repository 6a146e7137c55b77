# musl: the first file of that name is taken; one of another class is an error (ldso/dynlink.c, map_library).
LIBC=musl
mkdir -p "$OUT/small"
cp "$FIXTURES/hello-i386" "$OUT/small/liba.so.1"
library /found/liba.so.1 liba.so.1
program /app/program "$OUT/found/liba.so.1"
