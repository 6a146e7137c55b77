# musl ldso/dynlink.c: started by name it takes --library-path, --preload, --argv0 and --list.
mkdir -p "$OUT/opt/m"; cp "$ROOTS"/musl/lib/ld-musl-x86_64.so.1 "$OUT/opt/m/ld.so"
LIBC=musl
library /opt/a/liba.so.1 liba.so.1
program /app/program "$OUT/opt/a/liba.so.1"
