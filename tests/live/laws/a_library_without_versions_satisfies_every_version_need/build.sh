# glibc: a provider without version definitions draws a warning only (elf/dl-version.c).
echo 'A_2 { global: two; };' >"$WORK/new.map"
CODE='void two(void) {}' library /../made/liba.so.1 liba.so.1 -Wl,--version-script="$WORK/new.map"
CODE='void two(void) {}' library /app/liba.so.1 liba.so.1
CODE='extern void two(void); void *use = (void *)two;' program /app/program -Wl,-rpath,'$ORIGIN' "$OUT/../made/liba.so.1"
