# glibc: a cache entry whose file is gone is passed over; the default path is searched as well.
library /usr/local/lib/liba.so.1 liba.so.1
program /app/program "$OUT/usr/local/lib/liba.so.1"
