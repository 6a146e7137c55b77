# Sourced after laws/toolbox.sh by cells.py: all programs of its cells, below $OUT$1.
program "$1/plain"
CODE= ; printf 'int main(void){return 0;}' >"$WORK/c.c"; gcc "$WORK/c.c" -o "$OUT$1/c"
printf '#include <string>\nint main(int n,char**v){std::string s(v[0]);try{if(n>5)throw n;}catch(int){}return s.empty();}' >"$WORK/x.cc"
g++ "$WORK/x.cc" -o "$OUT$1/cxx"
printf '#include <math.h>\nint main(int n,char**v){return pow(n,0.5)>100;}' >"$WORK/m.c"; gcc "$WORK/m.c" -o "$OUT$1/math" -lm
library "$1/liba.so.1" liba.so.1
program "$1/needs-a" -Wl,-rpath,/opt/a "$OUT$1/liba.so.1"
LIBC=musl
program "$1/musl"
cat >"$WORK/r.c" <<'C'
extern int puts(const char *); extern void exit(int);
static const char text[] = "hello"; const char *volatile pointer = text;
__attribute__((force_align_arg_pointer)) void _start(void) { puts(pointer); exit(0); }
C
gcc $BARE -fPIE -pie "$WORK/r.c" -Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1 -Wl,-z,pack-relative-relocs -o "$OUT$1/musl-relr" "$(stub libc.musl-x86_64.so.1)"
CODE= ; program "$1/musl-needs-a" -Wl,-rpath,/opt/a "$OUT$1/liba.so.1"
