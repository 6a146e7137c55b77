# A program of Android: bionic names its dynamic linker so.
LINKER=/system/bin/linker64
program /app/program
