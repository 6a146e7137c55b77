# As launchers of Dart, Java and others do: the directory of the script first, in a variable.
library /opt/a/liba.so.1 liba.so.1
program /app/src/program "$OUT/opt/a/liba.so.1"
rm -r "$OUT/opt"
script /app/run "path=\$(cd \"\$(dirname \"\$0\")\" && pwd)
exec \"\$path/src/program\" \"\$@\""
