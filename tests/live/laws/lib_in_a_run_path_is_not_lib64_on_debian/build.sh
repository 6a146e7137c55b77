# Debian's glibc: $LIB is not lib64.
library /opt/lib64/liba.so.1 liba.so.1
program /app/program -Wl,-rpath,'/opt/$LIB' "$OUT/opt/lib64/liba.so.1"
