# musl: entries are separated by newlines or colons.
LIBC=musl
mkdir -p "$OUT/etc"
printf '/nowhere:/else\n/opt/lib\n' >"$OUT/etc/ld-musl-x86_64.path"
library /opt/lib/liba.so.1 liba.so.1
program /app/program "$OUT/opt/lib/liba.so.1"
