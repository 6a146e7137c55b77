# Its directories are built in: multiarch ones, /lib and /usr/lib, but not where it stands itself.
program /app/program
bookworm_glibc /lib64 ld-linux-x86-64.so.2
