# Debian: after ldconfig the cache has what stands in /usr/local/lib.
library /usr/local/lib/liba.so.1 liba.so.1
program /app/program "$OUT/usr/local/lib/liba.so.1"
