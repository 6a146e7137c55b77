# Without --library-path it looks where it would otherwise: not beside itself.
program /app/program
bookworm_glibc /opt/g ld.so
