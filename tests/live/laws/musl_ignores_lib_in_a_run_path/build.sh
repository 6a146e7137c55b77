# musl: a run path with another $ than $ORIGIN is ignored as a whole (ldso/dynlink.c, fixup_rpath).
LIBC=musl
library /app/liba.so.1 liba.so.1
program /app/program -Wl,-rpath,'$ORIGIN:/opt/$LIB' "$OUT/app/liba.so.1"
