# Both dynamic linkers: a path that does not begin with / is one of the working directory of the process.
library /app/lib/liba.so.1 liba.so.1
program /app/program -Wl,-rpath,lib "$OUT/app/lib/liba.so.1"
