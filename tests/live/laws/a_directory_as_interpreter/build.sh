# PT_INTERP names a directory: the kernel refuses with EACCES.
LINKER=/etc
program /app/program
