# A newer libc.so.6 before the image's own: its GLIBC_PRIVATE and newer versions are not in the older ld.so.
program /app/program -Wl,--disable-new-dtags -Wl,-rpath,'$ORIGIN'
cp "$ROOTS/bookworm/usr/lib/x86_64-linux-gnu/libc.so.6" "$OUT/app/"
