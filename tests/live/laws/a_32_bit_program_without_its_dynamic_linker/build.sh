# The kernel runs i386 programs, but /lib/ld-linux.so.2 is not there: ENOENT.
mkdir -p "$OUT/app"
cp "$FIXTURES/hello-i386" "$OUT/app/"
