# Linux starts a program whatever its EI_OSABI (fs/binfmt_elf.c), and its dynamic linker does not look at it again.
program /app/program
printf '\011' | dd of="$OUT/app/program" bs=1 seek=7 conv=notrunc 2>/dev/null
