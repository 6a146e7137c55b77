# glibc: a loaded object answers by its file name and by its soname.
library "/two/libplain.so" libb.so.1
(cd "$OUT/two" && cp libplain.so "$WORK/libb.so.1")
CODE= library /two/liba.so.1 liba.so.1 "$WORK/libb.so.1"
cp "$OUT/two/libplain.so" "$WORK/libplain.so"
CODE=; printf '' >"$WORK/empty.c"; gcc $BARE -shared "$WORK/empty.c" -Wl,-soname,libplain.so -o "$WORK/named.so"
program /app/program -Wl,--enable-new-dtags -Wl,-rpath,/two "$WORK/named.so" "$OUT/two/liba.so.1"
