# glibc: what LD_PRELOAD names is in the process before all libraries, and its symbols are found first.
CODE='void one(void) {}' library /opt/libone.so libone.so
CODE='extern void one(void); void *use = (void *)one;' program /app/program -Wl,--unresolved-symbols=ignore-all
