# musl: ld-linux-x86-64.so.2 is none of its reserved names.
LIBC=musl
program /app/program "$(stub ld-linux-x86-64.so.2)"
