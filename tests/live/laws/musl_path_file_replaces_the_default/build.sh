# musl: /etc/ld-musl-ARCH.path is the whole search path, the default is not added (ldso/dynlink.c).
LIBC=musl
mkdir -p "$OUT/etc"
echo /opt/lib >"$OUT/etc/ld-musl-x86_64.path"
library /usr/lib/liba.so.1 liba.so.1
program /app/program "$OUT/usr/lib/liba.so.1"
