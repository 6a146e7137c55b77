# Sourced by each build.sh: writes programs and libraries that print or need nothing but what the law is about.
# `library PATH SONAME [GCC OPTIONS]` and `program PATH [GCC OPTIONS]` write below $OUT; LIBC=musl makes programs of musl.
# No start files: a program needs only puts and exit, without versions, and says hello; CODE is C put before its start.
set -eu
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
BARE='-O1 -nostdlib -fno-builtin -fno-stack-protector -fcf-protection=none -Wl,-z,noseparate-code -Wl,--no-as-needed -Wl,--allow-shlib-undefined'

library() { # path soname options...
  path=$OUT$1 soname=$2; shift 2
  mkdir -p "$(dirname "$path")"
  printf '%s\n' "${CODE:-}" >"$WORK/library.c"
  # shellcheck disable=SC2086
  gcc $BARE -shared -fPIC "$WORK/library.c" -Wl,-soname,"$soname" -o "$path" "$@"
}

stub() { # soname: a library for the link editor only; prints its path
  case $1 in libc.so.6 | libc.musl-x86_64.so.1) code='void puts(void) {} void exit(void) {}' ;; *) code= ;; esac
  printf '%s\n' "$code" >"$WORK/stub.c"
  # shellcheck disable=SC2086
  gcc $BARE -shared -fPIC "$WORK/stub.c" -Wl,-soname,"$1" -o "$WORK/$1"
  echo "$WORK/$1"
}

program() { # path options...
  path=$OUT$1; shift
  mkdir -p "$(dirname "$path")"
  case ${LIBC:-glibc} in
    musl) linker=/lib/ld-musl-x86_64.so.1 libc=$(stub libc.musl-x86_64.so.1) ;;
    *) linker=/lib64/ld-linux-x86-64.so.2 libc=$(stub libc.so.6) ;;
  esac
  {
    printf '%s\n' "${CODE:-}" 'extern int puts(const char *); extern void exit(int);'
    printf '%s\n' '__attribute__((force_align_arg_pointer)) void _start(void) { puts("hello"); exit(0); }'
  } >"$WORK/program.c"
  # shellcheck disable=SC2086
  gcc $BARE -fPIE -pie "$WORK/program.c" -Wl,--dynamic-linker="${LINKER:-$linker}" -o "$path" "$@" "$libc"
}

static() { # path options...: no C library at all
  path=$OUT$1; shift
  mkdir -p "$(dirname "$path")"
  cat >"$WORK/static.c" <<'C'
static long call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}
void _start(void) { call(1, 1, (long)"hello\n", 6); call(60, 0, 0, 0); }
C
  # shellcheck disable=SC2086
  gcc $BARE "$WORK/static.c" -o "$path" "$@"
}

bookworm_glibc() { # folder linker: glibc 2.36, its dynamic linker by a name
  mkdir -p "$OUT$1"
  cp "$ROOTS/bookworm/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$OUT$1/$2"
  cp "$ROOTS/bookworm/usr/lib/x86_64-linux-gnu/libc.so.6" "$OUT$1/"
}

needs_2_34() { # path: a program that binds __libc_start_main of glibc 2.34
  mkdir -p "$(dirname "$OUT$1")"
  echo 'int main(void) { return 0; }' >"$WORK/main.c"
  gcc "$WORK/main.c" -o "$OUT$1"
}

script() { # path text
  printf '#!/bin/sh\n%s\n' "$2" >"$OUT$1"
  chmod 755 "$OUT$1"
}
