# musl: RPATH and RUNPATH are one and hold for what is loaded below (ldso/dynlink.c, load_library).
LIBC=musl
library /app/lib/libb.so.1 libb.so.1
library /app/lib/liba.so.1 liba.so.1 "$OUT/app/lib/libb.so.1"
program /app/program -Wl,--enable-new-dtags -Wl,-rpath,'$ORIGIN/lib' "$OUT/app/lib/liba.so.1"
