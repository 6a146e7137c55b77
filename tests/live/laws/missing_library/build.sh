# A need that is nowhere on the search path stops the program.
program /app/program "$(stub liba.so.1)"
