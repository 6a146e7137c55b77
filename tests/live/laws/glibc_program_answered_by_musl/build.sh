# A link by the name of glibc's dynamic linker to musl's: musl runs the program as far as it has its symbols.
mkdir -p "$OUT/lib64"
ln -s /lib/ld-musl-x86_64.so.1 "$OUT/lib64/ld-linux-x86-64.so.2"
program /app/program
