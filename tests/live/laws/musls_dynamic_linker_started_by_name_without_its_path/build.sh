# An option may carry its value behind "="; "--" ends them.
mkdir -p "$OUT/opt/m"; cp "$ROOTS"/musl/lib/ld-musl-x86_64.so.1 "$OUT/opt/m/ld.so"
LIBC=musl
library /opt/a/liba.so.1 liba.so.1
program /app/program "$OUT/opt/a/liba.so.1"
