# The kernel walks a path: .. is the parent of the real directory.
library /opt/lib/liba.so.1 liba.so.1
mkdir -p "$OUT/opt/deep/er"
ln -s deep/er "$OUT/opt/link"
library /opt/deep/lib/libb.so.1 libb.so.1
program /app/program -Wl,-rpath,'$ORIGIN/../opt/lib:/opt/link/../lib' "$OUT/opt/lib/liba.so.1" "$OUT/opt/deep/lib/libb.so.1"
