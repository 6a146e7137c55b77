# --preload is LD_PRELOAD of one start.
CODE="int there(void) { return 1; }" library /opt/libb.so libb.so
CODE='extern int there(void); int (*use)(void) = there;' program /app/program -Wl,--unresolved-symbols=ignore-all
