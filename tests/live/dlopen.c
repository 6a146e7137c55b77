/* dlopen MODE LIBRARY [HOST [MODULE]]: loads HOST globally (what a plugin's host process would bring), MODULE as that
   host would, if it can be loaded, then LIBRARY, and prints `loaded` or `LIBRARY dlopen: ` with what dlerror says. It is linked without start files against stub libraries, so
   that its references have no versions: the same source runs on each glibc and each musl. */
extern void *dlopen(const char *, int);
extern char *dlerror(void);
extern int printf(const char *, ...);
extern void exit(int) __attribute__((noreturn));

enum { LAZY = 1, NOW = 2, GLOBAL = 0x100 };

__attribute__((used)) static void begin(long *stack) {
    char **arguments = (char **)(stack + 1);
    int mode = arguments[1][0] == 'l' ? LAZY : NOW;
    const char *library = arguments[2];
    if (*stack >= 4 && dlopen(arguments[3], LAZY | GLOBAL) == 0) {
        printf("the host itself: %s\n", dlerror());
        exit(2);
    }
    if (*stack == 5) dlopen(arguments[4], NOW);
    if (dlopen(library, mode) != 0) {
        printf("loaded\n");
        exit(0);
    }
    printf("%s dlopen: %s\n", library, dlerror());
    exit(1);
}

__asm__(".globl _start\n_start:\n mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
