# Debian: /lib64 is a link; the kernel opens PT_INTERP through it.
LINKER=/usr/lib64/ld-linux-x86-64.so.2
program /app/program
