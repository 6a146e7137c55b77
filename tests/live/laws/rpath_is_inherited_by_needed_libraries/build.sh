# glibc: a library without RUNPATH is searched by the RPATH of whoever loaded it (ld.so(8)).
library /app/lib/libb.so.1 libb.so.1
library /app/lib/liba.so.1 liba.so.1 "$OUT/app/lib/libb.so.1"
program /app/program -Wl,--disable-new-dtags -Wl,-rpath,'$ORIGIN/lib' "$OUT/app/lib/liba.so.1"
