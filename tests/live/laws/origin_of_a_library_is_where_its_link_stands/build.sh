# glibc: a library's $ORIGIN is the directory in which it was found; links in it are not followed.
library /real/libb.so.1 libb.so.1
library /real/liba.so.1 liba.so.1 -Wl,-rpath,'$ORIGIN' "$OUT/real/libb.so.1"
program /app/program -Wl,-rpath,/found "$OUT/real/liba.so.1"
