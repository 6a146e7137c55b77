# glibc: $PLATFORM is the kernel's AT_PLATFORM, but haswell or xeon_phi on some CPUs (sysdeps/x86/cpu-features.c).
for name in x86_64 haswell xeon_phi; do library "/opt/$name/liba.so.1" liba.so.1; done
program /app/program -Wl,-rpath,'/opt/$PLATFORM' "$OUT/opt/x86_64/liba.so.1"
