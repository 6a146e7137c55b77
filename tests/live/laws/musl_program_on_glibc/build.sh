# And the other way round.
LIBC=musl
program /app/program
