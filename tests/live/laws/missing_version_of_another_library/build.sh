# glibc: versions of every library are checked, not those of glibc only.
echo 'A_1 { };' >"$WORK/old.map"
echo 'A_1 { }; A_2 { global: two; } A_1;' >"$WORK/new.map"
CODE='void two(void) {}' library /../made/liba.so.1 liba.so.1 -Wl,--version-script="$WORK/new.map"
CODE='void one(void) {}' library /app/liba.so.1 liba.so.1 -Wl,--version-script="$WORK/old.map"
CODE='extern void two(void); void *use = (void *)two;' program /app/program -Wl,-rpath,'$ORIGIN' "$OUT/../made/liba.so.1"
