# musl too (ldso/dynlink.c, load_preload).
LIBC=musl
CODE='void one(void) {}' library /opt/libone.so libone.so
CODE='extern void one(void); void *use = (void *)one;' program /app/program -Wl,--unresolved-symbols=ignore-all
