#include <curses.h>

int main(void) {
    initscr();
    return endwin();
}
