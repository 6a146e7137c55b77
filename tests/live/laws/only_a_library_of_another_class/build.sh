# glibc: of another class it is named: wrong ELF class.
mkdir -p "$OUT/small"
cp "$FIXTURES/hello-i386" "$OUT/small/liba.so.1"
program /app/program "$(stub liba.so.1)"
