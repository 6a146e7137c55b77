# A program of FreeBSD: OS/ABI 9 and an interpreter that no Linux image has.
LINKER=/libexec/ld-elf.so.1
program /app/program
printf "\\011" | dd of="$OUT/app/program" bs=1 seek=7 conv=notrunc status=none
