# musl: of the ELF header it reads the type and where the program headers are (ldso/dynlink.c, map_library).
LIBC=musl
library /app/liba.so.1 liba.so.1
program /app/program -Wl,-rpath,'$ORIGIN' "$OUT/app/liba.so.1"
printf '\011' | dd of="$OUT/app/liba.so.1" bs=1 seek=7 conv=notrunc 2>/dev/null
