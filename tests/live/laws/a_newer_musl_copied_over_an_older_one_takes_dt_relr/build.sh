# The dynamic linker that is there decides: 1.2.5 knows DT_RELR, which 1.2.3 does not.
LIBC=musl CODE="static int value; int *volatile pointer = &value; int *volatile more[8] = {&value, &value, &value};"
program /app/program -Wl,-z,pack-relative-relocs
mkdir -p "$OUT/lib"; cp "$ROOTS"/musl-1.2.5/lib/ld-musl-x86_64.so.1 "$OUT/lib/"
