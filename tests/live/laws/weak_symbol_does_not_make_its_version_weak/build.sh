# glibc: a weak symbol whose version need is not weak still stops the program.
mkdir -p "$OUT/app"
cp "$FIXTURES/needs-glibc-2.99-weakly" "$OUT/app/"
