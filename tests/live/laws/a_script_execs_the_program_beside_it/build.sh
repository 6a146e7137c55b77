# A launcher fails with the cause of the program that it hands over to.
library /opt/a/liba.so.1 liba.so.1
program /app/bin/program "$OUT/opt/a/liba.so.1"
rm -r "$OUT/opt"
script /app/run "exec \"\$(dirname \"\$0\")/bin/program\" \"\$@\""
