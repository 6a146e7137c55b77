# glibc 2.33 and later search glibc-hwcaps/x86-64-v2 below the default directories, where the CPU has that level.
library /usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v2/liba.so.1 liba.so.1
program /app/program "$OUT/usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v2/liba.so.1"
