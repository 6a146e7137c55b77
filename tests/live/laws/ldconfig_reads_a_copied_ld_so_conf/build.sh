# glibc: ldconfig takes further directories from /etc/ld.so.conf.d (ldconfig(8)).
mkdir -p "$OUT/etc/ld.so.conf.d"
echo /opt/vendor/lib >"$OUT/etc/ld.so.conf.d/vendor.conf"
library /opt/vendor/lib/liba.so.1 liba.so.1
program /app/program "$OUT/opt/vendor/lib/liba.so.1"
