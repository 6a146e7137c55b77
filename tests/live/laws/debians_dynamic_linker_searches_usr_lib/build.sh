# /usr/lib is among the directories that are built in.
program /app/program
bookworm_glibc /lib64 ld-linux-x86-64.so.2
mkdir -p "$OUT/usr/lib"; mv "$OUT/lib64/libc.so.6" "$OUT/usr/lib/"
