# ENOENT of a link that leads nowhere is that of a file that is not there: the search goes on.
library /opt/b/liba.so.1 liba.so.1
mkdir -p "$OUT/opt/a"; ln -s /nowhere/liba.so.1 "$OUT/opt/a/liba.so.1"
program /app/program -Wl,-rpath,/opt/a:/opt/b "$OUT/opt/b/liba.so.1"
