# Static or not, the kernel refuses another machine: ENOEXEC.
mkdir -p "$OUT/app"
cp "$FIXTURES/hello-arm64" "$OUT/app/go"
