# The kernel demands the execute bit of PT_INTERP too: EACCES.
LINKER=/app/ld.so
program /app/program
cp "$ROOTS/bookworm/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$OUT/app/ld.so"
chmod 644 "$OUT/app/ld.so"
