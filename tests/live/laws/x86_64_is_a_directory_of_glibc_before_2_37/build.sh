# Legacy hardware directories: x86_64 is what every such CPU has (glibc sysdeps/x86/dl-hwcap.h, gone with 2.37).
library /opt/x86_64/liba.so.1 liba.so.1
program /app/program -Wl,-rpath,/opt "$OUT/opt/x86_64/liba.so.1"
