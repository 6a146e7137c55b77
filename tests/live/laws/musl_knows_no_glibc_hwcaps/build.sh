# musl looks into the directory itself only.
LIBC=musl
library /opt/glibc-hwcaps/x86-64-v2/liba.so.1 liba.so.1
program /app/program -Wl,-rpath,/opt "$OUT/opt/glibc-hwcaps/x86-64-v2/liba.so.1"
