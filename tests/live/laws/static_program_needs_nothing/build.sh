# No PT_INTERP, no needs: it runs on scratch.
static /app/program -static
