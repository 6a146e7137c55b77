# glibc: LD_LIBRARY_PATH is searched before RUNPATH (ld.so(8)): here it finds the library that lacks a version.
echo 'A_1 { };' >"$WORK/old.map"
echo 'A_1 { }; A_2 { global: two; } A_1;' >"$WORK/new.map"
CODE='void two(void) {}' library /new/liba.so.1 liba.so.1 -Wl,--version-script="$WORK/new.map"
CODE='void one(void) {}' library /old/liba.so.1 liba.so.1 -Wl,--version-script="$WORK/old.map"
CODE='extern void two(void); void *use = (void *)two;' program /app/program -Wl,--enable-new-dtags -Wl,-rpath,/new "$OUT/new/liba.so.1"
