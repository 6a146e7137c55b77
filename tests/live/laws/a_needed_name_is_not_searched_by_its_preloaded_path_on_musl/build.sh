# musl: an object that was opened by a path has no short name, and musl does not look at its soname.
LIBC=musl
library /opt/liba.so.1 liba.so.1
program /app/program "$OUT/opt/liba.so.1"
