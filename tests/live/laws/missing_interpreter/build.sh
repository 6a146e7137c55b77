# PT_INTERP names a file that is not there: ENOENT for the program's own path (execve(2)).
LINKER=/nix/store/ld-linux-x86-64.so.2
program /app/program
