# What the script hands over to is loaded by the dynamic linker that it names: glibc 2.36 has what 2.31 lacks.
needs_2_34 /app/program
bookworm_glibc /opt/g ld.so
script /app/run "exec /opt/g/ld.so --library-path /opt/g /app/program \"\$@\""
