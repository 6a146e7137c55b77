# musl: libm, libpthread, librt, libdl, libutil and libc.so.6 are itself, without a file (ldso/dynlink.c).
LIBC=musl
program /app/program "$(stub libm.so.6)" "$(stub libpthread.so.0)" "$(stub libdl.so.2)" "$(stub librt.so.1)" "$(stub libc.so.6)"
