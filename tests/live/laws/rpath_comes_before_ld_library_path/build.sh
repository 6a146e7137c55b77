# glibc: RPATH, where there is no RUNPATH, is searched before LD_LIBRARY_PATH (ld.so(8)).
echo 'A_1 { };' >"$WORK/old.map"
echo 'A_1 { }; A_2 { global: two; } A_1;' >"$WORK/new.map"
CODE='void two(void) {}' library /new/liba.so.1 liba.so.1 -Wl,--version-script="$WORK/new.map"
CODE='void one(void) {}' library /old/liba.so.1 liba.so.1 -Wl,--version-script="$WORK/old.map"
CODE='extern void two(void); void *use = (void *)two;' program /app/program -Wl,--disable-new-dtags -Wl,-rpath,/new "$OUT/new/liba.so.1"
