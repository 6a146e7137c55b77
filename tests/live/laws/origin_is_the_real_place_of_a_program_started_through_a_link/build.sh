# The kernel names the program by its real path in /proc/self/exe, which $ORIGIN is taken from.
library /app/lib/liba.so.1 liba.so.1
program /app/bin/program -Wl,-rpath,'$ORIGIN/../lib' "$OUT/app/lib/liba.so.1"
