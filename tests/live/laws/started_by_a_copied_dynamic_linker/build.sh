# The dynamic linker that is started is the one that loads the program: PT_INTERP is not looked at (glibc elf/rtld.c).
program /app/program
bookworm_glibc /opt/g ld.so
