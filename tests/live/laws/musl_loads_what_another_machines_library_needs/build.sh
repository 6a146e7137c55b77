# musl does not look at the machine: it maps the library and goes on with its needs, then stops at its relocations.
LIBC=musl
CODE='void one(void) {}' library /app/liba.so.1 liba.so.1 "$(stub libnone.so.1)"
CODE='extern void one(void); void *use = (void *)one;' program /app/program -Wl,-rpath,'$ORIGIN' "$OUT/app/liba.so.1"
printf '\267\000' | dd of="$OUT/app/liba.so.1" bs=1 seek=18 conv=notrunc 2>/dev/null
