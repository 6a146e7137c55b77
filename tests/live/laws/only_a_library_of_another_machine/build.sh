# glibc: where no other is found, the file of another machine counts as not found.
mkdir -p "$OUT/arm"
cp "$FIXTURES/hello-arm64" "$OUT/arm/liba.so.1"
program /app/program "$(stub liba.so.1)"
