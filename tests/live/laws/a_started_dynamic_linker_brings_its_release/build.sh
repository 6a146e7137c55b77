# The versions of the libc that it finds count.
needs_2_34 /app/program
bookworm_glibc /opt/g ld.so
