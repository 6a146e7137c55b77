# A newer glibc beside the program changes nothing for who asks for the one of the image.
needs_2_34 /app/program
bookworm_glibc /opt/g ld.so
