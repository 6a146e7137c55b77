# musl: only colons and newlines separate entries of LD_LIBRARY_PATH.
LIBC=musl
library /found/liba.so.1 liba.so.1
program /app/program "$OUT/found/liba.so.1"
