# An empty entry stands for the current directory (ld.so(8)).
library /found/liba.so.1 liba.so.1
program /app/program "$OUT/found/liba.so.1"
