# glibc: an object of LD_PRELOAD that cannot be opened is reported and ignored.
program /app/program
