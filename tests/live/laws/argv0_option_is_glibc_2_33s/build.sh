# An option with a value of its own before the program (glibc 2.33 and later).
program /app/program
