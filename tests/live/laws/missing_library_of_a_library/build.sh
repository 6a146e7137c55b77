# The needs of needed libraries count as the program's own.
library /app/liba.so.1 liba.so.1 "$(stub libb.so.1)"
program /app/program -Wl,-rpath,'$ORIGIN' "$OUT/app/liba.so.1"
