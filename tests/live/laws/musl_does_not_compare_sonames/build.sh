# musl: what is in the process is known by the name it was searched by, not by its soname.
LIBC=musl
library /app/liba.so.1 libb.so.1
library /../made/liba.so.1 liba.so.1
library /../made/libb.so.1 libb.so.1
program /app/program -Wl,-rpath,'$ORIGIN' "$OUT/../made/liba.so.1" "$OUT/../made/libb.so.1"
