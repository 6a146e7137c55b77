# /usr/local/lib is known by ld.so.cache alone.
library /usr/local/lib/liba.so.1 liba.so.1
program /app/program "$OUT/usr/local/lib/liba.so.1"
