# glibc before 2.33 does not know that directory.
library /usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v2/liba.so.1 liba.so.1
program /app/program "$OUT/usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v2/liba.so.1"
