# glibc: ldconfig makes a link by the soname of each library it finds.
library /usr/local/lib/liba.so.1.2.3 liba.so.1
program /app/program "$OUT/usr/local/lib/liba.so.1.2.3"
