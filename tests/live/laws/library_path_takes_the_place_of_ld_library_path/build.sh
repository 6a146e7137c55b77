# --library-path replaces LD_LIBRARY_PATH (glibc elf/rtld.c).
library /opt/a/liba.so.1 liba.so.1
program /app/program "$OUT/opt/a/liba.so.1"
