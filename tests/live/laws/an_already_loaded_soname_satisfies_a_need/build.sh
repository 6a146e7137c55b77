# glibc: an object loaded under the same soname answers, wherever it stands (elf/dl-load.c, _dl_map_object).
library /one/libb.so.1 libb.so.1
library /two/liba.so.1 liba.so.1 "$OUT/one/libb.so.1"
program /app/program -Wl,--enable-new-dtags -Wl,-rpath,/one:/two "$OUT/one/libb.so.1" "$OUT/two/liba.so.1"
