# glibc since 2.36: only what has version needs and DT_RELR must need GLIBC_ABI_DT_RELR (elf/dl-version.c).
CODE='static int here; int *use[] = {&here, &here, &here};' library /app/liba.so.1 liba.so.1 -Wl,-z,pack-relative-relocs
program /app/program -Wl,-rpath,'$ORIGIN' "$OUT/app/liba.so.1"
