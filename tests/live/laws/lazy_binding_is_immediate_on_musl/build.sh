# musl: a program's functions are all bound at start.
LIBC=musl
CODE='void two(void) {}' library /../made/liba.so.1 liba.so.1
CODE='void one(void) {}' library /app/liba.so.1 liba.so.1
CODE='extern void two(void); void call(void) { two(); }' program /app/program -Wl,-z,lazy -fplt -Wl,-rpath,'$ORIGIN' "$OUT/../made/liba.so.1"
