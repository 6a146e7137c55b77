# glibc: EI_OSABI of a library must be System V's or GNU's (elf/dl-load.c, open_verify); 9 is FreeBSD.
library /app/liba.so.1 liba.so.1
program /app/program -Wl,-rpath,'$ORIGIN' "$OUT/app/liba.so.1"
printf '\011' | dd of="$OUT/app/liba.so.1" bs=1 seek=7 conv=notrunc 2>/dev/null
