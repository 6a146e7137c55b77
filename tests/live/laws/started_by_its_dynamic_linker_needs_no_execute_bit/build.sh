# The dynamic linker maps the program, no execve looks at its bits.
program /app/program
chmod 644 "$OUT/app/program"
