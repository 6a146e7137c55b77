# musl: /usr/local/lib is in the default path, no ldconfig is needed.
LIBC=musl
library /usr/local/lib/liba.so.1 liba.so.1
program /app/program "$OUT/usr/local/lib/liba.so.1"
