# A static-pie has a dynamic section and no interpreter.
static /app/program -static-pie -fPIE
