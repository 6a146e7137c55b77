# Debian's glibc: $LIB is lib/x86_64-linux-gnu.
library /opt/lib/x86_64-linux-gnu/liba.so.1 liba.so.1
program /app/program -Wl,-rpath,'/opt/$LIB' "$OUT/opt/lib/x86_64-linux-gnu/liba.so.1"
