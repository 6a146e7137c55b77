# glibc: a copied libm.so.6 that comes first on the path is taken, and has no newer versions than it defines.
mkdir -p "$OUT/old"
for folder in lib usr/lib; do
  from=$ROOTS/bullseye/$folder/x86_64-linux-gnu/libm.so.6
  if [ -e "$from" ]; then cp -L "$from" "$OUT/old/"; fi
done
echo 'GLIBC_2.34 { global: one; };' >"$WORK/libm.map"
echo 'void one(void) {}' >"$WORK/libm.c"
gcc $BARE -shared -fPIC "$WORK/libm.c" -Wl,-soname,libm.so.6 -Wl,--version-script="$WORK/libm.map" -o "$WORK/libm-versions.so"
CODE='extern void one(void); void call(void) { one(); }' program /app/program -Wl,-z,lazy -fplt "$WORK/libm-versions.so"
