# musl: libresolv is none of its reserved names.
LIBC=musl
program /app/program "$(stub libresolv.so.2)"
