# libgcc_s of Debian 12 calls a function that glibc has since 2.35 (sysdeps/generic/dl-find_object.h) and musl has not.
LIBC=musl
mkdir -p "$OUT/usr/lib"; cp "$ROOTS/bookworm/usr/lib/x86_64-linux-gnu/libgcc_s.so.1" "$OUT/usr/lib/"
program /app/program "$OUT/usr/lib/libgcc_s.so.1"
