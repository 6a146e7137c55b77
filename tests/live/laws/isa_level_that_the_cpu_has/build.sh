# glibc since 2.33 compares the level that the GNU property note demands with the CPU; every server has x86-64-v2.
program /app/program -Wl,-z,x86-64-v2
