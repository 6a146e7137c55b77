# glibc: a text file of the library's name stops the program: invalid ELF header.
mkdir -p "$OUT/script"
echo 'GROUP ( /lib/liba.so.1 )' >"$OUT/script/liba.so.1"
program /app/program "$(stub liba.so.1)"
