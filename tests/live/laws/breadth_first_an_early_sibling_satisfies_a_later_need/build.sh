# glibc: all needs of the program are loaded before those of its first library, so the last sibling answers.
library /one/libb.so.1 libb.so.1
library /two/liba.so.1 liba.so.1 "$OUT/one/libb.so.1"
program /app/program -Wl,--enable-new-dtags -Wl,-rpath,/one:/two "$OUT/two/liba.so.1" "$OUT/one/libb.so.1"
