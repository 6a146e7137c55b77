# Both dynamic linkers open a file called as the need says; a soname inside another file name does not count.
library /found/liba.so.1.2.3 liba.so.1
program /app/program "$OUT/found/liba.so.1.2.3"
