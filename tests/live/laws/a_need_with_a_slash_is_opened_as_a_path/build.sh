# glibc and musl: a need with a slash is no name to search but a path (ld.so(8)).
library /opt/liba.so.1 /opt/liba.so.1
program /app/program "$OUT/opt/liba.so.1"
