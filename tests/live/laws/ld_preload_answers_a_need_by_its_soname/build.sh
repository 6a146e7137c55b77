# glibc: an object of LD_PRELOAD satisfies a later need of its soname.
library /opt/other.so liba.so.1
program /app/program "$OUT/opt/other.so"
