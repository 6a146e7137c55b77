# musl: a library with __libc_start_main and stdin is taken for a second libc; musl answers in its place.
LIBC=musl
CODE='void one(void) {} void __libc_start_main(void) {} void *stdin;' library /app/liba.so.1 liba.so.1
CODE='extern void one(void); void *use = (void *)one;' program /app/program -Wl,-rpath,'$ORIGIN' "$OUT/app/liba.so.1"
