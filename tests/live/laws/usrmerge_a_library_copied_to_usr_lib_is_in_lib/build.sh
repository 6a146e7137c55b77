# Debian: /lib is a link to usr/lib, so both are one directory.
library /usr/lib/liba.so.1 liba.so.1
program /app/program "$OUT/usr/lib/liba.so.1"
