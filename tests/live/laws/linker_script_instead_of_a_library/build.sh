# glibc: a text file of the library's name stops the program: invalid ELF header.
mkdir -p "$OUT/script"
printf '%s\n' '/* GNU ld script: use the shared library, but some functions are only in the static one. */' \
  'OUTPUT_FORMAT(elf64-x86-64)' 'GROUP ( /lib/liba.so.1 /usr/lib/liba_nonshared.a )' >"$OUT/script/liba.so.1"
program /app/program "$(stub liba.so.1)"
