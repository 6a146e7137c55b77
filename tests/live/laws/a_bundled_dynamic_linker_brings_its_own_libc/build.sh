# PT_INTERP names a copied glibc of another release; RPATH finds the libc beside it.
LINKER=/app/ld.so
program /app/program -Wl,--disable-new-dtags -Wl,-rpath,'$ORIGIN'
cp "$ROOTS/bookworm/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$OUT/app/ld.so"
cp "$ROOTS/bookworm/usr/lib/x86_64-linux-gnu/libc.so.6" "$OUT/app/"
