#include <curses.h>
#include <term.h>

int main(void) {
    return setupterm(0, 1, 0) == ERR;
}
