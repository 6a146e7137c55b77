# musl: its dynamic linker does not check version needs; here the symbol is there, under another version.
LIBC=musl
echo 'A_1 { global: two; };' >"$WORK/old.map"
echo 'A_2 { global: two; };' >"$WORK/new.map"
CODE='void two(void) {}' library /../made/liba.so.1 liba.so.1 -Wl,--version-script="$WORK/new.map"
CODE='void two(void) {}' library /app/liba.so.1 liba.so.1 -Wl,--version-script="$WORK/old.map"
CODE='extern void two(void); void *use = (void *)two;' program /app/program -Wl,-rpath,'$ORIGIN' "$OUT/../made/liba.so.1"
