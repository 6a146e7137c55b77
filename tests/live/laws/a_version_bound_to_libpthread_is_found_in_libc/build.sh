# glibc compares name and version, not the file that the version need names (elf/dl-lookup.c): 2.34 emptied libpthread.
echo 'GLIBC_2.3.3 { global: pthread_condattr_setclock; };' >"$WORK/pthread.map"
CODE='void pthread_condattr_setclock(void) {}' library /../made/libpthread.so.0 libpthread.so.0 -Wl,--version-script="$WORK/pthread.map"
CODE='extern void pthread_condattr_setclock(void); void *use = (void *)pthread_condattr_setclock;' program /app/program "$OUT/../made/libpthread.so.0"
