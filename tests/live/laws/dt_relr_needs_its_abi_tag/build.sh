# A program with DT_RELR needs GLIBC_ABI_DT_RELR of libc.so.6, which no symbol binds; 2.31 does not define it.
echo 'GLIBC_2.2.5 { global: puts; exit; }; GLIBC_ABI_DT_RELR { };' >"$WORK/libc.map"
printf '%s\n' 'void puts(void) {} void exit(void) {}' >"$WORK/libc.c"
gcc $BARE -shared -fPIC "$WORK/libc.c" -Wl,-soname,libc.so.6 -Wl,--version-script="$WORK/libc.map" -o "$WORK/libc-versions.so"
CODE='static int here; int *use[] = {&here, &here, &here};' program /app/program -Wl,-z,pack-relative-relocs "$WORK/libc-versions.so"
