# glibc since 2.33: glibc-hwcaps stands below each directory of the search, not of the default path only.
library /opt/glibc-hwcaps/x86-64-v2/liba.so.1 liba.so.1
program /app/program -Wl,-rpath,/opt "$OUT/opt/glibc-hwcaps/x86-64-v2/liba.so.1"
