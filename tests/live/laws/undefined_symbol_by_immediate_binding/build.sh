# glibc: an address that is taken is bound at start; without the symbol: symbol lookup error.
CODE='void two(void) {}' library /../made/liba.so.1 liba.so.1
CODE='void one(void) {}' library /app/liba.so.1 liba.so.1
CODE='extern void two(void); void *use = (void *)two;' program /app/program -Wl,-rpath,'$ORIGIN' "$OUT/../made/liba.so.1"
