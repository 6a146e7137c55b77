# Debian: /usr/local/lib is in ld.so.conf.d, which only ldconfig reads; the cache is from before the COPY.
library /usr/local/lib/liba.so.1 liba.so.1
program /app/program "$OUT/usr/local/lib/liba.so.1"
