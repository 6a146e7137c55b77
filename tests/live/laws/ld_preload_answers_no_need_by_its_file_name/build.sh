# glibc: an object that was opened by a path answers to its soname only.
library /opt/liba.so.1 libother.so.1
library /../made/liba.so.1 liba.so.1
program /app/program "$OUT/../made/liba.so.1"
