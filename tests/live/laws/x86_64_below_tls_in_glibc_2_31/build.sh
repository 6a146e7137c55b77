# Legacy hardware directories lie within each other: tls first, x86_64 last.
library /opt/tls/x86_64/liba.so.1 liba.so.1
program /app/program -Wl,-rpath,/opt "$OUT/opt/tls/x86_64/liba.so.1"
