# A link that leads nowhere is no library.
library /opt/b/liba.so.1 liba.so.1
program /app/program -Wl,-rpath,/opt/a "$OUT/opt/b/liba.so.1"
rm -r "$OUT/opt/b"; mkdir -p "$OUT/opt/a"; ln -s ../lib/liba.so.1.0 "$OUT/opt/a/liba.so.1"
