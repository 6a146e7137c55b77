# glibc: entries of LD_LIBRARY_PATH are separated by colons or semicolons (ld.so(8)).
library /found/liba.so.1 liba.so.1
program /app/program "$OUT/found/liba.so.1"
