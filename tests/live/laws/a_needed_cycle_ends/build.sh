# Libraries that need each other are loaded once.
library /app/libb.so.1 libb.so.1 "$(stub liba.so.1)"
library /app/liba.so.1 liba.so.1 "$OUT/app/libb.so.1"
program /app/program -Wl,--disable-new-dtags -Wl,-rpath,'$ORIGIN' "$OUT/app/liba.so.1"
