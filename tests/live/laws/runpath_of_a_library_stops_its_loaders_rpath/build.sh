# glibc: an object with RUNPATH is not searched by RPATHs, its loader's included (elf/dl-load.c, _dl_map_object).
library /app/lib/libb.so.1 libb.so.1
library /app/lib/liba.so.1 liba.so.1 -Wl,--enable-new-dtags -Wl,-rpath,/nowhere "$OUT/app/lib/libb.so.1"
program /app/program -Wl,--disable-new-dtags -Wl,-rpath,'$ORIGIN/lib' "$OUT/app/lib/liba.so.1"
